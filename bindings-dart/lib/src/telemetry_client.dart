import 'consent.dart';
import 'outcome.dart';

/// What an application calls: the real client, the silent one and the recording one alike.
///
/// Depend on this type and pass the client in; `Client`, `NoOpClient` and `FakeClient` implement it.
abstract interface class TelemetryClient {
  /// How long [flush] waits where nothing else is said: one flush interval.
  static const Duration flushTimeout = Duration(seconds: 5);

  /// How long [shutdown] waits where nothing else is said: no user should notice it.
  static const Duration shutdownTimeout = Duration(seconds: 1);

  /// Captures one event; it is validated, scrubbed and delivered in the background.
  ///
  /// [payload] and [context] are JSON values, and besides them `DateTime` (written in UTC), enums (their names),
  /// `Uri` and any object with a `toJson`. Without a [timestamp] the time of the call is stamped.
  ///
  /// Returns whether the event was captured; `false` where telemetry is off or the client was shut down. Never
  /// blocks and never throws: what becomes of an event is counted in [stats].
  bool track(
    String channel,
    String event, {
    Map<String, Object?> payload,
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  });

  /// As [track], but validates and scrubs at once and returns the outcome; queues the event if it is accepted.
  ///
  /// For tests and debug builds. Throws a `ScrubjayException` after the client was closed, and a
  /// `JsonUnsupportedObjectError` for a value that JSON cannot say.
  Outcome trackChecked(
    String channel,
    String event, {
    Map<String, Object?> payload,
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  });

  /// Completes with `true` when everything captured before the call was delivered or finally dropped, with
  /// `false` when [timeout] passed first. The isolate goes on meanwhile.
  Future<bool> flush({Duration timeout});

  /// Delivers what it can within [timeout], then stops for good; afterwards [track] returns `false`.
  ///
  /// May be called again. Completes with `true` when nothing was left undelivered.
  Future<bool> shutdown({Duration timeout});

  /// Records that the user agrees to [purposes], and completes with whether collection is on then.
  ///
  /// [source] says where they agreed, such as `settings`; [noticeVersion] is that of the privacy notice they saw, by
  /// default the configured one. Fails with a `ScrubjayException` (`consent_unavailable`) where it cannot be kept.
  Future<bool> optIn({required String source, Set<Purpose> purposes, String? noticeVersion});

  /// Records that the user no longer agrees to [purposes]; completes when what was captured is erased from memory and
  /// disk and nothing more will be sent.
  ///
  /// Fails with a `ScrubjayException` (`consent_unavailable`) where it cannot be kept; the client is silent even then,
  /// if all purposes were meant.
  Future<void> optOut({required String source, Set<Purpose> purposes});

  /// The ledger: `accepted` = `delivered` + `pending` + the sum of `dropped`, with reasons; further
  /// `enabled`, `disabled_by`, `not_captured`, `violations`, `redactions`, `requests`, `retries`, `last_error`, `spooled`,
  /// `recovered`, `spool_error`.
  Map<String, Object?> stats();
}
