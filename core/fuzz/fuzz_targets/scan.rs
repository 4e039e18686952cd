//! The vector version of the scan against its portable twin: the same bitmaps, wherever in a longer text it begins.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scrubjay_core::twin::first_difference;

/// Bytes of a block: every offset of a text within one is tried.
const BLOCK: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let offset = bytes.first().map_or(0, |byte| usize::from(*byte) % BLOCK);
    let mut text = vec![b'x'; offset];
    text.extend_from_slice(bytes);
    assert_eq!(first_difference(&text), None, "the versions disagree");
});
