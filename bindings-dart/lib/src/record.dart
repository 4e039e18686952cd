/// Records as JSON. The engine judges them; nothing is checked here.
library;

import 'dart:convert';
import 'dart:typed_data';

/// A `telemetry_event_v1` record; what is `null` is left out, and the edge stamps id and time where absent.
Map<String, Object?> eventRecord(
  String channel,
  String event,
  Map<String, Object?> payload,
  String? userId,
  String? sessionId,
  Map<String, Object?>? context,
  DateTime? timestamp,
) => {
  if (timestamp != null) 'timestamp': timestamp,
  if (userId != null) 'user_id': userId,
  if (sessionId != null) 'session_id': sessionId,
  if (context != null) 'context': context,
  'channel': channel,
  'event': event,
  'payload': payload,
};

final JsonUtf8Encoder _encoder = JsonUtf8Encoder(null, toEncodable);

/// The UTF-8 JSON of any value, with the conversions that records get.
///
/// Throws a [JsonUnsupportedObjectError] for a value that JSON cannot say: a non-finite number, a cycle, or an
/// object without `toJson`.
Uint8List encodeJson(Object? value) {
  final bytes = _encoder.convert(value);
  return bytes is Uint8List ? bytes : Uint8List.fromList(bytes);
}

/// What JSON has no form for, as something that it has a form for; that is encoded in turn.
Object? toEncodable(Object? value) => switch (value) {
  // Records are stored in UTC, and a local time without an offset would be rejected.
  DateTime() => value.toUtc().toIso8601String(),
  Enum() => value.name,
  Uri() => value.toString(),
  Iterable<Object?>() => value.toList(),
  Map<Object?, Object?>() => value.map((key, item) => MapEntry(key is Enum ? key.name : '$key', item)),
  double() => throw JsonUnsupportedObjectError(null),
  // The convention of dart:convert.
  // ignore: avoid_dynamic_calls
  _ => (value as dynamic).toJson(),
};

/// [encodeJson] as text.
String encodeJsonText(Object? value) => utf8.decode(encodeJson(value));
