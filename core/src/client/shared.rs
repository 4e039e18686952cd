//! What callers and worker share: settings, state, and the ways to wake each other.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::client::consent::Changes;
use crate::client::deletion::Deletions;
use crate::client::later::Later;
use crate::client::ledger::{Findings, Reason};
use crate::client::measure::Meter;
use crate::client::queue::Captured;
use crate::client::settings::{Settings, Snapshot};
use crate::client::spool::Spool;
use crate::client::state::{Phase, State};
use crate::client::warnings::Warnings;
use crate::client::worker;

/// What a dropped client's worker has for the rest, when nobody waits for it any more.
const GRACE: Duration = Duration::from_secs(5);

/// What a closing client keeps of its time for the disk, and never more than half: a few syncs of a disk that others keep
/// busy, and a full queue through the engine. What goes to the disk a second too early is sent later; what comes too late
/// is lost.
const RESERVE: Duration = Duration::from_secs(2);

/// Longer waits than a year are the same to everybody, and cannot overflow the clock.
const LONGEST_WAIT: Duration = Duration::from_hours(365 * 24);

/// See the module's words.
pub(crate) struct Shared {
    pub(crate) settings: Arc<Settings>,
    pub(crate) state: Mutex<State>,
    /// What was measured. Its lock is never held together with the state's.
    pub(crate) meter: Meter,
    pub(crate) spool: Spool,
    /// Whether the spool's folder holds nothing that the user withdrew while nobody was here.
    pub(crate) is_disk_checked: AtomicBool,
    /// Held while the disk is freed of what was withdrawn.
    pub(crate) erasure: Mutex<()>,
    pub(crate) warnings: Warnings,
    /// Durable records whose callers go on meanwhile.
    pub(crate) later: Later,
    /// What the user wants deleted at the collector.
    pub(crate) deletions: Deletions,
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
            meter: Meter::new(&settings.meter),
            spool: Spool::new(Arc::clone(&settings)),
            is_disk_checked: AtomicBool::new(false),
            erasure: Mutex::new(()),
            warnings: Warnings::new(settings.is_debug),
            settings,
            later: Later::default(),
            deletions: Deletions::default(),
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
            shared = shared.heir.get_or_init(|| {
                // What the parent leaves when it dies must not wait for the end of its children.
                shared.spool.let_go();
                Self::new(Arc::clone(&self.settings))
            });
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
        self.capture_with(record, |_| {})
    }

    /// The same of a record in which the engine found something.
    pub(crate) fn capture_checked(self: &Arc<Self>, record: Captured<'_>, findings: &Findings) -> bool {
        self.capture_with(record, |state| state.ledger.find(findings))
    }

    #[inline]
    fn capture_with(self: &Arc<Self>, record: Captured<'_>, book: impl FnOnce(&mut State)) -> bool {
        let mut state = self.state.lock();
        let Some(settings) = self.captures(&state) else { return self.refuse_all(state, 1) };
        book(&mut state);
        let is_due = state.capture(record, Instant::now, settings.batch);
        self.captured(state, settings, is_due);
        true
    }

    /// Captures records under one lock; those that are missing are too large. Whether the client captures at all.
    pub(crate) fn capture_all<'a>(self: &Arc<Self>, records: impl Iterator<Item = Option<Captured<'a>>>) -> bool {
        let mut state = self.state.lock();
        let Some(settings) = self.captures(&state) else { return self.refuse_all(state, records.count() as u64) };
        let mut is_due = false;
        for record in records {
            match record {
                Some(record) => is_due |= state.capture(record, Instant::now, settings.batch),
                None => state.capture_dropped(Reason::TooLarge),
            }
        }
        self.captured(state, settings, is_due);
        true
    }

    /// The settings under which records are captured now; nothing where none are. Asked under the lock, and only there:
    /// what is captured after a withdrawal would outlive its erasure.
    #[inline]
    pub(crate) fn captures(&self, state: &State) -> Option<&Snapshot> {
        let settings = self.settings.current();
        (state.phase == Phase::Open && settings.is_on()).then_some(settings)
    }

    /// Lets the worker know of captured records.
    #[inline]
    fn captured(self: &Arc<Self>, mut state: MutexGuard<'_, State>, settings: &Snapshot, is_due: bool) {
        if !state.has_worker && settings.upload {
            self.start_worker(&mut state);
        }
        drop(state);
        if is_due {
            self.wake.notify_one();
        }
    }

    #[cold]
    pub(crate) fn refuse_all(&self, mut state: MutexGuard<'_, State>, records: u64) -> bool {
        (0..records).for_each(|_| state.ledger.refuse());
        let is_open = state.phase == Phase::Open;
        drop(state);
        if is_open {
            self.heed_if_due();
        }
        false
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
            self.start_worker(state);
        }
    }

    #[cold]
    fn start_worker(self: &Arc<Self>, state: &mut State) {
        state.has_worker = worker::start(Arc::clone(self));
        if !state.has_worker {
            // The records wait, within bounds; the next call tries again.
            state.ledger.fail("worker could not start".to_owned());
        }
    }

    pub(crate) fn flush(self: &Arc<Self>, timeout: Duration) -> bool {
        let deadline = deadline(timeout);
        if !self.later.wait(deadline) {
            return false;
        }
        self.collect_metrics(false);
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
                // Nobody is there who could deliver.
                None if !self.settings.upload => return false,
                // Nor will before the wait is over.
                None if state.suspended_until.is_some_and(|until| until >= deadline) => return false,
                None if state.phase != Phase::Open && !state.has_worker => return false,
                None if self.settled.wait_until(&mut state, deadline).timed_out() => {
                    return aim.is_met(&state).unwrap_or(false);
                }
                None => {}
            }
        }
    }

    pub(crate) fn shutdown(self: &Arc<Self>, timeout: Duration) -> bool {
        let deadline = deadline(timeout);
        // Delivery ends early enough for the disk to take the rest.
        let reserve = if self.spool.is_configured() { RESERVE.min(timeout / 2) } else { Duration::ZERO };
        let delivered_until = deadline.checked_sub(reserve).unwrap_or(deadline);
        // What somebody waits for was asked for while the client was open.
        self.later.wait(delivered_until);
        let mut state = self.close(delivered_until);
        while state.has_worker {
            if self.settled.wait_until(&mut state, deadline).timed_out() {
                // Not joined: the worker sees the phase at its next step, and ends by itself.
                state.abandon();
                self.closing.notify_one();
                break;
            }
        }
        let is_complete = !state.ledger.left_behind();
        let has_worker = state.has_worker;
        drop(state);
        if !has_worker {
            self.leave_spool(deadline);
        }
        self.deletions.close(deadline);
        is_complete
    }

    /// Leaves the spool's folder to others where no worker does: a client that is closed delivers nothing more of it.
    fn leave_spool(&self, deadline: Instant) {
        self.wait_for_writers(deadline.saturating_duration_since(Instant::now()));
        let lost = self.spool.close();
        self.book(|state| state.ledger.end_spooled(&lost));
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
            shared.deletions.close(Instant::now());
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
        let spool_error = self.spool.failure().map(crate::segment::Failure::phrase);
        ledger.to_json(self.settings.off(), pending, spool_error)
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
