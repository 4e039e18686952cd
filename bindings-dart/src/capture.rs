//! Captures records where they stand: three C functions beside UniFFI's.
//!
//! A frame has 16 ms for everything, and a call by UniFFI takes four crossings: a buffer is allocated, a handle cloned,
//! the call made, and what it returns freed. These take one. Dart writes a record into memory of its own, in the form
//! of `core/src/capture.rs`, and the core copies it from there.

#![allow(unsafe_code, reason = "Dart hands over a pointer and a length; what it has to keep is said at each function")]

use std::slice;

use crate::Client;

/// Captures one record; 1 where it was captured, 0 where collection is off or closed.
///
/// # Safety
/// `client` is what `Client.address` returned, and a handle of it is held until this returns. `record` is valid for
/// reads of `length` bytes, which nobody writes meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn uniffi_scrubjay_capture(client: *const Client, record: *const u8, length: usize) -> i8 {
    // SAFETY: the caller's promise.
    let (client, record) = unsafe { (&*client, slice::from_raw_parts(record, length)) };
    i8::from(client.0.track_captured(record))
}

/// Captures one record without waiting for the disk; the number under which `Client.take_told` says what
/// [`uniffi_scrubjay_capture`] would have returned.
///
/// # Safety
/// As for [`uniffi_scrubjay_capture`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn uniffi_scrubjay_capture_async(client: *const Client, record: *const u8, length: usize) -> u64 {
    // SAFETY: the caller's promise.
    let (client, record) = unsafe { (&*client, slice::from_raw_parts(record, length)) };
    client.0.track_captured_async(record, &client.1)
}

/// Runs the engine on one record at once and captures it if it is accepted; the outcome's canonical JSON, which the
/// caller frees with `ffi_uniffi_scrubjay_rustbuffer_free`. Empty where a defect was contained.
///
/// # Safety
/// As for [`uniffi_scrubjay_capture`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn uniffi_scrubjay_capture_checked(
    client: *const Client,
    record: *const u8,
    length: usize,
) -> uniffi::RustBuffer {
    // SAFETY: the caller's promise.
    let (client, record) = unsafe { (&*client, slice::from_raw_parts(record, length)) };
    uniffi::RustBuffer::from_vec(client.0.track_captured_checked(record).unwrap_or_default().into_bytes())
}
