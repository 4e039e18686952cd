import 'dart:convert';
import 'dart:ffi';
import 'dart:isolate';

import 'bindings.dart';
import 'capture.dart';
import 'consent.dart';
import 'exceptions.dart';
import 'metrics.dart';
import 'outcome.dart';
import 'record.dart';
import 'span.dart';
import 'telemetry_client.dart';
import 'told.dart';

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
    return Client._(bindings, bindings.client.create(config));
  }

  Client._(this._bindings, int handle)
    : _handle = handle,
      _address = _bindings.client.address(handle),
      _isDurable = _bindings.client.isDurable(handle) {
    final clients = _bindings.client;
    _finalizer.attach(this, () => clients.release(handle), detach: this);
  }

  static final Finalizer<void Function()> _finalizer = Finalizer((release) => release());

  final Bindings _bindings;
  int? _handle;

  // Good as long as the handle is held.
  final Pointer<Void> _address;
  bool _isDurable;

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
    final length = _write(channel, event, payload, userId, sessionId, context, timestamp);
    if (length < 0) return length == _taken;
    return _bindings.client.capture(_address, length, mayWait: _isDurable);
  }

  @override
  Future<bool> trackAsync(
    String channel,
    String event, {
    Map<String, Object?> payload = const {},
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  }) {
    final length = _write(channel, event, payload, userId, sessionId, context, timestamp);
    if (length < 0) return Future.value(length == _taken);
    if (_isDurable) return _told.of(_bindings.client.captureAsync(_address, length));
    return Future.value(_bindings.client.capture(_address, length, mayWait: false));
  }

  /// What [_write] returns for an event that went another way, and for one that was refused.
  static const int _taken = -1;
  static const int _refused = -2;

  /// Writes an event to where it can be captured, and returns its length there; or [_taken] or [_refused] where that is
  /// settled.
  int _write(
    String channel,
    String event,
    Map<String, Object?> payload,
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  ) {
    try {
      _open;
      final place = inSpan(context);
      final captured = _bindings.client.captured;
      // A host's toJson may track an event while another is being written.
      if (!captured.isBusy) {
        try {
          final length = captured.event(channel, event, payload, userId, sessionId, place, timestamp);
          // Or even close the client, whose memory is gone then.
          _open;
          return length;
        } on RecordTooLarge {
          // As text, below.
        }
      }
      final record = eventRecord(channel, event, payload, userId, sessionId, place, timestamp);
      return _trackText(record) ? _taken : _refused;
    } catch (_) {
      // Errors too: a host's own toJson may throw anything, and telemetry must not take the host down.
      _refuse();
      return _refused;
    }
  }

  late final Told _told = Told(() => _bindings.client.takeTold(_open));

  @override
  bool trackRecord(Map<String, Object?> record) {
    try {
      if (_handle == null) return _refuse();
      final whole = recordInSpan(record);
      final captured = _bindings.client.captured;
      if (captured.isBusy) return _trackText(whole);
      final int length;
      try {
        length = captured.record(whole);
      } on RecordTooLarge {
        return _trackText(whole);
      }
      return _handle == null ? _refuse() : _bindings.client.capture(_address, length, mayWait: _isDurable);
    } catch (_) {
      return _refuse();
    }
  }

  bool _refuse() {
    _notCaptured += 1;
    return false;
  }

  /// The way of what the compact form has no room for; the engine counts it.
  bool _trackText(Map<String, Object?> record) => _bindings.client.track(_open, encodeJson(record));

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
    // Before anything else: a closed client is a bad call, whatever the record.
    _open;
    final place = inSpan(context);
    final captured = _bindings.client.captured;
    if (!captured.isBusy) {
      try {
        final length = captured.event(channel, event, payload, userId, sessionId, place, timestamp);
        _open;
        return Outcome.parse(_bindings.client.captureChecked(_address, length));
      } on RecordTooLarge {
        // As text, below.
      }
    }
    return _checkText(eventRecord(channel, event, payload, userId, sessionId, place, timestamp));
  }

  @override
  Outcome trackRecordChecked(Map<String, Object?> record) {
    _open;
    final whole = recordInSpan(record);
    final captured = _bindings.client.captured;
    if (!captured.isBusy) {
      try {
        final length = captured.record(whole);
        _open;
        return Outcome.parse(_bindings.client.captureChecked(_address, length));
      } on RecordTooLarge {
        // As text, below.
      }
    }
    return _checkText(whole);
  }

  Outcome _checkText(Map<String, Object?> record) =>
      Outcome.parse(_bindings.client.trackChecked(_open, encodeJson(record)));

  @override
  bool measure(
    String name,
    num value, {
    required MetricType type,
    String? unit,
    Map<String, Object?> attributes = const {},
  }) {
    try {
      final handle = _handle;
      if (handle == null) return _refuse();
      // A number that JSON cannot hold is no measurement, and has no text: the engine tells of it.
      if (!value.isFinite) return _bindings.client.measure(handle, '');
      final measurement = encodeJsonText({
        'name': name,
        'type': type.name,
        'value': value,
        if (unit != null) 'unit': unit,
        if (attributes.isNotEmpty) 'attributes': attributes,
      });
      return _bindings.client.measure(handle, measurement);
    } catch (_) {
      return _refuse();
    }
  }

  @override
  List<Map<String, Object?>> preview() =>
      (jsonDecode(_bindings.client.preview(_open)) as List<Object?>).cast<Map<String, Object?>>();

  @override
  String? newTraceparent(String parent) {
    try {
      return _handle == null ? null : _bindings.newTraceparent(parent);
    } catch (_) {
      // A span goes on without telemetry.
      return null;
    }
  }

  @override
  Future<bool> flush({Duration timeout = TelemetryClient.flushTimeout}) => _elsewhere(_flush, timeout);

  @override
  Future<bool> shutdown({Duration timeout = TelemetryClient.shutdownTimeout}) => _elsewhere(_shutdown, timeout);

  /// As declared; after [close], the ledger as it was then.
  @override
  Map<String, Object?> stats() {
    final handle = _handle;
    final stats = jsonDecode(handle == null ? _lastStats : _bindings.client.stats(handle)) as Map<String, Object?>;
    stats['not_captured'] = (stats['not_captured'] as int? ?? 0) + _notCaptured;
    return stats;
  }

  @override
  Future<bool> optIn({required String source, Set<Purpose> purposes = Purpose.all, String? noticeVersion}) =>
      _say(_optIn, encodeWord(purposes, source, noticeVersion));

  @override
  Future<void> optOut({required String source, Set<Purpose> purposes = Purpose.all}) =>
      _say(_optOut, encodeWord(purposes, source, null));

  @override
  Future<void> requestDeletion({required String userId, String? tenantId, required String source}) => _say(
    _requestDeletion,
    encodeJsonText({'user_id': userId, if (tenantId != null) 'tenant_id': tenantId, 'source': source}),
  );

  /// As declared; this and the calls below throw a [ScrubjayException] (`closed`) after [close].
  @override
  Map<String, Object?> status() => jsonDecode(_bindings.client.status(_open)) as Map<String, Object?>;

  @override
  List<Object?> reconfigure(Map<String, Object?> config) {
    final changed = jsonDecode(_bindings.client.reconfigure(_open, encodeJsonText(config))) as List<Object?>;
    _isDurable = _bindings.client.isDurable(_open);
    return changed;
  }

  @override
  List<Object?> consentHistory() => jsonDecode(_bindings.client.consentHistory(_open)) as List<Object?>;

  @override
  Map<String, Object?> consentVerify() => jsonDecode(_bindings.client.consentVerify(_open)) as Map<String, Object?>;

  @override
  late final Stream<Map<String, Object?>> changes = watchChanges((since) {
    final handle = _handle;
    return handle == null ? null : _bindings.client.changes(handle, since);
  });

  int get _open {
    final handle = _handle;
    if (handle == null) throw const ScrubjayException('closed', '', 'the client was closed; make a new one');
    return handle;
  }

  /// Runs a call that may block in another isolate, as [_elsewhere] does, but lets its errors through.
  Future<bool> _say(bool Function(Bindings, int, String) call, String word) async =>
      _runWord(call, _bindings.path, _bindings.client.clone(_open), word);

  static Future<bool> _runWord(bool Function(Bindings, int, String) call, String path, int owned, String word) =>
      Isolate.run(() => call(Bindings.find(path), owned, word), debugName: 'scrubjay');

  static bool _optIn(Bindings bindings, int owned, String word) => bindings.client.optIn(owned, word);
  static bool _optOut(Bindings bindings, int owned, String word) => bindings.client.optOut(owned, word);
  static bool _requestDeletion(Bindings bindings, int owned, String wish) =>
      bindings.client.requestDeletion(owned, wish);

  /// As declared: the worker then has a few seconds to deliver what is left.
  ///
  /// An application that ends calls [shutdown] first. Without either, garbage collection frees the memory.
  @override
  void close() {
    final handle = _handle;
    if (handle == null) return;
    _lastStats = _bindings.client.stats(handle);
    _told.close();
    _handle = null;
    _finalizer.detach(this);
    _bindings.client.release(handle);
  }

  /// Runs a blocking call in another isolate, so that this one goes on.
  Future<bool> _elsewhere(bool Function(Bindings, int, int) call, Duration timeout) async {
    final handle = _handle;
    if (handle == null) return true;
    // The call owns a handle of its own: this client may be closed, or become garbage, while it waits.
    final owned = _bindings.client.clone(handle);
    try {
      return await _run(call, _bindings.path, owned, timeout.isNegative ? 0 : timeout.inMilliseconds);
    } on IsolateSpawnException {
      _bindings.client.release(owned);
      return false;
    }
  }

  // Static, so that the closure carries nothing but what an isolate may be sent.
  static Future<bool> _run(bool Function(Bindings, int, int) call, String path, int owned, int timeoutMs) =>
      Isolate.run(() => call(Bindings.find(path), owned, timeoutMs), debugName: 'scrubjay');

  static bool _flush(Bindings bindings, int owned, int timeoutMs) => bindings.client.flush(owned, timeoutMs);
  static bool _shutdown(Bindings bindings, int owned, int timeoutMs) => bindings.client.shutdown(owned, timeoutMs);
}
