import 'dart:async';

import 'telemetry_audit_event.dart';

/// Whether telemetry is collected, and how: the single source of truth of an application, off by default.
///
/// Listeners hear of each change before the setter returns, so whatever was collected is gone when an opt-out returns.
/// The methods are those of Flutter's `Listenable`; `package:scrubjay_flutter` makes it one.
final class TelemetryConfig {
  /// A configuration of one's own; without arguments, everything is off.
  ///
  /// [stateDir] is a folder of the application: there the user's word is kept with its audit trail, and what cannot be
  /// sent waits. Without one, both are lost with the process. [engine] holds further sections and keys of the engine's
  /// configuration, which the members of this class stand above.
  TelemetryConfig({
    bool enabled = false,
    bool uploadEnabled = false,
    double samplingRate = 1,
    this.collectorEndpoint,
    this.apiKey,
    this.serviceName,
    this.stateDir,
    this.retentionDays = defaultRetentionDays,
    this.offlineTtl = defaultOfflineTtl,
    this.featureFlags = const {},
    this.sampleRoutes = false,
    this.engine = const {},
  }) : _enabled = enabled,
       _uploadEnabled = uploadEnabled,
       _samplingRate = _rate(samplingRate) {
    if (retentionDays < 1 || retentionDays > maxRetentionDays) {
      throw RangeError.range(retentionDays, 1, maxRetentionDays, 'retentionDays');
    }
  }

  /// For development: on, everything sampled, and nothing leaves the machine.
  factory TelemetryConfig.debug({String? stateDir, Map<String, Object?> engine = const {}}) =>
      TelemetryConfig(enabled: true, stateDir: stateDir, engine: engine);

  /// For users: on if they agreed, sent to [collectorEndpoint], a tenth sampled.
  factory TelemetryConfig.production({
    required bool enabled,
    required String collectorEndpoint,
    double samplingRate = productionSamplingRate,
    String? apiKey,
    String? serviceName,
    String? stateDir,
    int retentionDays = defaultRetentionDays,
    Map<String, Object?> featureFlags = const {},
    bool sampleRoutes = false,
    Map<String, Object?> engine = const {},
  }) => TelemetryConfig(
    enabled: enabled,
    uploadEnabled: true,
    samplingRate: samplingRate,
    collectorEndpoint: collectorEndpoint,
    apiKey: apiKey,
    serviceName: serviceName,
    stateDir: stateDir,
    retentionDays: retentionDays,
    featureFlags: featureFlags,
    sampleRoutes: sampleRoutes,
    engine: engine,
  );

  /// Off, for good unless somebody turns it on.
  factory TelemetryConfig.disabled() => TelemetryConfig();

  /// Share that the production profile keeps.
  static const double productionSamplingRate = 0.1;

  /// Days that a collector keeps what it received, where nothing else is said.
  static const int defaultRetentionDays = 30;

  /// The longest that a collector keeps anything.
  static const int maxRetentionDays = 90;

  /// How long what cannot be sent waits; the engine's own bound.
  static const Duration defaultOfflineTtl = Duration(days: 7);

  // Where nothing is uploaded, the engine still asks for an address; this one is the profile's.
  static const String _unusedEndpoint = 'http://127.0.0.1:3001';

  /// Base URL of the collector; needed where [uploadEnabled].
  final String? collectorEndpoint;

  /// Sent as a bearer token.
  final String? apiKey;

  /// OpenTelemetry's `service.name`.
  final String? serviceName;

  /// The application's own folder for consent, audit trail and what waits offline.
  final String? stateDir;

  /// Days after which what was collected is to be gone, 1 to 90. Here it bounds what waits offline; the collector has a
  /// setting of its own.
  final int retentionDays;

  /// How long what cannot be sent waits on this device, never beyond [retentionDays].
  final Duration offlineTtl;

  /// The feature flags in force; they stand in structured logs and performance samples.
  final Map<String, Object?> featureFlags;

  /// Whether performance samples and replay reports go to R4's routes `/v1/telemetry/perf-sample` and
  /// `/v1/telemetry/replay-inconsistency`, each in a request with its correlation id. Without it they travel in batches,
  /// which costs fewer requests; a collector that only knows R4's routes needs it.
  final bool sampleRoutes;

  /// Further sections and keys of the engine's configuration.
  final Map<String, Object?> engine;

  final List<void Function()> _listeners = [];
  final List<TelemetryAuditEvent> _auditTrail = [];
  bool _enabled;
  bool _uploadEnabled;
  double _samplingRate;
  bool _isDisposed = false;

  /// Whether anything is collected: the master switch.
  bool get enabled => _enabled;

  set enabled(bool value) => setEnabled(value);

  /// Whether what is collected leaves this machine.
  bool get uploadEnabled => _uploadEnabled;

  set uploadEnabled(bool value) => _change(
    TelemetryAuditKind.upload,
    value != _uploadEnabled,
    () => _uploadEnabled = value,
    from: _uploadEnabled,
    to: value,
    source: _code,
  );

  /// The share of records that is kept, 0 to 1. By what a record belongs to, not by chance: see the engine's sampling.
  double get samplingRate => _samplingRate;

  set samplingRate(double value) {
    final rate = _rate(value);
    _change(
      TelemetryAuditKind.samplingRate,
      rate != _samplingRate,
      () => _samplingRate = rate,
      from: _samplingRate,
      to: rate,
      source: _code,
    );
  }

  /// Sets [enabled], and says where that was decided, such as `settings`; the word stands so in the audit trail.
  void setEnabled(bool value, {String source = _code}) => _change(
    value ? TelemetryAuditKind.optIn : TelemetryAuditKind.optOut,
    value != _enabled,
    () => _enabled = value,
    from: _enabled,
    to: value,
    source: source,
  );

  /// The changes of this session, oldest first. With a [stateDir], the engine's trail keeps opt-in and opt-out on disk.
  List<TelemetryAuditEvent> get auditTrail => List.unmodifiable(_auditTrail);

  /// Calls [listener] after each change.
  void addListener(void Function() listener) {
    if (!_isDisposed) _listeners.add(listener);
  }

  /// Calls [listener] no more, once for each time it was added.
  void removeListener(void Function() listener) => _listeners.remove(listener);

  /// Forgets the listeners; a change is heard by nobody afterwards.
  void dispose() {
    _isDisposed = true;
    _listeners.clear();
  }

  /// The engine's configuration that says the same.
  Map<String, Object?> toEngineConfig() {
    final state = stateDir;
    final ttl = offlineTtl.inDays < retentionDays ? offlineTtl : Duration(days: retentionDays);
    final endpoint = collectorEndpoint ?? (uploadEnabled ? null : _unusedEndpoint);
    return _laidOver(engine, {
      'client': {
        'enabled': enabled,
        'upload_enabled': uploadEnabled,
        if (endpoint != null) 'endpoint': endpoint,
        if (apiKey != null) 'api_key': apiKey,
        if (serviceName != null) 'service_name': serviceName,
        if (sampleRoutes) 'export': {'sample_routes': true},
        if (state != null) 'state_dir': state,
        if (state != null) 'spool': {'dir': '$state/spool', 'max_age_ms': ttl.inMilliseconds},
      },
      'sampling': {'rate': samplingRate},
    });
  }

  static const String _code = 'code';

  static double _rate(double value) =>
      value >= 0 && value <= 1 ? value : throw RangeError.value(value, 'samplingRate', 'must be from 0 to 1');

  void _change(
    TelemetryAuditKind kind,
    bool isChange,
    void Function() apply, {
    required Object from,
    required Object to,
    required String source,
  }) {
    if (!isChange) return;
    apply();
    _auditTrail.add(TelemetryAuditEvent(kind: kind, from: from, to: to, source: source, timestamp: DateTime.now()));
    // A copy: a listener may remove itself.
    for (final listener in [..._listeners]) {
      try {
        listener();
      } catch (error, trace) {
        // One that fails must not keep the next from clearing its buffers.
        Zone.current.handleUncaughtError(error, trace);
      }
    }
  }
}

/// [upper] over [lower]: members of [upper] win, and objects in both are joined.
Map<String, Object?> _laidOver(Map<String, Object?> lower, Map<String, Object?> upper) => {
  ...lower,
  for (final MapEntry(key: name, value: above) in upper.entries)
    name: switch ((lower[name], above)) {
      (final Map<String, Object?> below, final Map<String, Object?> above) => _laidOver(below, above),
      _ => above,
    },
};
