import 'dart:convert';
import 'dart:io';
import 'dart:isolate';
import 'dart:typed_data';

import 'package:scrubjay/scrubjay.dart';
import 'package:scrubjay/src/bindings.dart';
import 'package:test/test.dart';

/// The exact text that [vector] asks for, or `error CODE PATH`.
String run(String config, Engine engine, Map<String, Object?> vector) {
  final input = vector['input'] as String? ?? '';
  final hex = vector['input_hex'] as String?;
  final stamp = vector['stamp'];
  final bytes = hex == null ? utf8.encode(input) : fromHex(hex);
  try {
    return switch (vector['call'] ?? 'process') {
      'process' => engine.processBytes(bytes, stamp: stamp == null ? null : jsonEncode(stamp)).canonical,
      'scrub_text' => engine.scrubText(input).canonical,
      'scrub_json' => engine.scrubJson(bytes).canonical,
      'explain' => engine.explainBytes(bytes, stamp: stamp == null ? null : jsonEncode(stamp)).canonical,
      'unseal' => unsealText(input),
      'config' => Engine.fromJson(input).scrubText('').text,
      'sample' => Bindings.find().sample(config, input),
      'traceparent' => Bindings.find().readTraceparent(input),
      'new_traceparent' => masked(Bindings.find().newTraceparent(input), input),
      'plan_check' => Bindings.find().planCheck(input),
      'plan_diff' => Bindings.find().planDiff(input, vector['new']! as String),
      'stamp' => engine.processBytes(utf8.encode('{}'), stamp: input).canonical,
      'fail' => Bindings.find().failForTest(input),
      'panic' => Bindings.find().panicForTest(),
      final call => throw StateError('no such call: $call'),
    };
  } on ScrubjayException catch (error) {
    return 'error ${error.code} ${error.path}';
  }
}

/// A new `traceparent` without what is random in it: the span's digits, and the trace's where no parent gives them.
String masked(String header, String parent) {
  final trace = header.substring(3, 35);
  final kept = parent.contains(trace) ? trace : '_' * 32;
  return '${header.substring(0, 2)}-$kept-${'_' * 16}${header.substring(52)}';
}

String unsealText(String input) {
  final end = input.indexOf('\n');
  return Bindings.find().unseal(input.substring(0, end), input.substring(end + 1));
}

Uint8List fromHex(String hex) =>
    Uint8List.fromList([for (var i = 0; i < hex.length; i += 2) int.parse(hex.substring(i, i + 2), radix: 16)]);

void main() => test('every vector gives its exact text', () {
  final package = Isolate.resolvePackageUriSync(Uri.parse('package:scrubjay/scrubjay.dart'))!;
  final folder = Directory.fromUri(package.resolve('../../tests/vectors'));
  final files = folder.listSync(recursive: true).whereType<File>().where((file) => file.path.endsWith('.json'));
  final paths = [for (final file in files) file.path]..sort();
  var cases = 0;
  for (final path in paths) {
    final vectors = jsonDecode(File(path).readAsStringSync()) as Map<String, Object?>;
    final written = vectors['config'];
    final config = written is String ? written : jsonEncode(written);
    final engine = Engine.fromJson(config);
    for (final vector in (vectors['cases']! as List<Object?>).cast<Map<String, Object?>>()) {
      final error = vector['error'] as Map<String, Object?>?;
      final expected = error == null ? vector['outcome'] : 'error ${error['code']} ${error['path']}';
      expect(run(config, engine, vector), expected, reason: '$path: ${vector['name']}');
      cases += 1;
    }
  }
  stdout.writeln('vectors: $cases cases in ${paths.length} files');
  expect(cases > 0, true, reason: 'no vectors');
});
