//! Allocations of a clean record, for `make bench`. A program of its own, so that counting slows no other row.

#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a benchmark may fail loudly, and counts what it is given"
)]

mod support {
    pub(crate) mod row;
}

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use scrubjay_core::{Config, Engine, Status};
use support::row::row;

/// The system's allocator, which counts what the calling thread asks for.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Canonical records in which nothing is found, with an id and without one.
const CLEAN: [&str; 2] = [
    r#"{"schema":"telemetry_event_v1","id":"019dfc1d-8fa8-7707-8707-070707070707","timestamp":"2026-03-01T10:00:00.000000Z","channel":"web","event":"page_view","payload":{"release":"4.12.3","env":"prod","duration_ms":12.250,"message":"Cache miss for the basket; falling back to the primary store","page":{"path":"/shop/item","depth":3,"viewport":[1440,900]},"tags":["filter:panel","export"]}}"#,
    r#"{"schema":"telemetry_event_v1","timestamp":"2026-03-01T10:00:00.000000Z","channel":"web","event":"page_view","payload":{"release":"4.12.3","env":"prod","message":"The panel view showed 3 rows and 12 warnings","page":{"path":"/shop/item","depth":3}}}"#,
];

/// What is reused from record to record is there after these.
const WARM: usize = 16;
const RECORDS: usize = 1_000;

fn main() {
    let engine = Engine::new(&Config::default()).unwrap();
    let mut most: f64 = 0.0;
    for record in CLEAN {
        let outcome = engine.process(record.as_bytes(), None);
        assert_eq!(outcome.status, Status::Accepted);
        assert!(outcome.redactions.is_empty() && outcome.violations.is_empty());
        let has_id = if outcome.id.is_some() { "with" } else { "without" };
        (0..WARM).for_each(|_| drop(black_box(engine.process(black_box(record.as_bytes()), None))));
        let before = COUNT.get();
        (0..RECORDS).for_each(|_| drop(black_box(engine.process(black_box(record.as_bytes()), None))));
        let each = (COUNT.get() - before) as f64 / RECORDS as f64;
        eprintln!("{each} allocations for a clean record {has_id} an id, its output included");
        most = most.max(each);
    }
    // The output buffer is one allocation and is the caller's.
    row("engine_allocations", most - 1.0, most, 1.0, "allocations/record");
}
