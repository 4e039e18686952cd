import 'dart:convert';

/// What became of a record.
enum Status {
  /// Valid; the record is scrubbed.
  accepted,

  /// Invalid; the violations say why. The record, where it could be read, is scrubbed all the same.
  rejected,

  /// Not processed to the end, and not kept.
  dropped,
}

/// One rule of the schema that a record broke.
final class Violation {
  /// A violation of [code] at [path].
  const Violation(this.path, this.code, this.message);

  /// JSON Pointer into the record.
  final String path;

  /// Stable code, one of `codes()['violations']`.
  final String code;

  /// What is expected; quotes no value.
  final String message;
}

/// One value that was replaced.
final class Redaction {
  /// A redaction by [rule] at [path].
  const Redaction(this.path, this.rule, this.action);

  /// JSON Pointer into the record, or empty for plain text.
  final String path;

  /// Stable name of the detector, one of `codes()['rules']`.
  final String rule;

  /// What was done, one of `codes()['actions']`.
  final String action;
}

/// What became of one record: a typed view of the engine's canonical JSON, which is read when somebody asks.
final class Outcome {
  /// An outcome from its parts; [canonical] is their JSON.
  Outcome({
    required Status status,
    String? id,
    List<Violation> violations = const [],
    List<Redaction> redactions = const [],
    Map<String, Object?>? record,
  }) : canonical = jsonEncode({
         'status': status.name,
         'id': id,
         'violations': [
           for (final each in violations) {'path': each.path, 'code': each.code, 'message': each.message},
         ],
         'redactions': [
           for (final each in redactions) {'path': each.path, 'rule': each.rule, 'action': each.action},
         ],
         'record': record,
       });

  /// Reads what the engine wrote.
  Outcome.parse(this.canonical);

  /// The exact text, the same bytes in every host for the same configuration and record.
  final String canonical;

  late final Map<String, Object?> _json = jsonDecode(canonical) as Map<String, Object?>;

  /// Whether the record was accepted.
  late final Status status = Status.values.byName(_json['status'] as String);

  /// The record's id, a UUID, or `null` where it has none.
  String? get id => _json['id'] as String?;

  /// Why it was rejected; empty otherwise.
  late final List<Violation> violations = _violations(_json);

  /// What was scrubbed.
  late final List<Redaction> redactions = _redactions(_json);

  /// The scrubbed record, or `null` where there was none to read.
  Map<String, Object?>? get record => _json['record'] as Map<String, Object?>?;

  @override
  String toString() => canonical;
}

/// What was decided about one kind of finding at one place.
final class Decision {
  /// A decision about a finding of [rule] at [path].
  const Decision(this.path, this.rule, this.action, this.reason);

  /// JSON Pointer into the record as it was written.
  final String path;

  /// Stable name of the rule, one of `codes()['rules']`; never the value.
  final String rule;

  /// What was done, one of `codes()['actions']`; `keep` where nothing was.
  final String action;

  /// Why, one of `codes()['reasons']`.
  final String reason;
}

/// Why scrubbing did what it did to one record.
final class Explanation {
  /// Reads what the engine wrote.
  factory Explanation.parse(String canonical) {
    final json = jsonDecode(canonical) as Map<String, Object?>;
    return Explanation._(Status.values.byName(json['status'] as String), _violations(json), [
      for (final each in _objects(json['decisions']))
        Decision(each['path']!, each['rule']!, each['action']!, each['reason']!),
    ], canonical);
  }

  Explanation._(this.status, this.violations, this.decisions, this.canonical);

  /// Whether the record was accepted.
  final Status status;

  /// Why it was rejected; empty otherwise.
  final List<Violation> violations;

  /// What was changed and what was kept, in document order.
  final List<Decision> decisions;

  /// The exact JSON of this answer.
  final String canonical;
}

/// Free text after scrubbing.
final class ScrubbedText {
  /// Reads what the engine wrote.
  factory ScrubbedText.parse(String canonical) {
    final json = jsonDecode(canonical) as Map<String, Object?>;
    return ScrubbedText._(json['text'] as String, _redactions(json), canonical);
  }

  ScrubbedText._(this.text, this.redactions, this.canonical);

  /// The text, clean.
  final String text;

  /// What was scrubbed.
  final List<Redaction> redactions;

  /// The exact JSON of this answer.
  final String canonical;
}

/// A JSON document after scrubbing.
final class ScrubbedJson {
  /// Reads what the engine wrote.
  factory ScrubbedJson.parse(String canonical) {
    final json = jsonDecode(canonical) as Map<String, Object?>;
    return ScrubbedJson._(json['json'], _violations(json), _redactions(json), canonical);
  }

  ScrubbedJson._(this.json, this.violations, this.redactions, this.canonical);

  /// The document, clean; `null` where it could not be read.
  final Object? json;

  /// Why the document could not be read; empty otherwise.
  final List<Violation> violations;

  /// What was scrubbed.
  final List<Redaction> redactions;

  /// The exact JSON of this answer.
  final String canonical;
}

List<Violation> _violations(Map<String, Object?> json) => [
  for (final each in _objects(json['violations'])) Violation(each['path']!, each['code']!, each['message']!),
];

List<Redaction> _redactions(Map<String, Object?> json) => [
  for (final each in _objects(json['redactions'])) Redaction(each['path']!, each['rule']!, each['action']!),
];

Iterable<Map<String, String>> _objects(Object? list) =>
    (list as List<Object?>).map((each) => (each as Map<String, Object?>).cast<String, String>());
