/// The shape of the C ABI that UniFFI =0.32.2 exports for `src/lib.rs`: types, names, versions. No behaviour.
library;

import 'dart:ffi';

/// UniFFI's own calling convention; raised by it when the structs or rules below change.
const int contractVersion = 30;

/// What every exported symbol's name carries: the Rust library's name.
const String namespace = 'uniffi_scrubjay';

/// UniFFI's hash of each signature and its documentation. `tool/checksums.py` rewrites this table from a built
/// library, after a deliberate change of `src/lib.rs`.
const Map<String, int> checksums = {
  'constructor_client_new': 6181,
  'constructor_engine_new': 20589,
  'func_codes': 58554,
  'func_doctor': 31778,
  'func_fail_for_test': 1339,
  'func_hide_panic_messages': 118,
  'func_metrics_catalog': 15148,
  'func_new_traceparent': 51226,
  'func_panic_for_test': 51861,
  'func_plan_check': 38010,
  'func_plan_diff': 28244,
  'func_profile': 58948,
  'func_read_traceparent': 567,
  'func_sample': 14985,
  'func_schemas': 19709,
  'func_seal_keypair': 63440,
  'func_unseal': 7683,
  'func_version': 18879,
  'method_client_address': 36040,
  'method_client_changes': 2969,
  'method_client_consent_history': 36872,
  'method_client_consent_verify': 26500,
  'method_client_flush': 18276,
  'method_client_is_durable': 32633,
  'method_client_measure': 3100,
  'method_client_opt_in': 5260,
  'method_client_opt_out': 11035,
  'method_client_preview': 14926,
  'method_client_reconfigure': 52746,
  'method_client_request_deletion': 10139,
  'method_client_shutdown': 38527,
  'method_client_stats': 24912,
  'method_client_status': 50021,
  'method_client_take_told': 46978,
  'method_client_track': 28548,
  'method_client_track_checked': 1441,
  'method_engine_explain': 53382,
  'method_engine_process': 43159,
  'method_engine_process_captured': 57349,
  'method_engine_process_now': 45721,
  'method_engine_scrub_json': 7402,
  'method_engine_scrub_text': 53495,
};

/// Bytes owned by Rust, passed by value; whoever is passed it must free it or pass it on.
final class RustBuffer extends Struct {
  /// Allocated bytes.
  @Uint64()
  external int capacity;

  /// Bytes in use.
  @Uint64()
  external int len;

  /// The bytes; never null when they come from Rust.
  external Pointer<Uint8> data;
}

/// Where a call says whether it succeeded; the last argument of all of them.
final class RustCallStatus extends Struct {
  /// 0 success, 1 declared error, 2 panic.
  @Int8()
  external int code;

  /// The lowered error; ours to free. Must be empty before the call.
  external RustBuffer errorBuf;
}

/// [RustCallStatus.code] of a call that returned a value.
const int callSuccess = 0;

/// [RustCallStatus.code] of a call that returned the declared error.
const int callError = 1;

/// Where a call writes its status.
typedef StatusPointer = Pointer<RustCallStatus>;

/// `ffi_…_rustbuffer_alloc`.
typedef NativeAlloc = RustBuffer Function(Uint64 size, StatusPointer status);

/// [NativeAlloc] as Dart sees it, likewise below.
typedef DartAlloc = RustBuffer Function(int size, StatusPointer status);

/// `ffi_…_rustbuffer_free`.
typedef NativeFree = Void Function(RustBuffer buffer, StatusPointer status);

/// See [NativeFree].
typedef DartFree = void Function(RustBuffer buffer, StatusPointer status);

/// A function without arguments or result.
typedef NativeAction = Void Function(StatusPointer status);

/// See [NativeAction].
typedef DartAction = void Function(StatusPointer status);

/// A function without arguments that returns text.
typedef Text0 = RustBuffer Function(StatusPointer status);

/// A function from one buffer to text.
typedef Text1 = RustBuffer Function(RustBuffer argument, StatusPointer status);

/// A function from two buffers to text.
typedef Text2 = RustBuffer Function(RustBuffer a, RustBuffer b, StatusPointer status);

/// A constructor from text.
typedef NativeNew = Uint64 Function(RustBuffer config, StatusPointer status);

/// See [NativeNew].
typedef DartNew = int Function(RustBuffer config, StatusPointer status);

/// `…_fn_clone_…`: one more owner of the same object.
typedef NativeClone = Uint64 Function(Uint64 handle, StatusPointer status);

/// See [NativeClone].
typedef DartClone = int Function(int handle, StatusPointer status);

/// `…_fn_free_…`: one owner less.
typedef NativeRelease = Void Function(Uint64 handle, StatusPointer status);

/// See [NativeRelease].
typedef DartRelease = void Function(int handle, StatusPointer status);

/// A method without arguments that returns text.
typedef NativeMethod0 = RustBuffer Function(Uint64 handle, StatusPointer status);

/// See [NativeMethod0].
typedef DartMethod0 = RustBuffer Function(int handle, StatusPointer status);

/// A method from one buffer to text.
typedef NativeMethod1 = RustBuffer Function(Uint64 handle, RustBuffer argument, StatusPointer status);

/// See [NativeMethod1].
typedef DartMethod1 = RustBuffer Function(int handle, RustBuffer argument, StatusPointer status);

/// A method from two buffers to text.
typedef NativeMethod2 = RustBuffer Function(Uint64 handle, RustBuffer a, RustBuffer b, StatusPointer status);

/// See [NativeMethod2].
typedef DartMethod2 = RustBuffer Function(int handle, RustBuffer a, RustBuffer b, StatusPointer status);

/// A method from one buffer to a bool.
typedef NativeTest = Int8 Function(Uint64 handle, RustBuffer argument, StatusPointer status);

/// See [NativeTest].
typedef DartTest = int Function(int handle, RustBuffer argument, StatusPointer status);

/// A method from a number to text.
typedef NativeSince = RustBuffer Function(Uint64 handle, Uint64 since, StatusPointer status);

/// See [NativeSince].
typedef DartSince = RustBuffer Function(int handle, int since, StatusPointer status);

/// A method that waits up to so many milliseconds and says whether it was done.
typedef NativeWait = Int8 Function(Uint64 handle, Uint64 timeoutMs, StatusPointer status);

/// See [NativeWait].
typedef DartWait = int Function(int handle, int timeoutMs, StatusPointer status);

/// `uniffi_scrubjay_capture`: a record in the compact form, where it stands.
typedef NativeCapture = Int8 Function(Pointer<Void> client, Pointer<Uint8> record, Size length);

/// See [NativeCapture].
typedef DartCapture = int Function(Pointer<Void> client, Pointer<Uint8> record, int length);

/// `uniffi_scrubjay_capture_async`: as [NativeCapture], but returns at once the number under which the answer is told.
typedef NativeCaptureAsync = Uint64 Function(Pointer<Void> client, Pointer<Uint8> record, Size length);

/// `uniffi_scrubjay_capture_checked`: as [NativeCapture], but returns the outcome.
typedef NativeCaptureChecked = RustBuffer Function(Pointer<Void> client, Pointer<Uint8> record, Size length);

/// See [NativeCaptureChecked].
typedef DartCaptureChecked = RustBuffer Function(Pointer<Void> client, Pointer<Uint8> record, int length);

/// A method without arguments that returns a number.
typedef NativeNumber = Uint64 Function(Uint64 handle, StatusPointer status);

/// See [NativeNumber].
typedef DartNumber = int Function(int handle, StatusPointer status);

/// A method without arguments that returns a bool.
typedef NativeIs = Int8 Function(Uint64 handle, StatusPointer status);

/// See [NativeIs].
typedef DartIs = int Function(int handle, StatusPointer status);
