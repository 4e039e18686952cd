/// Finds, opens and verifies the native library.
library;

import 'dart:ffi';
import 'dart:io' show Platform;

import 'abi.dart' as abi;
import 'exceptions.dart';

/// Names the library file where no path is passed.
const String libraryVariable = 'SCRUBJAY_LIBRARY';

/// Where to look: [explicit], else the environment's, else the platform's file name on the loader's path.
///
/// The empty string stands for the process itself: on iOS the library is linked into the app.
String libraryPath(String? explicit, {Map<String, String>? environment}) {
  final fromEnvironment = (environment ?? Platform.environment)[libraryVariable];
  return explicit ?? (fromEnvironment == null || fromEnvironment.isEmpty ? _platformName() : fromEnvironment);
}

String _platformName() {
  if (Platform.isIOS) return '';
  if (Platform.isWindows) return '${abi.namespace}.dll';
  return 'lib${abi.namespace}.${Platform.isMacOS ? 'dylib' : 'so'}';
}

/// Opens the library at [path].
///
/// Throws a [ScrubjayLoadException] that says what was tried and how to get the library.
DynamicLibrary openLibrary(String path) {
  try {
    return path.isEmpty ? DynamicLibrary.process() : DynamicLibrary.open(path);
  } on ArgumentError catch (error) {
    throw _failure(
      'cannot open "$path" (${error.message}). Build it with `cargo build --release -p scrubjay-dart`, for the '
      'architecture of this Dart VM (add `--target i686-unknown-linux-gnu` for a 32-bit one), then pass its path as '
      'libraryPath or set $libraryVariable to it.',
    );
  }
}

/// Refuses a library whose calling convention or signatures are not the ones this package was written for.
///
/// A wrong guess here would corrupt memory later, so nothing else is called before this returns.
void verifyLibrary(
  DynamicLibrary library, {
  int contractVersion = abi.contractVersion,
  Map<String, int> checksums = abi.checksums,
}) {
  final found = _number32(library, 'ffi_${abi.namespace}_uniffi_contract_version');
  if (found != contractVersion) {
    throw _failure(
      'it speaks UniFFI contract ${found ?? 'unknown'}, this package speaks $contractVersion. '
      'Use the library and the package of one scrubjay version.',
    );
  }
  final mismatches = [
    for (final MapEntry(key: name, value: expected) in checksums.entries)
      if (_number16(library, 'uniffi_${abi.namespace}_checksum_$name') case final actual when actual != expected)
        '$name (expected $expected, found ${actual ?? 'none'})',
  ];
  if (mismatches.isNotEmpty) {
    throw _failure(
      'its signatures differ from this package\'s: ${mismatches.join(', ')}. '
      'Use the library and the package of one scrubjay version.',
    );
  }
}

int? _number32(DynamicLibrary library, String symbol) => library.providesSymbol(symbol)
    ? library.lookupFunction<Uint32 Function(), int Function()>(symbol)()
    : null;

int? _number16(DynamicLibrary library, String symbol) => library.providesSymbol(symbol)
    ? library.lookupFunction<Uint16 Function(), int Function()>(symbol)()
    : null;

ScrubjayLoadException _failure(String message) => ScrubjayLoadException(Abi.current().toString(), message);
