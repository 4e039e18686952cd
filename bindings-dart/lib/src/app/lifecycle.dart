import 'dart:async';

import '../telemetry_client.dart';

/// Where an application is in its life; the names are Flutter's.
enum AppLifecycle {
  /// In front, and used.
  resumed,

  /// In front, and covered.
  inactive,

  /// Not to be seen.
  hidden,

  /// In the background; it may be ended at any time, without a word.
  paused,

  /// About to end.
  detached,
}

/// Sends what waits before the system may end the application.
final class LifecycleFlush {
  /// Flushes [client] when told of a change.
  LifecycleFlush(this.client, {this.timeout = const Duration(seconds: 3)});

  /// The client that is flushed.
  final TelemetryClient client;

  /// How long a flush may take: systems grant a few seconds in the background.
  final Duration timeout;

  Future<bool>? _running;

  /// To be called with each change. Completes when what has to be done for it is done: a flush where the application goes
  /// to the background, and the end of the client where it ends.
  Future<bool> didChange(AppLifecycle state) {
    switch (state) {
      case AppLifecycle.hidden || AppLifecycle.paused:
        // Both come in a row; one flush serves both.
        return _running ??= client.flush(timeout: timeout).whenComplete(() => _running = null);
      case AppLifecycle.detached:
        return client.shutdown();
      case AppLifecycle.resumed || AppLifecycle.inactive:
        return Future.value(true);
    }
  }
}
