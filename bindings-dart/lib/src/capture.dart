/// Writes records in the engine's compact form, value by value, into native memory: no text, no copy on the way.
///
/// `core/src/capture.rs` has the form. What a value means is what [encodeJson] makes of it; the tests compare both.
library;

import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'memory.dart' as memory;
import 'record.dart';

/// Bytes of one record beyond which the engine need not look at it; `MAX_CAPTURED_BYTES` of the engine.
const int _maxBytes = 3 * (64 << 10);

/// Levels that are walked, one more than a record may have: so a cycle is a record that is too deep.
const int _maxLevels = 17;

/// Characters of a string that is copied one by one, without asking for its encoding first.
const int _shortText = 127;

/// Room behind the last check: a number, or a short string.
const int _margin = 256;

const int _null = 0x80;
const int _false = 0x81;
const int _true = 0x82;
const int _int4 = 0x83;
const int _int8 = 0x84;
const int _number = 0x86;
const int _text1 = 0x87;
const int _text4 = 0x88;
const int _json = 0x89;
const int _object = 0x8a;
const int _array = 0x8b;
const int _end = 0x8c;

/// The record that is being written is larger than any may be.
final class RecordTooLarge implements Exception {
  /// The only kind there is.
  const RecordTooLarge();
}

/// One record at a time, in memory that is kept for the next.
final class CaptureBuffer implements Finalizable {
  /// Memory for one record; resident only as far as records reached.
  CaptureBuffer() : pointer = memory.allocate(_maxBytes + _margin) {
    _finalizer.attach(this, pointer.cast());
    _bytes = pointer.asTypedList(_maxBytes + _margin);
    _view = ByteData.sublistView(_bytes);
  }

  static final NativeFinalizer _finalizer = NativeFinalizer(memory.freePointer);

  /// Where the record stands.
  final Pointer<Uint8> pointer;

  late final Uint8List _bytes;
  late final ByteData _view;
  int _at = 0;
  int _level = 0;

  /// Whether a record is being written: a host's `toJson` may track another.
  bool get isBusy => _level != 0;

  /// A copy of the record, for tests.
  Uint8List get written => Uint8List.fromList(Uint8List.sublistView(_bytes, 0, _at));

  /// Writes an event and returns its length in bytes; the same members as [eventRecord], in the same order.
  ///
  /// Throws what a host's `toJson` throws, a [JsonUnsupportedObjectError] for what JSON cannot say, and
  /// [RecordTooLarge].
  int event(
    String channel,
    String event,
    Map<String, Object?> payload,
    String? userId,
    String? sessionId,
    Map<String, Object?>? context,
    DateTime? timestamp,
  ) {
    _begin();
    try {
      if (timestamp != null) _member('timestamp', timestamp);
      if (userId != null) _member('user_id', userId);
      if (sessionId != null) _member('session_id', sessionId);
      if (context != null) _member('context', context);
      _member('channel', channel);
      _member('event', event);
      _member('payload', payload);
    } finally {
      _level = 0;
    }
    _bytes[_at++] = _end;
    return _at;
  }

  /// Writes a record of any kind and returns its length in bytes. Throws as [event] does.
  int record(Map<String, Object?> record) {
    _begin();
    try {
      record.forEach(_member);
    } finally {
      _level = 0;
    }
    _bytes[_at++] = _end;
    return _at;
  }

  void _begin() {
    _level = 1;
    _at = 0;
    _bytes[_at++] = _object;
  }

  // One closure for all objects: a tear-off at each call would be an allocation.
  late final void Function(String, Object?) _member = (name, value) {
    _text(name);
    _value(value);
  };

  void _value(Object? value) {
    if (_at > _maxBytes) throw const RecordTooLarge();
    switch (value) {
      case final String text:
        _text(text);
      case final int number:
        _integer(number);
      case final double number:
        _double(number);
      case null:
        _bytes[_at++] = _null;
      case final bool flag:
        _bytes[_at++] = flag ? _true : _false;
      case final Map<String, Object?> map:
        _bytes[_at++] = _object;
        if (_level < _maxLevels) {
          _level += 1;
          map.forEach(_member);
          _level -= 1;
        }
        _bytes[_at++] = _end;
      case final List<Object?> list:
        _bytes[_at++] = _array;
        if (_level < _maxLevels) {
          _level += 1;
          for (var i = 0; i < list.length; i++) {
            _value(list[i]);
          }
          _level -= 1;
        }
        _bytes[_at++] = _end;
      default:
        _foreign(value);
    }
  }

  /// What JSON has no form for, turned into what it has.
  void _foreign(Object value) {
    final Object? encodable;
    try {
      encodable = toEncodable(value);
    } catch (error) {
      if (error is JsonUnsupportedObjectError) rethrow;
      throw JsonUnsupportedObjectError(value, cause: error);
    }
    // As dart:convert, which takes the first answer or none: a toJson that returns another object without end ends here.
    if (!_isEncodable(encodable)) throw JsonUnsupportedObjectError(value);
    _value(encodable);
  }

  static bool _isEncodable(Object? value) =>
      value == null ||
      value is String ||
      value is bool ||
      value is num ||
      value is List<Object?> ||
      value is Map<String, Object?>;

  void _integer(int value) {
    final bytes = _bytes;
    if (value >= 0 && value < 0x80) {
      bytes[_at++] = value;
    } else if (value >= -0x80000000 && value <= 0x7fffffff) {
      bytes[_at] = _int4;
      _view.setInt32(_at + 1, value, Endian.little);
      _at += 5;
    } else {
      bytes[_at] = _int8;
      _view.setInt64(_at + 1, value, Endian.little);
      _at += 9;
    }
  }

  void _double(double value) {
    if (!value.isFinite) throw JsonUnsupportedObjectError(value);
    // Dart writes a whole number with its point, 60.0, where ECMAScript has none; all others alike.
    if (value == value.truncateToDouble()) return _bytesOf(_json, '$value');
    _bytes[_at] = _number;
    _view.setFloat64(_at + 1, value, Endian.little);
    _at += 9;
  }

  void _text(String text) {
    final length = text.length;
    if (_at > _maxBytes) throw const RecordTooLarge();
    if (length > _shortText) return _long(text);
    final bytes = _bytes;
    var at = _at;
    bytes[at++] = _text1;
    bytes[at++] = length;
    for (var i = 0; i < length; i++) {
      final unit = text.codeUnitAt(i);
      if (unit > 0x7f) return _long(text);
      bytes[at++] = unit;
    }
    _at = at;
  }

  void _long(String text) {
    // Half of a surrogate pair has an escape in JSON, and no bytes of its own.
    if (_hasHalfPair(text)) return _bytesOf(_json, jsonEncode(text));
    _bytesOf(_text4, text);
  }

  void _bytesOf(int tag, String text) {
    final encoded = utf8.encode(text);
    if (_at + encoded.length > _maxBytes) throw const RecordTooLarge();
    _bytes[_at] = tag;
    _view.setUint32(_at + 1, encoded.length, Endian.little);
    _bytes.setAll(_at + 5, encoded);
    _at += 5 + encoded.length;
  }
}

bool _hasHalfPair(String text) {
  for (var i = 0; i < text.length; i++) {
    final unit = text.codeUnitAt(i) & 0xfc00;
    if (unit == 0xdc00) return true;
    if (unit != 0xd800) continue;
    i += 1;
    if (i == text.length || text.codeUnitAt(i) & 0xfc00 != 0xdc00) return true;
  }
  return false;
}
