/// R4's client cases, by name: what an opt-out means at each place that enforces it.
library;

import 'package:scrubjay/scrubjay.dart';
import 'package:test/test.dart';

import 'support/native.dart';

final class Guarded with TelemetryGuard {
  Guarded(this.telemetryConfig);

  @override
  final TelemetryConfig telemetryConfig;
}

TelemetryConfig onTo(Collector collector, {bool upload = true}) =>
    TelemetryConfig(enabled: true, uploadEnabled: upload, collectorEndpoint: collector.endpoint);

PerformanceSamplePayload sample({bool optIn = true}) => PerformanceSamplePayload(
  fps: 60,
  frameTimeMs: 16.67,
  eventReplayRate: 1000,
  samplingIntervalMs: 100,
  telemetryOptIn: optIn,
);

void main() {
  test('TelemetryConfig defaults to disabled', () {
    expect(TelemetryConfig().enabled, false);
    expect(TelemetryConfig().uploadEnabled, false);
    expect(TelemetryService().telemetryConfig.enabled, false);
    expect(TelemetryConfig.disabled().enabled, false);
    expect(TelemetryConfig().retentionDays, 30);
  });

  test('Opt-out triggers audit events', () {
    final config = TelemetryConfig.debug();
    config.enabled = false;
    config.enabled = false;
    final event = config.auditTrail.single;
    expect((event.kind, event.from, event.to, event.source), (TelemetryAuditKind.optOut, true, false, 'code'));
    config.setEnabled(true, source: 'settings');
    expect([for (final each in config.auditTrail) each.kind.name], ['optOut', 'optIn']);
    expect(config.auditTrail.last.toJson()['source'], 'settings');
  });

  test('TelemetryService does not collect when disabled', () {
    final service = TelemetryService(config: TelemetryConfig());
    service.recordViewportMetric(ViewportTelemetry(fps: 60, frameTimeMs: 16.67));
    expect(service.metricCount, 0);
  });

  test('TelemetryService clears buffer on opt-out', () {
    final config = TelemetryConfig.debug();
    final service = TelemetryService(config: config);
    service.recordViewportMetric(ViewportTelemetry(fps: 60, frameTimeMs: 16.67));
    expect(service.metricCount, 1);
    config.enabled = false;
    expect(service.metricCount, 0);
    service.recordViewportMetric(ViewportTelemetry(fps: 60, frameTimeMs: 16.67));
    expect(service.metricCount, 0);
    service.dispose();
  });

  test('OTLPExporter does not export when disabled', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final exporter = OTLPExporter(
      config: TelemetryConfig(uploadEnabled: true, collectorEndpoint: collector.endpoint),
    );
    expect(exporter.recordPerformanceSample(sample()), OTLPExportResult.disabled);
    expect(await exporter.flush(), OTLPExportResult.disabled);
    expect(exporter.client.stats()['accepted'], 0);
    expect(await exporter.dispose(), true);
    expect(collector.connections, 0);
  });

  test('OTLPExporter clears buffer on opt-out', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final config = onTo(collector);
    final exporter = OTLPExporter(config: config);
    expect(exporter.recordPerformanceSample(sample()), OTLPExportResult.queued);
    expect(exporter.bufferedCount, 1);
    config.enabled = false;
    expect(exporter.bufferedCount, 0);
    expect((exporter.client.stats()['dropped']! as Map<String, Object?>)['consent'], 1);
    await exporter.dispose();
    expect(collector.records.length, 0);
  });

  test('OTLPExporter respects uploadEnabled flag', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final config = onTo(collector, upload: false);
    final exporter = OTLPExporter(config: config);
    expect(exporter.recordPerformanceSample(sample()), OTLPExportResult.uploadDisabled);
    expect(await exporter.flush(), OTLPExportResult.uploadDisabled);
    expect((exporter.bufferedCount, collector.records.length), (1, 0));
    config.uploadEnabled = true;
    expect(await exporter.flush(), OTLPExportResult.success);
    expect((exporter.bufferedCount, collector.records.length), (0, 1));
    await exporter.dispose();
  });

  test('PerformanceSamplePayload includes telemetryOptIn field', () {
    expect(sample().toJson()['telemetryOptIn'], true);
    expect(sample(optIn: false).toJson()['telemetryOptIn'], false);
    // The engine reads both spellings as one record.
    final engine = Engine();
    final timestamp = DateTime.utc(2026);
    final payload = PerformanceSamplePayload(
      fps: 60,
      frameTimeMs: 16.67,
      eventReplayRate: 1000,
      samplingIntervalMs: 100,
      telemetryOptIn: true,
      cursorLatencyUs: 900,
      flagsActive: ['snap'],
      timestamp: timestamp,
    );
    final canonical = engine.process(payload.toRecord());
    expect(canonical.status, Status.accepted);
    expect(engine.process({'schema': 'perf_sample_v1', ...payload.toJson()}).canonical, canonical.canonical);
  });

  test('TelemetryGuard.withTelemetry runs its body when enabled', () {
    expect(Guarded(TelemetryConfig.debug()).withTelemetry(() => 7), 7);
  });

  test('TelemetryGuard.withTelemetry returns null and runs nothing when disabled', () {
    var runs = 0;
    expect(Guarded(TelemetryConfig()).withTelemetry(() => runs += 1), null);
    expect(runs, 0);
  });

  test('TelemetryGuard.shouldSample respects rate', () {
    Guarded at(double rate) => Guarded(TelemetryConfig(enabled: true, samplingRate: rate));
    expect([at(0).shouldSample(), at(1).shouldSample(), Guarded(TelemetryConfig()).shouldSample()], [false, true, false]);
    final guarded = at(0.25);
    final kept = [for (var i = 0; i < 4000; i++) guarded.shouldSample()].where((each) => each).length;
    expect(kept > 800 && kept < 1200, true, reason: '$kept of 4000 at a quarter');
  });

  test('TelemetryGuard.shouldSample decides alike for a key, and what a lower rate keeps a higher one keeps', () {
    Guarded at(double rate) => Guarded(TelemetryConfig(enabled: true, samplingRate: rate));
    for (var i = 0; i < 200; i++) {
      final [low, again, high] = [for (final rate in [0.3, 0.3, 0.6]) at(rate).shouldSample('session-$i')];
      expect(low, again);
      expect(!low || high, true);
    }
  });

  test('StructuredLogEntry includes required fields', () {
    final entry = StructuredLogBuilder('viewport')
        .warning('a frame was slow')
        .eventType('SlowFrame')
        .featureFlags({'snap': true})
        .latencyMs(40)
        .metadata('frames', 3)
        .build();
    final written = entry.toJson();
    for (final name in ['component', 'level', 'message', 'eventType', 'timestamp', 'featureFlagContext']) {
      expect(written.containsKey(name), true, reason: name);
    }
    expect(DateTime.parse(written['timestamp']! as String).isUtc, true);
    final outcome = Engine().process(entry.toRecord());
    expect(outcome.status, Status.accepted, reason: outcome.canonical);
    expect(Engine().process({'schema': 'telemetry_log_v1', ...written}).canonical, outcome.canonical);
    expect(() => StructuredLogBuilder('viewport').info('no event type').build(), throwsA(isA<StateError>()));
  });

  test('End-to-end opt-out prevention', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final config = onTo(collector);
    final exporter = OTLPExporter(config: config);
    final service = TelemetryService(config: config, exporter: exporter);
    service.recordViewportMetric(ViewportTelemetry(fps: 60, frameTimeMs: 16.67));
    expect(await service.flush(), OTLPExportResult.success);
    final arrived = collector.records.length;
    expect(arrived > 0, true);

    service
      ..recordViewportMetric(ViewportTelemetry(fps: 30, frameTimeMs: 33.3))
      ..recordCursorLatency(const Duration(microseconds: 800));
    exporter.recordPerformanceSample(sample());
    config.enabled = false;
    service.recordViewportMetric(ViewportTelemetry(fps: 30, frameTimeMs: 33.3));
    exporter.recordPerformanceSample(sample());
    expect(await service.flush(), OTLPExportResult.disabled);
    service.dispose();
    await exporter.dispose();
    expect(collector.records.length, arrived);
  });
}
