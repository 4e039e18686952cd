import 'telemetry_client.dart';

/// How the measurements of a metric add up; OpenTelemetry's names.
enum MetricType {
  /// A sum that never falls: how often.
  counter,

  /// A sum that may fall: how many there are.
  updowncounter,

  /// The last measurement: how much at the moment.
  gauge,

  /// How measurements are distributed: how long, how large.
  histogram,
}

/// The kinds of metrics, a call each.
extension TelemetryMetrics on TelemetryClient {
  /// Adds [value] to a sum that never falls.
  bool counter(String name, {num value = 1, String? unit, Map<String, Object?> attributes = const {}}) =>
      measure(name, value, type: MetricType.counter, unit: unit, attributes: attributes);

  /// Sets what is measured from time to time.
  bool gauge(String name, num value, {String? unit, Map<String, Object?> attributes = const {}}) =>
      measure(name, value, type: MetricType.gauge, unit: unit, attributes: attributes);

  /// Adds [value] to a distribution.
  bool histogram(String name, num value, {String? unit, Map<String, Object?> attributes = const {}}) =>
      measure(name, value, type: MetricType.histogram, unit: unit, attributes: attributes);

  /// Starts a timer, which measures into the histogram [name], in milliseconds, each time it is stopped.
  TelemetryTimer timer(String name, {Map<String, Object?> attributes = const {}}) =>
      TelemetryTimer._(this, name, attributes);
}

/// A measurement of time that is going on. See [TelemetryMetrics.timer].
final class TelemetryTimer {
  TelemetryTimer._(this._client, this._name, this._attributes);

  final TelemetryClient _client;
  final String _name;
  final Map<String, Object?> _attributes;
  final Stopwatch _watch = Stopwatch()..start();

  /// Measures the time since the start, and ends; stopping again does nothing.
  bool stop() {
    if (!_watch.isRunning) return false;
    _watch.stop();
    return _client.histogram(
      _name,
      _watch.elapsedMicroseconds / Duration.microsecondsPerMillisecond,
      unit: 'ms',
      attributes: _attributes,
    );
  }
}
