import 'otlp_exporter.dart';
import 'payloads.dart';
import 'telemetry_config.dart';
import 'telemetry_guard.dart';
import 'telemetry_service.dart';

/// Which diagnostics of an event-sourced core are taken.
final class EventCoreDiagnosticsConfig {
  /// All of them, unless said otherwise.
  const EventCoreDiagnosticsConfig({this.replay = true, this.snapshots = true, this.inconsistencies = true});

  /// How fast events are replayed.
  final bool replay;

  /// How long snapshots take, and how large they are.
  final bool snapshots;

  /// Replays that led to another state.
  final bool inconsistencies;
}

/// Hands on what an event-sourced core has to say: replay speed, snapshots, replays that went wrong.
final class EventCoreDiagnostics with TelemetryGuard {
  /// Figures go to [service], and reports to its exporter.
  EventCoreDiagnostics({required this.service, this.config = const EventCoreDiagnosticsConfig()});

  /// Where figures are handed on.
  final TelemetryService service;

  /// What is taken.
  final EventCoreDiagnosticsConfig config;

  @override
  TelemetryConfig get telemetryConfig => service.telemetryConfig;

  /// Takes a replay of [events] events.
  void recordReplay({required int events, required Duration elapsed}) {
    if (!config.replay || elapsed <= Duration.zero) return;
    service.recordEventReplayRate(events * Duration.microsecondsPerSecond / elapsed.inMicroseconds);
  }

  /// Takes a snapshot of [bytes] bytes.
  void recordSnapshot({required Duration duration, required int bytes, int? sequence}) {
    if (!config.snapshots) return;
    service.recordSnapshotDuration(duration);
    service.exporter?.export(
      () => service
          .entry('event_core')
          .debug('a snapshot was taken')
          .eventType('SnapshotTaken')
          .latencyMs(duration.inMicroseconds / Duration.microsecondsPerMillisecond)
          .metadata('bytes', bytes)
          .metadata('sequence', sequence)
          .build()
          .toRecord(),
    );
  }

  /// Reports a replay that led to another state. [correlationId] is the report's id, a UUID; a new one unless given.
  OTLPExportResult reportInconsistency({
    required String documentId,
    required String stateHashBefore,
    required String stateHashAfter,
    List<String> eventIds = const [],
    int? snapshotSequence,
    String? clientVersion,
    String? correlationId,
  }) {
    final exporter = service.exporter;
    if (!config.inconsistencies || exporter == null) return OTLPExportResult.disabled;
    return exporter.reportReplayInconsistency(
      ReplayInconsistencyPayload(
        documentId: documentId,
        stateHashBefore: stateHashBefore,
        stateHashAfter: stateHashAfter,
        telemetryOptIn: telemetryConfig.enabled,
        eventIds: eventIds,
        snapshotSequence: snapshotSequence,
        clientVersion: clientVersion,
        correlationId: correlationId,
      ),
    );
  }
}
