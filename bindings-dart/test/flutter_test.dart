/// The adapters of scrubjay_flutter, on stand-ins of the Flutter classes that they name.
library;

import 'package:flutter/widgets.dart';
import 'package:scrubjay/scrubjay.dart';
import 'package:scrubjay_flutter/scrubjay_flutter.dart';
import 'package:test/test.dart';

final class Page extends Route<void> {
  Page(String? name) : super(settings: RouteSettings(name: name));
}

void main() {
  test('routes are tracked by the names in their settings, and those without one are not', () {
    final client = FakeClient();
    final observer = ScrubjayNavigatorObserver(client);
    final (home, page, dialog) = (Page('/'), Page('/document/:id'), Page(null));
    observer
      ..didPush(home, null)
      ..didPush(page, home)
      ..didPush(dialog, page)
      ..didPop(dialog, page)
      ..didReplace(newRoute: Page('/settings'), oldRoute: page)
      ..didRemove(home, null);
    expect(
      [for (final each in client.tracked) '${each['event']} ${(each['context']! as Map<String, Object?>)['route_name']}'],
      [
        'screen.opened /',
        'screen.opened /document/:id',
        'screen.closed /document/:id',
        'screen.opened /settings',
        'screen.closed /',
      ],
    );
  });

  test('every state of the lifecycle has its counterpart, and the background flushes', () async {
    final client = FakeClient()..track('app', 'before');
    final lifecycle = ScrubjayLifecycle(client);
    for (final state in [AppLifecycleState.resumed, AppLifecycleState.inactive]) {
      lifecycle.didChangeAppLifecycleState(state);
    }
    expect(client.stats()['pending'], 1);
    lifecycle.didChangeAppLifecycleState(AppLifecycleState.paused);
    await Future<void>.delayed(Duration.zero);
    expect((client.stats()['pending'], client.isShutDown), (0, false));
    for (final state in AppLifecycleState.values.reversed) {
      lifecycle.didChangeAppLifecycleState(state);
    }
    expect(client.isShutDown, true);
  });

  test('the configuration is a Listenable', () {
    final config = TelemetryConfig();
    final listenable = TelemetryListenable(config);
    var heard = 0;
    void listener() => heard += 1;
    listenable.addListener(listener);
    config.enabled = true;
    listenable.removeListener(listener);
    config.enabled = false;
    expect(heard, 1);
  });
}
