//! What holds around a record where it is captured: the current span and request, which Python keeps in a context
//! variable.
//!
//! Asking for a context variable costs a fifth of a capture, and the stable interface of the interpreter has no short
//! way to it. So it is counted how many spans and requests are open in this process, and nobody asks while none is.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

/// Spans and requests that were entered and not left. One that is never left, such as that of a generator that nobody
/// resumes, makes captures a little slower and nothing wrong.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// A span or request was entered.
#[pyfunction]
pub(crate) fn ambient_enter() {
    OPEN.fetch_add(1, Ordering::Relaxed);
}

/// It was left.
#[pyfunction]
pub(crate) fn ambient_leave() {
    // Nobody leaves more than was entered, but a count that wraps would never be zero again.
    let _ = OPEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| open.checked_sub(1));
}

/// Whether a span or request is open anywhere in this process.
#[pyfunction]
pub(crate) fn ambient_is_open() -> bool {
    is_open()
}

#[inline]
pub(crate) fn is_open() -> bool {
    // What this thread entered, it sees; what others enter is not its own.
    OPEN.load(Ordering::Relaxed) != 0
}
