import 'consent.dart';
import 'exceptions.dart';
import 'metrics.dart';
import 'outcome.dart';
import 'telemetry_client.dart';

/// The client of an application that collects nothing; needs no native library.
final class NoOpClient implements TelemetryClient {
  /// A client that does nothing; [disabledBy] is why, as its [stats] and [status] say.
  const NoOpClient({this.disabledBy = 'configuration'});

  /// Why nothing is collected: `configuration`, or `library` where the native library could not be loaded.
  final String disabledBy;

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

  /// Captures nothing: `false`.
  @override
  Future<bool> trackAsync(
    String channel,
    String event, {
    Map<String, Object?> payload = const {},
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  }) async => false;

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

  /// Captures nothing: `false`.
  @override
  bool trackRecord(Map<String, Object?> record) => false;

  /// Always dropped.
  @override
  Outcome trackRecordChecked(Map<String, Object?> record) => Outcome(status: Status.dropped);

  /// Measures nothing: `false`.
  @override
  bool measure(
    String name,
    num value, {
    required MetricType type,
    String? unit,
    Map<String, Object?> attributes = const {},
  }) => false;

  /// Nothing.
  @override
  List<Map<String, Object?>> preview() => const [];

  /// No span is recorded: `null`.
  @override
  String? newTraceparent(String parent) => null;

  @override
  Future<bool> flush({Duration timeout = TelemetryClient.flushTimeout}) async => true;

  @override
  Future<bool> shutdown({Duration timeout = TelemetryClient.shutdownTimeout}) async => true;

  @override
  void close() {}

  /// Stays off: `false`.
  @override
  Future<bool> optIn({required String source, Set<Purpose> purposes = Purpose.all, String? noticeVersion}) async => false;

  @override
  Future<void> optOut({required String source, Set<Purpose> purposes = Purpose.all}) async {}

  /// Cannot keep the wish: fails with `config_invalid`. Silence would promise what nobody does.
  @override
  Future<void> requestDeletion({required String userId, String? tenantId, required String source}) async =>
      throw const ScrubjayException('config_invalid', '/client/endpoint', 'a deletion needs a client with a collector');

  /// Stays off: no key changes.
  @override
  List<Object?> reconfigure(Map<String, Object?> config) => const [];

  /// Never says anything.
  @override
  Stream<Map<String, Object?>> get changes => const Stream.empty();

  @override
  Map<String, Object?> status() => {
    'enabled': false,
    'disabled_by': disabledBy,
    'upload_enabled': false,
    'values': <Object?>[],
    'warnings': <Object?>[],
  };

  /// No consent was asked for.
  @override
  List<Object?> consentHistory() => const [];

  @override
  Map<String, Object?> consentVerify() => {'entries': 0, 'head': null, 'broken_at': null};

  /// An empty ledger, disabled.
  @override
  Map<String, Object?> stats() => emptyStats(disabledBy: disabledBy);
}

/// The shape of the real client's ledger, with nothing in it; [disabledBy] is `null` where it is on.
Map<String, Object?> emptyStats({required String? disabledBy}) => {
  'enabled': disabledBy == null,
  'disabled_by': disabledBy,
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
