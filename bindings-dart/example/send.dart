/// Sends what an application would: `send.dart COLLECTOR_URL PLANTED_JSON`.
///
/// The second argument is a JSON object of personal data, name to value. Each value is planted in records the way
/// it slips into real ones: under its own key, in free text and in the envelope. None of it may arrive.
/// Prints one JSON line: `{"runtime":"dart","sent":n,"stats":{…}}`.
library;

import 'dart:convert';
import 'dart:io';

import 'package:scrubjay/scrubjay.dart';

/// Records without personal data, so that the planted ones are a minority, as in real life.
const int plainRecords = 180;

/// Records that break the schema: the books must show each of them.
const int invalidRecords = 5;

/// Enough for a collector on the same machine; a dead one must not hold the demo up.
const Duration deliveryTimeout = Duration(seconds: 15);

Future<void> main(List<String> arguments) async {
  final [endpoint, plantedPath] = arguments;
  final planted = (jsonDecode(File(plantedPath).readAsStringSync()) as Map<String, Object?>).cast<String, String>();
  final client = Client(
    config: {
      'client': {'enabled': true, 'endpoint': endpoint},
    },
  );
  final sent = trackPlain(client) + trackPlanted(client, planted) + trackInvalid(client);
  await client.flush(timeout: deliveryTimeout);
  await client.shutdown();
  stdout.writeln(jsonEncode({'runtime': 'dart', 'sent': sent, 'stats': client.stats()}));
}

/// Everyday events of an editor; returns how many were captured.
int trackPlain(TelemetryClient client) {
  const screens = ['canvas', 'layers', 'export', 'settings'];
  var captured = 0;
  for (var i = 0; i < plainRecords; i++) {
    final tracked = switch (i % 3) {
      0 => client.track('app', 'screen.opened', payload: {'screen': screens[i % screens.length], 'took_ms': i % 40}),
      1 => client.track('render', 'frame.sampled', payload: {'fps': 60 - i % 7, 'frame_ms': 16.67 + i % 7}),
      _ => client.track(
        'app',
        'tool.used',
        payload: {'tool': 'pen', 'points': i, 'flags': const ['snap'], 'at': DateTime.now()},
        sessionId: 'session-${i ~/ 60}',
        context: {'user_agent': 'editor/1.4.2 (Linux; Dart 3.7)'},
      ),
    };
    if (tracked) captured += 1;
  }
  return captured;
}

/// Each planted value under its key and in a sentence; the identifier where identifiers belong, in the envelope.
int trackPlanted(TelemetryClient client, Map<String, String> planted) {
  // What can be recognised in a sentence; a password there looks like any other word.
  const recognisable = {'email', 'card', 'ipv4', 'ipv6', 'jwt', 'authorization'};
  // A bearer token is known by the scheme before it.
  final slips = {
    for (final MapEntry(key: name, :value) in planted.entries)
      ...switch (name) {
        'user_id' => const <String, String>{},
        'bearer' => {'authorization': 'Bearer $value'},
        _ => {name: value},
      },
  };
  var captured = 0;
  for (final MapEntry(key: name, :value) in slips.entries) {
    final message = recognisable.contains(name) ? 'the form was left with $value in it' : 'the form was left empty';
    if (client.track('app', 'form.failed', payload: {name: value, 'message': message})) captured += 1;
  }
  final inEnvelope = client.track(
    'app',
    'session.started',
    userId: planted['user_id'],
    context: {'ip_address': planted['ipv4'], 'url': 'https://app.example/invite?email=${planted['email']}'},
    payload: const {'first': true},
  );
  return captured + (inEnvelope ? 1 : 0);
}

/// Captured like any other, then rejected by the engine in the background.
int trackInvalid(TelemetryClient client) {
  var captured = 0;
  for (var i = 0; i < invalidRecords; i++) {
    if (client.track('', 'no.channel', payload: {'i': i})) captured += 1;
  }
  return captured;
}
