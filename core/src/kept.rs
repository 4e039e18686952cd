//! What a thread keeps between calls, so that it need not be made anew.

use std::cell::Cell;
use std::thread::LocalKey;

/// Changes what the thread keeps; nothing where the thread is ending and keeps nothing any more.
pub(crate) fn with_kept<T, R>(
    kept: &'static LocalKey<Cell<Vec<T>>>,
    change: impl FnOnce(&mut Vec<T>) -> R,
) -> Option<R> {
    kept.try_with(|cell| {
        let mut kept = cell.take();
        let changed = change(&mut kept);
        cell.set(kept);
        changed
    })
    .ok()
}
