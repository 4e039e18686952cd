/// What `package:scrubjay` needs of Flutter: adapters without behaviour of their own.
library;

export 'src/lifecycle.dart' show ScrubjayLifecycle;
export 'src/listenable.dart' show TelemetryListenable;
export 'src/navigator_observer.dart' show ScrubjayNavigatorObserver;
