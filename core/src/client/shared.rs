//! What callers and worker share: settings, state, and the ways to wake each other.

use std::process;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::client::consent::Changes;
use crate::client::ledger::{Findings, Reason};
use crate::client::measure::Meter;
use crate::client::queue::Content;
use crate::client::settings::Settings;
use crate::client::state::{Phase, State};
use crate::client::worker;

/// What a dropped client's worker has for the rest, when nobody waits for it any more.
const GRACE: Duration = Duration::from_secs(5);

/// Longer waits than a year are the same to everybody, and cannot overflow the clock.
const LONGEST_WAIT: Duration = Duration::from_hours(365 * 24);

/// See the module's words.
pub(crate) struct Shared {
    pub(crate) settings: Arc<Settings>,
    pub(crate) state: Mutex<State>,
    /// What was measured. Its lock is never held together with the state's.
    pub(crate) meter: Meter,
    /// Tells the worker to look at the state again.
    pub(crate) wake: Notify,
    /// Tells a worker that is busy with a request that the phase changed.
    pub(crate) closing: Notify,
    /// Tells a worker that is busy with a request that the user withdrew.
    pub(crate) withdrawing: Notify,
    /// What the user and the configuration changed, for listeners.
    pub(crate) changes: Changes,
    /// Tells callers that records came to their end, or the worker to its own.
    pub(crate) settled: Condvar,
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
            meter: Meter::new(settings.meter),
            settings,
            wake: Notify::new(),
            closing: Notify::new(),
            withdrawing: Notify::new(),
            changes: Changes::default(),
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
        if !self.settings.is_on() {
            return self.refuse();
        }
        // Copied before the lock is taken, so that producers hold it for as short as can be.
        let (content, now) = (content(), Instant::now());
        let mut state = self.state.lock();
        // Asked again under the lock: what is captured after a withdrawal would outlive its erasure.
        if state.phase != Phase::Open || !self.settings.is_on() {
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
        if !self.settings.is_on() {
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
        self.heed_if_due();
        self.state.lock().ledger.refuse();
        false
    }

    pub(crate) fn ensure_worker(self: &Arc<Self>, state: &mut State) {
        if !state.has_worker && self.settings.upload {
            state.has_worker = worker::start(Arc::clone(self));
            if !state.has_worker {
                // The records wait, within bounds; the next call tries again.
                state.ledger.fail("worker could not start".to_owned());
            }
        }
    }

    pub(crate) fn flush(self: &Arc<Self>, timeout: Duration) -> bool {
        let deadline = deadline(timeout);
        self.collect_metrics(false);
        let mut state = self.state.lock();
        let end = state.flush();
        if state.phase == Phase::Open && state.queue.pending() > 0 {
            self.ensure_worker(&mut state);
        }
        self.wake.notify_one();
        while !state.queue.settled_before(end) {
            if !self.settings.upload {
                return false;
            }
            if self.settled.wait_until(&mut state, deadline).timed_out() {
                return state.queue.settled_before(end);
            }
        }
        true
    }

    pub(crate) fn shutdown(self: &Arc<Self>, timeout: Duration) -> bool {
        let deadline = deadline(timeout);
        let mut state = self.close(deadline);
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

    fn close(self: &Arc<Self>, deadline: Instant) -> MutexGuard<'_, State> {
        self.collect_metrics(false);
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
        ledger.to_json(self.settings.off(), pending)
    }

    /// Changes the state and tells callers who wait for records to end.
    pub(crate) fn book(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.settled.notify_all();
    }
}

fn deadline(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(LONGEST_WAIT)
}
