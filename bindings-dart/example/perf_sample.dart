/// R4's scenario and its third manual step: an editor whose user agreed sends performance samples and replay reports by
/// R4's own routes; then they change their mind, and nothing more arrives, stays or waits.
///
/// `tool/run.sh example/perf_sample.dart [COLLECTOR_URL [PLANTED_JSON [METRICS_URL]]]`, by default a collector on this
/// machine, and what it tells Prometheus on port 9464. Values of the second argument, a JSON object of personal data, are put
/// where they slip into reports. Prints one JSON line and ends with 1 where a sample did not arrive or was not counted, or
/// something was left.
library;

import 'dart:convert';
import 'dart:io';

import 'package:scrubjay/scrubjay.dart';

/// What the collector counts samples by, as Prometheus reads it.
const String received = 'telemetry_samples_received_total';

/// Frames of one second at 60 a second; one of them is slow.
const int frames = 60;

Future<void> main(List<String> arguments) async {
  final home = Directory.systemTemp.createTempSync('scrubjay-example');
  final planted = switch (arguments) {
    [_, final path, ...] => (jsonDecode(File(path).readAsStringSync()) as Map<String, Object?>).cast<String, String>(),
    _ => const <String, String>{},
  };
  final collector = arguments.firstOrNull ?? 'http://127.0.0.1:3001';
  final metrics = arguments.length > 2
      ? Uri.parse(arguments[2])
      : Uri.parse(collector).replace(port: 9464, path: '/metrics');
  final config = TelemetryConfig.production(
    enabled: true,
    collectorEndpoint: collector,
    samplingRate: 1,
    stateDir: home.path,
    featureFlags: {'snap': true},
    sampleRoutes: true,
  );
  final exporter = OTLPExporter(config: config);
  final service = TelemetryService(config: config, exporter: exporter, sessionId: 'session-1');
  final core = EventCoreDiagnostics(service: service);

  final countedFirst = await counted(metrics);

  // An editor at work: figures by frame, and samples and reports of its own.
  for (var frame = 0; frame < frames; frame++) {
    service.recordViewportMetric(ViewportTelemetry(fps: 60, frameTimeMs: frame == frames ~/ 2 ? 48 : 16.67));
  }
  service.recordCursorLatency(const Duration(microseconds: 900));
  core.recordReplay(events: 5000, elapsed: const Duration(seconds: 5));
  final before = [sampleOf(60), sampleOf(58.5)];
  final reports = [reportOf('document-1', 'before-opt-out', planted), reportOf('document-2', 'before-opt-out', planted)];
  before.forEach(exporter.recordPerformanceSample);
  reports.forEach(exporter.reportReplayInconsistency);
  final sent = await service.flush();
  final delivered = exporter.client.stats()['delivered'];
  final countedThen = await counted(metrics);

  // The user changes their mind, with records under way and others after it.
  final withdrawn = sampleOf(10);
  final refused = reportOf('document-3', 'after-opt-out', planted);
  exporter.recordPerformanceSample(withdrawn);
  core.reportInconsistency(documentId: 'document-4', stateHashBefore: 'after-opt-out', stateHashAfter: 'other');
  config.setEnabled(false, source: 'settings');
  await exporter.settled;
  service.recordViewportMetric(ViewportTelemetry(fps: 10, frameTimeMs: 100));
  exporter.reportReplayInconsistency(refused);
  final after = await service.flush();
  service.dispose();
  await exporter.dispose();

  final countedAfter = await counted(metrics);
  final waiting = exporter.bufferedCount;
  final inTrail = exporter.client.consentHistory().map((entry) => (entry! as Map<String, Object?>)['event']).toList();
  stdout.writeln(
    jsonEncode({
      'samples': [for (final each in before) each.correlationId],
      'reports': [for (final each in reports) each.correlationId],
      'withheld': [withdrawn.correlationId, refused.correlationId],
      'sent': sent.name,
      'delivered': delivered,
      received: [countedFirst, countedThen, countedAfter],
      'after': after.name,
      'waiting': waiting,
      'trail': inTrail,
      'state_dir': home.path,
    }),
  );
  final isCounted = countedThen - countedFirst >= before.length + reports.length && countedAfter == countedThen;
  final isAsPromised =
      sent == OTLPExportResult.success && after == OTLPExportResult.disabled && waiting == 0 && isCounted;
  exitCode = isAsPromised ? 0 : 1;
}

/// How many samples the collector says that it has received.
Future<int> counted(Uri metrics) async {
  final http = HttpClient();
  try {
    final response = await (await http.getUrl(metrics)).close();
    final lines = const LineSplitter().convert(await utf8.decodeStream(response));
    return int.parse(lines.firstWhere((line) => line.startsWith('$received ')).split(' ').last);
  } finally {
    http.close();
  }
}

/// How the editor was for a tenth of a second.
PerformanceSamplePayload sampleOf(double fps) => PerformanceSamplePayload(
  fps: fps,
  frameTimeMs: 1000 / fps,
  eventReplayRate: 1000,
  samplingIntervalMs: 100,
  cursorLatencyUs: 900,
  documentId: 'document-1',
  sessionId: 'session-1',
  flagsActive: const ['snap'],
  telemetryOptIn: true,
);

/// A replay that led elsewhere, with what a developer attaches without thinking.
ReplayInconsistencyPayload reportOf(String documentId, String hash, Map<String, String> planted) =>
    ReplayInconsistencyPayload(
      documentId: documentId,
      stateHashBefore: hash,
      stateHashAfter: 'other',
      eventIds: const ['event-1', 'event-2'],
      snapshotSequence: 7,
      clientVersion: '1.4.2',
      telemetryOptIn: true,
      metadata: {
        if (planted['email'] case final email?) 'note': 'reported by $email',
        if (planted['ipv4'] case final address?) 'peer': address,
      },
    );
