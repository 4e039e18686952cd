import 'dart:typed_data';

import 'bindings.dart';
import 'exceptions.dart';
import 'outcome.dart';
import 'record.dart';

/// Validates and scrubs; a pure function from a configuration and a record to an [Outcome].
///
/// Holds native memory until [close], or until it is garbage.
final class Engine {
  /// Compiles [config]; without one, the defaults.
  ///
  /// Throws a [ScrubjayException] (`config_invalid`, `config_unknown_key`) for a wrong configuration, and a
  /// `ScrubjayLoadException` without the native library (looked for at [libraryPath], else where the
  /// environment's `SCRUBJAY_LIBRARY` says, else under the platform's name).
  factory Engine({Map<String, Object?> config = const {}, String? libraryPath}) =>
      Engine.fromJson(encodeJsonText(config), libraryPath: libraryPath);

  /// As [Engine.new], from the configuration's JSON text.
  factory Engine.fromJson(String config, {String? libraryPath}) {
    final bindings = Bindings.find(libraryPath);
    return Engine._(bindings, bindings.engine.create(config));
  }

  Engine._(this._bindings, int handle) : _handle = handle {
    final engines = _bindings.engine;
    _finalizer.attach(this, () => engines.release(handle), detach: this);
  }

  static final Finalizer<void Function()> _finalizer = Finalizer((release) => release());

  final Bindings _bindings;
  int? _handle;

  /// The outcome of [record]. The same record and [stamp] always give the same outcome.
  ///
  /// With a [stamp], the JSON text `{"now": RFC 3339, "random": 20 hex digits}`, an absent id or timestamp is
  /// filled from it. Throws a [ScrubjayException] (`argument_invalid`) for a malformed one, and
  /// `JsonUnsupportedObjectError` for a value that JSON cannot say.
  Outcome process(Map<String, Object?> record, {String? stamp}) => processBytes(encodeJson(record), stamp: stamp);

  /// As [process], for a record's JSON bytes as they came; they need not be valid in any way.
  Outcome processBytes(Uint8List record, {String? stamp}) =>
      Outcome.parse(_bindings.engine.process(_open, record, stamp));

  /// As [process], with the clock's time and fresh random bits as its stamp.
  Outcome processNow(Map<String, Object?> record) =>
      Outcome.parse(_bindings.engine.processNow(_open, encodeJson(record)));

  /// Why [process] changes what it changes in [record], and keeps what it keeps although a rule finds it.
  ///
  /// Never quotes a value. For people and reports: costs several times what processing does.
  Explanation explain(Map<String, Object?> record, {String? stamp}) => explainBytes(encodeJson(record), stamp: stamp);

  /// As [explain], for a record's JSON bytes as they came.
  Explanation explainBytes(Uint8List record, {String? stamp}) =>
      Explanation.parse(_bindings.engine.explain(_open, record, stamp));

  /// Scrubs free text.
  ScrubbedText scrubText(String text) => ScrubbedText.parse(_bindings.engine.scrubText(_open, text));

  /// Scrubs any JSON document, as bytes.
  ScrubbedJson scrubJson(Uint8List document) => ScrubbedJson.parse(_bindings.engine.scrubJson(_open, document));

  /// Frees the native memory. May be called again; any other call afterwards throws `closed`.
  void close() {
    final handle = _handle;
    if (handle == null) return;
    _handle = null;
    _finalizer.detach(this);
    _bindings.engine.release(handle);
  }

  int get _open => _handle ?? (throw const ScrubjayException('closed', '', 'the engine was closed; make a new one'));
}
