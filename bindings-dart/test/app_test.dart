/// What applications with users build on: configuration, exporter, figures, tools, routes, lifecycle.
library;

import 'dart:async';
import 'dart:io';

import 'package:scrubjay/scrubjay.dart';
import 'package:test/test.dart';

import 'support/native.dart';

Object? valueOf(Map<String, Object?> status, String key) => (status['values']! as List<Object?>)
    .cast<Map<String, Object?>>()
    .firstWhere((row) => row['key'] == key)['value'];

void main() {
  test('the profiles are those of the engine', () {
    expect(TelemetryConfig.debug().toEngineConfig(), profile('debug'));
    final production = TelemetryConfig.production(enabled: true, collectorEndpoint: deadEndpoint);
    expect(production.toEngineConfig(), profile('production', client: {'endpoint': deadEndpoint}));
    final disabled = TelemetryConfig.disabled().toEngineConfig()['client']! as Map<String, Object?>;
    for (final MapEntry(:key, :value) in (profile('disabled')['client']! as Map<String, Object?>).entries) {
      expect(disabled[key], value, reason: key);
    }
  });

  test('the figures that the exporter names are the engine\'s', () {
    final status = Client().status();
    expect(valueOf(status, '/client/batch_max_items'), OTLPExporter.maxBatchSize);
    expect(valueOf(status, '/client/flush_interval_ms'), OTLPExporter.flushInterval.inMilliseconds);
    expect(valueOf(status, '/client/retry_max_attempts'), OTLPExporter.maxRetries + 1);
    expect(valueOf(status, '/client/export/breaker_failures'), OTLPExporter.circuitBreakerThreshold);
    expect(valueOf(status, '/client/export/breaker_reset_ms'), OTLPExporter.circuitBreakerReset.inMilliseconds);
    expect(valueOf(status, '/client/spool/max_age_ms'), TelemetryConfig.defaultOfflineTtl.inMilliseconds);
  });

  test('nothing waits offline beyond the days of retention', () {
    Object? age(int days) {
      final config = TelemetryConfig(stateDir: '/state', retentionDays: days).toEngineConfig();
      final spool = (config['client']! as Map<String, Object?>)['spool']! as Map<String, Object?>;
      return spool['max_age_ms'];
    }

    expect([age(30), age(2)], [const Duration(days: 7).inMilliseconds, const Duration(days: 2).inMilliseconds]);
    expect(() => TelemetryConfig(retentionDays: 91), throwsA(isA<RangeError>()));
    expect(() => TelemetryConfig(samplingRate: 1.1), throwsA(isA<RangeError>()));
  });

  test('listeners hear of each change once, and one that fails keeps nobody from it', () {
    final config = TelemetryConfig();
    final heard = <String>[];
    final failures = <Object>[];
    void second() => heard.add('second');
    // Its own zone's: whatever is thrown in the test's would end it.
    runZonedGuarded(() {
      config
        ..addListener(() => throw StateError('a listener is broken'))
        ..addListener(second)
        ..enabled = true
        ..enabled = true
        ..samplingRate = 0.5
        ..uploadEnabled = true;
    }, (error, _) => failures.add(error));
    expect(heard, ['second', 'second', 'second']);
    expect([for (final each in failures) '$each'], [for (var i = 0; i < 3; i++) 'Bad state: a listener is broken']);
    runZonedGuarded(() {
      config
        ..removeListener(second)
        ..enabled = false;
    }, (error, _) => failures.add(error));
    expect((heard.length, failures.length), (3, 4));
  });

  test('the catalog is the engine\'s, and the names here are in it', () {
    final catalog = MetricsCatalog.load();
    expect(catalog.metrics.length, metricsCatalog().length);
    for (final (name, type, unit) in [
      (MetricsCatalog.renderFps, MetricType.gauge, 'fps'),
      (MetricsCatalog.renderFrameTimeMs, MetricType.histogram, 'ms'),
      (MetricsCatalog.cursorLatencyUs, MetricType.histogram, 'μs'),
      (MetricsCatalog.snapshotDurationMs, MetricType.histogram, 'ms'),
      (MetricsCatalog.eventReplayRate, MetricType.counter, 'events/sec'),
    ]) {
      expect((catalog[name]?.type, catalog[name]?.unit), (type, unit), reason: name);
    }
  });

  test('the service hands on metrics of the catalog, a sample an interval, and slow frames', () {
    final client = FakeClient();
    final config = TelemetryConfig(enabled: true, featureFlags: {'snap': true, 'grid': false});
    final service = TelemetryService(
      config: config,
      exporter: OTLPExporter(config: config, client: client),
      samplingInterval: Duration.zero,
      sessionId: 's-1',
    );
    service
      ..recordEventReplayRate(1000)
      ..recordSnapshotDuration(const Duration(milliseconds: 12))
      ..recordCursorLatency(const Duration(microseconds: 800))
      ..recordViewportMetric(ViewportTelemetry(fps: 20, frameTimeMs: 50));
    expect(
      [for (final each in client.measured) each['name']],
      ['event.replay.rate', 'snapshot.duration_ms', 'cursor.latency_us', 'render.fps', 'render.frame_time_ms'],
    );
    final [sample, log] = client.tracked;
    expect((sample['fps'], sample['snapshot_duration_ms'], sample['cursor_latency_us']), (20, 12, 800));
    expect([sample['flags_active'], sample['opt_in'], sample['session_id']], [['snap'], true, 's-1']);
    expect([log['event_type'], log['feature_flag_context']], ['SlowFrame', {'snap': true, 'grid': false}]);
    final engine = Engine();
    for (final record in client.tracked) {
      expect(engine.process(record).status, Status.accepted, reason: '$record');
    }
  });

  test('what the tools did is handed on by group of undo, and forgotten on opt-out', () {
    final client = FakeClient();
    final config = TelemetryConfig(enabled: true, uploadEnabled: true, collectorEndpoint: deadEndpoint);
    final tools = ToolTelemetry(exporter: OTLPExporter(config: config, client: client));
    tools
      ..recordOperation('pen', duration: const Duration(milliseconds: 3), undoGroup: 'draw', events: 4)
      ..recordOperation('pen', duration: const Duration(milliseconds: 5), undoGroup: 'draw', events: 2);
    expect(tools.bufferedCount, 2);
    expect(tools.flush(), 1);
    expect(client.tracked.single['payload'], {
      'tool': 'pen',
      'undo_group': 'draw',
      'operations': 2,
      'events': 6,
      'total_ms': 8.0,
      'longest_ms': 5.0,
    });
    tools.recordOperation('pen', duration: Duration.zero);
    config.enabled = false;
    expect((tools.bufferedCount, tools.flush()), (0, 0));
    tools.recordOperation('pen', duration: Duration.zero);
    expect(tools.bufferedCount, 0);
  });

  test('an event-sourced core hands on replays, snapshots and inconsistencies, as far as it is told to', () {
    final client = FakeClient();
    final config = TelemetryConfig.debug();
    final service = TelemetryService(config: config, exporter: OTLPExporter(config: config, client: client));
    final core = EventCoreDiagnostics(service: service);
    core
      ..recordReplay(events: 500, elapsed: const Duration(milliseconds: 250))
      ..recordSnapshot(duration: const Duration(milliseconds: 9), bytes: 4096, sequence: 7);
    expect(client.measured.first['value'], 2000.0);
    expect(client.tracked.single['event_type'], 'SnapshotTaken');
    final result = core.reportInconsistency(
      documentId: 'd-1',
      stateHashBefore: 'aa',
      stateHashAfter: 'bb',
      eventIds: ['e-1'],
    );
    expect(result, OTLPExportResult.uploadDisabled);
    expect(Engine().process(client.tracked.last).status, Status.accepted);
    const silent = EventCoreDiagnosticsConfig(replay: false, snapshots: false, inconsistencies: false);
    final quiet = EventCoreDiagnostics(service: service, config: silent)
      ..recordReplay(events: 1, elapsed: const Duration(seconds: 1))
      ..recordSnapshot(duration: Duration.zero, bytes: 1);
    expect(
      quiet.reportInconsistency(documentId: 'd', stateHashBefore: 'a', stateHashAfter: 'b'),
      OTLPExportResult.disabled,
    );
    expect((client.tracked.length, client.measured.length), (2, 2));
  });

  test('going to the background flushes once, and the end is the end', () async {
    final client = FakeClient()..track('app', 'before');
    final lifecycle = LifecycleFlush(client);
    expect(client.stats()['pending'], 1);
    await Future.wait([lifecycle.didChange(AppLifecycle.hidden), lifecycle.didChange(AppLifecycle.paused)]);
    expect(client.stats()['pending'], 0);
    await lifecycle.didChange(AppLifecycle.resumed);
    expect(client.isShutDown, false);
    await lifecycle.didChange(AppLifecycle.detached);
    expect(client.isShutDown, true);
  });

  test('routes are tracked by name, as they open and close', () {
    final client = FakeClient();
    final routes = RouteTracker(client)
      ..push('/')
      ..push('/document/:id')
      ..replace('/settings')
      ..pop()
      ..pop()
      ..pop();
    expect(routes.current, null);
    expect(
      [for (final each in client.tracked) '${each['event']} ${(each['context']! as Map<String, Object?>)['route_name']}'],
      [
        'screen.opened /',
        'screen.opened /document/:id',
        'screen.closed /document/:id',
        'screen.opened /settings',
        'screen.closed /settings',
        'screen.closed /',
      ],
    );
    expect(client.tracked[1]['payload'], {'from': '/'});
    for (final record in client.tracked) {
      expect(Engine().process({...record, 'timestamp': '2026-01-02T03:04:05Z'}).status, Status.accepted);
    }
  });

  test('without the library the application goes on, collects nothing and is told why', () async {
    final told = <String>[];
    final client = openClient(libraryPath: '/nowhere/lib.so', onUnavailable: (why) => told.add(why.message));
    expect(client.track('app', 'login'), false);
    expect(client.stats()['disabled_by'], 'library');
    expect(client.status()['disabled_by'], 'library');
    expect(told.single.contains('/nowhere/lib.so'), true);
    final exporter = OTLPExporter(config: TelemetryConfig.debug(), libraryPath: '/nowhere/lib.so');
    expect(exporter.export(() => {'channel': 'app', 'event': 'x'}), OTLPExportResult.disabled);
    expect(await exporter.dispose(), true);
    expect(
      () => openClient(config: {'client': {'endpiont': 1}}),
      throwsA(isA<ScrubjayException>()),
    );
  });

  test('an opt-out that was kept holds in the next session, whatever its configuration says', () async {
    final home = Directory.systemTemp.createTempSync('scrubjay');
    addTearDown(() => home.deleteSync(recursive: true));
    Map<String, Object?> event() => {'channel': 'app', 'event': 'x'};
    Future<OTLPExportResult> session(bool? says) async {
      final config = TelemetryConfig(enabled: true, stateDir: home.path);
      final exporter = OTLPExporter(config: config);
      if (says != null) {
        config
          ..setEnabled(!says, source: 'settings')
          ..setEnabled(says, source: 'settings');
        await exporter.settled;
      }
      final result = exporter.export(event);
      await exporter.dispose(timeout: Duration.zero);
      return result;
    }

    expect(await session(null), OTLPExportResult.uploadDisabled);
    expect(await session(false), OTLPExportResult.disabled);
    expect(await session(null), OTLPExportResult.disabled);
    expect(await session(true), OTLPExportResult.uploadDisabled);
    expect(await session(null), OTLPExportResult.uploadDisabled);
  });

  test('by R4\'s routes each sample and report travels alone, scrubbed, in R4\'s spelling, by its correlation id', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final config = TelemetryConfig.production(
      enabled: true,
      collectorEndpoint: collector.endpoint,
      samplingRate: 1,
      sampleRoutes: true,
    );
    final exporter = OTLPExporter(config: config);
    final sample = PerformanceSamplePayload(
      fps: 60,
      frameTimeMs: 16.67,
      eventReplayRate: 1000,
      samplingIntervalMs: 100,
      telemetryOptIn: true,
    );
    final report = ReplayInconsistencyPayload(
      documentId: 'document-1',
      stateHashBefore: 'aa',
      stateHashAfter: 'bb',
      telemetryOptIn: true,
      metadata: {'mail': 'ann@example.com'},
    );
    exporter
      ..recordPerformanceSample(sample)
      ..reportReplayInconsistency(report)
      ..export(() => {'channel': 'app', 'event': 'opened', 'payload': const <String, Object?>{}});
    expect(await exporter.flush(), OTLPExportResult.success);
    final asked = [for (final each in collector.requests) (each.path, each.headers.value('x-correlation-id'))];
    expect(asked, [
      ('/api/v1/telemetry/events/batch', null),
      ('/v1/telemetry/perf-sample', sample.correlationId),
      ('/v1/telemetry/replay-inconsistency', report.correlationId),
    ]);
    final [_, sentSample, sentReport] = collector.records;
    expect((sentSample['id'], sentSample['frameTimeMs'], sentSample['telemetryOptIn']), (sample.correlationId, 16.67, true));
    expect([sentReport['stateHashBefore'], sentReport['metadata']], ['aa', {'mail': '[email]'}]);
    expect({sample.correlationId, report.correlationId}.length, 2);
    await exporter.dispose();
  });

  test('a report is one record in the engine\'s spelling and in R4\'s', () {
    final report = ReplayInconsistencyPayload(
      documentId: 'd',
      stateHashBefore: 'aa',
      stateHashAfter: 'bb',
      telemetryOptIn: true,
      eventIds: ['e-1'],
      snapshotSequence: 7,
      clientVersion: '1.2',
      metadata: {'n': 1},
    );
    final engine = Engine();
    final canonical = engine.process(report.toRecord());
    expect(canonical.status, Status.accepted, reason: canonical.canonical);
    expect(engine.process({'schema': 'replay_inconsistency_v1', ...report.toJson()}).canonical, canonical.canonical);
  });

  test('the doctor says what is missing', () async {
    final report = await doctor(config: {'client': {'enabled': true, 'endpoint': deadEndpoint}});
    final checks = (report['checks']! as List<Object?>).cast<Map<String, Object?>>();
    expect((report['ok'], checks.firstWhere((check) => check['name'] == 'endpoint')['state']), (false, 'failed'));
  });
}
