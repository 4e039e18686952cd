/// What a change of telemetry's configuration was about.
enum TelemetryAuditKind {
  /// Collection was turned on.
  optIn,

  /// Collection was turned off.
  optOut,

  /// Upload was turned on or off.
  upload,

  /// Another share of records is kept.
  samplingRate,
}

/// One change of telemetry's configuration, for the record.
final class TelemetryAuditEvent {
  /// What changed, when and by whom.
  const TelemetryAuditEvent({
    required this.kind,
    required this.from,
    required this.to,
    required this.source,
    required this.timestamp,
  });

  /// What the change was about.
  final TelemetryAuditKind kind;

  /// The value before.
  final Object from;

  /// The value after.
  final Object to;

  /// Where it was decided, such as `settings`.
  final String source;

  /// When.
  final DateTime timestamp;

  /// For a log of one's own.
  Map<String, Object?> toJson() => {
    'kind': kind.name,
    'from': from,
    'to': to,
    'source': source,
    'timestamp': timestamp.toUtc().toIso8601String(),
  };

  @override
  String toString() => '${kind.name}: $from -> $to ($source)';
}
