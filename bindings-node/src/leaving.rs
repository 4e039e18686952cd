//! Clients whose environment is gone: they deliver what they have, and the process waits for them a little when it ends.
//!
//! A worker thread that is terminated keeps nobody waiting. But where the process itself ends and stops its threads,
//! nothing else stands between their records and the end: no JavaScript runs any more.

use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use scrubjay_core::ffi;

/// What a client has whose environment is gone: as one that was dropped.
const GRACE_MS: u64 = 5_000;
/// What all of them may cost the end of the process: as `lib/live.js` has it for those of the main thread.
const EXIT_WAIT: Duration = Duration::from_secs(1);

/// What is left to them where those of the main thread took all of that.
const LEAST_EXIT_WAIT: Duration = Duration::from_millis(100);

/// When clients began to hold up the end of their thread, which may be the end of the process.
static LEFT_SINCE: Mutex<Option<Instant>> = Mutex::new(None);
/// How many deliver.
static LEAVING: Mutex<usize> = Mutex::new(0);
/// Tells the end of the process that one is done.
static LEFT: Condvar = Condvar::new();
static AT_EXIT: Once = Once::new();

/// Holds up the end of the thread until the client has delivered what it has; whether nothing was left behind.
pub(crate) fn leave(client: &ffi::Client, timeout_ms: u32) -> bool {
    let timeout = Duration::from_millis(u64::from(timeout_ms));
    // All clients of a thread have one deadline, so what is missing from the whole was spent on others.
    let since = Instant::now().checked_sub(EXIT_WAIT.saturating_sub(timeout));
    *LEFT_SINCE.lock().unwrap_or_else(PoisonError::into_inner) = since;
    client.shutdown(u64::from(timeout_ms))
}

/// Lets a client deliver what it has, in a thread of its own. Without one it does what a dropped client does.
pub(crate) fn deliver(client: Arc<ffi::Client>) {
    AT_EXIT.call_once(|| at_exit(wait));
    *LEAVING.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    // Taken along by the thread, or dropped where there can be none.
    let place = Place;
    let _ = thread::Builder::new().name("scrubjay-leave".to_owned()).spawn(move || {
        client.shutdown(GRACE_MS);
        drop(place);
    });
}

/// One of those who deliver.
struct Place;

impl Drop for Place {
    fn drop(&mut self) {
        *LEAVING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        LEFT.notify_all();
    }
}

extern "C" fn wait() {
    let since = *LEFT_SINCE.lock().unwrap_or_else(PoisonError::into_inner);
    // One second for everything. Where that was some other thread's end, long ago, all of it is left.
    let spent = since.map(|since| since.elapsed()).filter(|spent| *spent < 2 * EXIT_WAIT).unwrap_or_default();
    let left = EXIT_WAIT.saturating_sub(spent).max(LEAST_EXIT_WAIT);
    let leaving = LEAVING.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = LEFT.wait_timeout_while(leaving, left, |leaving| *leaving > 0);
}

/// Ends the work in stores before the process does: called once one is open. What SQLCipher and libcrypto do at the end
/// was registered by then, and what was registered last runs first.
pub(crate) fn leave_stores_at_exit() {
    static ONCE: Once = Once::new();
    extern "C" fn leave() {
        ffi::leave_stores();
    }
    if ffi::encrypts_stores() {
        ONCE.call_once(|| at_exit(leave));
    }
}

#[allow(unsafe_code, reason = "the C library's own; std has nothing that runs at the end of a process")]
fn at_exit(function: extern "C" fn()) {
    unsafe extern "C" {
        fn atexit(function: extern "C" fn()) -> i32;
    }
    // SAFETY: the function is of the form that C wants, and neither unwinds nor ends the process.
    let _ = unsafe { atexit(function) };
}
