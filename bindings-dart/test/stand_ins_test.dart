import 'dart:io';

import 'package:scrubjay/scrubjay.dart';
import 'package:test/test.dart';

enum Plan { free }

int sumOfDropped(Map<String, Object?> stats) =>
    (stats['dropped']! as Map<String, Object?>).values.cast<int>().fold(0, (sum, n) => sum + n);

void main() {
  test('the fake keeps records as the engine would get them', () {
    final client = FakeClient();
    final kept = client.track(
      'app',
      'login',
      payload: {'plan': Plan.free, 'at': DateTime.utc(2026), 'seen': {1, 2}},
      userId: 'u-1',
      sessionId: 's-1',
      context: {'url': Uri.parse('https://example.com/a')},
      timestamp: DateTime.utc(2026, 1, 2, 3, 4, 5, 6, 7),
    );
    expect(kept, true);
    expect(client.tracked.single, {
      'timestamp': '2026-01-02T03:04:05.006007Z',
      'user_id': 'u-1',
      'session_id': 's-1',
      'context': {'url': 'https://example.com/a'},
      'channel': 'app',
      'event': 'login',
      'payload': {
        'plan': 'free',
        'at': '2026-01-01T00:00:00.000Z',
        'seen': [1, 2],
      },
    });
  });

  test('the fake leaves out what was not given', () {
    final client = FakeClient()..track('app', 'start');
    expect(client.tracked.single, {'channel': 'app', 'event': 'start', 'payload': <String, Object?>{}});
  });

  test('a later change of a payload does not show in the fake', () {
    final payload = <String, Object?>{'n': 1};
    final client = FakeClient()..track('app', 'start', payload: payload);
    payload['n'] = 2;
    expect(client.tracked.single['payload'], {'n': 1});
  });

  test('what JSON cannot say is not captured, counted, and no exception', () {
    final client = FakeClient();
    expect(client.track('app', 'start', payload: {'x': double.nan}), false);
    expect(client.track('app', 'start', payload: {'x': Object()}), false);
    expect(client.stats()['not_captured'], 2);
  });

  test('the books of the fake balance, before and after a flush', () async {
    final client = FakeClient()
      ..track('app', 'a')
      ..track('app', 'b');
    expect(client.stats()['pending'], 2);
    expect(await client.flush(), true);
    final stats = client.stats();
    expect(stats['accepted'], 2);
    expect((stats['delivered']! as int) + (stats['pending']! as int) + sumOfDropped(stats), 2);
  });

  test('the fake captures nothing after shutdown', () async {
    final client = FakeClient();
    expect(await client.shutdown(), true);
    expect(client.isShutDown, true);
    expect(client.track('app', 'a'), false);
    expect(client.trackChecked('app', 'a').status, Status.dropped);
    expect(client.tracked.length, 0);
  });

  test('the silent client captures nothing and says that it is off', () async {
    const TelemetryClient client = NoOpClient();
    expect(client.track('app', 'a', payload: {'x': Object()}), false);
    expect(client.trackChecked('app', 'a').status, Status.dropped);
    expect(await client.flush() && await client.shutdown(), true);
    expect(client.stats()['enabled'], false);
    expect(client.stats()['disabled_by'], 'configuration');
  });

  test('an outcome from its parts has the text the engine would write', () {
    const violation = Violation('/event', 'required', 'is required');
    final outcome = Outcome(status: Status.rejected, violations: const [violation]);
    expect(
      outcome.canonical,
      '{"status":"rejected","id":null,'
      '"violations":[{"path":"/event","code":"required","message":"is required"}],"redactions":[],"record":null}',
    );
    expect(Outcome.parse(outcome.canonical).violations.single.code, 'required');
  });

  test('neither stand-in has loaded the native library', () {
    if (!Platform.isLinux) return;
    expect(File('/proc/self/maps').readAsStringSync().contains('uniffi_scrubjay'), false);
  });
}
