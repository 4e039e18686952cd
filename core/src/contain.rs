//! The one place where a panic ends: a defect costs the record or the call in which it happens, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; nothing where it panicked. The only `catch_unwind` of the project.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Unwind safety: shared state is behind parking_lot locks, which do not poison, and every critical section
    // leaves its structure whole between statements.
    catch_unwind(AssertUnwindSafe(work)).ok()
}
