import 'dart:convert';
import 'dart:isolate';

import 'bindings.dart';
import 'consent.dart';
import 'exceptions.dart';
import 'outcome.dart';
import 'record.dart';
import 'telemetry_client.dart';

/// The real client: an engine with a bounded queue, one worker thread and an exporter, all native.
///
/// Off unless the configuration or the environment turns it on, and any "off" wins. Starts nothing before the
/// first [track]. Call [shutdown] when the application ends.
final class Client implements TelemetryClient {
  /// Compiles [config]; without one, the defaults, which collect nothing.
  ///
  /// Throws a [ScrubjayException] (`config_invalid`, `config_unknown_key`) for a wrong configuration, and a
  /// `ScrubjayLoadException` without the native library (looked for at [libraryPath], else where the
  /// environment's `SCRUBJAY_LIBRARY` says, else under the platform's name).
  factory Client({Map<String, Object?> config = const {}, String? libraryPath}) =>
      Client.fromJson(encodeJsonText(config), libraryPath: libraryPath);

  /// As [Client.new], from the configuration's JSON text.
  factory Client.fromJson(String config, {String? libraryPath}) {
    final bindings = Bindings.find(libraryPath);
    return Client._(bindings, bindings.create(bindings.client, config));
  }

  Client._(this._bindings, int handle) : _handle = handle {
    final bindings = _bindings;
    _finalizer.attach(this, () => bindings.release(bindings.client, handle), detach: this);
  }

  static final Finalizer<void Function()> _finalizer = Finalizer((release) => release());

  final Bindings _bindings;
  int? _handle;

  // Events that never reach the native ledger, because they cannot be written as JSON or the client is closed;
  // stats adds them to its not_captured.
  int _notCaptured = 0;
  String _lastStats = '{}';

  @override
  bool track(
    String channel,
    String event, {
    Map<String, Object?> payload = const {},
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  }) {
    try {
      final handle = _handle;
      if (handle == null) {
        _notCaptured += 1;
        return false;
      }
      final record = encodeRecord(
        channel,
        event,
        payload: payload,
        userId: userId,
        sessionId: sessionId,
        context: context,
        timestamp: timestamp,
      );
      return _bindings.track(handle, record);
    } catch (_) {
      // Errors too: a host's own toJson may throw anything, and telemetry must not take the host down.
      _notCaptured += 1;
      return false;
    }
  }

  @override
  Outcome trackChecked(
    String channel,
    String event, {
    Map<String, Object?> payload = const {},
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  }) {
    final handle = _handle;
    if (handle == null) throw const ScrubjayException('closed', '', 'the client was closed; make a new one');
    final record = encodeRecord(
      channel,
      event,
      payload: payload,
      userId: userId,
      sessionId: sessionId,
      context: context,
      timestamp: timestamp,
    );
    return Outcome.parse(_bindings.trackChecked(handle, record));
  }

  @override
  Future<bool> flush({Duration timeout = TelemetryClient.flushTimeout}) => _elsewhere(_flush, timeout);

  @override
  Future<bool> shutdown({Duration timeout = TelemetryClient.shutdownTimeout}) => _elsewhere(_shutdown, timeout);

  /// As declared; after [close], the ledger as it was then.
  @override
  Map<String, Object?> stats() {
    final handle = _handle;
    final stats = jsonDecode(handle == null ? _lastStats : _bindings.stats(handle)) as Map<String, Object?>;
    stats['not_captured'] = (stats['not_captured'] as int? ?? 0) + _notCaptured;
    return stats;
  }

  @override
  Future<bool> optIn({required String source, Set<Purpose> purposes = Purpose.all, String? noticeVersion}) =>
      _say(_optIn, encodeWord(purposes, source, noticeVersion));

  @override
  Future<void> optOut({required String source, Set<Purpose> purposes = Purpose.all}) =>
      _say(_optOut, encodeWord(purposes, source, null));

  /// What holds and who decided it: `enabled`, `disabled_by`, `consent`, and `values`, which names the source of every
  /// key; secrets are not shown.
  ///
  /// This and the calls below throw a [ScrubjayException] (`closed`) after [close].
  Map<String, Object?> status() => jsonDecode(_bindings.clientStatus(_open)) as Map<String, Object?>;

  /// Takes another configuration; what is queued stays, unless it turns collection off. Returns the keys that changed,
  /// each as `{'key': …, 'source': …}`.
  ///
  /// Throws a [ScrubjayException] for a wrong one, and then nothing changes.
  List<Object?> reconfigure(Map<String, Object?> config) =>
      jsonDecode(_bindings.reconfigure(_open, encodeJsonText(config))) as List<Object?>;

  /// Every change of the user's consent there was, from the audit trail.
  List<Object?> consentHistory() => jsonDecode(_bindings.consentHistory(_open)) as List<Object?>;

  /// Checks the audit trail: `entries`, `head`, and `broken_at`, the first entry that is not as it was written.
  Map<String, Object?> consentVerify() => jsonDecode(_bindings.consentVerify(_open)) as Map<String, Object?>;

  /// Each change of consent or configuration, by this process or another, within a second; looks while there is a
  /// listener.
  late final Stream<Map<String, Object?>> changes = watchChanges((since) {
    final handle = _handle;
    return handle == null ? null : _bindings.changes(handle, since);
  });

  int get _open {
    final handle = _handle;
    if (handle == null) throw const ScrubjayException('closed', '', 'the client was closed; make a new one');
    return handle;
  }

  /// Runs a call that may block in another isolate, as [_elsewhere] does, but lets its errors through.
  Future<bool> _say(bool Function(Bindings, int, String) call, String word) async =>
      _runWord(call, _bindings.path, _bindings.clone(_bindings.client, _open), word);

  static Future<bool> _runWord(bool Function(Bindings, int, String) call, String path, int owned, String word) =>
      Isolate.run(() => call(Bindings.find(path), owned, word), debugName: 'scrubjay');

  static bool _optIn(Bindings bindings, int owned, String word) => bindings.optIn(owned, word);
  static bool _optOut(Bindings bindings, int owned, String word) => bindings.optOut(owned, word);

  /// Gives up the native client without waiting; its worker then has a few seconds to deliver what is left.
  /// May be called again.
  ///
  /// An application that ends calls [shutdown] first. Without either, garbage collection frees the memory.
  void close() {
    final handle = _handle;
    if (handle == null) return;
    _lastStats = _bindings.stats(handle);
    _handle = null;
    _finalizer.detach(this);
    _bindings.release(_bindings.client, handle);
  }

  /// Runs a blocking call in another isolate, so that this one goes on.
  Future<bool> _elsewhere(bool Function(Bindings, int, int) call, Duration timeout) async {
    final handle = _handle;
    if (handle == null) return true;
    // The call owns a handle of its own: this client may be closed, or become garbage, while it waits.
    final owned = _bindings.clone(_bindings.client, handle);
    try {
      return await _run(call, _bindings.path, owned, timeout.isNegative ? 0 : timeout.inMilliseconds);
    } on IsolateSpawnException {
      _bindings.release(_bindings.client, owned);
      return false;
    }
  }

  // Static, so that the closure carries nothing but what an isolate may be sent.
  static Future<bool> _run(bool Function(Bindings, int, int) call, String path, int owned, int timeoutMs) =>
      Isolate.run(() => call(Bindings.find(path), owned, timeoutMs), debugName: 'scrubjay');

  static bool _flush(Bindings bindings, int owned, int timeoutMs) => bindings.flush(owned, timeoutMs);
  static bool _shutdown(Bindings bindings, int owned, int timeoutMs) => bindings.shutdown(owned, timeoutMs);
}
