import 'package:flutter/foundation.dart';
import 'package:scrubjay/scrubjay.dart';

/// A [TelemetryConfig] for a `ListenableBuilder`: the switch in the settings shows what holds.
final class TelemetryListenable implements Listenable {
  /// Listens to [config].
  const TelemetryListenable(this.config);

  /// What is listened to.
  final TelemetryConfig config;

  @override
  void addListener(VoidCallback listener) => config.addListener(listener);

  @override
  void removeListener(VoidCallback listener) => config.removeListener(listener);
}
