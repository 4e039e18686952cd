import 'dart:convert';
import 'dart:math';

import '../bindings.dart';
import '../exceptions.dart';
import 'telemetry_config.dart';

/// Checks of the switch for whatever collects: work that is done for telemetry alone stands behind them.
mixin TelemetryGuard {
  static final Random _random = Random();

  /// The switch.
  TelemetryConfig get telemetryConfig;

  /// What [body] returns, or `null` where telemetry is off; [body] is then not run.
  T? withTelemetry<T>(T Function() body) => telemetryConfig.enabled ? body() : null;

  /// Whether costly work for a record should be done at all; `false` where telemetry is off.
  ///
  /// With a [key], such as a session's id, the engine decides as it does for records of that session, in every runtime
  /// alike. Without one, chance does. What the engine is given it samples itself: this spares the host's work only.
  bool shouldSample([String? key]) {
    if (!telemetryConfig.enabled) return false;
    final rate = telemetryConfig.samplingRate;
    if (rate >= 1) return true;
    if (rate <= 0) return false;
    return key == null ? _random.nextDouble() < rate : _engineKeeps(key, rate);
  }

  static bool _engineKeeps(String key, double rate) {
    final config = jsonEncode({
      'sampling': {'rate': rate},
    });
    final record = jsonEncode({'session_id': key, 'channel': 'sample', 'event': 'sample'});
    try {
      final verdict = jsonDecode(Bindings.find().sample(config, record)) as Map<String, Object?>;
      return verdict['kept'] == true;
    } on ScrubjayLoadException {
      // Without an engine nothing is collected.
      return false;
    }
  }
}
