import 'dart:async';

import 'package:scrubjay/scrubjay.dart';
import 'package:test/test.dart';

import 'support/native.dart';

Map<String, Object?> named(List<Map<String, Object?>> records, String name) =>
    records.singleWhere((record) => record['name'] == name || record['event'] == name);

Object? contextOf(Map<String, Object?> record, String name) => (record['context'] as Map<String, Object?>?)?[name];

void main() {
  test('spans nest across awaits, and records inside name theirs', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final client = Client(config: enabledAt(collector.endpoint));
    final result = await client.span('outer', (outer) async {
      await Future<void>.delayed(Duration.zero);
      client.track('app', 'in.outer');
      await Future.wait([
        for (final name in ['one', 'two'])
          client.span(name, (span) async {
            await Future<void>.delayed(Duration.zero);
            client.track('app', 'in.$name');
            client.trackRecord(StructuredLogBuilder('app').info('hello').eventType('Hello').build().toRecord());
          }),
      ]);
      return 7;
    });
    expect(result, 7);
    client.track('app', 'outside');
    expect(await client.flush(), true);
    await client.shutdown();

    final records = collector.records;
    final outer = named(records, 'outer');
    expect(outer.containsKey('parent_span_id'), false);
    for (final name in ['one', 'two']) {
      final span = named(records, name);
      expect((span['trace_id'], span['parent_span_id']), (outer['trace_id'], outer['span_id']));
      expect(contextOf(named(records, 'in.$name'), 'span_id'), span['span_id']);
      final logs = records.where((record) => record['schema'] == 'telemetry_log_v1');
      expect(logs.where((log) => contextOf(log, 'span_id') == span['span_id']).single['trace_id'], outer['trace_id']);
    }
    expect(contextOf(named(records, 'in.outer'), 'trace_id'), outer['trace_id']);
    expect(named(records, 'outside').containsKey('context'), false);
  });

  test('a span continues the trace of a header, and hands one on', () {
    final client = Client(config: enabledAt(deadEndpoint));
    addTearDown(client.close);
    const incoming = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    final handedOn = client.span('request', (span) {
      expect((span.traceId, Span.current), (incoming.substring(3, 35), span));
      return span.traceparent!;
    }, kind: SpanKind.server, traceparent: incoming);
    expect(readTraceparent(handedOn)!['trace_id'], readTraceparent(incoming)!['trace_id']);
    expect(handedOn == incoming, false);
    expect(readTraceparent('nonsense'), null);
    expect(Span.current, null);
  });

  test('an error goes through a span, which records it scrubbed', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final client = Client(config: enabledAt(collector.endpoint));
    expect(
      () => client.span('sync', (_) => throw const FormatException('ann@example.com')),
      throwsA(isA<FormatException>()),
    );
    Object? caught;
    try {
      await client.span('async', (_) => Future<int>.error(StateError('late')));
    } catch (error) {
      caught = error;
    }
    expect('$caught', 'Bad state: late');
    expect(await client.flush(), true);
    final sync = named(collector.records, 'sync');
    expect(sync['status'], {'code': 'error', 'message': 'FormatException: [email]'});
    final event = (sync['events']! as List<Object?>).single! as Map<String, Object?>;
    expect((event['attributes']! as Map<String, Object?>)['exception.type'], 'FormatException');
    expect((named(collector.records, 'async')['status']! as Map<String, Object?>)['code'], 'error');
    await client.shutdown();
  });

  test('an error of a span that nobody waits for is still the zone\'s', () async {
    final client = FakeClient();
    final seen = Completer<Object>();
    runZonedGuarded(
      () => unawaited(client.span('forgotten', (_) => Future<void>.error(StateError('nobody waits')))),
      (error, _) => seen.complete(error),
    );
    expect('${await seen.future}', 'Bad state: nobody waits');
  });

  test('a silent client runs the body of a span and records none', () {
    const client = NoOpClient();
    expect(client.span('quiet', (span) => span.traceparent), null);
  });

  test('a fake client keeps spans with ids that a test can expect', () {
    final client = FakeClient();
    client.span('outer', (_) => client.span('inner', (_) => client.track('app', 'here')));
    final [event, inner, outer] = client.tracked;
    expect(outer['span_id'], '0000000000000001');
    expect((inner['trace_id'], inner['parent_span_id']), (outer['trace_id'], outer['span_id']));
    expect(event['context'], {'trace_id': outer['trace_id'], 'span_id': '0000000000000002'});
  });

  test('measurements arrive added up', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final client = Client(config: enabledAt(collector.endpoint));
    for (var i = 1; i <= 3; i++) {
      expect(client.counter('jobs', attributes: {'kind': 'export'}), true);
      expect(client.histogram('job.size', i * 10, unit: 'By'), true);
    }
    expect(client.gauge('queue.depth', 4), true);
    expect(client.timer('job.duration').stop(), true);
    expect(client.counter('jobs', value: -1, attributes: {'kind': 'export'}), false);
    expect(client.gauge('nothing', double.nan), false);
    expect(await client.flush(), true);
    final jobs = named(collector.records, 'jobs');
    expect([jobs['value'], jobs['type'], jobs['attributes']], [3, 'counter', {'kind': 'export'}]);
    final size = named(collector.records, 'job.size');
    expect((size['count'], size['sum'], size['unit']), (3, 60, 'By'));
    expect(named(collector.records, 'job.duration')['type'], 'histogram');
    await client.shutdown();
  });

  test('a preview shows what would be sent, and sends nothing', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final client = Client(
      config: {
        'client': {'enabled': true, 'endpoint': collector.endpoint, 'flush_interval_ms': 3600000},
      },
    );
    client.track('app', 'login', payload: {'to': 'ann@example.com'});
    final body = client.preview().single;
    expect(body['records'], 1);
    expect('${body['body']}'.contains('[email]') && !'${body['body']}'.contains('ann@'), true);
    expect(collector.records.length, 0);
    expect(client.stats()['pending'], 1);
    client.close();
  });
}
