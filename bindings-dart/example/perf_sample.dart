/// R4's third manual step: a collector receives samples of an application whose user agreed, and no more after they did not.
///
/// `tool/run.sh example/perf_sample.dart [COLLECTOR_URL]`, by default a collector on this machine. Prints one JSON line and
/// ends with 1 where a sample did not arrive, or something was left.
library;

import 'dart:convert';
import 'dart:io';

import 'package:scrubjay/scrubjay.dart';

Future<void> main(List<String> arguments) async {
  final home = Directory.systemTemp.createTempSync('scrubjay-example');
  final config = TelemetryConfig.production(
    enabled: true,
    collectorEndpoint: arguments.firstOrNull ?? 'http://127.0.0.1:3001',
    samplingRate: 1,
    stateDir: home.path,
    featureFlags: {'snap': true},
  );
  final exporter = OTLPExporter(config: config);
  final service = TelemetryService(config: config, exporter: exporter, sessionId: 'session-1');
  final core = EventCoreDiagnostics(service: service);

  // An editor at work.
  for (var frame = 0; frame < 120; frame++) {
    service.recordViewportMetric(ViewportTelemetry(fps: 60, frameTimeMs: frame == 60 ? 48 : 16.67));
  }
  service.recordCursorLatency(const Duration(microseconds: 900));
  core
    ..recordReplay(events: 5000, elapsed: const Duration(seconds: 5))
    ..reportInconsistency(documentId: 'document-1', stateHashBefore: 'before-opt-out', stateHashAfter: 'other');
  final sent = await service.flush();
  final delivered = exporter.client.stats()['delivered'];

  // The user changes their mind, with records under way.
  for (var frame = 0; frame < 120; frame++) {
    service.recordViewportMetric(ViewportTelemetry(fps: 10, frameTimeMs: 100));
  }
  core.reportInconsistency(documentId: 'document-2', stateHashBefore: 'after-opt-out', stateHashAfter: 'other');
  config.setEnabled(false, source: 'settings');
  await exporter.settled;
  core.reportInconsistency(documentId: 'document-3', stateHashBefore: 'after-opt-out', stateHashAfter: 'other');
  final after = await service.flush();
  service.dispose();
  await exporter.dispose();

  final waiting = exporter.bufferedCount;
  final inTrail = exporter.client.consentHistory().map((entry) => (entry! as Map<String, Object?>)['event']).toList();
  stdout.writeln(
    jsonEncode({
      'sent': sent.name,
      'delivered': delivered,
      'after': after.name,
      'waiting': waiting,
      'trail': inTrail,
      'state_dir': home.path,
    }),
  );
  final isAsPromised = sent == OTLPExportResult.success && after == OTLPExportResult.disabled && waiting == 0;
  exitCode = isAsPromised ? 0 : 1;
}
