/// Records as Dart writes them value by value end as the same bytes as their JSON text: values of every kind, and the
/// inputs of all conformance vectors.
library;

import 'dart:convert';
import 'dart:io';
import 'dart:isolate';

import 'package:scrubjay/scrubjay.dart';
import 'package:scrubjay/src/bindings.dart';
import 'package:scrubjay/src/capture.dart';
import 'package:scrubjay/src/record.dart';
import 'package:test/test.dart';

import 'support/native.dart';

const stamp = '{"now":"2026-01-02T03:04:05Z","random":"00000000000000000000"}';

enum Plan { free }

final class Written {
  Object? toJson() => {'n': 1, 'at': DateTime.utc(2026)};
}

final class Throwing {
  Object? toJson() => throw StateError('the host is broken');
}

/// Its `toJson` tracks an event while another is written.
final class Reentrant {
  Reentrant(this.client);
  final Client client;
  Object? toJson() => client.track('app', 'inner', payload: {'x': 'y' * 300});
}

/// Its `toJson` closes the client that writes it.
final class Closing {
  Closing(this.client);
  final Client client;
  Object? toJson() {
    client.close();
    return 1;
  }
}

final class Compared {
  Compared(String config) : handle = bindings.engine.create(config);
  static final Bindings bindings = Bindings.find();
  final int handle;

  /// Both ways; the second is null for a record that is too large for the compact form.
  (String, String?) outcomes(Map<String, Object?> record, String? stamp) {
    final text = bindings.engine.process(handle, encodeJson(record), stamp);
    try {
      bindings.client.captured.record(record);
    } on RecordTooLarge {
      return (text, null);
    }
    return (text, bindings.engine.processCaptured(handle, bindings.client.captured.written, stamp));
  }
}

void main() {
  final compared = Compared('{}');

  test('a value of any kind is captured as its JSON text says', () {
    final values = <Object?>[
      null, true, false, 0, 1, 127, 128, -1, 255, 65536, 0x7fffffff, -0x80000000, 0x80000000, -0x80000001,
      9007199254740993, 9223372036854775807, -9223372036854775807 - 1,
      0.0, -0.0, 1.0, 60.0, 0.1, -1.5, 1e-7, 1e-6, 1e21, 1e20, 1e16, 123456789.123, 5e-324, double.maxFinite, 16.67,
      '', 'a', '"', '\\', '\n\u0001\u007f', 'é', 'x' * 127, 'x' * 128, 'é' * 127, 'x' * 255, 'x' * 256, '😀',
      '\ud800', 'a\udc00b', '\udc00\ud800', '\u2028', '😀' * 100,
      <Object?>[], <String, Object?>{}, [<Object?>[]], [1, 'a', null, true],
      {'a': 1, 'b': {'c': [1.5, 'é']}}, <Object?, Object?>{'a': 1}, {1: 'a'}, {Plan.free: 1}, {'é"': 2, 'x' * 300: 3},
      {1, 2}, [1, 2].map((each) => each * 2), DateTime.utc(2026), DateTime.fromMillisecondsSinceEpoch(0), Plan.free,
      Uri.parse('https://example.com/a?b=c'), Written(), [Written()],
    ];
    for (final value in values) {
      for (final record in <Map<String, Object?>>[
        eventRecord('app', 'login', {'value': value}, null, null, null, null),
        {'channel': 'app', 'event': 'login', 'payload': {'list': [value, value]}},
      ]) {
        final (text, captured) = compared.outcomes(record, stamp);
        expect(captured, text, reason: '${value.runtimeType} $value');
      }
    }
  });

  test('every vector that Dart can hold gives the same outcome captured', () {
    final package = Isolate.resolvePackageUriSync(Uri.parse('package:scrubjay/scrubjay.dart'))!;
    final folder = Directory.fromUri(package.resolve('../../tests/vectors'));
    var cases = 0;
    for (final file in folder.listSync(recursive: true).whereType<File>()) {
      if (!file.path.endsWith('.json')) continue;
      final vectors = jsonDecode(file.readAsStringSync()) as Map<String, Object?>;
      final written = vectors['config'];
      final engine = Compared(written is String ? written : jsonEncode(written));
      for (final vector in (vectors['cases']! as List<Object?>).cast<Map<String, Object?>>()) {
        final input = vector['input'];
        if ((vector['call'] ?? 'process') != 'process' || input is! String) continue;
        final Object? record;
        try {
          record = jsonDecode(input);
        } on FormatException {
          // No host can hold what is no JSON.
          continue;
        }
        if (record is! Map<String, Object?>) continue;
        final given = vector['stamp'] == null ? null : jsonEncode(vector['stamp']);
        final String text;
        final String? captured;
        try {
          (text, captured) = engine.outcomes(record, given);
        } on JsonUnsupportedObjectError {
          // 1e400 is infinite here, and no JSON.
          continue;
        }
        final reason = '${file.path}: ${vector['name']}';
        if (captured != null) expect(captured, text, reason: reason);
        // Unlike the text that the vector has: repeated names, escapes and 1e3 are gone.
        if (jsonEncode(record) == input.trim()) expect(text, vector['outcome'], reason: reason);
        cases += 1;
      }
    }
    stdout.writeln('captured: $cases cases');
    expect(cases > 100, true);
  });

  test('what the host cannot write is counted and never thrown', () {
    final client = Client(config: enabledAt(deadEndpoint));
    addTearDown(client.close);
    for (final value in [double.infinity, double.nan, Object(), Throwing(), [Throwing()]]) {
      expect(client.track('app', 'login', payload: {'value': value}), false);
      expect(client.trackRecord({'channel': 'app', 'event': 'login', 'payload': {'value': value}}), false);
    }
    expect(client.stats()['not_captured'], 10);
    // Nothing is left over from what failed.
    expect(client.trackChecked('app', 'login', payload: {'n': 1}).status, Status.accepted);
  });

  test('a cycle is a record that is too deep', () {
    final client = Client(config: enabledAt(deadEndpoint));
    addTearDown(client.close);
    final cycle = <String, Object?>{};
    cycle['self'] = cycle;
    expect(client.track('app', 'login', payload: cycle), true);
    expect(client.trackChecked('app', 'login', payload: cycle).violations.single.code, 'json_depth');
  });

  test('a record that is too large is counted as that', () {
    final client = Client(config: enabledAt(deadEndpoint));
    addTearDown(client.close);
    for (final size in [70 << 10, 300 << 10]) {
      client.track('app', 'login', payload: {'text': 'x' * size});
    }
    client.track('app', 'login', payload: {'list': List<int>.filled(250 << 10, 1)});
    final outcome = client.trackChecked('app', 'login', payload: {'text': 'x' * (300 << 10)});
    expect(outcome.status == Status.accepted, false);
    expect((client.stats()['dropped']! as Map<String, Object?>)['invalid'] == 0, true);
    expect((client.stats()['dropped']! as Map<String, Object?>)['too_large']! as int >= 3, true);
  });

  test('an event may be tracked while another is written', () {
    final client = Client(config: enabledAt(deadEndpoint));
    addTearDown(client.close);
    final outcome = client.trackChecked('app', 'outer', payload: {'before': 1, 'inner': Reentrant(client), 'after': 2});
    expect(outcome.record!['payload'], {'before': 1, 'inner': true, 'after': 2});
    expect(client.stats()['accepted'], 2);
  });

  test('a client that is closed while its record is written takes nothing, and breaks nothing', () async {
    for (final track in <Object? Function(Client, Map<String, Object?>)>[
      (client, payload) => client.track('app', 'login', payload: payload),
      (client, payload) => client.trackAsync('app', 'login', payload: payload),
      (client, payload) => client.trackRecord({'channel': 'app', 'event': 'login', 'payload': payload}),
    ]) {
      final client = Client(config: enabledAt(deadEndpoint));
      expect(await track(client, {'close': Closing(client)}), false);
      expect(client.stats()['not_captured'], 1);
    }
    for (final check in <Outcome Function(Client, Map<String, Object?>)>[
      (client, payload) => client.trackChecked('app', 'login', payload: payload),
      (client, payload) => client.trackRecordChecked({'channel': 'app', 'event': 'login', 'payload': payload}),
    ]) {
      final client = Client(config: enabledAt(deadEndpoint));
      expect(() => check(client, {'close': Closing(client)}), throwsA(isA<ScrubjayException>()));
    }
  });
}
