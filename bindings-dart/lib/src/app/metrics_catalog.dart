import '../exceptions.dart';
import '../info.dart' as info;
import '../metrics.dart';
import '../telemetry_client.dart';

/// A metric whose type and unit are fixed.
final class CatalogMetric {
  const CatalogMetric._(this.name, this.type, this.unit, this.description);

  /// Its name in the catalog.
  final String name;

  /// How its measurements add up.
  final MetricType type;

  /// What it is measured in.
  final String unit;

  /// What it says.
  final String description;
}

/// The metrics catalog (R4, section 3.15), as the engine has it.
final class MetricsCatalog {
  MetricsCatalog._(this._metrics);

  /// The catalog of the native library. Throws a `ScrubjayLoadException` without it.
  factory MetricsCatalog.load({String? libraryPath}) => MetricsCatalog._({
    for (final each in info.metricsCatalog(libraryPath: libraryPath))
      each['name']! as String: CatalogMetric._(
        each['name']! as String,
        MetricType.values.byName(each['type']! as String),
        each['unit']! as String,
        each['description']! as String,
      ),
  });

  /// As [MetricsCatalog.load], or without metrics where there is no library, and so nothing to measure into.
  factory MetricsCatalog.loadOrEmpty({String? libraryPath}) {
    try {
      return MetricsCatalog.load(libraryPath: libraryPath);
    } on ScrubjayLoadException {
      return MetricsCatalog._(const {});
    }
  }

  /// Frames drawn in a second.
  static const String renderFps = 'render.fps';

  /// Time that a frame took.
  static const String renderFrameTimeMs = 'render.frame_time_ms';

  /// From moving the pointer to seeing it move.
  static const String cursorLatencyUs = 'cursor.latency_us';

  /// Time that taking a snapshot took.
  static const String snapshotDurationMs = 'snapshot.duration_ms';

  /// Events replayed.
  static const String eventReplayRate = 'event.replay.rate';

  final Map<String, CatalogMetric> _metrics;

  /// The metric of this name, if the catalog has it.
  CatalogMetric? operator [](String name) => _metrics[name];

  /// Every metric.
  Iterable<CatalogMetric> get metrics => _metrics.values;

  /// Measures into a metric of the catalog, with its type and unit; `false` where there is none of this name.
  bool measure(TelemetryClient client, String name, num value, {Map<String, Object?> attributes = const {}}) {
    final metric = _metrics[name];
    if (metric == null) return false;
    return client.measure(name, value, type: metric.type, unit: metric.unit, attributes: attributes);
  }
}
