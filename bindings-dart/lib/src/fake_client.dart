import 'dart:async';
import 'dart:convert';

import 'consent.dart';
import 'metrics.dart';
import 'no_op_client.dart';
import 'outcome.dart';
import 'record.dart';
import 'span.dart';
import 'telemetry_client.dart';

/// The client of a test: keeps what was tracked, sends nothing; needs no native library.
///
/// It neither validates nor scrubs, and accepts what can be written as JSON.
final class FakeClient implements TelemetryClient {
  /// The records in the order they were tracked, as the engine would get them, such as
  /// `{'channel': …, 'event': …, 'payload': {…}}`; copies, so later changes of a payload do not show.
  final List<Map<String, Object?>> tracked = [];

  /// The measurements in their order: maps of `name`, `type`, `value`, and `unit` and `attributes` if any.
  final List<Map<String, Object?>> measured = [];

  final StreamController<Map<String, Object?>> _changes = StreamController.broadcast();
  final List<Map<String, Object?>> _history = [];
  int _delivered = 0;
  int _notCaptured = 0;
  int _forgotten = 0;
  int _spans = 0;
  bool _shutDown = false;
  String? _disabledBy;

  /// Whether [shutdown] or [close] was called.
  bool get isShutDown => _shutDown;

  bool get _isOn => _disabledBy == null && !_shutDown;

  @override
  bool track(
    String channel,
    String event, {
    Map<String, Object?> payload = const {},
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  }) => trackRecord(eventRecord(channel, event, payload, userId, sessionId, context, timestamp));

  @override
  Future<bool> trackAsync(
    String channel,
    String event, {
    Map<String, Object?> payload = const {},
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  }) async => trackRecord(eventRecord(channel, event, payload, userId, sessionId, context, timestamp));

  /// Accepted with the record as tracked; dropped after [shutdown].
  @override
  Outcome trackChecked(
    String channel,
    String event, {
    Map<String, Object?> payload = const {},
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  }) => trackRecordChecked(eventRecord(channel, event, payload, userId, sessionId, context, timestamp));

  @override
  bool trackRecord(Map<String, Object?> record) {
    try {
      return trackRecordChecked(record).status == Status.accepted;
    } catch (_) {
      // As the real client: what cannot be written is counted, whatever the host's toJson throws.
      _notCaptured += 1;
      return false;
    }
  }

  /// As [trackChecked].
  @override
  Outcome trackRecordChecked(Map<String, Object?> record) {
    if (!_isOn) {
      _notCaptured += 1;
      return Outcome(status: Status.dropped);
    }
    final written = jsonDecode(encodeJsonText(recordInSpan(record))) as Map<String, Object?>;
    tracked.add(written);
    return Outcome(status: Status.accepted, record: written);
  }

  @override
  bool measure(
    String name,
    num value, {
    required MetricType type,
    String? unit,
    Map<String, Object?> attributes = const {},
  }) {
    if (!_isOn || !value.isFinite) return false;
    measured.add({
      'name': name,
      'type': type.name,
      'value': value,
      if (unit != null) 'unit': unit,
      if (attributes.isNotEmpty) 'attributes': {...attributes},
    });
    return true;
  }

  /// One body with what waits; it goes nowhere.
  @override
  List<Map<String, Object?>> preview() {
    final waiting = tracked.sublist(_delivered);
    if (waiting.isEmpty) return const [];
    final body = jsonEncode(waiting);
    return [
      {
        'to': 'fake:',
        'headers': <String, Object?>{},
        'records': waiting.length,
        'body': body,
        'body_encoding': 'utf-8',
        'bytes': utf8.encode(body).length,
      },
    ];
  }

  /// Ids that count from 1, so that a test can expect them.
  @override
  String? newTraceparent(String parent) {
    _spans += 1;
    final id = _spans.toRadixString(16);
    final isChild = RegExp(r'^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$').hasMatch(parent);
    final trace = isChild ? parent.substring(3, 35) : id.padLeft(32, '0');
    return '00-$trace-${id.padLeft(16, '0')}-01';
  }

  @override
  Future<bool> flush({Duration timeout = TelemetryClient.flushTimeout}) async {
    _delivered = tracked.length;
    return true;
  }

  @override
  Future<bool> shutdown({Duration timeout = TelemetryClient.shutdownTimeout}) async {
    _shutDown = true;
    return flush(timeout: timeout);
  }

  @override
  void close() => _shutDown = true;

  /// Tracks again after an [optOut].
  @override
  Future<bool> optIn({required String source, Set<Purpose> purposes = Purpose.all, String? noticeVersion}) async {
    _note('granted', source, purposes);
    if (_disabledBy == 'consent') _turn(null);
    return _isOn;
  }

  /// Forgets what was not delivered, and drops what comes after, where all purposes are withdrawn.
  @override
  Future<void> optOut({required String source, Set<Purpose> purposes = Purpose.all}) async {
    _note('withdrawn', source, purposes);
    if (purposes.containsAll(Purpose.all)) _turn('consent');
  }

  /// What [requestDeletion] was told: maps of `user_id`, `source`, and `tenant_id` if any.
  final List<Map<String, Object?>> deletions = [];

  /// Kept in [deletions]; nobody is asked.
  @override
  Future<void> requestDeletion({required String userId, String? tenantId, required String source}) async =>
      deletions.add({'user_id': userId, if (tenantId != null) 'tenant_id': tenantId, 'source': source});

  void _note(String event, String source, Set<Purpose> purposes) => _history.add({
    'event': event,
    'source': source,
    'purposes': [for (final purpose in purposes) purpose.name],
  });

  void _turn(String? disabledBy) {
    _disabledBy = disabledBy;
    if (disabledBy != null) {
      _forgotten += tracked.length - _delivered;
      tracked.removeRange(_delivered, tracked.length);
      measured.clear();
    }
    _changes.add({'kind': 'consent', 'enabled': _isOn, 'disabled_by': disabledBy, 'changed': <Object?>[]});
  }

  /// Heeds `client.enabled` alone: off forgets what was not delivered.
  @override
  List<Object?> reconfigure(Map<String, Object?> config) {
    final client = config['client'];
    final enabled = client is Map<String, Object?> ? client['enabled'] : null;
    if (enabled is! bool || _disabledBy == 'consent' || enabled == (_disabledBy == null)) return const [];
    _turn(enabled ? null : 'configuration');
    return [
      {'key': '/client/enabled', 'source': 'code'},
    ];
  }

  @override
  Stream<Map<String, Object?>> get changes => _changes.stream;

  @override
  Map<String, Object?> status() => {
    'enabled': _isOn,
    'disabled_by': _disabledBy,
    'upload_enabled': true,
    'values': <Object?>[],
    'warnings': <Object?>[],
  };

  /// What [optIn] and [optOut] were told.
  @override
  List<Object?> consentHistory() => [..._history];

  @override
  Map<String, Object?> consentVerify() => {'entries': _history.length, 'head': null, 'broken_at': null};

  /// A ledger that balances: what was tracked before the last [flush] counts as delivered.
  @override
  Map<String, Object?> stats() {
    final empty = emptyStats(disabledBy: _disabledBy);
    return {
      ...empty,
      'accepted': tracked.length + _forgotten,
      'delivered': _delivered,
      'pending': tracked.length - _delivered,
      'dropped': {...empty['dropped']! as Map<String, Object?>, 'consent': _forgotten},
      'not_captured': _notCaptured,
    };
  }
}
