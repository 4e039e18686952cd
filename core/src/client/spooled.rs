//! What the worker and callers do with the spool: keep, deliver, wipe.

use std::sync::Arc;
use std::time::Instant;

use crate::client::batch::{Batch, Ready};
use crate::client::held::{Ended, Held};
use crate::client::ledger::{Findings, Reason};
use crate::client::queue::Content;
use crate::client::shared::Shared;
use crate::client::state::{Phase, State};
use crate::client::worker::{Abandoned, Sender};
use crate::error::{Error, ErrorKind, Result};
use crate::segment::Failure;

impl State {
    /// Books what was found on the disk; it waited long enough.
    fn recover(&mut self, records: u64) {
        if records > 0 {
            self.ledger.recover(records);
            let place = self.ledger.spool_in();
            self.spool.hurry(place);
        }
    }
}

impl Shared {
    /// Captures a scrubbed record into the spool; whether it survives a power loss when this returns. Where the disk
    /// refuses, the record waits in memory.
    pub(crate) fn capture_durably(self: &Arc<Self>, text: &str, findings: &Findings) -> bool {
        if self.settings.target.is_err() {
            return self.refuse();
        }
        {
            let mut state = self.state.lock();
            if state.phase != Phase::Open {
                state.ledger.refuse();
                return false;
            }
            // Before the worker can find it on the disk.
            state.ledger.accept_spooled();
            state.ledger.find(findings);
        }
        if self.append(&[text]).is_err() {
            self.book(|state| state.ledger.refuse_spooled());
            self.capture_with(|| Content::Scrubbed(text.into()));
            return false;
        }
        let mut state = self.state.lock();
        state.ledger.appended();
        let waiting = state.ledger.readable();
        let is_due = state.spool.came_in(Instant::now(), waiting, self.settings.batch);
        self.ensure_worker(&mut state);
        drop(state);
        if is_due {
            self.wake.notify_one();
        }
        true
    }

    fn append<R: AsRef<[u8]>>(&self, records: &[R]) -> std::result::Result<(), Failure> {
        let (appended, recovered, gone) = self.spool.append(records);
        if recovered + gone.sum() > 0 {
            self.book(|state| {
                state.recover(recovered);
                state.ledger.end_spooled(&gone);
            });
        }
        appended
    }

    /// Opens the spool, where there is one, and books what it holds and what it gave up. Cheap where there is nothing to
    /// do.
    pub(crate) fn look_after_spool(&self) {
        if self.spool.is_configured() {
            let (recovered, ended) = self.spool.look();
            self.book(|state| {
                state.recover(recovered);
                state.ledger.end_spooled(&ended);
                state.spool.is_known = true;
            });
        }
        let dropped = self.state.lock().ledger.dropped().clone();
        self.warnings.say(&self.spool.take_notes(), &dropped, self.spool.failure().map(Failure::phrase));
    }

    /// Keeps a batch in the spool; false where the disk refuses it.
    pub(crate) fn keep(&self, batch: &Batch) -> bool {
        if !self.spool.is_configured() || self.state.lock().phase == Phase::Closed {
            return false;
        }
        let texts: Vec<&str> = batch.texts().collect();
        if self.append(&texts).is_err() {
            return false;
        }
        let load = batch.load();
        self.book(|state| {
            // After an abandonment they are booked as left behind, and the next process finds them all the same.
            if state.phase == Phase::Closed {
                state.ledger.recover(load.items as u64);
            } else {
                state.queue.settle(load);
                state.ledger.spool(load.items as u64);
                let place = state.ledger.spool_in();
                state.spool.hurry(place);
            }
        });
        true
    }

    /// Puts delivery off: the collector is left alone for a while.
    pub(crate) fn stall(&self) {
        let until = Instant::now() + self.settings.retry.max;
        self.book(|state| state.spool.stall(until));
    }

    /// Whether records go to the disk without asking the collector.
    pub(crate) fn is_down(&self) -> bool {
        self.spool.is_configured() && self.state.lock().spool.is_down(Instant::now())
    }

    /// Removes every record of every process from the folder.
    pub(crate) fn wipe_spool(&self) -> Result<()> {
        let (wiped, ended) = self.spool.wipe();
        self.book(|state| {
            state.ledger.end_spooled(&ended);
            let waiting = state.ledger.readable();
            state.spool.went_out(waiting, Instant::now());
        });
        wiped.map_err(|failure| {
            let message = format!("the spool could not be wiped: {failure}; remove its folder");
            Error::new(ErrorKind::StoreUnavailable, "/client/spool/dir", message)
        })
    }

    /// Delivers a batch of the oldest records in the spool.
    pub(crate) async fn deliver_spooled(&self, sender: &Sender<'_>) -> std::result::Result<(), Abandoned> {
        let Some((held, chunk)) = self.spool.read(self.settings.batch) else {
            // What the books have more than the disk is gone with the disk.
            self.book(|state| {
                let lost = Ended { corrupt: state.ledger.readable(), ..Ended::default() };
                state.ledger.end_spooled(&lost);
                state.spool.went_out(0, Instant::now());
            });
            return Ok(());
        };
        let passed = Ended { corrupt: chunk.corrupt, expired: chunk.expired, ..Ended::default() };
        let ends = chunk.ends;
        let texts = chunk
            .records
            .into_iter()
            .map(|record| Ready { text: String::from_utf8_lossy(&record).into_owned().into_boxed_str(), cost: 0 });
        let mut delivery = Delivery { shared: self, held: &held, ends: &ends, end: chunk.end, passed, done: 0 };
        let mut parts = Batch::divide(texts.collect(), self.settings.batch);
        parts.reverse();
        if parts.is_empty() {
            delivery.close();
            return Ok(());
        }
        while let Some(part) = parts.pop() {
            let records = part.load().items;
            let ended = match sender.send(self, &part).await {
                Ok(ended) => ended,
                Err(abandoned) => {
                    held.release();
                    return Err(abandoned);
                }
            };
            match ended {
                Ok(verdict) => {
                    let mut findings = Findings::default();
                    verdict.codes.into_iter().for_each(|code| findings.note_violation(code));
                    let refused = verdict.refused.min(records as u64);
                    delivery.end(
                        records,
                        Ended { delivered: records as u64 - refused, rejected: refused, ..Ended::default() },
                    );
                    self.book(|state| {
                        state.ledger.find(&findings);
                        state.spool.is_back();
                    });
                }
                Err(failure) if failure.wants_less() && records > 1 => {
                    let (first, second) = part.halve();
                    parts.extend([second, first]);
                }
                Err(failure) if failure.is_retryable() => {
                    held.release();
                    self.stall();
                    return Ok(());
                }
                Err(failure) => {
                    // Refused for good: it goes once, and does not stop what is behind it.
                    self.book(|state| state.ledger.fail(failure.reason()));
                    delivery.end(records, Ended { export_failed: records as u64, ..Ended::default() });
                }
            }
        }
        Ok(())
    }
}

/// A chunk on its way, part by part.
struct Delivery<'a> {
    shared: &'a Shared,
    held: &'a Held,
    /// The number behind each record.
    ends: &'a [u64],
    /// The number behind everything that was read or passed over.
    end: u64,
    /// What was passed over; booked with the first part.
    passed: Ended,
    /// Records that ended.
    done: usize,
}

impl Delivery<'_> {
    /// Books the end of the next `records`.
    fn end(&mut self, records: usize, ended: Ended) {
        self.done += records;
        let is_last = self.done >= self.ends.len();
        let end = if is_last { self.end } else { self.ends.get(self.done - 1).copied().unwrap_or(self.end) };
        let passed = std::mem::take(&mut self.passed);
        let ended = self.held.end(end, ended.and(&passed));
        self.shared.book(|state| {
            state.ledger.end_spooled(&ended);
            let waiting = state.ledger.readable();
            state.spool.went_out(waiting, Instant::now());
        });
    }

    /// Books a chunk in which nothing could be read.
    fn close(&mut self) {
        self.end(0, Ended::default());
    }
}

/// Books that a batch found no way out.
pub(crate) fn give_up(shared: &Shared, batch: &Batch) {
    let load = batch.load();
    shared.book(|state| state.settle(load, load.items as u64, Reason::ExportFailed, &Findings::default()));
}
