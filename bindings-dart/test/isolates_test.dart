/// Isolates and processes that share one state: real ones, ended in real ways.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:io';
import 'dart:isolate';

import 'package:scrubjay/scrubjay.dart';
import 'package:test/test.dart';

import 'support/native.dart';

final Uri package = Isolate.resolvePackageUriSync(Uri.parse('package:scrubjay/scrubjay.dart'))!.resolve('../');

Directory folder() {
  final home = Directory.systemTemp.createTempSync('scrubjay');
  addTearDown(() => home.deleteSync(recursive: true));
  return home;
}

Map<String, Object?> config(String endpoint, String home, {bool durable = false}) => {
  'client': {
    'enabled': true,
    'endpoint': endpoint,
    'state_dir': '$home/state',
    'spool': {'dir': '$home/spool'},
    'durable': durable,
    'flush_interval_ms': 3600000,
  },
};

/// Tracks until it is told to stop, and answers with how many were captured.
Future<void> chatter((SendPort, Map<String, Object?>, String) start) async {
  final (answers, config, name) = start;
  final orders = ReceivePort();
  final client = Client(config: config);
  answers.send(orders.sendPort);
  var captured = 0;
  final timer = Timer.periodic(const Duration(milliseconds: 5), (_) {
    if (client.track('app', name)) captured += 1;
  });
  await orders.first;
  timer.cancel();
  await client.flush();
  await client.shutdown();
  answers.send(captured);
}

/// A port's messages, one after the other, and the isolate behind them.
final class Talker {
  Talker(this._port, this.isolate) : _messages = StreamIterator(_port);
  final ReceivePort _port;
  final Isolate isolate;
  final StreamIterator<Object?> _messages;

  static Future<Talker> start(Map<String, Object?> config, String name) async {
    final port = ReceivePort();
    return Talker(port, await Isolate.spawn(chatter, (port.sendPort, config, name)));
  }

  Future<T> next<T>() async {
    expect(await _messages.moveNext(), true);
    return _messages.current as T;
  }

  void close() => _port.close();
}

Future<void> until(bool Function() isSo, {Duration within = const Duration(seconds: 10)}) async {
  final watch = Stopwatch()..start();
  while (!isSo()) {
    if (watch.elapsed > within) throw StateError('not within $within');
    await Future<void>.delayed(const Duration(milliseconds: 10));
  }
}

void main() {
  test('isolates share one state, and every record of each arrives', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final home = folder().path;
    final talkers = [for (final name in ['a', 'b', 'c']) await Talker.start(config(collector.endpoint, home), name)];
    final orders = [for (final talker in talkers) await talker.next<SendPort>()];
    await Future<void>.delayed(const Duration(milliseconds: 200));
    for (final order in orders) {
      order.send(null);
    }
    for (final (i, name) in ['a', 'b', 'c'].indexed) {
      final captured = await talkers[i].next<int>();
      expect(captured > 5, true);
      expect(collector.records.where((record) => record['event'] == name).length, captured, reason: name);
      talkers[i].close();
    }
  });

  test('an opt-out in one isolate silences the others within a second', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final home = folder().path;
    final talker = await Talker.start(config(collector.endpoint, home), 'other');
    final order = await talker.next<SendPort>();
    await Future<void>.delayed(const Duration(milliseconds: 100));
    final client = Client(config: config(collector.endpoint, home));
    await client.optOut(source: 'test');
    await Future<void>.delayed(const Duration(seconds: 1));
    order.send(null);
    await talker.next<int>();
    talker.close();
    expect(collector.records.length, 0);
    client.close();
  });

  test('isolates that are killed in the middle leave a process that works, and one more client', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final home = folder().path;
    for (var round = 0; round < 10; round++) {
      final talkers = [for (final name in ['a', 'b', 'c']) await Talker.start(config(collector.endpoint, home), name)];
      for (final talker in talkers) {
        await talker.next<SendPort>();
      }
      await Future<void>.delayed(const Duration(milliseconds: 10));
      for (final talker in talkers) {
        talker.isolate.kill(priority: Isolate.immediate);
        talker.close();
      }
    }
    final client = Client(config: config(collector.endpoint, home));
    expect(client.track('app', 'after'), true);
    expect(await client.flush(timeout: const Duration(seconds: 20)), true);
    expect(collector.records.where((record) => record['event'] == 'after').length, 1);
    expect(await client.shutdown(timeout: const Duration(seconds: 5)), true);
  });

  test('what a killed process had on disk arrives, each record once', () async {
    final collector = await Collector.start();
    addTearDown(collector.close);
    final home = folder().path;
    final packages = package.resolve('.dart_tool/package_config.json').toFilePath();
    final program = package.resolve('test/support/durable_program.dart').toFilePath();
    final acknowledged = <String>[];
    final process = await Process.start(Platform.resolvedExecutable, [
      '--packages=$packages',
      program,
      jsonEncode(config(deadEndpoint, home, durable: true)),
      'durable',
    ]);
    final done = process.stdout.transform(utf8.decoder).transform(const LineSplitter()).forEach(acknowledged.add);
    final errors = process.stderr.transform(utf8.decoder).join();
    // A VM that compiles its program first takes its time on a busy machine.
    await until(() => acknowledged.length > 5, within: const Duration(seconds: 35));
    process.kill(ProcessSignal.sigkill);
    await done;
    expect(await errors, '');
    expect(await process.exitCode, -9);
    final client = Client(config: config(collector.endpoint, home));
    expect(client.track('app', 'last'), true);
    final watch = Stopwatch()..start();
    Set<Object?> arrived() => {for (final record in collector.records) record['event']};
    while (!arrived().containsAll(acknowledged) && watch.elapsed < const Duration(seconds: 20)) {
      await client.flush(timeout: const Duration(seconds: 1));
    }
    expect(acknowledged.toSet().difference(arrived()).length, 0);
    final ids = [for (final record in collector.records) record['id']];
    expect(ids.toSet().length, ids.length);
    expect(await client.shutdown(timeout: const Duration(seconds: 5)), true);
  });
}
