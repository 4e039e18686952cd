/// Tracks in durable mode until it is killed, and says of each record when it is on the disk: for isolates_test.dart.
library;

import 'dart:convert';
import 'dart:io';

import 'package:scrubjay/scrubjay.dart';

void main(List<String> arguments) {
  final [config, name] = arguments;
  final client = Client.fromJson(config);
  for (var i = 0; ; i++) {
    final event = '$name.$i';
    // Flushed at once: what was said is said, whatever happens next.
    if (client.track('app', event)) stdout.add(utf8.encode('$event\n'));
    sleep(const Duration(milliseconds: 2));
  }
}
