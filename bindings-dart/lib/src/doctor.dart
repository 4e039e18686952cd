import 'dart:convert';
import 'dart:isolate';

import 'bindings.dart';
import 'record.dart';

/// What a client of this [config] needs and lacks, and what to do: `ok`, and `checks` with `name`, `state`, `message` and
/// `advice`. Collects nothing; asks the endpoint, in another isolate.
///
/// Fails with a `ScrubjayException` for a wrong configuration, and a `ScrubjayLoadException` without the native library.
Future<Map<String, Object?>> doctor({Map<String, Object?> config = const {}, String? libraryPath}) async {
  final path = Bindings.find(libraryPath).path;
  final text = encodeJsonText(config);
  return jsonDecode(await _examine(path, text)) as Map<String, Object?>;
}

// Apart, so that the closure carries nothing but what an isolate may be sent.
Future<String> _examine(String path, String config) =>
    Isolate.run(() => Bindings.find(path).doctor(config), debugName: 'scrubjay');
