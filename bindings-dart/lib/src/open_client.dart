import 'dart:io' show stderr;

import 'client.dart';
import 'exceptions.dart';
import 'no_op_client.dart';
import 'telemetry_client.dart';

bool _isSaid = false;

/// A [Client] as configured, or, where the native library is missing or does not fit, a [NoOpClient]: the application
/// goes on, collects nothing, and says so once.
///
/// [onUnavailable] is told why, at each call; without it one line goes to standard error, once an isolate. A wrong
/// configuration is still a `ScrubjayException`: it is found on the first run, and silence would hide it.
TelemetryClient openClient({
  Map<String, Object?> config = const {},
  String? libraryPath,
  void Function(ScrubjayLoadException why)? onUnavailable,
}) {
  try {
    return Client(config: config, libraryPath: libraryPath);
  } on ScrubjayLoadException catch (why) {
    if (onUnavailable != null) {
      onUnavailable(why);
    } else if (!_isSaid) {
      _isSaid = true;
      stderr.writeln('telemetry is off: $why');
    }
    return const NoOpClient(disabledBy: 'library');
  }
}

