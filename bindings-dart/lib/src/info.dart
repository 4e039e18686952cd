import 'dart:convert';

import 'bindings.dart';

/// The engine's version, the same for all of scrubjay's packages.
///
/// Throws a `ScrubjayLoadException` without the native library, which is looked for at [libraryPath], else where
/// the environment's `SCRUBJAY_LIBRARY` says, else under the platform's name.
String version({String? libraryPath}) => Bindings.find(libraryPath).version();

/// Every stable code by kind: `statuses`, `violations`, `errors`, `actions`, `rules`, `reasons`.
///
/// Throws a `ScrubjayLoadException` as [version] does.
Map<String, List<String>> codes({String? libraryPath}) {
  final codes = jsonDecode(Bindings.find(libraryPath).codes()) as Map<String, Object?>;
  return codes.map((kind, words) => MapEntry(kind, (words as List<Object?>).cast<String>()));
}

/// The record kinds as JSON Schema documents (2020-12), by the kinds' names.
///
/// Throws a `ScrubjayLoadException` as [version] does.
Map<String, Object?> schemas({String? libraryPath}) =>
    jsonDecode(Bindings.find(libraryPath).schemas()) as Map<String, Object?>;

/// The metrics whose type and unit are fixed: maps of `name`, `type`, `unit` and `description`.
///
/// Throws a `ScrubjayLoadException` as [version] does.
List<Map<String, Object?>> metricsCatalog({String? libraryPath}) =>
    (jsonDecode(Bindings.find(libraryPath).metricsCatalog()) as List<Object?>).cast<Map<String, Object?>>();
