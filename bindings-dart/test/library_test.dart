import 'dart:io';

import 'package:scrubjay/scrubjay.dart';
import 'package:scrubjay/src/abi.dart' as abi;
import 'package:scrubjay/src/bindings.dart';
import 'package:scrubjay/src/library.dart';
import 'package:test/test.dart';

Matcher refusal(String part) => throwsA(isA<ScrubjayLoadException>().having((e) => '$e', 'text', contains(part)));

void main() {
  final path = libraryPath(null);

  test('the library this package was written for is accepted', () {
    expect(Bindings.load(path).version(), '0.1.0');
    expect(abi.checksums.length, 42);
  });

  test('schemas and the metrics catalog are those of the engine', () {
    expect(schemas().containsKey('telemetry_trace_v1'), true);
    expect(metricsCatalog().first['name'], 'render.fps');
  });

  test('a function whose checksum differs is refused by name', () {
    final expected = {...abi.checksums, 'method_engine_process': abi.checksums['method_engine_process']! ^ 1};
    expect(() => Bindings.load(path, expected: expected), refusal('method_engine_process (expected'));
  });

  test('a function the library does not have is refused by name', () {
    expect(
      () => Bindings.load(path, expected: {...abi.checksums, 'method_engine_levitate': 7}),
      refusal('method_engine_levitate (expected 7, found none)'),
    );
  });

  test('another contract version is refused', () {
    expect(
      () => Bindings.load(path, contract: abi.contractVersion + 1),
      refusal('it speaks UniFFI contract 30, this package speaks 31'),
    );
  });

  test('a library of somebody else is refused', () {
    expect(() => Bindings.load('libc.so.6'), refusal('it speaks UniFFI contract unknown'));
  });

  test('a missing library says platform, place and what to do', () {
    expect(() => Engine(libraryPath: '/nowhere/lib.so'), refusal('on linux_'));
    expect(() => Client(libraryPath: '/nowhere/lib.so'), refusal('"/nowhere/lib.so"'));
    expect(() => version(libraryPath: '/nowhere/lib.so'), refusal('cargo build --release -p scrubjay-dart'));
  });

  test('an explicit path comes before the environment, and that before the name of the platform', () {
    expect(libraryPath('/a.so', environment: {'SCRUBJAY_LIBRARY': '/b.so'}), '/a.so');
    expect(libraryPath(null, environment: {'SCRUBJAY_LIBRARY': '/b.so'}), '/b.so');
    if (Platform.isLinux) expect(libraryPath(null, environment: {}), 'libuniffi_scrubjay.so');
  });

  test('every kind of stable code can be enumerated', () {
    expect(codes()['statuses'], [for (final status in Status.values) status.name]);
    expect(codes()['errors']!.contains('config_unknown_key'), true);
    expect(codes()['rules']!.contains('email'), true);
  });
}
