import 'package:flutter/widgets.dart';
import 'package:scrubjay/scrubjay.dart';

/// Tracks the routes of a navigator by the names in their settings; a route without a name, such as a dialog, is not
/// tracked.
///
/// ```dart
/// MaterialApp(navigatorObservers: [ScrubjayNavigatorObserver(client)])
/// ```
class ScrubjayNavigatorObserver extends NavigatorObserver {
  /// Tracks with [client]. [nameOf] says otherwise what a route is called; its answer should be a pattern, such as
  /// `/document/:id`.
  ScrubjayNavigatorObserver(TelemetryClient client, {String? Function(Route<dynamic> route)? nameOf})
    : _tracker = RouteTracker(client),
      _nameOf = nameOf ?? ((route) => route.settings.name);

  final RouteTracker _tracker;
  final String? Function(Route<dynamic> route) _nameOf;

  @override
  void didPush(Route<dynamic> route, Route<dynamic>? previousRoute) {
    if (_nameOf(route) case final name?) _tracker.push(name);
  }

  @override
  void didPop(Route<dynamic> route, Route<dynamic>? previousRoute) {
    if (_nameOf(route) case final name?) _tracker.pop(name);
  }

  @override
  void didRemove(Route<dynamic> route, Route<dynamic>? previousRoute) {
    if (_nameOf(route) case final name?) _tracker.pop(name);
  }

  @override
  void didReplace({Route<dynamic>? newRoute, Route<dynamic>? oldRoute}) {
    if (newRoute == null) return;
    if (_nameOf(newRoute) case final name?) _tracker.replace(name);
  }
}
