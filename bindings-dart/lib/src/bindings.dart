import 'dart:ffi';

import 'abi.dart';
import 'calls.dart';
import 'client_calls.dart';
import 'engine_calls.dart';
import 'library.dart';

/// The verified library, opened once per isolate: its functions, and its two kinds of objects.
final class Bindings {
  /// Opens and verifies the library at [path].
  ///
  /// Throws a `ScrubjayLoadException`. Tests pass other expectations than this package's own.
  factory Bindings.load(String path, {int contract = contractVersion, Map<String, int> expected = checksums}) {
    final library = openLibrary(path);
    verifyLibrary(library, contractVersion: contract, checksums: expected);
    return Bindings._(path, Calls(library));
  }

  /// The library at [explicitPath], the environment's path, or under the platform's name; the same instance for
  /// the same path.
  factory Bindings.find([String? explicitPath]) {
    final path = libraryPath(explicitPath);
    return _opened[path] ??= Bindings.load(path);
  }

  Bindings._(this.path, this._calls)
    : engine = EngineCalls(_calls),
      client = ClientCalls(_calls),
      _version = _text0(_calls, 'version'),
      _codes = _text0(_calls, 'codes'),
      _schemas = _text0(_calls, 'schemas'),
      _metricsCatalog = _text0(_calls, 'metrics_catalog'),
      _panicForTest = _text0(_calls, 'panic_for_test'),
      _sealKeypair = _text0(_calls, 'seal_keypair'),
      _failForTest = _text1(_calls, 'fail_for_test'),
      _planCheck = _text1(_calls, 'plan_check'),
      _profile = _text1(_calls, 'profile'),
      _newTraceparent = _text1(_calls, 'new_traceparent'),
      _readTraceparent = _text1(_calls, 'read_traceparent'),
      _doctor = _text1(_calls, 'doctor'),
      _planDiff = _text2(_calls, 'plan_diff'),
      _sample = _text2(_calls, 'sample'),
      _unseal = _text2(_calls, 'unseal') {
    // A panic message can quote a value, and it would go to the application's standard error.
    final hide = _calls.library.lookupFunction<NativeAction, DartAction>(functionSymbol('hide_panic_messages'));
    _calls.run(() => hide(_calls.status));
  }

  static final Map<String, Bindings> _opened = {};

  static Text0 _text0(Calls calls, String name) => calls.library.lookupFunction<Text0, Text0>(functionSymbol(name));
  static Text1 _text1(Calls calls, String name) => calls.library.lookupFunction<Text1, Text1>(functionSymbol(name));
  static Text2 _text2(Calls calls, String name) => calls.library.lookupFunction<Text2, Text2>(functionSymbol(name));

  /// Where the library was opened, for another isolate to open it again.
  final String path;

  /// Engines.
  final EngineCalls engine;

  /// Clients.
  final ClientCalls client;

  final Calls _calls;
  final Text0 _version;
  final Text0 _codes;
  final Text0 _schemas;
  final Text0 _metricsCatalog;
  final Text0 _panicForTest;
  final Text0 _sealKeypair;
  final Text1 _failForTest;
  final Text1 _planCheck;
  final Text1 _profile;
  final Text1 _newTraceparent;
  final Text1 _readTraceparent;
  final Text1 _doctor;
  final Text2 _planDiff;
  final Text2 _sample;
  final Text2 _unseal;

  /// The engine's version.
  String version() => _ask(_version);

  /// Every stable code as JSON.
  String codes() => _ask(_codes);

  /// The record kinds as JSON Schema documents, as JSON.
  String schemas() => _ask(_schemas);

  /// The metrics catalog as JSON.
  String metricsCatalog() => _ask(_metricsCatalog);

  /// A fresh key pair for sealed values, as JSON.
  String sealKeypair() => _ask(_sealKeypair);

  /// Always throws `internal`: a panic contained by the engine's guard.
  String panicForTest() => _ask(_panicForTest);

  /// Always throws the error of [code].
  String failForTest(String code) => _askOf(_failForTest, code);

  /// What a tracking plan holds, as JSON.
  String planCheck(String plan) => _askOf(_planCheck, plan);

  /// What a change of a tracking plan means, as JSON.
  String planDiff(String old, String next) => _askOfTwo(_planDiff, old, next);

  /// What sampling as configured makes of a record, as JSON.
  String sample(String config, String record) => _askOfTwo(_sample, config, record);

  /// The sealed values in [text] opened, as JSON.
  String unseal(String secretKey, String text) => _askOfTwo(_unseal, secretKey, text);

  /// A configuration with a name, as JSON.
  String profile(String name) => _askOf(_profile, name);

  /// The `traceparent` of a new span below [parent], or of a new trace.
  String newTraceparent(String parent) => _askOf(_newTraceparent, parent);

  /// A `traceparent` header as JSON, or `null`.
  String readTraceparent(String header) => _askOf(_readTraceparent, header);

  /// What a client of this configuration lacks, as JSON; asks the endpoint and waits for it.
  String doctor(String config) => _askOf(_doctor, config);

  String _ask(Text0 function) => _calls.text(() => function(_calls.status));

  String _askOf(Text1 function, String text) {
    final argument = _calls.lowerText(text);
    return _calls.text(() => function(argument, _calls.status));
  }

  String _askOfTwo(Text2 function, String first, String second) {
    final a = _calls.lowerText(first);
    final b = _calls.lowerText(second);
    return _calls.text(() => function(a, b, _calls.status));
  }
}
