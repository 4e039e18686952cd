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
