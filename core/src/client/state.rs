//! Everything that changes in a client, behind one lock: queue, books and phase.
//!
//! No method here waits, sends or runs the engine, so the lock is held for nanoseconds.

use std::time::{Duration, Instant};

use crate::client::ledger::{Findings, Ledger, Reason};
use crate::client::queue::{Captured, Load, Queue};
use crate::client::self_metrics::Told;
use crate::client::settings::Bounds;
use crate::client::waiting::Waiting;
use crate::consent::Purposes;

/// How far the client's life has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Captures and delivers.
    Open,
    /// Captures nothing more; delivers what it can until then.
    Closing(Instant),
    /// Nothing is pending, and nothing more happens.
    Closed,
}

/// What the worker has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Take a batch.
    Batch,
    /// Wait until this moment or a wake-up.
    At(Instant),
    /// Wait for a wake-up.
    Idle,
    /// End.
    End,
}

/// See the module's words.
pub(crate) struct State {
    pub(crate) queue: Queue,
    pub(crate) ledger: Ledger,
    pub(crate) phase: Phase,
    /// Whether the worker thread lives.
    pub(crate) has_worker: bool,
    /// Whether the worker looks soon anyway, so that the first record to wait need not wake it: that costs as much as a
    /// hundred captures.
    pub(crate) is_watched: bool,
    /// What the user withdrew while the worker holds records: it must forget unsent what belongs to it.
    pub(crate) erasing: Purposes,
    /// Nothing is sent before then: the breaker is open.
    pub(crate) suspended_until: Option<Instant>,
    /// Whether records from the disk are on their way.
    pub(crate) is_travelling: bool,
    /// Threads that are writing to the disk. An erasure waits for them.
    pub(crate) writers: usize,
    /// Records before this place do not wait for their batch to fill.
    flush_before: u64,
    /// When the spool is delivered.
    pub(crate) spool: Waiting,
    /// What of the books was sent as metrics: the same books under any configuration.
    pub(crate) told: Told,
}

impl State {
    pub(crate) fn new(queue: Bounds) -> Self {
        Self {
            queue: Queue::new(queue),
            ledger: Ledger::default(),
            phase: Phase::Open,
            has_worker: false,
            is_watched: false,
            erasing: Purposes::NONE,
            suspended_until: None,
            is_travelling: false,
            writers: 0,
            flush_before: 0,
            spool: Waiting::default(),
            told: Told::default(),
        }
    }

    /// Books a captured record into the queue. Returns whether the worker should look: the record is the first
    /// to wait, where nobody looks anyway, or completes a batch.
    pub(crate) fn capture(&mut self, record: Captured<'_>, now: impl FnOnce() -> Instant, batch: Bounds) -> bool {
        let before = self.queue.waiting();
        let seq = self.ledger.accept();
        let gone = self.queue.push(seq, record, now, batch);
        self.ledger.drop_for(Reason::QueueFull, gone);
        (before.items == 0 && !self.is_watched) || (!is_full(before, batch) && is_full(self.queue.waiting(), batch))
    }

    /// Books a captured record that ends at once.
    pub(crate) fn capture_dropped(&mut self, reason: Reason) {
        self.ledger.accept();
        self.ledger.drop_for(reason, 1);
    }

    /// What the worker has to do at `now`.
    pub(crate) fn next(&self, now: Instant, batch: Bounds, flush_interval: Duration) -> Next {
        let oldest = self.queue.oldest();
        match (self.phase, oldest) {
            (Phase::Closed, _) | (Phase::Closing(_), None) => Next::End,
            (Phase::Closing(deadline), Some(_)) => {
                if now < deadline {
                    Next::Batch
                } else {
                    Next::End
                }
            }
            (Phase::Open, None) => Next::Idle,
            (Phase::Open, Some((oldest, since))) => {
                let due = since + flush_interval;
                if oldest < self.flush_before || is_full(self.queue.waiting(), batch) || due <= now {
                    Next::Batch
                } else {
                    Next::At(due)
                }
            }
        }
    }

    /// Asks that everything captured so far be sent without waiting, and returns the place where that ends.
    pub(crate) fn flush(&mut self) -> u64 {
        self.flush_before = self.ledger.accepted();
        self.flush_before
    }

    /// Books the end of records in flight: `dropped` of them for the reason given, the others delivered.
    pub(crate) fn settle(&mut self, load: Load, dropped: u64, reason: Reason, findings: &Findings) {
        self.ledger.find(findings);
        // After an abandonment the records are booked already.
        if self.phase != Phase::Closed {
            self.queue.settle(load);
            self.ledger.drop_for(reason, dropped);
            self.ledger.deliver((load.items as u64).saturating_sub(dropped));
        }
        // What ended before the worker saw the withdrawal need not be forgotten any more.
        if !self.holds_records() {
            self.erasing = Purposes::NONE;
        }
    }

    /// Whether the worker holds records that have not come to their end.
    fn holds_records(&self) -> bool {
        self.queue.has_in_flight() || self.is_travelling
    }

    /// Ends capture; delivery may go on until `deadline`, or an earlier one set before.
    pub(crate) fn close(&mut self, deadline: Instant) {
        self.phase = match self.phase {
            Phase::Open => Phase::Closing(deadline),
            Phase::Closing(earlier) => Phase::Closing(earlier.min(deadline)),
            Phase::Closed => Phase::Closed,
        };
    }

    /// Closes for good and books whatever is pending as left behind.
    pub(crate) fn abandon(&mut self) {
        let left = self.queue.clear();
        self.ledger.drop_for(Reason::Shutdown, left);
        self.phase = Phase::Closed;
        self.erasing = Purposes::NONE;
    }

    /// Forgets what waits; what is in flight is the worker's to forget.
    pub(crate) fn erase(&mut self) {
        let gone = self.queue.discard_waiting();
        self.ledger.drop_for(Reason::Consent, gone);
        self.erase_in_flight(Purposes::ALL);
    }

    /// Has the worker forget what it holds for these purposes.
    pub(crate) fn erase_in_flight(&mut self, purposes: Purposes) {
        if self.holds_records() {
            self.erasing = self.erasing.and(purposes);
        }
    }

    /// Books that the worker forgot everything that was in flight.
    pub(crate) fn erased(&mut self) {
        let gone = self.queue.forfeit();
        self.ledger.drop_for(Reason::Consent, gone);
        self.erasing = Purposes::NONE;
    }

    /// Books the end of the worker: the last one of a closing client, or one that broke down.
    pub(crate) fn worker_ended(&mut self) {
        self.has_worker = false;
        self.is_watched = false;
        if self.erasing == Purposes::ALL {
            self.erased();
        }
        self.erasing = Purposes::NONE;
        if self.phase == Phase::Open {
            let lost = self.queue.forfeit();
            self.ledger.drop_for(Reason::ExportFailed, lost);
        } else {
            self.abandon();
        }
    }
}

fn is_full(waiting: Load, batch: Bounds) -> bool {
    waiting.items >= batch.items || waiting.bytes >= batch.bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::queue::Form;

    const BATCH: Bounds = Bounds { items: 3, bytes: 100 };
    const INTERVAL: Duration = Duration::from_secs(5);

    fn state() -> State {
        State::new(Bounds { items: 10, bytes: 1_000 })
    }

    fn capture(state: &mut State, bytes: usize, now: Instant) -> bool {
        let text = "x".repeat(bytes);
        state.capture(Captured { form: Form::Scrubbed, at: 0, bytes: text.as_bytes() }, || now, BATCH)
    }

    fn fill(state: &mut State, now: Instant) {
        capture(state, 1, now);
    }

    #[test]
    fn the_worker_is_woken_by_the_first_record_and_by_a_full_batch_only() {
        let (mut state, now) = (state(), Instant::now());
        let wakes: Vec<bool> = (0..5).map(|_| capture(&mut state, 1, now)).collect();
        assert_eq!(wakes, [true, false, true, false, false]);
    }

    #[test]
    fn a_worker_that_looks_anyway_is_woken_by_a_full_batch_only() {
        let (mut state, now) = (state(), Instant::now());
        state.is_watched = true;
        let wakes: Vec<bool> = (0..5).map(|_| capture(&mut state, 1, now)).collect();
        assert_eq!(wakes, [false, false, true, false, false]);
        state.worker_ended();
        state.queue.clear();
        assert!(capture(&mut state, 1, now), "nobody looks any more");
    }

    #[test]
    fn a_batch_is_due_when_full_by_items_or_bytes_or_after_the_interval() {
        let now = Instant::now();
        let next = |state: &State, now| state.next(now, BATCH, INTERVAL);
        let mut few = state();
        assert_eq!(next(&few, now), Next::Idle);
        capture(&mut few, 1, now);
        assert_eq!(next(&few, now), Next::At(now + INTERVAL));
        assert_eq!(next(&few, now + INTERVAL), Next::Batch);
        let mut many = state();
        (0..3).for_each(|_| fill(&mut many, now));
        assert_eq!(next(&many, now), Next::Batch);
        let mut large = state();
        capture(&mut large, 100, now);
        assert_eq!(next(&large, now), Next::Batch);
    }

    #[test]
    fn a_flush_hurries_what_was_captured_before_it_and_nothing_later() {
        let (mut state, now) = (state(), Instant::now());
        capture(&mut state, 1, now);
        let end = state.flush();
        assert_eq!(state.next(now, BATCH, INTERVAL), Next::Batch);
        state.queue.take(BATCH);
        capture(&mut state, 1, now);
        assert!(!state.queue.settled_before(end));
        state.settle(Load { items: 1, bytes: 1 }, 0, Reason::Rejected, &Findings::default());
        assert!(state.queue.settled_before(end));
        assert_eq!(state.next(now, BATCH, INTERVAL), Next::At(now + INTERVAL));
    }

    #[test]
    fn a_closing_client_sends_at_once_and_ends_at_its_deadline() {
        let (mut state, now) = (state(), Instant::now());
        capture(&mut state, 1, now);
        state.close(now + INTERVAL);
        assert_eq!(state.next(now, BATCH, INTERVAL), Next::Batch);
        assert_eq!(state.next(now + INTERVAL, BATCH, INTERVAL), Next::End);
    }

    #[test]
    fn what_is_erased_is_booked_and_a_batch_that_ended_meanwhile_is_not_waited_for() {
        let (mut state, now) = (state(), Instant::now());
        (0..5).for_each(|_| fill(&mut state, now));
        state.queue.take(BATCH);
        state.erase();
        assert_eq!(state.erasing, Purposes::ALL);
        state.settle(Load { items: 3, bytes: 3 }, 0, Reason::Rejected, &Findings::default());
        assert!(state.erasing.is_empty());
        let books = state.ledger.to_json(None, state.queue.pending(), None);
        assert!(books.contains(r#""delivered":3,"pending":0"#) && books.contains(r#""consent":2"#), "{books}");
        fill(&mut state, now);
        state.queue.take(BATCH);
        state.erase();
        state.erased();
        assert!(state.erasing.is_empty() && state.queue.pending() == 0);
    }

    #[test]
    fn what_ends_after_an_abandonment_is_not_booked_twice() {
        let (mut state, now) = (state(), Instant::now());
        capture(&mut state, 1, now);
        state.queue.take(BATCH);
        state.abandon();
        state.settle(Load { items: 1, bytes: 1 }, 0, Reason::Rejected, &Findings::default());
        let books = state.ledger.to_json(None, state.queue.pending(), None);
        assert!(books.contains(r#""accepted":1,"delivered":0,"pending":0"#) && books.contains(r#""shutdown":1"#));
    }

    #[test]
    fn a_worker_that_broke_down_loses_its_batch_and_leaves_the_queue() {
        let (mut state, now) = (state(), Instant::now());
        (0..5).for_each(|_| fill(&mut state, now));
        state.has_worker = true;
        state.queue.take(BATCH);
        state.worker_ended();
        let books = state.ledger.to_json(None, state.queue.pending(), None);
        assert!(books.contains(r#""pending":2"#) && books.contains(r#""export_failed":3"#), "{books}");
        assert!(!state.has_worker && state.phase == Phase::Open);
    }
}
