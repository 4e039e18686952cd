/// How a call crosses into the native library: arguments lowered, its status checked, its result lifted.
library;

import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'abi.dart';
import 'exceptions.dart';
import 'memory.dart' as memory;

/// What all calls into one library share: its buffers, and the status of the call that is being made.
final class Calls implements Finalizable {
  /// The calls of a verified [library].
  Calls(this.library)
    : _alloc = library.lookupFunction<NativeAlloc, DartAlloc>('ffi_${namespace}_rustbuffer_alloc'),
      _free = library.lookupFunction<NativeFree, DartFree>('ffi_${namespace}_rustbuffer_free'),
      status = memory.allocate(sizeOf<RustCallStatus>()) {
    _finalizer.attach(this, status.cast());
  }

  static final NativeFinalizer _finalizer = NativeFinalizer(memory.freePointer);

  /// Where symbols are looked up.
  final DynamicLibrary library;

  final DartAlloc _alloc;
  final DartFree _free;

  /// Where a call writes its status. One for all: an isolate runs one call at a time, and none calls back into Dart.
  final StatusPointer status;

  /// Runs [invoke] with a fresh status and throws what it reports.
  T run<T>(T Function() invoke) {
    final status = this.status.ref;
    status.code = callSuccess;
    status.errorBuf
      ..capacity = 0
      ..len = 0
      ..data = nullptr;
    final result = invoke();
    if (status.code != callSuccess) throwFailure(status.code, take(status.errorBuf));
    return result;
  }

  /// [run] of a call that returns text.
  String text(RustBuffer Function() invoke) => utf8.decode(take(run(invoke)));

  /// Text, in the form of an argument: its bare UTF-8 bytes.
  RustBuffer lowerText(String text) => lowerUtf8(utf8.encode(text));

  /// [lowerText] of text that is UTF-8 already.
  RustBuffer lowerUtf8(Uint8List text) {
    final buffer = run(() => _alloc(text.length, status));
    buffer.data.asTypedList(text.length).setAll(0, text);
    return buffer;
  }

  /// Bytes, in the form of an argument: behind their count, a big-endian 32-bit integer.
  RustBuffer lowerBytes(Uint8List bytes) {
    final buffer = run(() => _alloc(_countSize + bytes.length, status));
    final target = buffer.data.asTypedList(_countSize + bytes.length);
    ByteData.sublistView(target).setInt32(0, bytes.length);
    target.setAll(_countSize, bytes);
    return buffer;
  }

  /// Text that may be absent, in the form of an argument: a presence byte, then as [lowerBytes] has it.
  RustBuffer lowerOptionalText(String? text) {
    final bytes = text == null ? null : utf8.encode(text);
    final size = bytes == null ? 1 : 1 + _countSize + bytes.length;
    final buffer = run(() => _alloc(size, status));
    final target = buffer.data.asTypedList(size);
    target[0] = bytes == null ? 0 : 1;
    if (bytes != null) {
      ByteData.sublistView(target).setInt32(1, bytes.length);
      target.setAll(1 + _countSize, bytes);
    }
    return buffer;
  }

  /// Copies a buffer that Rust gave away, then frees it.
  Uint8List take(RustBuffer buffer) {
    if (buffer.data == nullptr) return Uint8List(0);
    final bytes = Uint8List.fromList(buffer.data.asTypedList(buffer.len));
    _free(buffer, status);
    return bytes;
  }
}

/// Life and death of the objects of one kind.
///
/// Handles are plain integers and one handle is one owner. A method call consumes the handle it is passed, so each call
/// passes a [clone]; the owner's handle stays good until [release].
base class ObjectCalls {
  /// The functions that UniFFI exports for [name], such as `engine`.
  ObjectCalls(this.calls, String name)
    : _new = calls.library.lookupFunction<NativeNew, DartNew>('uniffi_${namespace}_fn_constructor_${name}_new'),
      _clone = calls.library.lookupFunction<NativeClone, DartClone>('uniffi_${namespace}_fn_clone_$name'),
      _release = calls.library.lookupFunction<NativeRelease, DartRelease>('uniffi_${namespace}_fn_free_$name');

  /// How calls cross.
  final Calls calls;

  final DartNew _new;
  final DartClone _clone;
  final DartRelease _release;

  /// A new object from its configuration, which is JSON; the caller owns the handle.
  int create(String config) {
    final argument = calls.lowerText(config);
    return calls.run(() => _new(argument, calls.status));
  }

  /// A further owner of the object behind [handle].
  int clone(int handle) => calls.run(() => _clone(handle, calls.status));

  /// Gives up the ownership that [handle] stands for.
  void release(int handle) => calls.run(() => _release(handle, calls.status));
}

/// The symbol of a function.
String functionSymbol(String name) => 'uniffi_${namespace}_fn_func_$name';

/// The symbol of a method, such as `engine_process`.
String methodSymbol(String name) => 'uniffi_${namespace}_fn_method_$name';

/// The status of a call that was contained, where it has none of its own.
const int callPanicked = 2;

/// Size in bytes of a count inside a buffer.
const int _countSize = 4;

/// Throws the error in [lowered]: the variant's number, then code, path and message.
Never throwFailure(int code, Uint8List lowered) {
  if (code != callError) {
    // The message of a panic may quote a value, so it goes no further.
    throw const ScrubjayException('internal', '', 'a defect in the binding was contained; the call had no effect');
  }
  final data = ByteData.sublistView(lowered);
  var offset = _countSize;
  String next() {
    final start = offset + _countSize;
    offset = start + data.getInt32(offset);
    return utf8.decode(Uint8List.sublistView(lowered, start, offset));
  }

  throw ScrubjayException(next(), next(), next());
}
