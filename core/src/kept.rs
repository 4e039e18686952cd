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

/// The list that the thread keeps, empty.
pub(crate) fn kept_list<T>(kept: &'static LocalKey<Cell<Vec<T>>>) -> Vec<T> {
    with_kept(kept, std::mem::take).unwrap_or_default()
}

/// Keeps the room of `list` for the next time, unless something hostile made it long.
pub(crate) fn keep_list<T>(kept: &'static LocalKey<Cell<Vec<T>>>, mut list: Vec<T>) {
    const MOST: usize = 64;
    if list.capacity() <= MOST {
        list.clear();
        with_kept(kept, |kept| *kept = list);
    }
}
