import 'dart:convert';

import 'consent.dart';
import 'no_op_client.dart';
import 'outcome.dart';
import 'record.dart';
import 'telemetry_client.dart';

/// The client of a test: keeps what was tracked, sends nothing; needs no native library.
///
/// It neither validates nor scrubs, and accepts what can be written as JSON.
final class FakeClient implements TelemetryClient {
  /// The records in the order they were tracked, as the engine would get them, such as
  /// `{'channel': …, 'event': …, 'payload': {…}}`; copies, so later changes of a payload do not show.
  final List<Map<String, Object?>> tracked = [];

  int _delivered = 0;
  int _notCaptured = 0;
  int _forgotten = 0;
  bool _shutDown = false;
  bool _optedOut = false;

  /// Whether [shutdown] was called.
  bool get isShutDown => _shutDown;

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
      final outcome = trackChecked(
        channel,
        event,
        payload: payload,
        userId: userId,
        sessionId: sessionId,
        context: context,
        timestamp: timestamp,
      );
      return outcome.status == Status.accepted;
    } catch (_) {
      // As the real client: what cannot be written is counted, whatever the host's toJson throws.
      _notCaptured += 1;
      return false;
    }
  }

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
  }) {
    if (_shutDown || _optedOut) {
      _notCaptured += 1;
      return Outcome(status: Status.dropped);
    }
    final bytes = encodeRecord(
      channel,
      event,
      payload: payload,
      userId: userId,
      sessionId: sessionId,
      context: context,
      timestamp: timestamp,
    );
    final record = jsonDecode(utf8.decode(bytes)) as Map<String, Object?>;
    tracked.add(record);
    return Outcome(status: Status.accepted, record: record);
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

  /// Tracks again after an [optOut].
  @override
  Future<bool> optIn({required String source, Set<Purpose> purposes = Purpose.all, String? noticeVersion}) async {
    _optedOut = false;
    return !_shutDown;
  }

  /// Forgets what was not delivered, and drops what comes after, where all purposes are withdrawn.
  @override
  Future<void> optOut({required String source, Set<Purpose> purposes = Purpose.all}) async {
    if (!purposes.containsAll(Purpose.all)) return;
    _optedOut = true;
    _forgotten += tracked.length - _delivered;
    tracked.removeRange(_delivered, tracked.length);
  }

  /// A ledger that balances: what was tracked before the last [flush] counts as delivered.
  @override
  Map<String, Object?> stats() => {
    ...emptyStats(enabled: true),
    'accepted': tracked.length + _forgotten,
    'delivered': _delivered,
    'pending': tracked.length - _delivered,
    'dropped': {...emptyStats(enabled: true)['dropped']! as Map<String, Object?>, 'consent': _forgotten},
    'not_captured': _notCaptured,
  };
}
