import 'dart:async';

import '../exceptions.dart';
import '../open_client.dart';
import '../telemetry_client.dart';
import 'payloads.dart';
import 'structured_log.dart';
import 'telemetry_config.dart';
import 'telemetry_guard.dart';

/// What became of an export.
enum OTLPExportResult {
  /// Everything captured before was delivered, or finally dropped.
  success,

  /// Captured; the engine validates, scrubs and delivers it in the background.
  queued,

  /// Telemetry is off, by the configuration or anybody else's word: nothing was captured.
  disabled,

  /// Captured, and kept on this machine: upload is off.
  uploadDisabled,

  /// Not captured, or not delivered in time.
  failure,
}

/// Sends telemetry to a collector as a [TelemetryConfig] says, with the engine's client.
///
/// Validation, scrubbing, batches, retries, the circuit breaker, the offline buffer and sampling are the engine's; the
/// constants below say its defaults, and the tests hold them to it. It listens to the configuration: an opt-out has
/// cleared what was captured when the setter returns.
final class OTLPExporter with TelemetryGuard {
  /// An exporter as [config] says. [client] is for tests; by default the engine's, or where the native library is missing
  /// one that does nothing.
  ///
  /// Throws a `ScrubjayException` for a wrong configuration, such as upload without an endpoint.
  factory OTLPExporter({required TelemetryConfig config, TelemetryClient? client, String? libraryPath}) =>
      OTLPExporter._(config, client ?? openClient(config: config.toEngineConfig(), libraryPath: libraryPath));

  OTLPExporter._(this.telemetryConfig, this.client) : _wasEnabled = telemetryConfig.enabled {
    telemetryConfig.addListener(_heed);
  }

  /// Records a request carries at most.
  static const int maxBatchSize = 100;

  /// The longest a record waits for its batch to fill.
  static const Duration flushInterval = Duration(seconds: 5);

  /// Further tries of one batch, with exponential backoff and full jitter.
  static const int maxRetries = 3;

  /// Failures in a row after which the circuit breaker opens.
  static const int circuitBreakerThreshold = 5;

  /// How long it stays open; one request then probes.
  static const Duration circuitBreakerReset = Duration(seconds: 60);

  @override
  final TelemetryConfig telemetryConfig;

  /// The client behind it, for records of other kinds.
  final TelemetryClient client;

  bool _wasEnabled;
  bool _isDisposed = false;
  Future<void> _settled = Future.value();

  /// Completes when the latest opt-in or opt-out is kept on disk, and after an opt-out when nothing more can be sent,
  /// by any program that shares the configuration's `stateDir`. Without a `stateDir` there is nothing to wait for.
  ///
  /// Fails with a `ScrubjayException` (`consent_unavailable`) where the word could not be kept; the exporter is silent all
  /// the same.
  Future<void> get settled => _settled;

  /// Records that wait in memory or offline.
  int get bufferedCount => client.stats()['pending']! as int;

  /// Sends a sample; nothing is even read where telemetry is off.
  OTLPExportResult recordPerformanceSample(PerformanceSamplePayload sample) => _export(sample.toRecord);

  /// Sends a report of a replay that went wrong.
  OTLPExportResult reportReplayInconsistency(ReplayInconsistencyPayload report) => _export(report.toRecord);

  /// Sends a log entry.
  OTLPExportResult log(StructuredLogEntry entry) => _export(entry.toRecord);

  /// Sends a record of any kind, which is made only where telemetry is on.
  OTLPExportResult export(Map<String, Object?> Function() record) => _export(record);

  OTLPExportResult _export(Map<String, Object?> Function() record) {
    if (_isDisposed) return OTLPExportResult.disabled;
    return withTelemetry(() {
          if (!client.trackRecord(record())) {
            // Another word than the configuration's: the user's in an earlier session, the environment's.
            return client.stats()['enabled'] == true ? OTLPExportResult.failure : OTLPExportResult.disabled;
          }
          return telemetryConfig.uploadEnabled ? OTLPExportResult.queued : OTLPExportResult.uploadDisabled;
        }) ??
        OTLPExportResult.disabled;
  }

  /// Sends what waits without waiting for a batch to fill.
  Future<OTLPExportResult> flush({Duration timeout = TelemetryClient.flushTimeout}) async {
    if (_isDisposed || !telemetryConfig.enabled) return OTLPExportResult.disabled;
    if (!telemetryConfig.uploadEnabled) return OTLPExportResult.uploadDisabled;
    return await client.flush(timeout: timeout) ? OTLPExportResult.success : OTLPExportResult.failure;
  }

  /// Delivers what it can within [timeout], and listens no more. Completes with whether nothing was left behind.
  Future<bool> dispose({Duration timeout = TelemetryClient.shutdownTimeout}) async {
    if (_isDisposed) return true;
    _isDisposed = true;
    telemetryConfig.removeListener(_heed);
    // A failed word was told to whoever waits for it.
    await _settled.catchError((Object _) {});
    return client.shutdown(timeout: timeout);
  }

  void _heed() {
    final isEnabled = telemetryConfig.enabled;
    // Off forgets what is in memory before this returns.
    client.reconfigure(telemetryConfig.toEngineConfig());
    if (isEnabled == _wasEnabled) return;
    _wasEnabled = isEnabled;
    if (telemetryConfig.stateDir == null) return;
    final source = telemetryConfig.auditTrail.last.source;
    _settled = _settled.catchError((Object _) {}).then((_) => _keep(isEnabled, source));
    // Whoever waits for it hears of a failure; nobody has to.
    _settled.ignore();
  }

  /// Keeps the user's word on disk, and erases there what it withdraws.
  Future<void> _keep(bool isEnabled, String source) async {
    try {
      if (isEnabled) {
        await client.optIn(source: source);
      } else {
        await client.optOut(source: source);
      }
    } on ScrubjayException catch (error) {
      // Closed meanwhile: then nothing more is sent anyway.
      if (error.code != 'closed') rethrow;
    }
  }
}
