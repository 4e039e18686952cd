import 'dart:convert';

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
  bool _shutDown = false;

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
    if (_shutDown) {
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

  /// A ledger that balances: what was tracked before the last [flush] counts as delivered.
  @override
  Map<String, Object?> stats() => {
    ...emptyStats(enabled: true),
    'accepted': tracked.length,
    'delivered': _delivered,
    'pending': tracked.length - _delivered,
    'not_captured': _notCaptured,
  };
}
