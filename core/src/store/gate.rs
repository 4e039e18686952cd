//! Keeps the end of a process from what threads still do in a store.
//!
//! SQLCipher and libcrypto free what they hold when a process exits, their keys included, while other threads go on. One
//! that was just then in a store would crash, or encrypt a page with what is left of a key. So whoever ends the process
//! shuts this gate first, and whoever comes to it then waits for the end.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

struct State {
    inside: usize,
    is_shut: bool,
}

static STATE: Mutex<State> = Mutex::new(State { inside: 0, is_shut: false });
/// One went out.
static OUT: Condvar = Condvar::new();

/// Who is in a store.
pub(crate) struct Pass(());

/// Lets the caller into stores, until what is returned is dropped.
pub(crate) fn pass() -> Pass {
    let mut state = STATE.lock();
    // While others are inside all may come in: they may wait for one that has to, such as an indexer.
    while state.is_shut && state.inside == 0 {
        OUT.wait(&mut state);
    }
    state.inside += 1;
    Pass(())
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = STATE.lock();
        state.inside -= 1;
        if state.is_shut {
            OUT.notify_all();
        }
    }
}

/// Lets nobody in any more, once all who are inside are out; gives up waiting for them after `patience`.
pub(crate) fn shut(patience: Duration) {
    let deadline = Instant::now() + patience;
    let mut state = STATE.lock();
    state.is_shut = true;
    while state.inside > 0 && !OUT.wait_until(&mut state, deadline).timed_out() {}
}
