import 'dart:convert';
import 'dart:io';
import 'dart:isolate';

import 'package:test/test.dart';

import 'support/native.dart';

final Uri package = Isolate.resolvePackageUriSync(Uri.parse('package:scrubjay/scrubjay.dart'))!.resolve('../');

/// Runs a program of this package in a VM of its own; what it printed.
Future<String> runDart(String program, List<String> arguments) async {
  final config = package.resolve('.dart_tool/package_config.json').toFilePath();
  final result = await Process.run(Platform.resolvedExecutable, ['--packages=$config', program, ...arguments]);
  expect(result.exitCode, 0, reason: '${result.stderr}');
  return result.stdout as String;
}

void main() {
  test('the example delivers its records, reports the invalid ones, and nothing planted arrives', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final plantedPath = package.resolve('../tests/demo/planted.json').toFilePath();
    final planted = jsonDecode(File(plantedPath).readAsStringSync()) as Map<String, Object?>;

    final printed = await runDart(package.resolve('example/send.dart').toFilePath(), [collector.endpoint, plantedPath]);
    final line = jsonDecode(printed) as Map<String, Object?>;
    final stats = line['stats']! as Map<String, Object?>;
    expect(line['runtime'], 'dart');
    expect(line['sent'], stats['accepted']);
    expect(stats['delivered'], collector.records.length);
    expect(collector.records.length > 180, true);
    expect(stats['dropped'], {
      'queue_full': 0,
      'sampled': 0,
      'invalid': 5,
      'rejected': 0,
      'export_failed': 0,
      'too_large': 0,
      'shutdown': 0,
      'expired': 0,
      'spool_full': 0,
      'corrupt': 0,
      'consent': 0,
    });
    final arrived = jsonEncode(collector.records);
    for (final MapEntry(key: name, :value) in planted.entries) {
      expect(arrived.contains(value! as String), false, reason: name);
    }
  });

  test('the README example does what its comment says', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final readme = File.fromUri(package.resolve('README.md')).readAsStringSync();
    final example = RegExp(r'```dart\n(.*?)```', dotAll: true).firstMatch(readme)![1]!;
    final folder = await Directory.systemTemp.createTemp('scrubjay-readme');
    addTearDown(() => folder.delete(recursive: true));
    final program = File('${folder.path}/example.dart')
      ..writeAsStringSync(example.replaceFirst('http://127.0.0.1:3001', collector.endpoint));

    await runDart(program.path, []);
    expect(collector.records.single['payload'], {'to': '[email]'});
  });
}
