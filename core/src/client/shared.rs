//! What callers and worker share: settings, state, and the ways to wake each other.

use std::process;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::client::ledger::{Findings, Reason};
use crate::client::queue::Content;
use crate::client::settings::Settings;
use crate::client::spool::Spool;
use crate::client::state::{Phase, State};
use crate::client::warnings::Warnings;
use crate::client::worker;

/// What a dropped client's worker has for the rest, when nobody waits for it any more.
const GRACE: Duration = Duration::from_secs(5);

/// What a closing client keeps of its time for the disk: two syncs of a slow one, and a full queue through the engine.
const RESERVE: Duration = Duration::from_millis(250);

/// Longer waits than a year are the same to everybody, and cannot overflow the clock.
const LONGEST_WAIT: Duration = Duration::from_hours(365 * 24);

/// See the module's words.
pub(crate) struct Shared {
    pub(crate) settings: Arc<Settings>,
    pub(crate) state: Mutex<State>,
    pub(crate) spool: Spool,
    pub(crate) warnings: Warnings,
    /// Tells the worker to look at the state again.
    pub(crate) wake: Notify,
    /// Tells a worker that is busy with a request that the phase changed.
    pub(crate) closing: Notify,
    /// Tells callers that records came to their end, or the worker to its own.
    settled: Condvar,
    /// The process that this belongs to.
    process: u32,
    /// The same for a forked child. The parent's state is not touched there: its lock may be held by a thread
    /// that the child does not have.
    heir: OnceLock<Arc<Self>>,
}

impl Shared {
    pub(crate) fn new(settings: Arc<Settings>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::new(settings.queue)),
            spool: Spool::new(Arc::clone(&settings)),
            warnings: Warnings::new(settings.is_debug),
            settings,
            wake: Notify::new(),
            closing: Notify::new(),
            settled: Condvar::new(),
            process: process::id(),
            heir: OnceLock::new(),
        })
    }

    /// The state of this process, found or begun.
    pub(crate) fn here(self: &Arc<Self>) -> &Arc<Self> {
        let me = process::id();
        let mut shared = self;
        while shared.process != me {
            shared = shared.heir.get_or_init(|| Self::new(Arc::clone(&self.settings)));
        }
        shared
    }

    /// Captures what `content` makes, unless the client is off or closed, when nothing is made.
    pub(crate) fn capture_with(self: &Arc<Self>, content: impl FnOnce() -> Content) -> bool {
        if self.settings.target.is_err() {
            return self.refuse();
        }
        // Copied before the lock is taken, so that producers hold it for as short as can be.
        let (content, now) = (content(), Instant::now());
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            state.ledger.refuse();
            return false;
        }
        let is_due = state.capture(content, now, self.settings.batch);
        self.ensure_worker(&mut state);
        drop(state);
        if is_due {
            self.wake.notify_one();
        }
        true
    }

    /// Books a record that ends where it was captured.
    pub(crate) fn capture_dropped(&self, reason: Reason, findings: &Findings) -> bool {
        if self.settings.target.is_err() {
            return self.refuse();
        }
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            state.ledger.refuse();
            return false;
        }
        state.ledger.find(findings);
        state.capture_dropped(reason);
        true
    }

    pub(crate) fn refuse(&self) -> bool {
        self.state.lock().ledger.refuse();
        false
    }

    pub(crate) fn ensure_worker(self: &Arc<Self>, state: &mut State) {
        if !state.has_worker {
            state.has_worker = worker::start(Arc::clone(self));
            if !state.has_worker {
                // The records wait, within bounds; the next call tries again.
                state.ledger.fail("worker could not start".to_owned());
            }
        }
    }

    pub(crate) fn flush(self: &Arc<Self>, timeout: Duration) -> bool {
        let deadline = deadline(timeout);
        let mut state = self.state.lock();
        let end = state.flush();
        // The spool is opened by the worker: what an earlier process left is not known before.
        if state.phase == Phase::Open && (state.queue.pending() > 0 || self.spool.is_configured()) {
            self.ensure_worker(&mut state);
        }
        let is_known = !self.spool.is_configured() || state.spool.is_known || !state.has_worker;
        let aim = Aim { end, spooled: state.ledger.spool_in(), stalls: state.spool.stalls, is_known };
        let place = state.ledger.spool_in();
        state.spool.hurry(place);
        state.spool.is_back();
        self.wake.notify_one();
        loop {
            match aim.is_met(&state) {
                Some(is_met) => return is_met,
                // Nobody is left who could deliver.
                None if state.phase != Phase::Open && !state.has_worker => return false,
                None if self.settled.wait_until(&mut state, deadline).timed_out() => {
                    return aim.is_met(&state).unwrap_or(false);
                }
                None => {}
            }
        }
    }

    pub(crate) fn shutdown(&self, timeout: Duration) -> bool {
        let deadline = deadline(timeout);
        // Delivery ends early enough for the disk to take the rest.
        let reserve = if self.spool.is_configured() { RESERVE.min(timeout / 2) } else { Duration::ZERO };
        let mut state = self.close(deadline.checked_sub(reserve).unwrap_or(deadline));
        while state.has_worker {
            if self.settled.wait_until(&mut state, deadline).timed_out() {
                // Not joined: the worker sees the phase at its next step, and ends by itself.
                state.abandon();
                self.closing.notify_one();
                break;
            }
        }
        !state.ledger.left_behind()
    }

    /// Lets the worker finish and end, without waiting for it.
    pub(crate) fn disconnect(self: &Arc<Self>) {
        let me = process::id();
        let mut shared = Some(self);
        while let Some(elder) = shared.filter(|shared| shared.process != me) {
            shared = elder.heir.get();
        }
        // Nothing to do in a child that never used the client.
        if let Some(shared) = shared {
            drop(shared.close(deadline(GRACE)));
        }
    }

    fn close(&self, deadline: Instant) -> MutexGuard<'_, State> {
        let mut state = self.state.lock();
        state.close(deadline);
        if !state.has_worker {
            state.abandon();
        }
        self.closing.notify_one();
        self.wake.notify_one();
        state
    }

    pub(crate) fn stats(&self) -> String {
        let state = self.state.lock();
        let (ledger, pending) = (state.ledger.clone(), state.queue.pending());
        drop(state);
        let spool_error = self.spool.failure().map(crate::segment::Failure::phrase);
        ledger.to_json(self.settings.target.as_ref().err().copied(), pending, spool_error)
    }

    /// Changes the state and tells callers who wait for records to end.
    pub(crate) fn book(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.settled.notify_all();
    }
}

/// What a flush waits for: the places that the queue and the spool had reached, and how often delivery was put off.
struct Aim {
    end: u64,
    spooled: u64,
    stalls: u64,
    /// Whether it was known by then what is on the disk.
    is_known: bool,
}

impl Aim {
    /// Whether everything came to its end, or some of it has to wait on the disk; nothing where that is open.
    fn is_met(&self, state: &State) -> Option<bool> {
        if !self.is_known && !state.spool.is_known {
            return None;
        }
        let is_queue_settled = state.queue.settled_before(self.end);
        let is_put_off = state.spool.stalls != self.stalls;
        // What was put off may have come from the queue, behind what the spool held at the call.
        let place = if is_put_off || !self.is_known { state.ledger.spool_in() } else { self.spooled };
        if is_queue_settled && state.ledger.spool_out() >= place {
            return Some(true);
        }
        (is_queue_settled && is_put_off).then_some(false)
    }
}

fn deadline(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(LONGEST_WAIT)
}
