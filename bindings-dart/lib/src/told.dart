import 'dart:async';
import 'dart:convert';

/// How often answers are looked for while somebody waits: about what a disk takes to sync.
const Duration _lookInterval = Duration(milliseconds: 1);

/// What callers wait for. The native library calls back nobody, since the isolate may be gone: this one looks, as long as
/// somebody waits.
final class Told {
  /// [take] returns what was told since it was asked last, as JSON: an object of answers by their numbers.
  Told(this._take);

  final String Function() _take;
  final Map<int, Completer<bool>> _waiting = {};
  Timer? _timer;

  /// What is told of [number].
  Future<bool> of(int number) {
    final answer = Completer<bool>();
    _waiting[number] = answer;
    _timer ??= Timer.periodic(_lookInterval, (_) => _look());
    return answer.future;
  }

  /// Gives up: whoever waits still hears `false`.
  void close() {
    _look();
    for (final answer in _waiting.values) {
      answer.complete(false);
    }
    _waiting.clear();
    _rest();
  }

  void _look() {
    final told = jsonDecode(_take()) as Map<String, Object?>;
    for (final MapEntry(:key, :value) in told.entries) {
      _waiting.remove(int.parse(key))?.complete(value! as bool);
    }
    if (_waiting.isEmpty) _rest();
  }

  void _rest() {
    _timer?.cancel();
    _timer = null;
  }
}
