/// The part of package:test that these tests use, for machines without pub: `package:test` maps here.
library;

import 'dart:async';
import 'dart:io';

final List<(String, FutureOr<void> Function())> _tests = [];
final List<FutureOr<void> Function()> _tearDowns = [];

/// Registers a test; all run in order once `main` returns.
void test(String name, FutureOr<void> Function() body) {
  if (_tests.isEmpty) Timer.run(_runAll);
  _tests.add((name, body));
}

/// Runs [body] when the current test ends, whatever its result.
void addTearDown(FutureOr<void> Function() body) => _tearDowns.add(body);

Future<void> _runAll() async {
  var failed = 0;
  for (final (name, body) in _tests) {
    try {
      await Future.sync(body).timeout(const Duration(seconds: 60));
      stdout.writeln('ok - $name');
    } catch (error, trace) {
      failed += 1;
      stdout.writeln('FAILED - $name\n$error\n$trace');
    }
    while (_tearDowns.isNotEmpty) {
      await _tearDowns.removeLast()();
    }
  }
  stdout.writeln('passed: ${_tests.length - failed}, failed: $failed');
  exitCode = failed == 0 ? 0 : 1;
}

/// Fails the current test unless [actual] equals [expected], deeply, or fits it, where it is a [Matcher].
void expect(Object? actual, Object? expected, {String? reason}) {
  final fits = expected is Matcher ? expected.fits(actual) : _same(actual, expected);
  if (!fits) throw StateError('expected <$expected>, got <$actual>${reason == null ? '' : ': $reason'}');
}

bool _same(Object? a, Object? b) => switch ((a, b)) {
  (final List<Object?> x, final List<Object?> y) =>
    x.length == y.length && x.indexed.every((each) => _same(each.$2, y[each.$1])),
  (final Map<Object?, Object?> x, final Map<Object?, Object?> y) =>
    x.length == y.length && x.keys.every((key) => y.containsKey(key) && _same(x[key], y[key])),
  _ => a == b,
};

/// A predicate with a name.
base class Matcher {
  /// Fits what [fits] says.
  Matcher(this._name, this.fits);
  final String _name;

  /// Whether the value is as expected.
  final bool Function(Object?) fits;

  @override
  String toString() => _name;
}

/// A string with [part] in it.
Matcher contains(String part) => Matcher('… $part …', (actual) => actual is String && actual.contains(part));

/// A value of type [T].
TypeMatcher<T> isA<T>() => TypeMatcher<T>('$T', (actual) => actual is T);

/// A type and what its features are.
final class TypeMatcher<T> extends Matcher {
  /// Fits what [fits] says.
  TypeMatcher(super._name, super.fits);

  /// This, and [feature] of the value is [expected].
  TypeMatcher<T> having(Object? Function(T) feature, String name, Object? expected) => TypeMatcher(
    '$this with $name <$expected>',
    (actual) {
      if (!fits(actual)) return false;
      expect(feature(actual as T), expected, reason: name);
      return true;
    },
  );
}

/// A function that throws what [expected] fits.
Matcher throwsA(Matcher expected) => Matcher('throws $expected', (body) {
  try {
    (body! as Object? Function())();
  } catch (error) {
    return expected.fits(error);
  }
  return false;
});
