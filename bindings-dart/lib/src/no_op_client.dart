import 'consent.dart';
import 'outcome.dart';
import 'telemetry_client.dart';

/// The client of an application that collects nothing; needs no native library.
final class NoOpClient implements TelemetryClient {
  /// A client that does nothing.
  const NoOpClient();

  /// Captures nothing: `false`.
  @override
  bool track(
    String channel,
    String event, {
    Map<String, Object?> payload = const {},
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  }) => false;

  /// Always dropped.
  @override
  Outcome trackChecked(
    String channel,
    String event, {
    Map<String, Object?> payload = const {},
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  }) => Outcome(status: Status.dropped);

  @override
  Future<bool> flush({Duration timeout = TelemetryClient.flushTimeout}) async => true;

  @override
  Future<bool> shutdown({Duration timeout = TelemetryClient.shutdownTimeout}) async => true;

  /// Stays off: `false`.
  @override
  Future<bool> optIn({required String source, Set<Purpose> purposes = Purpose.all, String? noticeVersion}) async => false;

  @override
  Future<void> optOut({required String source, Set<Purpose> purposes = Purpose.all}) async {}

  /// An empty ledger, disabled by configuration.
  @override
  Map<String, Object?> stats() => emptyStats(enabled: false);
}

/// The shape of the real client's ledger, with nothing in it.
Map<String, Object?> emptyStats({required bool enabled}) => {
  'enabled': enabled,
  'disabled_by': enabled ? null : 'configuration',
  'accepted': 0,
  'delivered': 0,
  'pending': 0,
  'spooled': 0,
  'recovered': 0,
  'dropped': {
    'queue_full': 0,
    'sampled': 0,
    'invalid': 0,
    'rejected': 0,
    'export_failed': 0,
    'too_large': 0,
    'shutdown': 0,
    'expired': 0,
    'spool_full': 0,
    'corrupt': 0,
    'consent': 0,
  },
  'not_captured': 0,
  'violations': <String, Object?>{},
  'redactions': <String, Object?>{},
  'requests': 0,
  'retries': 0,
  'last_error': null,
  'spool_error': null,
};
