import 'dart:io';

import 'package:scrubjay/scrubjay.dart';
import 'package:test/test.dart';

import 'support/native.dart';

/// A folder for the consent of one test.
String folder() {
  final home = Directory.systemTemp.createTempSync('scrubjay');
  addTearDown(() => home.deleteSync(recursive: true));
  return '${home.path}/state';
}

/// On, and quiet until it is told to flush.
Map<String, Object?> config(String endpoint, String stateDir, {bool requireConsent = false}) => {
  'client': {
    'enabled': true,
    'endpoint': endpoint,
    'state_dir': stateDir,
    'require_consent': requireConsent,
    'flush_interval_ms': 3600000,
  },
};

void main() {
  test('nothing is captured or made before the consent that is required', () {
    final stateDir = folder();
    final client = Client(config: config(deadEndpoint, stateDir, requireConsent: true));
    expect(client.track('app', 'early'), false);
    expect(client.stats()['disabled_by'], 'consent');
    expect(Directory(stateDir).existsSync(), false);
  });

  test('who opts out and in again sends only what comes after', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final client = Client(config: config(collector.endpoint, folder()));
    expect(client.track('app', 'before'), true);
    await client.optOut(source: 'settings');
    expect(client.track('app', 'between'), false);
    expect(await client.optIn(source: 'settings', purposes: {Purpose.analytics}, noticeVersion: '2'), true);
    expect(client.track('app', 'after'), true);
    expect(await client.flush(), true);
    expect(collector.records.map((each) => each['event']).toList(), ['after']);
    expect((client.stats()['dropped']! as Map<String, Object?>)['consent'], 1);
    final events = client.consentHistory().map((entry) => (entry! as Map<String, Object?>)['event']);
    expect(events.where((event) => event != 'enabled_by_operator').toList(), ['withdrawn', 'erased', 'granted']);
    expect(client.consentVerify()['broken_at'], null);
    expect(await client.shutdown(), true);
  });

  test('a deletion survives the opt-out and is asked for until the collector confirms it', () async {
    final asked = <String>[];
    final server = await HttpServer.bind(InternetAddress.loopbackIPv4, 0);
    addTearDown(() => server.close(force: true));
    server.listen((request) {
      asked.add('${request.method} ${request.uri.path} ${request.headers.value('authorization')}');
      // Refused at first, as by a collector that restarts.
      request.response.statusCode = asked.length == 1 ? 503 : 200;
      request.response.write('{"request_id":"receipt-1"}');
      request.response.close();
    });
    final configured = config('http://127.0.0.1:${server.port}', folder());
    (configured['client']! as Map<String, Object?>)['api_key'] = 'k1';
    final client = Client(config: {...configured, 'privacy': {'hash_identifiers': false}});
    expect(client.track('app', 'before', userId: 'ann'), true);
    await client.requestDeletion(userId: 'ann', source: 'settings');
    await client.optOut(source: 'settings');
    final watch = Stopwatch()..start();
    while ((client.status()['deletions']! as Map<String, Object?>)['pending'] != 0) {
      expect(watch.elapsed < const Duration(seconds: 30), true, reason: '$asked');
      await Future<void>.delayed(const Duration(milliseconds: 20));
    }
    const line = 'DELETE /api/v1/telemetry/data/ann Bearer k1';
    expect(asked, [line, line]);
    final events = [
      for (final entry in client.consentHistory().cast<Map<String, Object?>>()) '${entry['event']} ${entry['source']}',
    ];
    expect(events.contains('deletion_requested settings'), true);
    expect(events.contains('deletion_confirmed receipt-1'), true);
    expect(await client.shutdown(), true);
  });

  test('a deletion of who cannot be found, or without a collector, is an exception', () async {
    Future<(String, String)?> failure(TelemetryClient client, String userId) async {
      try {
        await client.requestDeletion(userId: userId, source: 'settings');
        return null;
      } on ScrubjayException catch (error) {
        return (error.code, error.path);
      }
    }

    // Without a key ids are removed from records.
    final client = Client(config: config(deadEndpoint, folder()));
    expect(await failure(client, 'ann'), ('argument_invalid', '/user_id'));
    expect(await failure(client, '[removed]'), ('argument_invalid', '/user_id'));
    expect(await failure(Client(), 'ann'), ('config_invalid', '/client/endpoint'));
    expect(await failure(const NoOpClient(), 'ann'), ('config_invalid', '/client/endpoint'));
    final fake = FakeClient();
    expect(await failure(fake, 'ann'), null);
    expect(fake.deletions.single['user_id'], 'ann');
  });

  test('a word that cannot be kept is an exception and the client silent', () async {
    final client = Client(config: config(deadEndpoint, '/proc/scrubjay'));
    expect(client.track('app', 'before'), true);
    String? code;
    try {
      await client.optOut(source: 'settings');
    } on ScrubjayException catch (error) {
      code = error.code;
    }
    expect(code, 'consent_unavailable');
    expect(client.track('app', 'after'), false);
  });

  test('listeners are told what another client changes', () async {
    final stateDir = folder();
    final client = Client(config: config(deadEndpoint, stateDir));
    final other = Client(config: config(deadEndpoint, stateDir));
    final first = client.changes.first;
    await other.optOut(source: 'elsewhere');
    final change = await first;
    expect(change['kind'], 'consent');
    expect(change['enabled'], false);
  });

  test('listeners are told of a measurement that is none', () async {
    final client = Client(config: config(deadEndpoint, folder()));
    final first = client.changes.first;
    expect(client.measure('depth', double.nan, type: MetricType.gauge), false);
    final change = await first;
    expect(change['kind'], 'warning');
    expect((change['message']! as String).startsWith('scrubjay: 1 measurement was not taken'), true);
  });

  test('another configuration takes what is queued along', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final stateDir = folder();
    final client = Client(config: config(deadEndpoint, stateDir));
    expect(client.track('app', 'queued'), true);
    final changed = client.reconfigure(config(collector.endpoint, stateDir));
    expect((changed.single! as Map<String, Object?>)['key'], '/client/endpoint');
    expect(await client.flush(), true);
    expect(collector.records.single['event'], 'queued');
    expect(await client.shutdown(), true);
  });

  test('the status names who decided', () {
    final client = Client(config: profile('debug', client: {'state_dir': folder()}));
    final status = client.status();
    expect(status['enabled'], true);
    expect(status['upload_enabled'], false);
    final rows = (status['values']! as List<Object?>).cast<Map<String, Object?>>();
    expect(rows.firstWhere((row) => row['key'] == '/client/upload_enabled')['source'], 'code');
  });

  test('the stand-ins have a user too', () async {
    expect(await const NoOpClient().optIn(source: 'settings'), false);
    final fake = FakeClient();
    fake.track('app', 'before');
    await fake.optOut(source: 'settings');
    expect(fake.track('app', 'between'), false);
    expect(await fake.optIn(source: 'settings'), true);
    expect(fake.track('app', 'after'), true);
    expect(fake.tracked.single['event'], 'after');
    expect((fake.stats()['dropped']! as Map<String, Object?>)['consent'], 1);
  });
}
