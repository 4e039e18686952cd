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
/// Tables that do not depend on the input: half a MiB, of which no more than a record's worth is per record.
const CONSTANT: usize = 512 * 1024;

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

#[test]
fn no_record_takes_more_than_four_times_its_size() {
    let engine = Engine::new(&Config::default()).unwrap();
    let mut beyond = Vec::new();
    for input in hostile::WORST.iter().flat_map(|(_, inputs)| *inputs) {
        let text = input.text(30_000);
        let value = if input.is_document() { text } else { serde_json::Value::from(text).to_string() };
        let record =
            format!(r#"{{"timestamp":"2026-01-02T03:04:05Z","channel":"a","event":"b","payload":{{"x":{value}}}}}"#);
        let peak = peak(|| drop(engine.process(record.as_bytes(), None).to_json()));
        if peak > FACTOR * record.len() + CONSTANT {
            beyond.push(format!("{}: {peak} bytes for {}", input.name(), record.len()));
        }
    }
    assert!(beyond.is_empty(), "{beyond:#?}");
}
