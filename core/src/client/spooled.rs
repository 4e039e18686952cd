//! What the worker and callers do with the spool: keep, deliver, wipe.

use std::sync::Arc;
use std::time::Instant;

use crate::client::batch::{Batch, Ready};
use crate::client::held::{Ended, Held};
use crate::client::ledger::{Findings, Reason};
use crate::client::queue::{Captured, Form};
use crate::client::sender::{Abandoned, Sender};
use crate::client::shared::Shared;
use crate::client::state::{Phase, State};
use crate::error::{Error, ErrorKind, Result};
use crate::segment::Failure;

/// A record that the engine has seen, and what becomes of it.
pub(crate) struct Decided<'a> {
    /// Its text, scrubbed, or why it ends here.
    fate: std::result::Result<&'a str, Reason>,
    /// When it was captured: microseconds since 1970.
    at: i64,
    findings: Findings,
}

impl<'a> Decided<'a> {
    /// What is to be kept has a text and no `reason` against it.
    pub(crate) fn new(text: Option<&'a str>, reason: Option<Reason>, at: i64, findings: Findings) -> Self {
        let fate = match (reason, text) {
            (None, Some(text)) => Ok(text),
            (reason, _) => Err(reason.unwrap_or(Reason::Invalid)),
        };
        Self { fate, at, findings }
    }
}

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
    /// Captures records that the engine has seen, those that it accepted into the spool, with one sync. For each,
    /// whether it survives a power loss when this returns, or ended here as it should. Where the disk refuses, the
    /// records wait in memory.
    ///
    /// So many records count as being written when this is called as `reserved` says; it takes them over.
    pub(crate) fn capture_durably(self: &Arc<Self>, records: &[Decided<'_>], reserved: &mut usize) -> Vec<bool> {
        let mut kept = vec![false; records.len()];
        let mut to_keep: Vec<(usize, &str)> = Vec::with_capacity(records.len());
        self.book(|state| {
            state.writers -= std::mem::take(reserved);
            // Asked under the lock, as with every capture: an erasure waits for those who write.
            if self.captures(state).is_none() {
                for _ in records {
                    state.ledger.refuse();
                }
                return;
            }
            for (place, record) in records.iter().enumerate() {
                state.ledger.find(&record.findings);
                match record.fate {
                    Ok(text) if self.settings.permits(text) => {
                        // Before the worker can find it on the disk.
                        state.ledger.accept_spooled();
                        to_keep.push((place, text));
                    }
                    Ok(_) => state.capture_dropped(Reason::Consent),
                    Err(reason) => {
                        state.capture_dropped(reason);
                        kept[place] = true;
                    }
                }
            }
            state.writers += usize::from(!to_keep.is_empty());
        });
        if to_keep.is_empty() {
            return kept;
        }
        let texts: Vec<&str> = to_keep.iter().map(|(_, text)| *text).collect();
        if self.append(&texts).is_err() {
            self.book(|state| {
                for _ in &texts {
                    state.ledger.refuse_spooled();
                }
                state.writers -= 1;
            });
            for (place, text) in to_keep {
                let (at, bytes) = (records[place].at, text.as_bytes());
                self.capture(Captured { form: Form::Scrubbed, at, bytes });
            }
            return kept;
        }
        let mut state = self.state.lock();
        for (place, _) in to_keep {
            kept[place] = true;
            state.ledger.appended();
        }
        state.writers -= 1;
        self.settled.notify_all();
        let waiting = state.ledger.readable();
        let (now, batch) = (Instant::now(), self.settings.batch);
        let mut is_due = false;
        for waiting in waiting.saturating_sub(texts.len() as u64) + 1..=waiting {
            is_due |= state.spool.came_in(now, waiting, batch);
        }
        self.ensure_worker(&mut state);
        drop(state);
        if is_due {
            self.wake.notify_one();
        }
        kept
    }

    fn append<R: AsRef<[u8]>>(&self, records: &[R]) -> std::result::Result<(), Failure> {
        // What was withdrawn while nobody was here goes before anything is added.
        self.erase_disk_once().map_err(|_| Failure::Vanished)?;
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
        self.warn();
    }

    /// Keeps a batch in the spool; false where the disk refuses it.
    pub(crate) fn keep(&self, batch: &Batch) -> bool {
        self.keep_and(batch, |_| {})
    }

    /// The same for a batch that the collector did not take, which puts delivery off: at once, or who waits for a flush would
    /// see a queue that is settled, and nothing that was put off.
    pub(crate) fn keep_and_stall(&self, batch: &Batch) -> bool {
        self.keep_and(batch, |state| self.put_off(state))
    }

    fn keep_and(&self, batch: &Batch, then: impl FnOnce(&mut State)) -> bool {
        if !self.spool.is_configured() {
            return false;
        }
        {
            let mut state = self.state.lock();
            if state.phase == Phase::Closed || !state.erasing.is_empty() || !self.settings.is_on() {
                return false;
            }
            state.writers += 1;
        }
        let kept = self.append(&batch.texts());
        let load = batch.load();
        self.book(|state| {
            state.writers -= 1;
            if kept.is_err() {
                return;
            }
            then(state);
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
        kept.is_ok()
    }

    /// Puts delivery off: the collector is left alone for a while.
    pub(crate) fn stall(&self) {
        self.book(|state| self.put_off(state));
    }

    fn put_off(&self, state: &mut State) {
        state.spool.stall(Instant::now() + self.settings.retry.max);
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

    /// Gives back to the spool what could not be delivered.
    fn give_back(&self, held: &Held) {
        let lost = held.release();
        self.book(|state| state.ledger.end_spooled(&lost));
    }

    /// Delivers a batch of the oldest records in the spool.
    pub(crate) async fn deliver_spooled(&self, sender: &Sender<'_>) -> std::result::Result<(), Abandoned> {
        if self.erase_disk_once().is_err() {
            self.book(|state| state.ledger.fail("withdrawn records could not be erased".to_owned()));
            self.stall();
            return Ok(());
        }
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
        let mut parts = Batch::divide_for(sender.target, texts.collect(), self.settings.batch);
        parts.reverse();
        let _travels = Travelling::begin(self);
        if parts.is_empty() {
            delivery.close();
            return Ok(());
        }
        while let Some(part) = parts.pop() {
            let records = part.load().items;
            // The user may consent to less than when it was captured.
            let (part, withheld) = part.without(|text| self.settings.permits(text));
            let sent = part.load().items;
            if sent == 0 {
                delivery.end(records, Ended { consent: withheld, ..Ended::default() });
                continue;
            }
            let ended = match sender.send(self, &part).await {
                Ok(ended) => ended,
                Err(abandoned) => {
                    self.give_back(&held);
                    return Err(abandoned);
                }
            };
            match ended {
                Ok(verdict) => {
                    let mut findings = Findings::default();
                    findings.note_verdict(&verdict);
                    let refused = verdict.refused.min(sent as u64);
                    let delivered = sent as u64 - refused;
                    let ended = Ended { delivered, rejected: refused, consent: withheld, ..Ended::default() };
                    delivery.end(records, ended);
                    self.book(|state| {
                        state.ledger.find(&findings);
                        state.spool.is_back();
                    });
                }
                Err(failure) if failure.wants_less() && sent > 1 => {
                    // Those withheld end with the first half.
                    let (first, second) = part.halve();
                    delivery.withhold(withheld);
                    parts.extend([second, first]);
                }
                Err(failure) if failure.is_retryable() => {
                    self.give_back(&held);
                    self.stall();
                    return Ok(());
                }
                Err(failure) => {
                    // Refused for good: it goes once, and does not stop what is behind it.
                    self.book(|state| state.ledger.fail(failure.reason()));
                    delivery.end(records, Ended { export_failed: sent as u64, consent: withheld, ..Ended::default() });
                }
            }
        }
        Ok(())
    }
}

/// Says, while it lives, that records from the disk are on their way: an erasure waits for that.
struct Travelling<'a>(&'a Shared);

impl<'a> Travelling<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.book(|state| state.is_travelling = true);
        Self(shared)
    }
}

impl Drop for Travelling<'_> {
    fn drop(&mut self) {
        self.0.book(|state| state.is_travelling = false);
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
    /// Books records that are not sent with the next part.
    fn withhold(&mut self, records: u64) {
        self.passed.consent += records;
        self.done += usize::try_from(records).unwrap_or(0);
    }

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
