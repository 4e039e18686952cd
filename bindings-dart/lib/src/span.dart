import 'dart:async';
import 'dart:convert';

import 'bindings.dart';
import 'telemetry_client.dart';

/// A span's side of a call; OpenTelemetry's names.
enum SpanKind {
  /// Inside one program.
  internal,

  /// Answers a request.
  server,

  /// Makes a request.
  client,

  /// Hands something over to be done later.
  producer,

  /// Does what was handed over.
  consumer,
}

/// One operation of a trace, while it goes on. Made by [TelemetrySpans.span].
final class Span {
  Span._(this.name, this.kind, this.traceparent, this._parentSpanId, this._start);

  static final Object _key = Object();

  /// The span that the running code belongs to: its zone's.
  static Span? get current => Zone.current[_key] as Span?;

  /// What is done.
  final String name;

  /// The span's side of a call.
  final SpanKind kind;

  /// The W3C header that continues this span elsewhere: `00-TRACE-SPAN-FLAGS`. `null` where spans are not recorded.
  final String? traceparent;

  final String? _parentSpanId;
  final DateTime _start;
  final Stopwatch _watch = Stopwatch()..start();
  final Map<String, Object?> _attributes = {};
  final List<Map<String, Object?>> _events = [];
  String? _code;
  String? _message;

  /// 32 hex digits, or `null` where spans are not recorded.
  late final String? traceId = traceparent?.substring(_traceStart, _traceEnd);

  /// 16 hex digits, or `null` where spans are not recorded.
  late final String? spanId = traceparent?.substring(_spanStart, _spanEnd);

  /// Says something about the operation.
  void setAttribute(String name, Object? value) => _attributes[name] = value;

  /// Says that something happened meanwhile.
  void addEvent(String name, {Map<String, Object?> attributes = const {}}) {
    _events.add({'time_unix_nano': _nanos(_now), 'name': name, if (attributes.isNotEmpty) 'attributes': attributes});
  }

  /// Says that it failed; what is thrown out of the span is recorded by itself.
  ///
  /// The error's text is scrubbed like everything else.
  void recordException(Object error, [StackTrace? trace]) {
    _code = 'error';
    _message = _textOf(error);
    addEvent(
      'exception',
      attributes: {
        'exception.type': '${error.runtimeType}',
        'exception.message': _message,
        if (trace != null) 'exception.stacktrace': '$trace',
      },
    );
  }

  /// Says that it succeeded, whatever was recorded before.
  void setOk() {
    _code = 'ok';
    _message = null;
  }

  // By the monotonic clock, so that no span ends before it began.
  DateTime get _now => _start.add(_watch.elapsed);

  static String _nanos(DateTime time) => '${time.microsecondsSinceEpoch}000';

  // An error's own toString may throw, and must not hide the error.
  static String _textOf(Object error) {
    try {
      return '$error';
    } catch (_) {
      return '${error.runtimeType}';
    }
  }

  void _end(TelemetryClient client) {
    final header = traceparent;
    if (header == null || !_watch.isRunning) return;
    final end = _now;
    _watch.stop();
    client.trackRecord({
      'schema': 'telemetry_span_v1',
      'trace_id': traceId,
      'span_id': spanId,
      if (_parentSpanId != null) 'parent_span_id': _parentSpanId,
      'name': name,
      'kind': kind.name,
      'start_time_unix_nano': _nanos(_start),
      'end_time_unix_nano': _nanos(end),
      'flags': int.parse(header.substring(_spanEnd + 1), radix: 16),
      if (_attributes.isNotEmpty) 'attributes': _attributes,
      if (_events.isNotEmpty) 'events': _events,
      if (_code != null) 'status': {'code': _code, if (_message != null) 'message': _message},
    });
  }
}

// Places in a header of version 00, which is what `newTraceparent` returns.
const int _traceStart = 3;
const int _traceEnd = 35;
const int _spanStart = 36;
const int _spanEnd = 52;

/// Spans: what belongs together, and how long it took.
extension TelemetrySpans on TelemetryClient {
  /// Runs [body] as one operation of a trace, and returns what it returns; a future is waited for.
  ///
  /// The span is the current one in everything that [body] starts, also after an `await`: records tracked there name it,
  /// and spans begun there are below it. [traceparent], the header of an incoming request, continues the caller's trace.
  /// An error goes through, and is recorded.
  T span<T>(
    String name,
    T Function(Span span) body, {
    SpanKind kind = SpanKind.internal,
    Map<String, Object?> attributes = const {},
    String? traceparent,
  }) {
    final parent = traceparent ?? Span.current?.traceparent ?? '';
    final header = newTraceparent(parent);
    // Whoever names a valid parent gets a span of its trace, and nobody gets one by chance.
    final isChild = header != null && parent.length > _spanEnd && header.startsWith(parent.substring(0, _traceEnd));
    final parentSpanId = isChild ? parent.substring(_spanStart, _spanEnd) : null;
    final span = Span._(name, kind, header, parentSpanId, DateTime.now()).._attributes.addAll(attributes);
    final T result;
    try {
      result = runZoned(() => body(span), zoneValues: {Span._key: span});
    } catch (error, trace) {
      span
        ..recordException(error, trace)
        .._end(this);
      rethrow;
    }
    if (result is! Future<Object?>) {
      span._end(this);
      return result;
    }
    // Its errors are passed on, so that one which nobody handles is still reported as such.
    final ended = result
        .catchError((Object error, StackTrace trace) {
          span.recordException(error, trace);
          Error.throwWithStackTrace(error, trace);
        })
        .whenComplete(() => span._end(this));
    // A host's own kind of future has to stay what it is.
    return ended is T ? ended as T : result;
  }
}

/// [context] with the current span in it, unless it names one.
Map<String, Object?>? inSpan(Map<String, Object?>? context) {
  final span = Span.current;
  if (span?.traceparent == null) return context;
  return {'trace_id': span!.traceId, 'span_id': span.spanId, ...?context};
}

/// [record] with the current span in its context, unless it names one; spans and metrics are what they are.
Map<String, Object?> recordInSpan(Map<String, Object?> record) {
  if (Span.current?.traceparent == null) return record;
  final context = record['context'];
  final isFitting = switch (record['schema']) {
    'telemetry_span_v1' || 'telemetry_metric_v1' => false,
    _ => context is Map<String, Object?>?,
  };
  return isFitting ? {...record, 'context': inSpan(context as Map<String, Object?>?)} : record;
}

/// A `traceparent` header as `trace_id`, `span_id` and `flags`, or `null` where it is none.
///
/// Throws a `ScrubjayLoadException` without the native library.
Map<String, Object?>? readTraceparent(String header, {String? libraryPath}) =>
    jsonDecode(Bindings.find(libraryPath).readTraceparent(header)) as Map<String, Object?>?;
