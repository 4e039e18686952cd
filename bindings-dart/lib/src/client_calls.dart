import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'abi.dart';
import 'calls.dart';
import 'capture.dart';

/// The client's methods. Each takes the handle of a client, which stays its owner's where nothing else is said.
final class ClientCalls extends ObjectCalls {
  /// Looks the methods up.
  ClientCalls(Calls calls)
    : _track = calls.library.lookupFunction<NativeTest, DartTest>(methodSymbol('client_track')),
      _trackChecked = _method1(calls, 'track_checked'),
      // A leaf call is the cheapest there is; no other isolate's garbage is collected meanwhile, so it must be short.
      _captureBriefly = calls.library.lookupFunction<NativeCapture, DartCapture>(
        'uniffi_scrubjay_capture',
        isLeaf: true,
      ),
      _capture = calls.library.lookupFunction<NativeCapture, DartCapture>('uniffi_scrubjay_capture'),
      _captureAsync = calls.library.lookupFunction<NativeCaptureAsync, DartCapture>(
        'uniffi_scrubjay_capture_async',
        isLeaf: true,
      ),
      _takeTold = _method0(calls, 'take_told'),
      _captureChecked = calls.library.lookupFunction<NativeCaptureChecked, DartCaptureChecked>(
        'uniffi_scrubjay_capture_checked',
      ),
      _address = calls.library.lookupFunction<NativeNumber, DartNumber>(methodSymbol('client_address')),
      _isDurable = calls.library.lookupFunction<NativeIs, DartIs>(methodSymbol('client_is_durable')),
      _measure = calls.library.lookupFunction<NativeTest, DartTest>(methodSymbol('client_measure')),
      _preview = _method0(calls, 'preview'),
      _flush = calls.library.lookupFunction<NativeWait, DartWait>(methodSymbol('client_flush')),
      _shutdown = calls.library.lookupFunction<NativeWait, DartWait>(methodSymbol('client_shutdown')),
      _stats = _method0(calls, 'stats'),
      _status = _method0(calls, 'status'),
      _consentHistory = _method0(calls, 'consent_history'),
      _consentVerify = _method0(calls, 'consent_verify'),
      _changes = calls.library.lookupFunction<NativeSince, DartSince>(methodSymbol('client_changes')),
      _reconfigure = _method1(calls, 'reconfigure'),
      _optIn = calls.library.lookupFunction<NativeTest, DartTest>(methodSymbol('client_opt_in')),
      _optOut = calls.library.lookupFunction<NativeTest, DartTest>(methodSymbol('client_opt_out')),
      _requestDeletion = calls.library.lookupFunction<NativeTest, DartTest>(methodSymbol('client_request_deletion')),
      super(calls, 'client');

  static DartMethod0 _method0(Calls calls, String name) =>
      calls.library.lookupFunction<NativeMethod0, DartMethod0>(methodSymbol('client_$name'));
  static DartMethod1 _method1(Calls calls, String name) =>
      calls.library.lookupFunction<NativeMethod1, DartMethod1>(methodSymbol('client_$name'));

  final DartTest _track;
  final DartMethod1 _trackChecked;
  final DartCapture _captureBriefly;
  final DartCapture _capture;
  final DartCapture _captureAsync;
  final DartMethod0 _takeTold;
  final DartCaptureChecked _captureChecked;
  final DartNumber _address;
  final DartIs _isDurable;
  final DartTest _measure;
  final DartMethod0 _preview;
  final DartWait _flush;
  final DartWait _shutdown;
  final DartMethod0 _stats;
  final DartMethod0 _status;
  final DartMethod0 _consentHistory;
  final DartMethod0 _consentVerify;
  final DartSince _changes;
  final DartMethod1 _reconfigure;
  final DartTest _optIn;
  final DartTest _optOut;
  final DartTest _requestDeletion;

  /// Where records are written for [capture], one at a time.
  late final CaptureBuffer captured = CaptureBuffer();

  /// `Client.track`; [record] must be UTF-8.
  bool track(int handle, Uint8List record) {
    final argument = calls.lowerUtf8(record);
    final self = clone(handle);
    return calls.run(() => _track(self, argument, calls.status)) != 0;
  }

  /// `Client.track_checked`; [record] must be UTF-8.
  String trackChecked(int handle, Uint8List record) => _from(_trackChecked, handle, calls.lowerUtf8(record));

  /// Where the client of [handle] stays until its last handle is released: for [capture].
  Pointer<Void> address(int handle) {
    final self = clone(handle);
    return Pointer.fromAddress(calls.run(() => _address(self, calls.status)));
  }

  /// `Client.is_durable`.
  bool isDurable(int handle) {
    final self = clone(handle);
    return calls.run(() => _isDurable(self, calls.status)) != 0;
  }

  /// Captures the first [length] bytes of [captured]; [mayWait] where the client is durable. A handle of the client must
  /// be held.
  bool capture(Pointer<Void> client, int length, {required bool mayWait}) =>
      (mayWait ? _capture : _captureBriefly)(client, captured.pointer, length) != 0;

  /// As [capture], but never waits: the number under which [takeTold] says what [capture] would have.
  int captureAsync(Pointer<Void> client, int length) => _captureAsync(client, captured.pointer, length);

  /// `Client.take_told`, as JSON.
  String takeTold(int handle) => _text(_takeTold, handle);

  /// As [capture], but runs the engine at once and returns the outcome's canonical JSON.
  String captureChecked(Pointer<Void> client, int length) {
    final outcome = calls.take(_captureChecked(client, captured.pointer, length));
    if (outcome.isEmpty) throwFailure(callPanicked, outcome);
    return utf8.decode(outcome);
  }

  /// `Client.measure`; [measurement] is JSON.
  bool measure(int handle, String measurement) {
    final argument = calls.lowerText(measurement);
    final self = clone(handle);
    return calls.run(() => _measure(self, argument, calls.status)) != 0;
  }

  /// `Client.preview`: what the next requests would carry, as JSON.
  String preview(int handle) => _text(_preview, handle);

  /// `Client.flush`, which blocks this isolate; consumes [ownedHandle].
  bool flush(int ownedHandle, int timeoutMs) => _wait(_flush, ownedHandle, timeoutMs);

  /// `Client.shutdown`, which blocks this isolate; consumes [ownedHandle].
  bool shutdown(int ownedHandle, int timeoutMs) => _wait(_shutdown, ownedHandle, timeoutMs);

  /// `Client.stats`: the ledger as JSON.
  String stats(int handle) => _text(_stats, handle);

  /// `Client.status`, as JSON.
  String status(int handle) => _text(_status, handle);

  /// `Client.consent_history`, as JSON.
  String consentHistory(int handle) => _text(_consentHistory, handle);

  /// `Client.consent_verify`, as JSON.
  String consentVerify(int handle) => _text(_consentVerify, handle);

  /// `Client.changes`, as JSON.
  String changes(int handle, int since) {
    final self = clone(handle);
    return calls.text(() => _changes(self, since, calls.status));
  }

  /// `Client.reconfigure`: the changed keys as JSON.
  String reconfigure(int handle, String config) => _from(_reconfigure, handle, calls.lowerText(config));

  /// `Client.opt_in`, which may block this isolate for a moment; consumes [ownedHandle].
  bool optIn(int ownedHandle, String grant) => _say(_optIn, ownedHandle, grant);

  /// `Client.opt_out`, which blocks this isolate until nothing more will be sent; consumes [ownedHandle].
  bool optOut(int ownedHandle, String word) => _say(_optOut, ownedHandle, word);

  /// `Client.request_deletion`, which may block this isolate for a moment; consumes [ownedHandle].
  bool requestDeletion(int ownedHandle, String wish) => _say(_requestDeletion, ownedHandle, wish);

  String _text(DartMethod0 method, int handle) {
    final self = clone(handle);
    return calls.text(() => method(self, calls.status));
  }

  String _from(DartMethod1 method, int handle, RustBuffer argument) {
    final self = clone(handle);
    return calls.text(() => method(self, argument, calls.status));
  }

  bool _wait(DartWait method, int ownedHandle, int timeoutMs) =>
      calls.run(() => method(ownedHandle, timeoutMs, calls.status)) != 0;

  bool _say(DartTest method, int ownedHandle, String word) {
    final argument = calls.lowerText(word);
    return calls.run(() => method(ownedHandle, argument, calls.status)) != 0;
  }
}
