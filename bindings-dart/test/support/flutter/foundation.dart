/// The part of Flutter's foundation that `scrubjay_flutter` names, for machines without Flutter.
library;

/// Flutter's.
typedef VoidCallback = void Function();

/// Flutter's.
abstract class Listenable {
  /// Flutter's.
  const Listenable();

  /// Flutter's.
  void addListener(VoidCallback listener);

  /// Flutter's.
  void removeListener(VoidCallback listener);
}
