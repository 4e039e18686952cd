import '../telemetry_client.dart';

/// Tracks which screens are opened and for how long; what calls it knows the user interface.
///
/// A route has a pattern for a name, such as `/document/:id`, never what stands in its place.
final class RouteTracker {
  /// Tracks with [client] in [channel].
  RouteTracker(this.client, {this.channel = 'navigation'});

  /// The client that tracks.
  final TelemetryClient client;

  /// The channel of its events.
  final String channel;

  final List<(String, Stopwatch)> _open = [];

  /// The name of the route in front.
  String? get current => _open.isEmpty ? null : _open.last.$1;

  /// A route was opened on top of the others.
  void push(String name) {
    final from = current;
    _pause();
    _open.add((name, Stopwatch()..start()));
    _opened(name, from);
  }

  /// The route in front was closed, or the topmost of this [name].
  void pop([String? name]) {
    final at = name == null ? _open.length - 1 : _open.lastIndexWhere((route) => route.$1 == name);
    if (at < 0) return;
    final wasInFront = at == _open.length - 1;
    _closed(_open.removeAt(at));
    if (wasInFront && _open.isNotEmpty) _open.last.$2.start();
  }

  /// The route in front gave way to another.
  void replace(String name) {
    final from = current;
    if (_open.isNotEmpty) _closed(_open.removeLast());
    _open.add((name, Stopwatch()..start()));
    _opened(name, from);
  }

  void _pause() {
    if (_open.isNotEmpty) _open.last.$2.stop();
  }

  void _opened(String name, String? from) => client.track(
    channel,
    'screen.opened',
    payload: {if (from != null) 'from': from},
    context: {'route_name': name},
  );

  void _closed((String, Stopwatch) route) => client.track(
    channel,
    'screen.closed',
    payload: {'visible_ms': route.$2.elapsedMilliseconds},
    context: {'route_name': route.$1},
  );
}
