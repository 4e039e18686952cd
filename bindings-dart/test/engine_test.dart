import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:scrubjay/scrubjay.dart';
import 'package:scrubjay/src/bindings.dart';
import 'package:test/test.dart';

import 'support/native.dart';

const record = {
  'timestamp': '2026-01-02T03:04:05Z',
  'channel': 'app',
  'event': 'login',
  'payload': {'to': 'ann@example.com'},
};

Matcher failure(String code, String path) => throwsA(
  isA<ScrubjayException>().having((e) => e.code, 'code', code).having((e) => e.path, 'path', path),
);

void main() {
  test('an outcome is the canonical text, byte for byte', () {
    expect(
      Engine().process(record).canonical,
      '{"status":"accepted","id":null,"violations":[],'
      '"redactions":[{"path":"/payload/to","rule":"email","action":"replace"}],'
      '"record":{"schema":"telemetry_event_v1","timestamp":"2026-01-02T03:04:05.000000Z","channel":"app",'
      '"event":"login","payload":{"to":"[email]"}}}',
    );
  });

  test('an outcome can be read through its types', () {
    final outcome = Engine().process(record);
    expect(outcome.status, Status.accepted);
    expect(outcome.redactions.single.rule, 'email');
    expect((outcome.record!['payload']! as Map<String, Object?>)['to'], '[email]');
  });

  test('an invalid record is an outcome with violations, not an exception', () {
    final outcome = Engine().process({'channel': 'app'});
    expect(outcome.status, Status.rejected);
    expect(outcome.violations.map((each) => each.path).contains('/event'), true);
  });

  test('an explanation names what was changed and what was kept', () {
    final payload = {'to': 'ann@example.com', 'phone': 'iPhone 15'};
    final explanation = Engine().explain({...record, 'payload': payload});
    expect(explanation.status, Status.accepted);
    expect(
      [for (final each in explanation.decisions) '${each.path} ${each.rule} ${each.action} ${each.reason}'],
      ['/payload/to email replace mode', '/payload/phone phone keep form'],
    );
  });

  test('what is sealed can be opened by the owner of the key', () {
    final keys = sealKeypair();
    final seal = {
      'public_key': keys.publicKey,
      'rules': ['email'],
    };
    final engine = Engine(
      config: {
        'privacy': {'pseudonym_key': 'k' * 16, 'seal': seal},
      },
    );
    final unsealed = unseal(keys.secretKey, engine.scrubText('to ann@example.com').text);
    expect([unsealed.text, unsealed.opened, unsealed.failed], ['to ann@example.com', 1, 0]);
    expect(() => unseal('no key', ''), failure('argument_invalid', '/secret_key'));
  });

  test('bytes that are not UTF-8 reach the engine as they are', () {
    final outcome = Engine().processBytes(Uint8List.fromList([0x7b, 0xff, 0x7d]));
    expect(outcome.violations.single.code, 'json_utf8');
  });

  test('an empty record is rejected', () {
    expect(Engine().processBytes(Uint8List(0)).violations.single.code, 'json_invalid');
  });

  test('text of several scripts, NUL and emoji comes back unchanged', () {
    const text = 'naïve 東京 \u0000 \u{1f426} عربى';
    final payload = {'said': text};
    expect(Engine().process({...record, 'payload': payload}).record!['payload'], payload);
    expect(Engine().scrubText(text).text, text);
  });

  test('the same stamp gives the same id', () {
    const stamp = '{"now":"2026-01-02T03:04:05Z","random":"00112233445566778899"}';
    final first = Engine().process(record, stamp: stamp);
    expect(first.id!.length, 36);
    expect(Engine().process(record, stamp: stamp).canonical, first.canonical);
  });

  test('processNow stamps an id and a time', () {
    final outcome = Engine().processNow({'channel': 'app', 'event': 'login', 'payload': <String, Object?>{}});
    expect(outcome.status, Status.accepted);
    expect(DateTime.now().difference(DateTime.parse(outcome.record!['timestamp']! as String)).inMinutes, 0);
  });

  test('a date is written in UTC', () {
    final time = DateTime.utc(2026, 1, 2, 3, 4, 5);
    final outcome = Engine().process({...record, 'timestamp': time.toLocal()});
    expect(outcome.record!['timestamp'], '2026-01-02T03:04:05.000000Z');
  });

  test('any document can be scrubbed', () {
    final scrubbed = Engine().scrubJson(utf8.encode('{"mail":"ann@example.com","n":[1,{"x":null}]}'));
    expect(scrubbed.json, {
      'mail': '[email]',
      'n': [1, {'x': null}],
    });
    expect(Engine().scrubJson(utf8.encode('{')).violations.single.code, 'json_invalid');
  });

  test('a wrong configuration is an exception with code and path', () {
    expect(() => Engine(config: {'privacy': {'moed': 'strict'}}), failure('config_unknown_key', '/privacy/moed'));
    expect(() => Engine(config: {'privacy': {'mode': 7}}), failure('config_invalid', '/privacy/mode'));
    expect(() => Engine.fromJson('{'), failure('config_invalid', ''));
  });

  test('a malformed stamp is an exception with code and path', () {
    expect(() => Engine().process(record, stamp: '{"now":"today","random":"00112233445566778899"}'),
        failure('argument_invalid', '/now'));
  });

  test('a panic in the engine is the exception internal, and the next call works', () {
    expect(() => Bindings.find().panicForTest(), failure('internal', ''));
    expect(Engine().process(record).status, Status.accepted);
  });

  test('a closed engine says so, and closing again does nothing', () {
    final engine = Engine()
      ..close()
      ..close();
    expect(() => engine.process(record), failure('closed', ''));
  });

  test('ten thousand calls and a thousand engines leave no memory behind', () {
    // With 4 KiB a record, one forgotten buffer a call would be 40 MiB; Dart's own heap moves by a few MiB.
    const bound = 16 << 20;
    const stamp = '{"now":"2026-01-02T03:04:05Z","random":"00112233445566778899"}';
    final text = List.filled(128, 'lorem ipsum dolor sit amet, cons.').join();
    final bytes = utf8.encode(jsonEncode({...record, 'payload': {'text': text}}));
    final engine = Engine();
    void rounds(int count) {
      for (var i = 0; i < count; i++) {
        engine.processBytes(bytes, stamp: i.isEven ? null : stamp);
        if (i % 10 == 0) {
          Engine().close();
          expect(() => Engine.fromJson('{'), failure('config_invalid', ''));
        }
      }
    }

    rounds(1000);
    final before = residentBytes();
    rounds(10000);
    final grown = residentBytes() - before;
    expect(grown < bound, true, reason: 'grew by ${grown >> 10} KiB');
    stdout.writeln('memory: 10000 process calls, resident memory grew by ${grown >> 10} KiB (bound ${bound >> 10})');
  });

  test('an engine that is garbage gives its memory back without close', () async {
    // Each of these engines holds over 100 KiB natively: forgotten, they would come to some 50 MiB. To make one takes a
    // build without optimisation 60 ms, so there are not more of them.
    const engines = 500;
    const bound = 32 << 20;
    final config = jsonEncode({'privacy': bulky()});
    final before = residentBytes();
    for (var i = 0; i < engines; i++) {
      // Every method: one that kept its clone of the handle would keep the engine alive.
      Engine.fromJson(config)
        ..process(record)
        ..processNow(record)
        ..scrubText('')
        ..scrubJson(Uint8List(0));
      // Finalizers run between events.
      await Future<void>.delayed(Duration.zero);
    }
    final grown = residentBytes() - before;
    expect(grown < bound, true, reason: 'grew by ${grown >> 10} KiB');
    stdout.writeln('memory: $engines forgotten engines, resident memory grew by ${grown >> 10} KiB (bound ${bound >> 10})');
  });
}
