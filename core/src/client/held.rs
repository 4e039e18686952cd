//! A log that the client holds, and its books over all processes that ever held it.

use std::path::PathBuf;

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
}

impl Held {
    pub(crate) fn new(log: Log, slot: PathBuf) -> Self {
        let kept = log.found.note.as_ref().and_then(|note| serde_json::from_str(note.get()).ok());
        Self { log, slot, books: Mutex::new(kept.unwrap_or_default()) }
    }

    /// Acknowledges every record before `end`, of which `ended` came to this end, and returns what is to be booked:
    /// nothing where they were wiped meanwhile.
    pub(crate) fn end(&self, end: u64, ended: Ended) -> Ended {
        let ended = if self.log.acknowledge(end) == 0 { Ended::default() } else { ended };
        self.persist(ended)
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

    /// Gives back what was read and did not end.
    pub(crate) fn release(&self) {
        self.log.release();
    }

    /// Keeps the position and the books, with what ended unread meanwhile. Returns all that is to be booked.
    pub(crate) fn persist(&self, mut ended: Ended) -> Ended {
        ended.add(&self.log.take_losses().into());
        let mut books = self.books.lock();
        books.add(&ended);
        let note = serde_json::to_string(&*books).ok().and_then(|text| RawValue::from_string(text).ok());
        drop(books);
        // Where it cannot be written, records may be sent once more after a restart; their ids are the same.
        let _ = self.log.persist(note);
        ended
    }
}
