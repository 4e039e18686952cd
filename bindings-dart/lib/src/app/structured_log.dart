import '../span.dart';

/// How grave a log entry is.
enum LogLevel {
  /// Each step.
  trace,

  /// For developers.
  debug,

  /// As expected.
  info,

  /// Not as expected, and the work goes on.
  warning,

  /// Something failed.
  error,

  /// The application cannot go on.
  fatal,
}

/// An entry of the structured log (R4, section 3.6): a `telemetry_log_v1` record.
final class StructuredLogEntry {
  /// An entry; [timestamp] is now unless given.
  StructuredLogEntry({
    required this.component,
    required this.level,
    required this.message,
    required this.eventType,
    this.featureFlagContext = const {},
    DateTime? timestamp,
    this.documentId,
    this.operationId,
    this.latencyMs,
    this.traceId,
    this.metadata = const {},
  }) : timestamp = timestamp ?? DateTime.now();

  /// The part of the application.
  final String component;

  /// How grave it is.
  final LogLevel level;

  /// For people.
  final String message;

  /// For machines, such as `ViewportSampled`.
  final String eventType;

  /// The feature flags in force.
  final Map<String, Object?> featureFlagContext;

  /// When it happened.
  final DateTime timestamp;

  /// The document it is about; the engine makes it a pseudonym.
  final String? documentId;

  /// The operation it belongs to.
  final String? operationId;

  /// How long the operation took.
  final num? latencyMs;

  /// The trace it belongs to, 32 hex digits.
  final String? traceId;

  /// What else is to be known.
  final Map<String, Object?> metadata;

  /// One line of a JSON log as R4 spells it. Not scrubbed: for a log that stays on this machine.
  Map<String, Object?> toJson() => {
    'component': component,
    'level': level.name,
    'message': message,
    'eventType': eventType,
    'timestamp': timestamp.toUtc().toIso8601String(),
    'featureFlagContext': featureFlagContext,
    if (documentId != null) 'documentId': documentId,
    if (operationId != null) 'operationId': operationId,
    if (latencyMs != null) 'latencyMs': latencyMs,
    if (traceId != null) 'traceId': traceId,
    if (metadata.isNotEmpty) 'metadata': metadata,
  };

  /// The record that a client takes.
  Map<String, Object?> toRecord() => {
    'schema': 'telemetry_log_v1',
    'timestamp': timestamp,
    'component': component,
    'level': level.name,
    'message': message,
    'event_type': eventType,
    'feature_flag_context': featureFlagContext,
    if (documentId != null) 'document_id': documentId,
    if (operationId != null) 'operation_id': operationId,
    if (latencyMs != null) 'latency_ms': latencyMs,
    if (traceId != null) 'trace_id': traceId,
    if (metadata.isNotEmpty) 'metadata': metadata,
  };
}

/// Makes a [StructuredLogEntry] word by word.
///
/// ```dart
/// final entry = StructuredLogBuilder('viewport').warning('slow frame').eventType('FrameSlow').latencyMs(40).build();
/// ```
final class StructuredLogBuilder {
  /// An entry of [component].
  StructuredLogBuilder(this._component);

  final String _component;
  LogLevel _level = LogLevel.info;
  String? _message;
  String? _eventType;
  Map<String, Object?> _featureFlagContext = const {};
  DateTime? _timestamp;
  String? _documentId;
  String? _operationId;
  num? _latencyMs;
  String? _traceId;
  final Map<String, Object?> _metadata = {};

  /// An entry of this [level].
  StructuredLogBuilder level(LogLevel level, String message) {
    _level = level;
    _message = message;
    return this;
  }

  /// An entry for developers.
  StructuredLogBuilder debug(String message) => level(LogLevel.debug, message);

  /// An entry about what is as expected.
  StructuredLogBuilder info(String message) => level(LogLevel.info, message);

  /// An entry about what is not as expected.
  StructuredLogBuilder warning(String message) => level(LogLevel.warning, message);

  /// An entry about what failed.
  StructuredLogBuilder error(String message) => level(LogLevel.error, message);

  /// What machines know it by.
  StructuredLogBuilder eventType(String eventType) {
    _eventType = eventType;
    return this;
  }

  /// The feature flags in force.
  StructuredLogBuilder featureFlags(Map<String, Object?> flags) {
    _featureFlagContext = {...flags};
    return this;
  }

  /// When it happened; otherwise when it is built.
  StructuredLogBuilder timestamp(DateTime timestamp) {
    _timestamp = timestamp;
    return this;
  }

  /// The document it is about.
  StructuredLogBuilder documentId(String documentId) {
    _documentId = documentId;
    return this;
  }

  /// The operation it belongs to.
  StructuredLogBuilder operationId(String operationId) {
    _operationId = operationId;
    return this;
  }

  /// How long the operation took.
  StructuredLogBuilder latencyMs(num latencyMs) {
    _latencyMs = latencyMs;
    return this;
  }

  /// The trace it belongs to; otherwise that of the current span.
  StructuredLogBuilder traceId(String traceId) {
    _traceId = traceId;
    return this;
  }

  /// Something else that is to be known.
  StructuredLogBuilder metadata(String name, Object? value) {
    _metadata[name] = value;
    return this;
  }

  /// The entry. Throws a [StateError] where message or event type are missing.
  StructuredLogEntry build() => StructuredLogEntry(
    component: _component,
    level: _level,
    message: _message ?? (throw StateError('a log entry needs a message: call info(…) or another level')),
    eventType: _eventType ?? (throw StateError('a log entry needs an event type: call eventType(…)')),
    featureFlagContext: _featureFlagContext,
    timestamp: _timestamp,
    documentId: _documentId,
    operationId: _operationId,
    latencyMs: _latencyMs,
    traceId: _traceId ?? Span.current?.traceId,
    metadata: {..._metadata},
  );
}
