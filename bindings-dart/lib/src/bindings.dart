/// Calls into the native library: lowers arguments, checks the status, lifts results.
library;

import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'abi.dart';
import 'capture.dart';
import 'exceptions.dart';
import 'library.dart';
import 'memory.dart' as memory;

/// The C functions of one object kind.
final class ObjectFunctions {
  ObjectFunctions._(DynamicLibrary library, String name)
    : _new = library.lookupFunction<NativeNew, DartNew>('uniffi_${namespace}_fn_constructor_${name}_new'),
      _clone = library.lookupFunction<NativeClone, DartClone>('uniffi_${namespace}_fn_clone_$name'),
      _release = library.lookupFunction<NativeRelease, DartRelease>('uniffi_${namespace}_fn_free_$name');

  final DartNew _new;
  final DartClone _clone;
  final DartRelease _release;
}

/// The verified library, opened once per isolate.
///
/// Handles are plain integers and one handle is one owner. A method call consumes the handle it is passed, so
/// each call passes a clone; the owner's handle stays good until [release].
final class Bindings implements Finalizable {
  /// Opens and verifies the library at [path].
  ///
  /// Throws a [ScrubjayLoadException]. Tests pass other expectations than this package's own.
  factory Bindings.load(String path, {int contract = contractVersion, Map<String, int> expected = checksums}) {
    final library = openLibrary(path);
    verifyLibrary(library, contractVersion: contract, checksums: expected);
    return Bindings._(path, library);
  }

  /// The library at [explicitPath], the environment's path, or under the platform's name; the same instance for
  /// the same path.
  factory Bindings.find([String? explicitPath]) {
    final path = libraryPath(explicitPath);
    return _opened[path] ??= Bindings.load(path);
  }

  Bindings._(this.path, DynamicLibrary library)
    : _alloc = library.lookupFunction<NativeAlloc, DartAlloc>('ffi_${namespace}_rustbuffer_alloc'),
      _free = library.lookupFunction<NativeFree, DartFree>('ffi_${namespace}_rustbuffer_free'),
      _version = _text0(library, 'version'),
      _codes = _text0(library, 'codes'),
      _schemas = _text0(library, 'schemas'),
      _metricsCatalog = _text0(library, 'metrics_catalog'),
      _panicForTest = _text0(library, 'panic_for_test'),
      _failForTest = library.lookupFunction<Text1, Text1>(_function('fail_for_test')),
      _planCheck = library.lookupFunction<Text1, Text1>(_function('plan_check')),
      _planDiff = library.lookupFunction<Text2, Text2>(_function('plan_diff')),
      _sample = library.lookupFunction<Text2, Text2>(_function('sample')),
      _unseal = library.lookupFunction<Text2, Text2>(_function('unseal')),
      _sealKeypair = _text0(library, 'seal_keypair'),
      _profile = library.lookupFunction<Text1, Text1>(_function('profile')),
      _newTraceparent = library.lookupFunction<Text1, Text1>(_function('new_traceparent')),
      _readTraceparent = library.lookupFunction<Text1, Text1>(_function('read_traceparent')),
      _doctor = library.lookupFunction<Text1, Text1>(_function('doctor')),
      engine = ObjectFunctions._(library, 'engine'),
      client = ObjectFunctions._(library, 'client'),
      _process = library.lookupFunction<NativeMethod2, DartMethod2>(_method('engine_process')),
      _processNow = _method1(library, 'engine_process_now'),
      _processCaptured = library.lookupFunction<NativeMethod2, DartMethod2>(_method('engine_process_captured')),
      _explain = library.lookupFunction<NativeMethod2, DartMethod2>(_method('engine_explain')),
      _scrubText = _method1(library, 'engine_scrub_text'),
      _scrubJson = _method1(library, 'engine_scrub_json'),
      _track = library.lookupFunction<NativeTest, DartTest>(_method('client_track')),
      _trackChecked = _method1(library, 'client_track_checked'),
      // A leaf call is the cheapest there is; no other isolate's garbage is collected meanwhile, so it must be short.
      _captureBriefly = library.lookupFunction<NativeCapture, DartCapture>('uniffi_scrubjay_capture', isLeaf: true),
      _capture = library.lookupFunction<NativeCapture, DartCapture>('uniffi_scrubjay_capture'),
      _captureChecked = library.lookupFunction<NativeCaptureChecked, DartCaptureChecked>(
        'uniffi_scrubjay_capture_checked',
      ),
      _address = library.lookupFunction<NativeNumber, DartNumber>(_method('client_address')),
      _isDurable = library.lookupFunction<NativeIs, DartIs>(_method('client_is_durable')),
      _measure = library.lookupFunction<NativeTest, DartTest>(_method('client_measure')),
      _preview = _method0(library, 'client_preview'),
      _flush = library.lookupFunction<NativeWait, DartWait>(_method('client_flush')),
      _shutdown = library.lookupFunction<NativeWait, DartWait>(_method('client_shutdown')),
      _stats = _method0(library, 'client_stats'),
      _clientStatus = _method0(library, 'client_status'),
      _consentHistory = _method0(library, 'client_consent_history'),
      _consentVerify = _method0(library, 'client_consent_verify'),
      _changes = library.lookupFunction<NativeSince, DartSince>(_method('client_changes')),
      _reconfigure = _method1(library, 'client_reconfigure'),
      _optIn = library.lookupFunction<NativeTest, DartTest>(_method('client_opt_in')),
      _optOut = library.lookupFunction<NativeTest, DartTest>(_method('client_opt_out')),
      _status = memory.allocate(sizeOf<RustCallStatus>()) {
    _statusFinalizer.attach(this, _status.cast());
    // A panic message can quote a value, and it would go to the application's standard error.
    final hide = library.lookupFunction<NativeAction, DartAction>(_function('hide_panic_messages'));
    _call(() => hide(_status));
  }

  static final Map<String, Bindings> _opened = {};
  static final NativeFinalizer _statusFinalizer = NativeFinalizer(memory.freePointer);

  static String _function(String name) => 'uniffi_${namespace}_fn_func_$name';
  static String _method(String name) => 'uniffi_${namespace}_fn_method_$name';
  static DartMethod0 _method0(DynamicLibrary library, String name) =>
      library.lookupFunction<NativeMethod0, DartMethod0>(_method(name));
  static DartMethod1 _method1(DynamicLibrary library, String name) =>
      library.lookupFunction<NativeMethod1, DartMethod1>(_method(name));
  static Text0 _text0(DynamicLibrary library, String name) =>
      library.lookupFunction<Text0, Text0>(_function(name));

  /// Where the library was opened, for another isolate to open it again.
  final String path;

  /// Life and death of engines.
  final ObjectFunctions engine;

  /// Life and death of clients.
  final ObjectFunctions client;

  final DartAlloc _alloc;
  final DartFree _free;
  final Text0 _version;
  final Text0 _codes;
  final Text0 _schemas;
  final Text0 _metricsCatalog;
  final Text0 _panicForTest;
  final Text1 _failForTest;
  final Text1 _planCheck;
  final Text2 _planDiff;
  final Text2 _sample;
  final Text2 _unseal;
  final Text0 _sealKeypair;
  final Text1 _profile;
  final Text1 _newTraceparent;
  final Text1 _readTraceparent;
  final Text1 _doctor;
  final DartMethod2 _process;
  final DartMethod1 _processNow;
  final DartMethod2 _processCaptured;
  final DartMethod2 _explain;
  final DartMethod1 _scrubText;
  final DartMethod1 _scrubJson;
  final DartTest _track;
  final DartMethod1 _trackChecked;
  final DartCapture _captureBriefly;
  final DartCapture _capture;
  final DartCaptureChecked _captureChecked;
  final DartNumber _address;
  final DartIs _isDurable;
  final DartTest _measure;
  final DartMethod0 _preview;
  final DartWait _flush;
  final DartWait _shutdown;
  final DartMethod0 _stats;
  final DartMethod0 _clientStatus;
  final DartMethod0 _consentHistory;
  final DartMethod0 _consentVerify;
  final DartSince _changes;
  final DartMethod1 _reconfigure;
  final DartTest _optIn;
  final DartTest _optOut;

  // One for all calls: an isolate runs one at a time, and none calls back into Dart.
  final StatusPointer _status;

  /// Where records are written for [capture], one at a time.
  late final CaptureBuffer captured = CaptureBuffer();

  /// The engine's version.
  String version() => _text(() => _version(_status));

  /// Every stable code as JSON.
  String codes() => _text(() => _codes(_status));

  /// The record kinds as JSON Schema documents, as JSON.
  String schemas() => _text(() => _schemas(_status));

  /// The metrics catalog as JSON.
  String metricsCatalog() => _text(() => _metricsCatalog(_status));

  /// Always throws `internal`: a panic contained by the engine's guard.
  String panicForTest() => _text(() => _panicForTest(_status));

  /// Always throws the error of [code].
  String failForTest(String code) {
    final argument = _lowerText(utf8.encode(code));
    return _text(() => _failForTest(argument, _status));
  }

  /// What a tracking plan holds, as JSON.
  String planCheck(String plan) {
    final argument = _lowerText(utf8.encode(plan));
    return _text(() => _planCheck(argument, _status));
  }

  /// What a change of a tracking plan means, as JSON.
  String planDiff(String old, String next) {
    final first = _lowerText(utf8.encode(old));
    final second = _lowerText(utf8.encode(next));
    return _text(() => _planDiff(first, second, _status));
  }

  /// What sampling as configured makes of a record, as JSON.
  String sample(String config, String record) {
    final first = _lowerText(utf8.encode(config));
    final second = _lowerText(utf8.encode(record));
    return _text(() => _sample(first, second, _status));
  }

  /// The sealed values in [text] opened, as JSON.
  String unseal(String secretKey, String text) {
    final first = _lowerText(utf8.encode(secretKey));
    final second = _lowerText(utf8.encode(text));
    return _text(() => _unseal(first, second, _status));
  }

  /// A fresh key pair for sealed values, as JSON.
  String sealKeypair() => _text(() => _sealKeypair(_status));

  /// A configuration with a name, as JSON.
  String profile(String name) {
    final argument = _lowerText(utf8.encode(name));
    return _text(() => _profile(argument, _status));
  }

  /// The `traceparent` of a new span below [parent], or of a new trace.
  String newTraceparent(String parent) {
    final argument = _lowerText(utf8.encode(parent));
    return _text(() => _newTraceparent(argument, _status));
  }

  /// A `traceparent` header as JSON, or `null`.
  String readTraceparent(String header) {
    final argument = _lowerText(utf8.encode(header));
    return _text(() => _readTraceparent(argument, _status));
  }

  /// What a client of this configuration lacks, as JSON; asks the endpoint and waits for it.
  String doctor(String config) {
    final argument = _lowerText(utf8.encode(config));
    return _text(() => _doctor(argument, _status));
  }

  /// A new object from its configuration; the caller owns the handle.
  int create(ObjectFunctions kind, String config) {
    final argument = _lowerText(utf8.encode(config));
    return _call(() => kind._new(argument, _status));
  }

  /// A further owner of the object behind [handle].
  int clone(ObjectFunctions kind, int handle) => _call(() => kind._clone(handle, _status));

  /// Gives up the ownership that [handle] stands for.
  void release(ObjectFunctions kind, int handle) => _call(() => kind._release(handle, _status));

  /// `Engine.process`: canonical JSON of the outcome.
  String process(int handle, Uint8List record, String? stamp) => _stamped(_process, handle, record, stamp);

  /// `Engine.process_captured`: [process] of a record in the compact form.
  String processCaptured(int handle, Uint8List record, String? stamp) =>
      _stamped(_processCaptured, handle, record, stamp);

  /// `Engine.explain`: canonical JSON of the explanation.
  String explain(int handle, Uint8List record, String? stamp) => _stamped(_explain, handle, record, stamp);

  /// `Engine.process_now`.
  String processNow(int handle, Uint8List record) => _engineText(_processNow, handle, _lowerBytes(record));

  /// `Engine.scrub_text`.
  String scrubText(int handle, String text) => _engineText(_scrubText, handle, _lowerText(utf8.encode(text)));

  /// `Engine.scrub_json`.
  String scrubJson(int handle, Uint8List document) => _engineText(_scrubJson, handle, _lowerBytes(document));

  /// `Client.track`; [record] must be UTF-8.
  bool track(int handle, Uint8List record) {
    final argument = _lowerText(record);
    final self = clone(client, handle);
    return _call(() => _track(self, argument, _status)) != 0;
  }

  /// `Client.track_checked`; [record] must be UTF-8.
  String trackChecked(int handle, Uint8List record) {
    final argument = _lowerText(record);
    final self = clone(client, handle);
    return _text(() => _trackChecked(self, argument, _status));
  }

  /// Where the client of [handle] stays until its last handle is released: for [capture].
  Pointer<Void> address(int handle) {
    final self = clone(client, handle);
    return Pointer.fromAddress(_call(() => _address(self, _status)));
  }

  /// `Client.is_durable`.
  bool isDurable(int handle) {
    final self = clone(client, handle);
    return _call(() => _isDurable(self, _status)) != 0;
  }

  /// Captures the first [length] bytes of [captured]; [mayWait] where the client is durable. A handle of the client must
  /// be held.
  bool capture(Pointer<Void> client, int length, {required bool mayWait}) =>
      (mayWait ? _capture : _captureBriefly)(client, captured.pointer, length) != 0;

  /// As [capture], but runs the engine at once and returns the outcome's canonical JSON.
  String captureChecked(Pointer<Void> client, int length) {
    final outcome = _take(_captureChecked(client, captured.pointer, length));
    if (outcome.isEmpty) _throwFailure(_panicked, outcome);
    return utf8.decode(outcome);
  }

  /// `Client.measure`; [measurement] is JSON.
  bool measure(int handle, String measurement) {
    final argument = _lowerText(utf8.encode(measurement));
    final self = clone(client, handle);
    return _call(() => _measure(self, argument, _status)) != 0;
  }

  /// `Client.preview`: what the next requests would carry, as JSON.
  String preview(int handle) => _clientText(_preview, handle);

  /// `Client.flush`, which blocks this isolate; consumes [ownedHandle].
  bool flush(int ownedHandle, int timeoutMs) => _call(() => _flush(ownedHandle, timeoutMs, _status)) != 0;

  /// `Client.shutdown`, which blocks this isolate; consumes [ownedHandle].
  bool shutdown(int ownedHandle, int timeoutMs) => _call(() => _shutdown(ownedHandle, timeoutMs, _status)) != 0;

  /// `Client.stats`: the ledger as JSON.
  String stats(int handle) => _clientText(_stats, handle);

  /// `Client.status`, as JSON.
  String clientStatus(int handle) => _clientText(_clientStatus, handle);

  /// `Client.consent_history`, as JSON.
  String consentHistory(int handle) => _clientText(_consentHistory, handle);

  /// `Client.consent_verify`, as JSON.
  String consentVerify(int handle) => _clientText(_consentVerify, handle);

  /// `Client.changes`, as JSON.
  String changes(int handle, int since) {
    final self = clone(client, handle);
    return _text(() => _changes(self, since, _status));
  }

  /// `Client.reconfigure`: the changed keys as JSON.
  String reconfigure(int handle, String config) {
    final argument = _lowerText(utf8.encode(config));
    final self = clone(client, handle);
    return _text(() => _reconfigure(self, argument, _status));
  }

  /// `Client.opt_in`, which may block this isolate for a moment; consumes [ownedHandle].
  bool optIn(int ownedHandle, String grant) {
    final argument = _lowerText(utf8.encode(grant));
    return _call(() => _optIn(ownedHandle, argument, _status)) != 0;
  }

  /// `Client.opt_out`, which blocks this isolate until nothing more will be sent; consumes [ownedHandle].
  bool optOut(int ownedHandle, String word) {
    final argument = _lowerText(utf8.encode(word));
    return _call(() => _optOut(ownedHandle, argument, _status)) != 0;
  }

  String _clientText(DartMethod0 method, int handle) {
    final self = clone(client, handle);
    return _text(() => method(self, _status));
  }

  String _stamped(DartMethod2 method, int handle, Uint8List record, String? stamp) {
    final first = _lowerBytes(record);
    final second = _lowerOptionalText(stamp);
    final self = clone(engine, handle);
    return _text(() => method(self, first, second, _status));
  }

  String _engineText(DartMethod1 method, int handle, RustBuffer argument) {
    final self = clone(engine, handle);
    return _text(() => method(self, argument, _status));
  }

  /// Runs [invoke] with a fresh status and throws what it reports.
  T _call<T>(T Function() invoke) {
    final status = _status.ref;
    status.code = callSuccess;
    status.errorBuf
      ..capacity = 0
      ..len = 0
      ..data = nullptr;
    final result = invoke();
    if (status.code != callSuccess) _throwFailure(status.code, _take(status.errorBuf));
    return result;
  }

  String _text(RustBuffer Function() invoke) => utf8.decode(_take(_call(invoke)));

  /// Text travels as its bare UTF-8 bytes.
  RustBuffer _lowerText(Uint8List text) {
    final buffer = _call(() => _alloc(text.length, _status));
    buffer.data.asTypedList(text.length).setAll(0, text);
    return buffer;
  }

  /// Bytes travel behind their count, a big-endian 32-bit integer.
  RustBuffer _lowerBytes(Uint8List bytes) {
    final buffer = _call(() => _alloc(_countSize + bytes.length, _status));
    final target = buffer.data.asTypedList(_countSize + bytes.length);
    ByteData.sublistView(target).setInt32(0, bytes.length);
    target.setAll(_countSize, bytes);
    return buffer;
  }

  /// Optional text travels as a presence byte, then as bytes do.
  RustBuffer _lowerOptionalText(String? text) {
    final bytes = text == null ? null : utf8.encode(text);
    final size = bytes == null ? 1 : 1 + _countSize + bytes.length;
    final buffer = _call(() => _alloc(size, _status));
    final target = buffer.data.asTypedList(size);
    target[0] = bytes == null ? 0 : 1;
    if (bytes != null) {
      ByteData.sublistView(target).setInt32(1, bytes.length);
      target.setAll(1 + _countSize, bytes);
    }
    return buffer;
  }

  /// Copies a buffer that Rust gave away, then frees it.
  Uint8List _take(RustBuffer buffer) {
    if (buffer.data == nullptr) return Uint8List(0);
    final bytes = Uint8List.fromList(buffer.data.asTypedList(buffer.len));
    _free(buffer, _status);
    return bytes;
  }
}

/// The status of a call that was contained, where it has none of its own.
const int _panicked = 2;

/// Size in bytes of a count inside a buffer.
const int _countSize = 4;

/// Throws the error in [lowered]: the variant's number, then code, path and message.
Never _throwFailure(int code, Uint8List lowered) {
  if (code != callError) {
    // The message of a panic may quote a value, so it goes no further.
    throw const ScrubjayException('internal', '', 'a defect in the binding was contained; the call had no effect');
  }
  final data = ByteData.sublistView(lowered);
  var offset = _countSize;
  String next() {
    final start = offset + _countSize;
    offset = start + data.getInt32(offset);
    return utf8.decode(Uint8List.sublistView(lowered, start, offset));
  }

  throw ScrubjayException(next(), next(), next());
}
