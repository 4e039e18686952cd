/// Tracks in durable mode until it is killed, and says of each record when it is on the disk: for isolates_test.dart.
library;

import 'dart:io';

import 'package:scrubjay/scrubjay.dart';

Future<void> main(List<String> arguments) async {
  final [config, name] = arguments;
  final client = Client.fromJson(config);
  for (var i = 0; ; i++) {
    final event = '$name.$i';
    if (!client.track('app', event)) continue;
    stdout.writeln(event);
    // What was said is said, whatever happens next.
    await stdout.flush();
  }
}
