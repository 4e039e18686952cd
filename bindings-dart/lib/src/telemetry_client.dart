import 'consent.dart';
import 'metrics.dart';
import 'outcome.dart';

/// What an application calls: the real client, the silent one and the recording one alike.
///
/// Depend on this type and pass the client in; `Client`, `NoOpClient` and `FakeClient` implement it. Spans, counters and
/// timers are extensions on it: `TelemetrySpans` and `TelemetryMetrics`.
abstract interface class TelemetryClient {
  /// How long [flush] waits where nothing else is said: one flush interval.
  static const Duration flushTimeout = Duration(seconds: 5);

  /// How long [shutdown] waits where nothing else is said: no user should notice it.
  static const Duration shutdownTimeout = Duration(seconds: 1);

  /// Captures one event; it is validated, scrubbed and delivered in the background.
  ///
  /// [payload] and [context] are JSON values, and besides them `DateTime` (written in UTC), enums (their names),
  /// `Uri` and any object with a `toJson`. Without a [timestamp] the time of the call is stamped. Inside a span, the
  /// event's context names it.
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

  /// As [track], but in durable mode, in which [track] waits for the disk, the isolate goes on meanwhile.
  ///
  /// Completes with what [track] would return; those that wait at the same time share one sync. A client that is closed
  /// before completes it with `false`, although the record may be kept.
  Future<bool> trackAsync(
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

  /// [track] of a whole record of any kind, told apart by its member `schema`; see `schemas()`.
  bool trackRecord(Map<String, Object?> record);

  /// [trackChecked] of a whole record of any kind.
  Outcome trackRecordChecked(Map<String, Object?> record);

  /// Adds one measurement to the metric [name]. What was added up becomes records once an interval, at a [flush] and at
  /// the end. Never blocks and never throws.
  ///
  /// Returns whether it was added: `false` where telemetry is off, and for what is no measurement, such as a falling
  /// counter, a name that is another kind's, or a number that is none.
  bool measure(
    String name,
    num value, {
    required MetricType type,
    String? unit,
    Map<String, Object?> attributes,
  });

  /// What the next requests would carry, byte for byte: maps of `to`, `headers`, `records`, `body`, `body_encoding` and
  /// `bytes`. Nothing is sent, and nothing leaves the queue.
  List<Map<String, Object?>> preview();

  /// The W3C `traceparent` of a new span below [parent], or, where that is none, the root of a new trace. `null` where
  /// spans are not recorded.
  String? newTraceparent(String parent);

  /// Completes with `true` when everything captured before the call was delivered or finally dropped, with
  /// `false` when [timeout] passed first. The isolate goes on meanwhile.
  Future<bool> flush({Duration timeout});

  /// Delivers what it can within [timeout], then stops for good; afterwards [track] returns `false`.
  ///
  /// May be called again. Completes with `true` when nothing was left undelivered.
  Future<bool> shutdown({Duration timeout});

  /// Gives the client up without waiting. May be called again.
  void close();

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

  /// Asks the collector to delete everything that it has of a user, and completes when the wish is on disk: it is tried in
  /// the background until the collector has confirmed it, over restarts and also after an [optOut].
  ///
  /// [userId] is the user's as it was tracked, and [tenantId] that of their records, if any; [source] says where they
  /// asked. The collector lets keys with the role `privacy_officer` or `admin` delete; `status()['deletions']` says what
  /// waits, and why. Fails with a `ScrubjayException`: `argument_invalid` for who cannot be found, `config_invalid` without
  /// a collector, `consent_unavailable` where the wish cannot be kept.
  Future<void> requestDeletion({required String userId, String? tenantId, required String source});

  /// Takes another configuration; what is queued stays, unless it turns collection off: then it is forgotten before this
  /// returns. Returns the keys that changed, each as `{'key': …, 'source': …}`.
  ///
  /// Throws a `ScrubjayException` for a wrong one, and then nothing changes.
  List<Object?> reconfigure(Map<String, Object?> config);

  /// Each change of consent or configuration, by this process or another, within a second; looks while there is a
  /// listener.
  Stream<Map<String, Object?>> get changes;

  /// What holds and who decided it: `enabled`, `disabled_by`, `upload_enabled`, `consent`, and `values`, which names the
  /// source of every key; secrets are not shown.
  Map<String, Object?> status();

  /// Every change of the user's consent there was, from the audit trail.
  List<Object?> consentHistory();

  /// Checks the audit trail: `entries`, `head`, and `broken_at`, the first entry that is not as it was written.
  Map<String, Object?> consentVerify();

  /// The ledger: `accepted` = `delivered` + `pending` + the sum of `dropped`, with reasons; further
  /// `enabled`, `disabled_by`, `not_captured`, `violations`, `redactions`, `requests`, `retries`, `last_error`, `spooled`,
  /// `recovered`, `spool_error`.
  Map<String, Object?> stats();
}
