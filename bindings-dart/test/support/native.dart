/// What several tests need around the native library.
library;

import 'dart:convert';
import 'dart:io';

/// A collector that accepts everything, on a free loopback port.
final class Collector {
  Collector._(this._server) {
    _server.listen(_answer);
  }

  /// Starts one; close it when the test ends.
  static Future<Collector> start() async => Collector._(await HttpServer.bind(InternetAddress.loopbackIPv4, 0));

  final HttpServer _server;

  /// The heads of all requests.
  final List<({String path, HttpHeaders headers})> requests = [];

  /// The records of all batches.
  final List<Map<String, Object?>> records = [];

  /// How often somebody connected and asked for anything.
  int get connections => _server.connectionsInfo().total + requests.length;

  /// Base URL for the client's configuration.
  String get endpoint => 'http://127.0.0.1:${_server.port}';

  Future<void> _answer(HttpRequest request) async {
    final body = await request.fold<List<int>>([], (bytes, chunk) => bytes..addAll(chunk));
    requests.add((path: request.uri.path, headers: request.headers));
    final sent = jsonDecode(utf8.decode(gzip.decode(body)));
    // R4's routes take one record.
    if (sent is Map<String, Object?>) {
      records.add(sent);
      final correlationId = request.headers.value('x-correlation-id');
      request.response
        ..statusCode = HttpStatus.accepted
        ..headers.contentType = ContentType.json
        ..write(jsonEncode({'status': 'accepted', 'correlationId': correlationId}));
      await request.response.close();
      return;
    }
    final batch = (sent as List<Object?>).cast<Map<String, Object?>>();
    records.addAll(batch);
    final results = [
      for (final record in batch) {'status': 'accepted', 'id': record['id'], 'violations': <Object?>[]},
    ];
    final verdict = {'accepted': batch.length, 'rejected': 0, 'dropped': 0, 'duplicates': 0, 'results': results};
    request.response.headers.contentType = ContentType.json;
    request.response.write(jsonEncode({...verdict, 'redactions': <String, int>{}}));
    await request.response.close();
  }

  /// Stops listening.
  Future<void> close() => _server.close(force: true);
}

/// A loopback URL where nobody listens: a port below the range that systems hand out, so that none comes alive.
const String deadEndpoint = 'http://127.0.0.1:1';

/// A configuration that is on and sends to [endpoint].
Map<String, Object?> enabledAt(String endpoint) => {
  'client': {'enabled': true, 'endpoint': endpoint},
};

/// A `privacy` section that takes an engine over 100 KiB of native memory, so that a forgotten one shows.
Map<String, Object?> bulky() => {
  'pii_fields': [for (var i = 0; i < 2000; i++) 'field_number_$i'],
};

/// How many entries this process has in a folder of `/proc/self`: `fd` are its open files, `task` its threads (Linux).
int countOf(String folder) => Directory('/proc/self/$folder').listSync(followLinks: false).length;

/// Resident memory of this process in bytes (Linux).
int residentBytes() {
  const pageSize = 4096;
  return int.parse(File('/proc/self/statm').readAsStringSync().split(' ')[1]) * pageSize;
}
