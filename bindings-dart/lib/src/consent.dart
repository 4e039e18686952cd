import 'dart:async';
import 'dart:convert';

import 'bindings.dart';

/// What records are collected for. Consent is given to each apart.
enum Purpose {
  /// Finding what goes wrong.
  diagnostics,

  /// Finding what is slow.
  performance,

  /// Learning what is used.
  analytics;

  /// Every purpose.
  static const Set<Purpose> all = {diagnostics, performance, analytics};
}

/// A configuration to start from, with further keys of its section `client`.
///
/// `debug` uploads nothing, `production` samples a tenth and needs an `endpoint`, `disabled` is off whatever
/// environment and file say. Throws a `ScrubjayException` (`argument_invalid`) for another name.
Map<String, Object?> profile(String name, {Map<String, Object?> client = const {}, String? libraryPath}) {
  final config = jsonDecode(Bindings.find(libraryPath).profile(name)) as Map<String, Object?>;
  return {
    ...config,
    'client': {...config['client']! as Map<String, Object?>, ...client},
  };
}

/// What a user says, as the core reads it.
String encodeWord(Set<Purpose> purposes, String source, String? noticeVersion) => jsonEncode({
  'purposes': [for (final purpose in purposes) purpose.name],
  'source': source,
  if (noticeVersion != null) 'notice_version': noticeVersion,
});

/// How often changes are looked for while there is a listener: as often as the core looks at the consent file.
const Duration _lookInterval = Duration(milliseconds: 250);

/// Beyond every number of a change: asks for the next one alone.
const int _latest = 0x7fffffff;

/// A stream of what [look] finds, from the first listener to the last; [look] returns null when the client is closed.
Stream<Map<String, Object?>> watchChanges(String? Function(int since) look) {
  Timer? timer;
  var since = 0;
  late final StreamController<Map<String, Object?>> changes;
  List<Object?> next(int from) {
    final text = look(from);
    if (text == null) {
      timer?.cancel();
      return const [];
    }
    final found = jsonDecode(text) as Map<String, Object?>;
    since = found['next']! as int;
    return found['changes']! as List<Object?>;
  }

  changes = StreamController.broadcast(
    onListen: () {
      // What was before is no change.
      next(_latest);
      timer = Timer.periodic(_lookInterval, (_) {
        for (final change in next(since)) {
          changes.add(change! as Map<String, Object?>);
        }
      });
    },
    onCancel: () => timer?.cancel(),
  );
  return changes.stream;
}
