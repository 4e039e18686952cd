//! How much memory a record may take: what it holds at most while the engine works, and afterwards.

#![allow(
    unsafe_code,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test may fail loudly, and counts what it is given"
)]

mod hostile;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use scrubjay_core::{Config, Engine};

/// The peak is at most so many times the input, and `CONSTANT` bytes.
const FACTOR: usize = 4;
/// The same for documents that are hardly more than structure: a value may have three bytes (`[],`), its node has more,
/// and a list that grows is there twice for a moment. A finding in each of their strings has its path beside it. A document in a
/// string is written once: what stays in it is not copied before something goes.
const DOCUMENT_FACTOR: usize = 6;
/// The findings of one text, which are bounded, and buffers with a first size of their own. Tables that a thread keeps
/// were made by the first record.
const CONSTANT: usize = 64 * 1024;
/// The largest record there is.
const RECORD_BYTES: usize = scrubjay_core::limits::MAX_RECORD_BYTES;

/// The system's allocator, which counts what the calling thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    let _ = HELD.try_with(|held| {
        held.set(held.get() + change);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: every call goes to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that `call` holds beyond what was held before it.
fn peak(call: impl FnOnce()) -> usize {
    let before = HELD.get();
    PEAK.set(before);
    call();
    usize::try_from(PEAK.get() - before).unwrap_or(0)
}

/// The input in a record of nearly the largest size, whatever its escapes take.
fn record(input: &hostile::Worst) -> String {
    let mut bytes = RECORD_BYTES - 200;
    loop {
        let text = input.text(bytes);
        let value = if input.is_document() { text } else { serde_json::Value::from(text).to_string() };
        let record =
            format!(r#"{{"timestamp":"2026-01-02T03:04:05Z","channel":"a","event":"b","payload":{{"x":{value}}}}}"#);
        if record.len() <= RECORD_BYTES {
            return record;
        }
        bytes = bytes * (RECORD_BYTES - 200) / record.len();
    }
}

/// Whether it is JSON, in the record itself or in a string.
fn is_structure(input: &hostile::Worst) -> bool {
    input.is_document() || input.name().contains(['[', '{'])
}

#[test]
fn no_record_takes_more_than_four_times_its_size() {
    let engine = Engine::new(&Config::default()).unwrap();
    // What a thread keeps: made by the first record, used by the second, followed from the third on.
    let first = r#"{"timestamp":"2026-01-02T03:04:05Z","channel":"a","event":"b","payload":{"x":"y"}}"#;
    for _ in 0..3 {
        drop(engine.process(first.as_bytes(), None));
    }
    let mut beyond = Vec::new();
    for input in hostile::WORST.iter().flat_map(|(_, inputs)| *inputs) {
        let record = record(input);
        assert!(record.len() > RECORD_BYTES / 2, "{}", input.name());
        drop(engine.process(record.as_bytes(), None));
        let peak = peak(|| drop(engine.process(record.as_bytes(), None)));
        let factor = if is_structure(input) { DOCUMENT_FACTOR } else { FACTOR };
        if peak > factor * record.len() + CONSTANT {
            beyond.push(format!("{}: {peak} bytes for {}", input.name(), record.len()));
        }
    }
    assert!(beyond.is_empty(), "{beyond:#?}");
}
