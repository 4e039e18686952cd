import 'otlp_exporter.dart';
import 'telemetry_config.dart';
import 'telemetry_guard.dart';

/// Counts what users do with the tools of an editor, and hands it on group of undo by group of undo.
///
/// Nothing of what they draw or write is taken: a tool's name, how often, how long.
final class ToolTelemetry with TelemetryGuard {
  /// Hands on to [exporter], as its configuration says.
  ToolTelemetry({required this.exporter}) : telemetryConfig = exporter.telemetryConfig {
    telemetryConfig.addListener(_heed);
  }

  /// The channel of its events; `client.purposes` and `sampling.channels` name it.
  static const String channel = 'tool';

  @override
  final TelemetryConfig telemetryConfig;

  /// Where figures are handed on.
  final OTLPExporter exporter;

  final Map<(String, String), _Uses> _uses = {};

  /// Uses that wait for a [flush].
  int get bufferedCount => _uses.values.fold(0, (sum, uses) => sum + uses.count);

  /// Takes one use of [tool], in the group [undoGroup] of what is undone together, which is a kind, such as `draw`.
  void recordOperation(String tool, {required Duration duration, String undoGroup = '', int events = 1}) {
    withTelemetry(() => (_uses[(tool, undoGroup)] ??= _Uses()).add(duration, events));
  }

  /// Hands on one event for each tool and group; returns how many.
  int flush() {
    var handedOn = 0;
    for (final MapEntry(key: (tool, undoGroup), value: uses) in _uses.entries) {
      final result = exporter.export(
        () => {
          'channel': channel,
          'event': 'undo_group.completed',
          'payload': {
            'tool': tool,
            if (undoGroup.isNotEmpty) 'undo_group': undoGroup,
            'operations': uses.count,
            'events': uses.events,
            'total_ms': uses.total.inMicroseconds / Duration.microsecondsPerMillisecond,
            'longest_ms': uses.longest.inMicroseconds / Duration.microsecondsPerMillisecond,
          },
        },
      );
      if (result == OTLPExportResult.queued || result == OTLPExportResult.uploadDisabled) handedOn += 1;
    }
    _uses.clear();
    return handedOn;
  }

  /// Hands on what there is, and listens no more.
  void dispose() {
    flush();
    telemetryConfig.removeListener(_heed);
  }

  void _heed() {
    if (!telemetryConfig.enabled) _uses.clear();
  }
}

final class _Uses {
  int count = 0;
  int events = 0;
  Duration total = Duration.zero;
  Duration longest = Duration.zero;

  void add(Duration duration, int more) {
    count += 1;
    events += more;
    total += duration;
    if (duration > longest) longest = duration;
  }
}
