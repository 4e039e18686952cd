import 'package:flutter/widgets.dart';
import 'package:scrubjay/scrubjay.dart';

/// Sends what waits when the application goes to the background, where the system may end it.
///
/// ```dart
/// WidgetsBinding.instance.addObserver(ScrubjayLifecycle(client));
/// ```
final class ScrubjayLifecycle with WidgetsBindingObserver {
  /// Flushes [client].
  ScrubjayLifecycle(TelemetryClient client) : _flush = LifecycleFlush(client);

  final LifecycleFlush _flush;

  @override
  void didChangeAppLifecycleState(AppLifecycleState state) {
    // The names are the same.
    _flush.didChange(AppLifecycle.values.byName(state.name)).ignore();
  }
}
