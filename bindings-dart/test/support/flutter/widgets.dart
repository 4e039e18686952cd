/// The part of Flutter's widgets that `scrubjay_flutter` names, for machines without Flutter.
library;

/// Flutter's.
enum AppLifecycleState {
  /// Flutter's.
  detached,

  /// Flutter's.
  resumed,

  /// Flutter's.
  inactive,

  /// Flutter's.
  hidden,

  /// Flutter's.
  paused,
}

/// Flutter's.
abstract mixin class WidgetsBindingObserver {
  /// Flutter's.
  void didChangeAppLifecycleState(AppLifecycleState state) {}
}

/// Flutter's.
class RouteSettings {
  /// Flutter's.
  const RouteSettings({this.name});

  /// Flutter's.
  final String? name;
}

/// Flutter's.
abstract class Route<T> {
  /// Flutter's.
  Route({RouteSettings? settings}) : settings = settings ?? const RouteSettings();

  /// Flutter's.
  final RouteSettings settings;
}

/// Flutter's.
class NavigatorObserver {
  /// Flutter's.
  void didPush(Route<dynamic> route, Route<dynamic>? previousRoute) {}

  /// Flutter's.
  void didPop(Route<dynamic> route, Route<dynamic>? previousRoute) {}

  /// Flutter's.
  void didRemove(Route<dynamic> route, Route<dynamic>? previousRoute) {}

  /// Flutter's.
  void didReplace({Route<dynamic>? newRoute, Route<dynamic>? oldRoute}) {}
}
