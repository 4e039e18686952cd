import 'dart:math';

/// A new UUID of version 7 (RFC 9562): the time in milliseconds, then random bits. A record that has it as its id is
/// recognised when it is sent again, and found by it.
String newCorrelationId() {
  final random = Random.secure();
  // 62 of 64 and 12 of 16 random bits; the others say version 7 and RFC 9562's variant.
  final a = 0x7000 | random.nextInt(1 << 12);
  final b = 0x8000 | random.nextInt(1 << 14);
  final c = _hex(random.nextInt(1 << 24), 6) + _hex(random.nextInt(1 << 24), 6);
  final time = _hex(DateTime.now().millisecondsSinceEpoch, 12);
  return '${time.substring(0, 8)}-${time.substring(8)}-${_hex(a, 4)}-${_hex(b, 4)}-$c';
}

String _hex(int value, int digits) => value.toRadixString(16).padLeft(digits, '0');
