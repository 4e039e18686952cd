/// What a bad call did wrong; the same code, path and message in every host.
///
/// A bad record is never an exception: it is an `Outcome` with violations. No message quotes a user's value.
final class ScrubjayException implements Exception {
  /// An error as the engine reports it.
  const ScrubjayException(this.code, this.path, this.message);

  /// Stable code, one of `codes()['errors']`.
  final String code;

  /// JSON Pointer into the configuration or argument, or empty.
  final String path;

  /// What is wrong and how to mend it.
  final String message;

  @override
  String toString() => path.isEmpty ? '$code: $message' : '$code at $path: $message';
}

/// The native library is missing, of another platform, or not the one this package was written for.
final class ScrubjayLoadException implements Exception {
  /// A failed load on [platform].
  const ScrubjayLoadException(this.platform, this.message);

  /// Operating system and architecture the library is needed for, such as `linux_x64`.
  final String platform;

  /// What was tried, why it failed and what to do.
  final String message;

  @override
  String toString() => 'scrubjay cannot load its native library on $platform: $message';
}
