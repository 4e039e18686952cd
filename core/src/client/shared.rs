//! What callers and worker share: settings, state, and the ways to wake each other.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::client::consent::Changes;
use crate::client::ledger::{Findings, Reason};
use crate::client::measure::Meter;
use crate::client::queue::Captured;
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
    /// Tells a forked child from the process that this belongs to, by a handler that the system calls after a fork:
    /// asking the system for the process on every call would cost more than the rest of the call.
    fork: forkguard::Guard,
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
            fork: forkguard::new(),
            heir: OnceLock::new(),
        })
    }

    /// The state of this process, found or begun.
    pub(crate) fn here(self: &Arc<Self>) -> &Arc<Self> {
        let mut shared = self;
        while shared.is_inherited() {
            shared = shared.heir.get_or_init(|| Self::new(Arc::clone(&self.settings)));
        }
        shared
    }

    /// Whether nothing is captured, whatever comes.
    pub(crate) fn is_off(&self) -> bool {
        !self.settings.is_on()
    }

    /// Whether this is a forked child's copy of its parent's.
    fn is_inherited(&self) -> bool {
        self.fork.clone().detected_fork()
    }

    /// Captures a record, unless the client is off or closed.
    pub(crate) fn capture(self: &Arc<Self>, record: Captured<'_>) -> bool {
        self.capture_all(std::iter::once(Some(record)))
    }

    /// Captures records under one lock; those that are missing are too large. Whether the client captures at all.
    pub(crate) fn capture_all<'a>(self: &Arc<Self>, records: impl Iterator<Item = Option<Captured<'a>>>) -> bool {
        if self.is_off() {
            records.for_each(|_| _ = self.refuse());
            return false;
        }
        let mut state = self.state.lock();
        // Asked again under the lock: what is captured after a withdrawal would outlive its erasure.
        if state.phase != Phase::Open || self.is_off() {
            records.for_each(|_| state.ledger.refuse());
            return false;
        }
        let mut is_due = false;
        for record in records {
            match record {
                Some(record) => is_due |= state.capture(record, Instant::now, self.settings.batch),
                None => state.capture_dropped(Reason::TooLarge),
            }
        }
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
        let mut shared = Some(self);
        while let Some(elder) = shared.filter(|shared| shared.is_inherited()) {
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
