import 'dart:convert';

import 'bindings.dart';

/// What a tracking plan, given as JSON text, holds: `version`, `unplanned`, `events`, `fields`, `pii`.
///
/// Throws a `ScrubjayException` (`config_invalid`, `config_unknown_key`) with the place in the plan where it cannot
/// be used, and a `ScrubjayLoadException` without the native library.
Map<String, Object?> planCheck(String plan, {String? libraryPath}) =>
    jsonDecode(Bindings.find(libraryPath).planCheck(plan)) as Map<String, Object?>;

/// What a change of a tracking plan means for who follows the old one: `old_version`, `new_version`, `breaking` and
/// the `changes`, each with `path`, `kind`, `breaking` and `reason`.
///
/// Throws as [planCheck] does; the place begins with `/old` or `/new`.
Map<String, Object?> planDiff(String old, String next, {String? libraryPath}) =>
    jsonDecode(Bindings.find(libraryPath).planDiff(old, next)) as Map<String, Object?>;
