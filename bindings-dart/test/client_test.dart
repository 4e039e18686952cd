import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'package:scrubjay/scrubjay.dart';
import 'package:test/test.dart';

import 'support/native.dart';

int sumOfDropped(Map<String, Object?> stats) =>
    (stats['dropped']! as Map<String, Object?>).values.cast<int>().fold(0, (sum, n) => sum + n);

void expectBalanced(Map<String, Object?> stats) =>
    expect(stats['accepted'], (stats['delivered']! as int) + (stats['pending']! as int) + sumOfDropped(stats));

void main() {
  test('a client is off unless it is turned on', () async {
    final client = Client();
    expect(client.track('app', 'login'), false);
    expect(client.stats()['enabled'], false);
    expect(client.stats()['disabled_by'], 'configuration');
    expect(client.stats()['not_captured'], 1);
    expect(await client.shutdown(), true);
  });

  test('a wrong configuration is an exception with code and path', () {
    expect(
      () => Client(config: {'client': {'endpiont': 'http://127.0.0.1'}}),
      throwsA(
        isA<ScrubjayException>()
            .having((e) => e.code, 'code', 'config_unknown_key')
            .having((e) => e.path, 'path', '/client/endpiont'),
      ),
    );
  });

  test('a collector receives the scrubbed batch, gzipped, and the books balance', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final client = Client(config: enabledAt(collector.endpoint));
    for (var i = 0; i < 3; i++) {
      expect(client.track('app', 'login', payload: {'n': i, 'to': 'ann@example.com'}), true);
    }
    expect(client.track('', 'no channel'), true);
    expect(await client.flush(), true);

    expect(collector.requests.first.path, '/api/v1/telemetry/events/batch');
    expect(collector.requests.first.headers.value('content-encoding'), 'gzip');
    expect(collector.requests.first.headers.value('content-type'), 'application/json');
    expect(collector.records.map((each) => each['payload']).toList(), [
      for (var i = 0; i < 3; i++) {'n': i, 'to': '[email]'},
    ]);
    expect(collector.records.every((each) => each['id'] is String && each['timestamp'] is String), true);

    final stats = client.stats();
    expect(stats['delivered'], 3);
    expect((stats['dropped']! as Map<String, Object?>)['invalid'], 1);
    expectBalanced(stats);
    expect(await client.shutdown(), true);
    expect(client.track('app', 'late'), false);
  });

  test('trackChecked returns the outcome and delivers what it accepted', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final client = Client(config: enabledAt(collector.endpoint));
    final outcome = client.trackChecked('app', 'login', payload: {'to': 'ann@example.com'});
    expect(outcome.status, Status.accepted);
    expect(outcome.redactions.single.rule, 'email');
    expect(client.trackChecked('app', 'login', payload: {}, context: {'ip_address': 7}).status, Status.rejected);
    expect(await client.shutdown(timeout: const Duration(seconds: 5)), true);
    expect(collector.records.map((each) => each['id']).toList(), [outcome.id]);
  });

  test('half a surrogate pair reaches the engine, which rejects it', () async {
    final client = Client(config: enabledAt(deadEndpoint));
    final outcome = client.trackChecked('app', 'login', payload: {'half': '\ud800'});
    expect(outcome.violations.single.code, 'json_surrogate');
    client.close();
  });

  test('a dead collector costs the host nothing: flush and shutdown end in time, and the isolate goes on', () async {
    // Beyond the timeout itself: starting an isolate on a loaded machine.
    const slack = Duration(seconds: 5);
    const timeout = Duration(milliseconds: 300);
    final client = Client(config: enabledAt(deadEndpoint));
    expect(client.track('app', 'login'), true);

    var turns = 0;
    final timer = Timer.periodic(const Duration(milliseconds: 20), (_) => turns += 1);
    final watch = Stopwatch()..start();
    expect(await client.flush(timeout: timeout), false);
    expect(watch.elapsed < timeout + slack, true, reason: 'flush took ${watch.elapsed}');
    expect(turns > 3, true, reason: 'the isolate was blocked');
    timer.cancel();

    watch.reset();
    expect(await client.shutdown(timeout: timeout), false);
    expect(watch.elapsed < timeout + slack, true, reason: 'shutdown took ${watch.elapsed}');
    final stats = client.stats();
    expect((stats['accepted'], stats['delivered'], stats['pending']), (1, 0, 0));
    expect(stats['last_error'] is String, true);
    expectBalanced(stats);
  });

  test('in durable mode the isolate goes on while records reach the disk, and each caller hears of its own', () async {
    final home = Directory.systemTemp.createTempSync('scrubjay');
    addTearDown(() => home.deleteSync(recursive: true));
    final client = Client(
      config: {
        'client': {
          'enabled': true,
          'endpoint': deadEndpoint,
          'upload_enabled': false,
          'durable': true,
          'spool': {'dir': '${home.path}/spool'},
        },
      },
    );
    final order = <Object>[];
    final tracked = [
      for (var i = 0; i < 20; i++) client.trackAsync('app', 'durable', payload: {'n': i}).then(order.add),
    ];
    order.add('isolate');
    await Future.wait(tracked);
    expect(order, ['isolate', for (var i = 0; i < 20; i++) true]);
    expect(client.stats()['spooled'], 20);
    expect(await client.trackAsync('app', 'unwritable', payload: {'bad': Object()}), false);
    final late = client.trackAsync('app', 'closing');
    client.close();
    // Heard, or given up; the isolate does not wait for ever.
    await late;
    expect(await client.trackAsync('app', 'closed'), false);
    expect(await Client().trackAsync('app', 'off'), false);
    expect(await const NoOpClient().trackAsync('app', 'off'), false);
    expect(await FakeClient().trackAsync('app', 'login'), true);
  });

  test('shutdown may be called again', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final client = Client(config: enabledAt(collector.endpoint))..track('app', 'login');
    expect(await Future.wait([client.shutdown(), client.shutdown()]), [true, true]);
    expect(await client.shutdown(), true);
    expect(client.stats()['delivered'], 1);
  });

  test('a client may be closed while it is flushed', () async {
    final client = Client(config: enabledAt(deadEndpoint))..track('app', 'login');
    final flushed = client.flush(timeout: const Duration(milliseconds: 200));
    client
      ..close()
      ..close();
    expect(await flushed, false);
    expect(client.track('app', 'late'), false);
    expect(client.stats()['accepted'], 1);
    expect(client.stats()['not_captured'], 1);
    expect(await client.flush() && await client.shutdown(), true);
    expect(
      () => client.trackChecked('app', 'late'),
      throwsA(isA<ScrubjayException>().having((e) => e.code, 'code', 'closed')),
    );
  });

  test('a negative timeout is no timeout at all', () async {
    final client = Client(config: enabledAt(deadEndpoint))..track('app', 'login');
    expect(await client.flush(timeout: const Duration(seconds: -1)), false);
    client.close();
  });

  test('a closed client gives its memory back', () async {
    // Each of these clients holds over 100 KiB natively: forgotten, they would come to more than 30 MiB.
    const bound = 16 << 20;
    final config = jsonEncode({...enabledAt(deadEndpoint), 'privacy': bulky()});
    Future<void> rounds(int count) async {
      for (var i = 0; i < count; i++) {
        final client = Client.fromJson(config)
          ..track('', 'never sent')
          ..trackChecked('', 'never sent')
          ..stats();
        if (i % 10 == 0) await client.flush();
        expect(await client.shutdown(), true);
        client.close();
      }
    }

    await rounds(50);
    final before = residentBytes();
    await rounds(300);
    final grown = residentBytes() - before;
    expect(grown < bound, true, reason: 'grew by ${grown >> 10} KiB');
    stdout.writeln('memory: 300 clients, resident memory grew by ${grown >> 10} KiB (bound ${bound >> 10})');
  });

  test('two thousand clients that are made and closed leave no memory, file or thread behind', () async {
    // A tenth of them starts its worker; the others never need one.
    Future<void> rounds(int count) async {
      for (var i = 0; i < count; i++) {
        final config = {'enabled': true, 'endpoint': deadEndpoint, 'upload_enabled': i % 10 == 0};
        final client = Client(config: {'client': config})..track('app', 'opened', payload: {'n': i});
        if (i % 10 == 0) await client.shutdown(timeout: Duration.zero);
        client.close();
      }
    }

    await rounds(200);
    final before = (residentBytes(), countOf('fd'), countOf('task'));
    await rounds(2000);
    // Workers and isolates of the last ones may be about to end.
    for (var i = 0; i < 100 && countOf('task') > before.$3 + 2; i++) {
      await Future<void>.delayed(const Duration(milliseconds: 100));
    }
    final after = (residentBytes(), countOf('fd'), countOf('task'));
    // Less than 4 KB a client; one that is forgotten holds its compiled configuration, about 20.
    const bound = 8 << 20;
    final grown = after.$1 - before.$1;
    expect(grown < bound, true, reason: 'grew by ${grown >> 10} KiB');
    expect(after.$2 <= before.$2 + 1, true, reason: 'files: ${before.$2}, ${after.$2}');
    expect(after.$3 <= before.$3 + 2, true, reason: 'threads: ${before.$3}, ${after.$3}');
    stdout.writeln('memory: 2000 clients, grew by ${grown >> 10} KiB, files ${before.$2} to ${after.$2}');
  });

  test('the ledger is JSON that can be passed on', () {
    final stats = Client().stats();
    expect(jsonDecode(jsonEncode(stats)), stats);
    expect(stats.keys.toSet().containsAll(const NoOpClient().stats().keys), true);
  });
}
