//! Erasing what was withdrawn from one slot of the spool.

use std::io;
use std::path::Path;

use crate::client::held::{Ended, Held};
use crate::client::spool::Spool;
use crate::consent::{Purposes, Wipe};
use crate::segment::{self, Failure};

/// Frees one slot of what was withdrawn.
pub(super) struct SlotWipe<'a> {
    pub(super) spool: &'a Spool,
    pub(super) slot: &'a Path,
    /// Its log, where this process holds it.
    pub(super) held: Option<&'a Held>,
    /// What became of this process's own records.
    pub(super) ended: Ended,
}

impl SlotWipe<'_> {
    fn everything(&mut self) -> std::result::Result<(), Failure> {
        let Some(held) = self.held else { return segment::wipe_slot(self.slot) };
        let wiped = held.log.wipe();
        self.ended.add(&held.persist(Ended::default()));
        wiped
    }

    /// False where another living process holds the slot.
    fn some(&mut self, purposes: Purposes) -> std::result::Result<bool, Failure> {
        let settings = self.spool.settings.current();
        // Whose purpose cannot be told may be what was withdrawn.
        let purpose = |record: &[u8]| std::str::from_utf8(record).ok().and_then(|text| settings.purpose_of(text));
        let keep = |record: &[u8]| purpose(record).is_some_and(|purpose| !purposes.contains(purpose));
        if let Some(held) = self.held {
            let (erased, ended) = held.erase(&keep);
            self.ended.add(&ended);
            return erased.map(|()| true);
        }
        let options = &self.spool.settings()?.options;
        match segment::open_slot(self.slot, &self.spool.time, options) {
            Ok(Some(log)) => Held::new(log, self.slot.to_owned()).erase(&keep).0.map(|()| true),
            Ok(None) => Ok(false),
            // Nobody can tell them apart here.
            Err(Failure::OtherKey) => segment::wipe_slot(self.slot).map(|()| true),
            Err(failure) => Err(failure),
        }
    }
}

impl Wipe for SlotWipe<'_> {
    fn wipe(&mut self, purposes: Purposes) -> io::Result<bool> {
        let done = if purposes == Purposes::ALL { self.everything().map(|()| true) } else { self.some(purposes) };
        done.map_err(|failure| io::Error::other(failure.phrase()))
    }
}
