import 'dart:io' show Platform;

import 'correlation_id.dart';

/// How fast the application was for a moment: the body of R4's `/v1/telemetry/perf-sample`, a `perf_sample_v1` record.
final class PerformanceSamplePayload {
  /// A sample; [platform] is this one unless given.
  PerformanceSamplePayload({
    required this.fps,
    required this.frameTimeMs,
    required this.eventReplayRate,
    required this.samplingIntervalMs,
    required this.telemetryOptIn,
    this.snapshotDurationMs,
    this.cursorLatencyUs,
    this.documentId,
    this.sessionId,
    this.flagsActive = const [],
    DateTime? timestamp,
    String? platform,
    String? correlationId,
  }) : timestamp = timestamp ?? DateTime.now(),
       platform = platform ?? Platform.operatingSystem,
       correlationId = correlationId ?? newCorrelationId();

  /// Frames drawn in a second.
  final num fps;

  /// Time that a frame took.
  final num frameTimeMs;

  /// Events replayed in a second.
  final num eventReplayRate;

  /// Time that the sample spans.
  final num samplingIntervalMs;

  /// Whether the user agreed. The collector keeps nothing of a sample that says no.
  final bool telemetryOptIn;

  /// Time that the last snapshot took.
  final num? snapshotDurationMs;

  /// Lag of the pointer.
  final num? cursorLatencyUs;

  /// The document that was open; the engine makes it a pseudonym.
  final String? documentId;

  /// The session; the engine makes it a pseudonym.
  final String? sessionId;

  /// Feature flags in force.
  final List<String> flagsActive;

  /// When the sample ended.
  final DateTime timestamp;

  /// Where the application runs, such as `macos`.
  final String platform;

  /// A UUID, new unless given: the record's id, and, on R4's own routes, the request's `x-correlation-id`, with which
  /// the collector answers.
  final String correlationId;

  /// The body as R4's API spells it. Not scrubbed: what is sent goes through a client.
  Map<String, Object?> toJson() => {
    'id': correlationId,
    'timestamp': timestamp.toUtc().toIso8601String(),
    'fps': fps,
    'frameTimeMs': frameTimeMs,
    'eventReplayRate': eventReplayRate,
    'samplingIntervalMs': samplingIntervalMs,
    if (snapshotDurationMs != null) 'snapshotDurationMs': snapshotDurationMs,
    if (cursorLatencyUs != null) 'cursorLatencyUs': cursorLatencyUs,
    if (documentId != null) 'documentId': documentId,
    if (sessionId != null) 'sessionId': sessionId,
    'platform': platform,
    'flagsActive': flagsActive,
    'telemetryOptIn': telemetryOptIn,
  };

  /// The record that a client takes.
  Map<String, Object?> toRecord() => {
    'schema': 'perf_sample_v1',
    'id': correlationId,
    'timestamp': timestamp,
    if (sessionId != null) 'session_id': sessionId,
    'opt_in': telemetryOptIn,
    'platform': platform,
    'fps': fps,
    'frame_time_ms': frameTimeMs,
    'event_replay_rate': eventReplayRate,
    'sampling_interval_ms': samplingIntervalMs,
    if (snapshotDurationMs != null) 'snapshot_duration_ms': snapshotDurationMs,
    if (cursorLatencyUs != null) 'cursor_latency_us': cursorLatencyUs,
    if (documentId != null) 'document_id': documentId,
    'flags_active': flagsActive,
  };
}

/// A replay of events that led to another state than the one recorded: the body of R4's
/// `/v1/telemetry/replay-inconsistency`, a `replay_inconsistency_v1` record.
final class ReplayInconsistencyPayload {
  /// A report; [platform] is this one unless given.
  ReplayInconsistencyPayload({
    required this.documentId,
    required this.stateHashBefore,
    required this.stateHashAfter,
    required this.telemetryOptIn,
    this.eventIds = const [],
    this.snapshotSequence,
    this.clientVersion,
    this.metadata = const {},
    DateTime? timestamp,
    String? platform,
    String? correlationId,
  }) : timestamp = timestamp ?? DateTime.now(),
       platform = platform ?? Platform.operatingSystem,
       correlationId = correlationId ?? newCorrelationId();

  /// The document; the engine makes it a pseudonym.
  final String documentId;

  /// Hash of the recorded state.
  final String stateHashBefore;

  /// Hash of the state that the replay led to.
  final String stateHashAfter;

  /// Whether the user agreed.
  final bool telemetryOptIn;

  /// The events that were replayed.
  final List<String> eventIds;

  /// The snapshot that the replay began with.
  final int? snapshotSequence;

  /// The application's version.
  final String? clientVersion;

  /// What else is to be known.
  final Map<String, Object?> metadata;

  /// When it was found.
  final DateTime timestamp;

  /// Where the application runs.
  final String platform;

  /// A UUID, new unless given: the record's id, and, on R4's own routes, the request's `x-correlation-id`. What a user
  /// may be shown as the number of their report.
  final String correlationId;

  /// The body as R4's API spells it. Not scrubbed: what is sent goes through a client.
  Map<String, Object?> toJson() => {
    'id': correlationId,
    'timestamp': timestamp.toUtc().toIso8601String(),
    'documentId': documentId,
    'stateHashBefore': stateHashBefore,
    'stateHashAfter': stateHashAfter,
    if (eventIds.isNotEmpty) 'eventIds': eventIds,
    if (snapshotSequence != null) 'snapshotSequence': snapshotSequence,
    if (clientVersion != null) 'clientVersion': clientVersion,
    'platform': platform,
    if (metadata.isNotEmpty) 'metadata': metadata,
    'telemetryOptIn': telemetryOptIn,
  };

  /// The record that a client takes.
  Map<String, Object?> toRecord() => {
    'schema': 'replay_inconsistency_v1',
    'id': correlationId,
    'timestamp': timestamp,
    'opt_in': telemetryOptIn,
    'document_id': documentId,
    'state_hash_before': stateHashBefore,
    'state_hash_after': stateHashAfter,
    if (eventIds.isNotEmpty) 'event_ids': eventIds,
    if (snapshotSequence != null) 'snapshot_sequence': snapshotSequence,
    if (clientVersion != null) 'client_version': clientVersion,
    'platform': platform,
    if (metadata.isNotEmpty) 'metadata': metadata,
  };
}
