import 'dart:collection';

import '../telemetry_client.dart';
import 'metrics_catalog.dart';
import 'otlp_exporter.dart';
import 'payloads.dart';
import 'structured_log.dart';
import 'telemetry_config.dart';
import 'telemetry_guard.dart';

/// How fast a viewport was for one frame.
final class ViewportTelemetry {
  /// What was measured; [timestamp] is now unless given.
  ViewportTelemetry({required this.fps, required this.frameTimeMs, this.viewport = 'main', DateTime? timestamp})
    : timestamp = timestamp ?? DateTime.now();

  /// Frames drawn in a second.
  final double fps;

  /// Time that the frame took.
  final double frameTimeMs;

  /// Which viewport, where there are several.
  final String viewport;

  /// When.
  final DateTime timestamp;
}

/// Collects how fast the application is, and hands it on as metrics of the catalog, performance samples and log entries.
///
/// Off without a configuration. The figures of the present interval are kept here; an opt-out has cleared them, and what
/// the exporter holds, when it returns.
final class TelemetryService with TelemetryGuard {
  /// A service as [config] says, which hands on to [exporter]; without one, figures stay here, for a display in the
  /// application.
  TelemetryService({
    TelemetryConfig? config,
    this.exporter,
    MetricsCatalog? catalog,
    this.samplingInterval = const Duration(seconds: 1),
    this.slowFrameMs = 33.3,
    this.sessionId,
  }) : telemetryConfig = config ?? TelemetryConfig.disabled(),
       _catalog = catalog {
    telemetryConfig.addListener(_heed);
  }

  /// Frames whose figures are kept: two seconds of a fast display.
  static const int _maxMetrics = 240;

  @override
  final TelemetryConfig telemetryConfig;

  /// Where figures are handed on.
  final OTLPExporter? exporter;

  /// What one performance sample spans.
  final Duration samplingInterval;

  /// A frame that takes longer, in milliseconds, is logged, once an interval; two frames at 60 a second.
  final double slowFrameMs;

  /// The session that samples belong to; the engine makes it a pseudonym.
  final String? sessionId;

  MetricsCatalog? _catalog;
  final Queue<ViewportTelemetry> _metrics = Queue();
  final Stopwatch _interval = Stopwatch();
  int _frames = 0;
  double _fps = 0;
  double _frameTimeMs = 0;
  double _slowestMs = 0;
  double _replayRate = 0;
  double? _snapshotMs;
  double? _cursorLatencyUs;
  bool _isDisposed = false;

  /// Frames whose figures are kept.
  int get metricCount => _metrics.length;

  /// The figures of the latest frames, oldest first.
  List<ViewportTelemetry> get recentMetrics => List.unmodifiable(_metrics);

  /// Takes the figures of one frame.
  void recordViewportMetric(ViewportTelemetry metric) => _record(() {
    _metrics.add(metric);
    if (_metrics.length > _maxMetrics) _metrics.removeFirst();
    _frames += 1;
    _fps += metric.fps;
    _frameTimeMs += metric.frameTimeMs;
    if (metric.frameTimeMs > _slowestMs) _slowestMs = metric.frameTimeMs;
    final attributes = {'viewport': metric.viewport};
    _measure(MetricsCatalog.renderFps, metric.fps, attributes);
    _measure(MetricsCatalog.renderFrameTimeMs, metric.frameTimeMs, attributes);
    if (_interval.elapsed >= samplingInterval) _emit();
  });

  /// Takes how many events a replay went through in a second.
  void recordEventReplayRate(double eventsPerSecond) => _record(() {
    _replayRate = eventsPerSecond;
    _measure(MetricsCatalog.eventReplayRate, eventsPerSecond);
  });

  /// Takes how long a snapshot took.
  void recordSnapshotDuration(Duration duration) => _record(() {
    final ms = duration.inMicroseconds / Duration.microsecondsPerMillisecond;
    _snapshotMs = ms;
    _measure(MetricsCatalog.snapshotDurationMs, ms);
  });

  /// Takes how far the pointer lagged.
  void recordCursorLatency(Duration latency) => _record(() {
    _cursorLatencyUs = latency.inMicroseconds.toDouble();
    _measure(MetricsCatalog.cursorLatencyUs, latency.inMicroseconds);
  });

  /// Logs an entry, with the flags in force where it names none.
  void log(StructuredLogEntry entry) => withTelemetry(() => exporter?.log(entry));

  /// An entry to be filled and given to [log].
  StructuredLogBuilder entry(String component) =>
      StructuredLogBuilder(component).featureFlags(telemetryConfig.featureFlags);

  /// Hands on what the present interval has, and sends what waits.
  Future<OTLPExportResult> flush({Duration timeout = TelemetryClient.flushTimeout}) async {
    if (!telemetryConfig.enabled || _isDisposed) return OTLPExportResult.disabled;
    if (_frames > 0) _emit();
    return exporter?.flush(timeout: timeout) ?? Future.value(OTLPExportResult.uploadDisabled);
  }

  /// Collects and listens no more, and forgets its figures. The exporter is its owner's to dispose of.
  void dispose() {
    _isDisposed = true;
    telemetryConfig.removeListener(_heed);
    _clear();
  }

  void _record(void Function() body) {
    if (_isDisposed) return;
    withTelemetry(() {
      if (!_interval.isRunning) _interval.start();
      body();
    });
  }

  void _measure(String name, num value, [Map<String, Object?> attributes = const {}]) {
    final client = exporter?.client;
    if (client == null) return;
    (_catalog ??= MetricsCatalog.loadOrEmpty()).measure(client, name, value, attributes: attributes);
  }

  /// Hands on a sample of the interval, and begins another.
  void _emit() {
    final sample = PerformanceSamplePayload(
      fps: _fps / _frames,
      frameTimeMs: _frameTimeMs / _frames,
      eventReplayRate: _replayRate,
      samplingIntervalMs: _interval.elapsedMilliseconds,
      snapshotDurationMs: _snapshotMs,
      cursorLatencyUs: _cursorLatencyUs,
      sessionId: sessionId,
      flagsActive: [
        for (final MapEntry(key: flag, :value) in telemetryConfig.featureFlags.entries)
          if (value == true) flag,
      ],
      telemetryOptIn: telemetryConfig.enabled,
    );
    exporter?.recordPerformanceSample(sample);
    if (_slowestMs > slowFrameMs) {
      log(
        entry('viewport').warning('a frame was slow').eventType('SlowFrame').latencyMs(_slowestMs).metadata('frames', _frames).build(),
      );
    }
    _beginInterval();
  }

  void _beginInterval() {
    _frames = 0;
    _fps = _frameTimeMs = _slowestMs = _replayRate = 0;
    _snapshotMs = _cursorLatencyUs = null;
    _interval
      ..stop()
      ..reset();
  }

  void _heed() {
    if (!telemetryConfig.enabled) _clear();
  }

  void _clear() {
    _metrics.clear();
    _beginInterval();
  }
}
