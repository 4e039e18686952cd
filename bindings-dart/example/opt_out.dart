/// R4's first manual step: with telemetry off nothing is collected, and turning it off forgets what was.
///
/// `tool/run.sh example/opt_out.dart` prints what was found and ends with 1 where it is not so. Needs no collector.
library;

import 'dart:io';

import 'package:scrubjay/scrubjay.dart';

void main() {
  final metric = ViewportTelemetry(fps: 60, frameTimeMs: 16.67);

  final off = TelemetryService(config: TelemetryConfig(enabled: false))..recordViewportMetric(metric);
  stdout.writeln('off: ${off.metricCount} metrics');

  final config = TelemetryConfig.debug();
  final service = TelemetryService(config: config)..recordViewportMetric(metric);
  final collected = service.metricCount;
  config.setEnabled(false, source: 'settings');
  service.recordViewportMetric(metric);
  stdout
    ..writeln('on: $collected metric, after the opt-out: ${service.metricCount}')
    ..writeln('audit: ${config.auditTrail.single}');

  final isAsPromised = off.metricCount == 0 && collected == 1 && service.metricCount == 0;
  exitCode = isAsPromised ? 0 : 1;
}
