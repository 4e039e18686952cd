//! A log that the client holds, and its books over all processes that ever held it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::segment::{Failure, Log, Losses};

/// What became of a log's records, over all processes that ever owned it; kept with its position. Together they are
/// as many as were acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ended {
    pub(crate) delivered: u64,
    pub(crate) rejected: u64,
    pub(crate) export_failed: u64,
    pub(crate) expired: u64,
    pub(crate) spool_full: u64,
    pub(crate) corrupt: u64,
    pub(crate) consent: u64,
    /// Given another number when what was withdrawn beside them was erased: no end, and not in the sum.
    pub(crate) renumbered: u64,
}

impl Ended {
    /// All that ended.
    pub(crate) fn sum(&self) -> u64 {
        self.delivered
            + self.rejected
            + self.export_failed
            + self.expired
            + self.spool_full
            + self.corrupt
            + self.consent
    }

    /// Both together.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.rejected += other.rejected;
        self.export_failed += other.export_failed;
        self.expired += other.expired;
        self.spool_full += other.spool_full;
        self.corrupt += other.corrupt;
        self.consent += other.consent;
        self.renumbered += other.renumbered;
    }
}

impl From<Losses> for Ended {
    fn from(losses: Losses) -> Self {
        Self { spool_full: losses.full, expired: losses.expired, consent: losses.wiped, ..Self::default() }
    }
}

/// A log, its folder and its books.
pub(crate) struct Held {
    pub(crate) log: Log,
    pub(crate) slot: PathBuf,
    pub(crate) books: Mutex<Ended>,
    /// Records that ended since the position was kept last.
    unkept: AtomicU64,
}

/// Records that end before the position is kept again: each time costs a sync. After a kill so many are sent once more,
/// with the same ids.
const KEEP_EVERY: u64 = 1_000;

impl Held {
    pub(crate) fn new(log: Log, slot: PathBuf) -> Self {
        let kept = log.found.note.as_ref().and_then(|note| serde_json::from_str(note.get()).ok());
        Self { log, slot, books: Mutex::new(kept.unwrap_or_default()), unkept: AtomicU64::new(0) }
    }

    /// Acknowledges every record before `end`, of which `ended` came to this end, and returns what is to be booked:
    /// nothing where they were wiped meanwhile. That they ended is kept with the last one, or after many.
    pub(crate) fn end(&self, end: u64, ended: Ended) -> Ended {
        let acknowledged = self.log.acknowledge(end);
        let ended = if acknowledged == 0 { Ended::default() } else { ended };
        let unkept = self.unkept.fetch_add(acknowledged, Ordering::Relaxed) + acknowledged;
        if self.log.pending() == 0 || unkept >= KEEP_EVERY { self.persist(ended) } else { self.note(ended) }
    }

    /// Adds to the books what ended, and what ended unread meanwhile. Returns all that is to be booked.
    fn note(&self, mut ended: Ended) -> Ended {
        let lost = Ended::from(self.log.take_losses());
        self.unkept.fetch_add(lost.sum(), Ordering::Relaxed);
        ended.add(&lost);
        self.books.lock().add(&ended);
        ended
    }

    /// Adds to the books what ended unread. Returns what is to be booked.
    pub(crate) fn note_losses(&self) -> Ended {
        self.note(Ended::default())
    }

    /// Keeps what is not kept yet. Returns what is to be booked.
    pub(crate) fn settle(&self) -> Ended {
        let lost = self.note_losses();
        if self.unkept.load(Ordering::Relaxed) > 0 { lost.and(&self.persist(Ended::default())) } else { lost }
    }

    /// Erases the records that `keep` does not hold for. Returns what is to be booked.
    ///
    /// # Errors
    /// Where the disk refuses; some may be there still.
    pub(crate) fn erase(&self, keep: &dyn Fn(&[u8]) -> bool) -> (Result<(), Failure>, Ended) {
        let (result, erased) = self.log.erase(keep);
        let ended =
            Ended { consent: erased.gone, corrupt: erased.corrupt, renumbered: erased.moved, ..Ended::default() };
        (result, self.persist(ended))
    }

    /// Gives back what was read and did not end. Returns what is to be booked: some of it may have fallen to the bound.
    pub(crate) fn release(&self) -> Ended {
        self.log.release();
        self.note_losses()
    }

    /// Keeps the position and the books, with what ended unread meanwhile. Returns all that is to be booked.
    pub(crate) fn persist(&self, ended: Ended) -> Ended {
        let ended = self.note(ended);
        self.unkept.store(0, Ordering::Relaxed);
        let note = serde_json::to_string(&*self.books.lock()).ok().and_then(|text| RawValue::from_string(text).ok());
        // Where it cannot be written, records may be sent once more after a restart; their ids are the same.
        let _ = self.log.persist(note);
        ended
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::segment::{self, MachineTime, Options, Time};

    #[test]
    fn what_fell_to_the_bound_while_it_was_read_is_booked_when_it_is_given_back_and_kept_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { segment_bytes: 1_000, max_bytes: 6_000, max_age: None, key: None, elsewhere: None };
        let time: Arc<dyn Time> = Arc::new(MachineTime::new());
        let open = || {
            let (log, slot) = segment::claim(folder.path(), &time, &options).unwrap();
            Held::new(log, slot)
        };
        let held = open();
        let append = |count: usize| (0..count).for_each(|n| _ = held.log.append(&[format!("{n:064}")]).unwrap());
        append(4);
        held.log.read(4, usize::MAX).unwrap();
        append(96);
        assert_eq!(held.note_losses(), Ended::default());
        let lost = held.release();
        assert!(lost.spool_full >= 4, "{lost:?}");
        assert_eq!(lost.sum() + held.log.pending(), 100);
        assert_eq!(held.settle(), Ended::default(), "booked once");
        let left = held.log.pending();
        drop(held);
        let next = open();
        assert_eq!((*next.books.lock(), next.log.pending()), (lost, left));
    }
}
