/// The C allocator, for the one struct that must exist before Rust can be called: the call status.
library;

import 'dart:ffi';
import 'dart:io' show Platform;

typedef _NativeAllocate = Pointer<Void> Function(IntPtr size);
typedef _DartAllocate = Pointer<Void> Function(int size);

// Windows' C runtime is not part of every process; the COM allocator is (package:ffi does the same).
final DynamicLibrary _library = Platform.isWindows ? DynamicLibrary.open('ole32.dll') : DynamicLibrary.process();

final _DartAllocate _allocate = _library.lookupFunction<_NativeAllocate, _DartAllocate>(
  Platform.isWindows ? 'CoTaskMemAlloc' : 'malloc',
);

/// Releases what [allocate] returned; a native function, so that a finalizer can call it at any time.
final Pointer<NativeFinalizerFunction> freePointer = _library.lookup<NativeFinalizerFunction>(
  Platform.isWindows ? 'CoTaskMemFree' : 'free',
);

/// [size] bytes, uninitialised.
Pointer<T> allocate<T extends NativeType>(int size) {
  final pointer = _allocate(size);
  if (pointer == nullptr) throw OutOfMemoryError();
  return pointer.cast();
}
