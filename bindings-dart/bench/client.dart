/// What a call of the client costs a Dart program, for `make bench`: rows as JSON objects.
///
/// One event with six attributes, whose values differ from call to call, against a server on this machine that discards
/// what it gets. Wall time, as Dart tells no other, of the fastest tenth of the rounds; making the event's map is the
/// program's, and not counted. Rounds are short of a batch, so the worker sleeps while they are measured, except for the
/// 99.9th percentile, which is that of a program that tracks without pause while batches are sent.
library;

import 'dart:convert';
import 'dart:io';

import 'package:scrubjay/scrubjay.dart';

/// Enough for a tenth of them to be undisturbed on a busy machine.
const int rounds = 200;

/// A round stays below a batch of 1,000.
const int events = 500;

/// Calls whose latencies are told apart, for the 99.9th percentile.
const int calls = 200000;

/// Microseconds in which a call that validates and scrubs has to return.
const double trackBarUs = 5;

/// Microseconds of the 99.9th percentile: an eightieth of a frame.
const double slowestBarUs = 200;

Future<void> main() async {
  final discard = Platform.script.resolve('../../tests/bench/discard.py').toFilePath();
  final server = await Process.start(Platform.environment['PYTHON'] ?? 'python3', [discard]);
  final endpoint = await server.stdout.transform(utf8.decoder).transform(const LineSplitter()).first;
  final client = Client(
    config: {
      'client': {
        'enabled': true,
        'endpoint': endpoint,
        'batch_max_items': 1000,
        'flush_interval_ms': 3600000,
      },
    },
  );
  final track = await lowUs(client, (i) => client.track('web', 'request', payload: payload(i)));
  final checked = await lowUs(client, (i) => client.trackChecked('web', 'request', payload: payload(i)));
  final making = await lowUs(client, keep);
  await client.flush();
  row('dart_track', track - making, trackBarUs, 'us/event');
  row('dart_track_scrubbed', checked - making, trackBarUs, 'us/event');
  row('dart_track_p999', slowest(client), slowestBarUs, 'us');
  final stats = client.stats();
  if (stats['last_error'] != null) stderr.writeln('not all was delivered: ${stats['last_error']}');
  await client.shutdown();
  await server.stdin.close();
}

/// An event as an application has it.
Map<String, Object?> payload(int i) => {
  'route': '/items/:id',
  'status': i.isEven ? 200 : 404,
  'took_ms': i * 0.37,
  'cached': i % 3 == 0,
  'method': 'GET',
  'items': i,
};

/// Makes an event, and keeps it, so that it is made.
void keep(int i) => kept = payload(i);

/// The latest event that was only made.
Map<String, Object?> kept = const {};

/// What one call takes in the fastest tenth of the rounds, in microseconds: other programs only ever add.
Future<double> lowUs(Client client, void Function(int i) call) async {
  final times = <double>[];
  for (var round = 0; round < rounds; round++) {
    final watch = Stopwatch()..start();
    for (var i = 0; i < events; i++) {
      call(i);
    }
    watch.stop();
    times.add(watch.elapsedTicks * Duration.microsecondsPerSecond / watch.frequency / events);
    await client.flush();
  }
  times.sort();
  return times[times.length ~/ 10];
}

/// The 99.9th percentile of single calls, in microseconds, of a program that does nothing else.
double slowest(Client client) {
  final watch = Stopwatch()..start();
  final ticks = List<int>.filled(calls, 0);
  for (var i = 0; i < calls; i++) {
    final event = payload(i);
    final start = watch.elapsedTicks;
    client.track('web', 'request', payload: event);
    ticks[i] = watch.elapsedTicks - start;
  }
  ticks.sort();
  return ticks[(calls * 0.999).floor()] * Duration.microsecondsPerSecond / watch.frequency;
}

void row(String name, double ours, double bar, String unit) =>
    stdout.writeln(jsonEncode({'name': name, 'ratio': ours / bar, 'ours': ours, 'theirs': bar, 'unit': unit}));
