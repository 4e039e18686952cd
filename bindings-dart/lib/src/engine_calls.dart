import 'dart:ffi';
import 'dart:typed_data';

import 'abi.dart';
import 'calls.dart';

/// The engine's methods. Each takes the handle of an engine, which stays its owner's.
final class EngineCalls extends ObjectCalls {
  /// Looks the methods up.
  EngineCalls(Calls calls)
    : _process = calls.library.lookupFunction<NativeMethod2, DartMethod2>(methodSymbol('engine_process')),
      _processCaptured = calls.library.lookupFunction<NativeMethod2, DartMethod2>(
        methodSymbol('engine_process_captured'),
      ),
      _explain = calls.library.lookupFunction<NativeMethod2, DartMethod2>(methodSymbol('engine_explain')),
      _processNow = calls.library.lookupFunction<NativeMethod1, DartMethod1>(methodSymbol('engine_process_now')),
      _scrubText = calls.library.lookupFunction<NativeMethod1, DartMethod1>(methodSymbol('engine_scrub_text')),
      _scrubJson = calls.library.lookupFunction<NativeMethod1, DartMethod1>(methodSymbol('engine_scrub_json')),
      super(calls, 'engine');

  final DartMethod2 _process;
  final DartMethod2 _processCaptured;
  final DartMethod2 _explain;
  final DartMethod1 _processNow;
  final DartMethod1 _scrubText;
  final DartMethod1 _scrubJson;

  /// `Engine.process`: canonical JSON of the outcome.
  String process(int handle, Uint8List record, String? stamp) => _stamped(_process, handle, record, stamp);

  /// `Engine.process_captured`: [process] of a record in the compact form.
  String processCaptured(int handle, Uint8List record, String? stamp) =>
      _stamped(_processCaptured, handle, record, stamp);

  /// `Engine.explain`: canonical JSON of the explanation.
  String explain(int handle, Uint8List record, String? stamp) => _stamped(_explain, handle, record, stamp);

  /// `Engine.process_now`.
  String processNow(int handle, Uint8List record) => _from(_processNow, handle, calls.lowerBytes(record));

  /// `Engine.scrub_text`.
  String scrubText(int handle, String text) => _from(_scrubText, handle, calls.lowerText(text));

  /// `Engine.scrub_json`.
  String scrubJson(int handle, Uint8List document) => _from(_scrubJson, handle, calls.lowerBytes(document));

  String _stamped(DartMethod2 method, int handle, Uint8List record, String? stamp) {
    final first = calls.lowerBytes(record);
    final second = calls.lowerOptionalText(stamp);
    final self = clone(handle);
    return calls.text(() => method(self, first, second, calls.status));
  }

  String _from(DartMethod1 method, int handle, RustBuffer argument) {
    final self = clone(handle);
    return calls.text(() => method(self, argument, calls.status));
  }
}
