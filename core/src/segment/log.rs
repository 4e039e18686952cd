//! The log: many threads append, one reads, and what was acknowledged is forgotten.
//!
//! Appending is a group commit. A thread leaves its records in the group that is gathering; whoever finds nobody
//! writing takes the group, writes it as one frame and syncs, while the next group gathers. All others wait for
//! their group's end. There is no thread of the log's own, so nothing needs to survive a fork.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};
use serde_json::value::RawValue;

use super::clock::{LogClock, Moment, Time};
use super::disk::{Disk, Failure};
use super::frame::Records;
use super::read::Cursor;
use super::recover::{Recovered, Segment, recover};
use super::seal::SealKey;
use super::write::{Writer, Written};

/// A group that has gathered so much takes no more: who comes then waits for the disk.
const FULL_GROUP_BYTES: usize = 1 << 20;

/// What a log may take and keep.
#[derive(Clone)]
pub(crate) struct Options {
    /// Bytes of one segment; a frame that is larger has one to itself.
    pub(crate) segment_bytes: u64,
    /// Bytes of all segments together; the oldest goes first.
    pub(crate) max_bytes: u64,
    /// Records that are older are never read.
    pub(crate) max_age: Option<Duration>,
    pub(crate) key: Option<SealKey>,
    /// Bytes that others keep under the same bound; asked when a segment is begun.
    pub(crate) elsewhere: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
}

/// Records that ended without having been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// They were the oldest, and there was no more room.
    pub(crate) full: u64,
    /// They were too old.
    pub(crate) expired: u64,
    /// They were wiped.
    pub(crate) wiped: u64,
}

/// See the module's words.
pub(crate) struct Log {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) time: Arc<dyn Time>,
    pub(super) clock: LogClock,
    pub(super) options: Options,
    pub(super) core: Mutex<Core>,
    /// Tells appenders that a group ended.
    turn: Condvar,
    /// Locked before `core`, by whoever writes.
    pub(super) writer: Mutex<Writer>,
    /// Locked before `core`, by whoever reads.
    pub(super) cursor: Mutex<Cursor>,
    /// What was found at the start.
    pub(crate) found: Found,
}

/// What recovery met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) torn_bytes: u64,
    pub(crate) quarantined: u64,
    /// What was noted with the last acknowledgement.
    pub(crate) note: Option<Box<RawValue>>,
}

/// What changes, behind one lock that nobody holds while the disk works, but for forgetting.
pub(super) struct Core {
    group: Group,
    is_writing: bool,
    /// Oldest first; the last may be the active one.
    pub(super) segments: VecDeque<Segment>,
    /// The number that the next record gets.
    pub(super) next: u64,
    /// The number of the first record that is not acknowledged.
    pub(super) acknowledged: u64,
    /// Whether a chunk was read and not settled.
    pub(super) is_read: bool,
    /// The number behind that chunk.
    pub(super) read_end: u64,
    pub(super) losses: Losses,
    pub(super) note: Option<Box<RawValue>>,
    /// What others kept when it was asked last.
    pub(super) elsewhere: u64,
}

#[derive(Default)]
struct Group {
    records: Records,
    ticket: Arc<Ticket>,
}

/// How a group ended: the number of its first record, once it is on the disk for good.
type Ticket = OnceLock<Result<u64, Failure>>;

impl Log {
    /// Opens what a folder holds, after whatever happened to it.
    pub(crate) fn open(disk: Arc<dyn Disk>, time: Arc<dyn Time>, options: Options) -> Result<Self, Failure> {
        let Recovered { segments, next, position, torn_bytes, quarantined } =
            recover(disk.as_ref(), options.key.as_ref().map(SealKey::id))?;
        let clock = LogClock::resume(segments.iter().rev().find_map(|segment| segment.last), time.as_ref());
        let writer = Writer::resume(next, segments.back());
        Ok(Self {
            disk,
            time,
            clock,
            options,
            core: Mutex::new(Core {
                group: Group::default(),
                is_writing: false,
                segments,
                next,
                acknowledged: position.acknowledged,
                is_read: false,
                read_end: 0,
                losses: Losses::default(),
                note: position.note.clone(),
                elsewhere: 0,
            }),
            turn: Condvar::new(),
            writer: Mutex::new(writer),
            cursor: Mutex::default(),
            found: Found { torn_bytes, quarantined, note: position.note },
        })
    }

    /// Appends records and returns the number of the first, when all survive a power loss.
    ///
    /// # Errors
    /// None of them is reported as written then, though some may be found after a crash.
    pub(crate) fn append<R: AsRef<[u8]>>(&self, records: &[R]) -> Result<u64, Failure> {
        self.append_in_parts(records.iter().map(|record| [record.as_ref()]))
    }

    /// The same of records whose parts stand in different places: each is copied once, to where it is packed from.
    ///
    /// # Errors
    /// See [`append`](Self::append).
    pub(crate) fn append_in_parts<'a, const N: usize>(
        &self,
        mut records: impl Iterator<Item = [&'a [u8]; N]> + Clone,
    ) -> Result<u64, Failure> {
        let room = records.clone().map(Records::room).sum();
        let mut core = self.core.lock();
        while core.group.records.bytes() >= FULL_GROUP_BYTES {
            self.turn.wait(&mut core);
        }
        let before = core.group.records.count();
        let bytes = core.group.records.bytes();
        // At once: what grows step by step is copied again with each.
        core.group.records.reserve(room);
        if !records.all(|record| core.group.records.push(record)) {
            core.group.records.truncate(before, bytes);
            return Err(Failure::TooLarge);
        }
        let ticket = Arc::clone(&core.group.ticket);
        loop {
            if let Some(ended) = ticket.get() {
                return ended.map(|first| first + u64::from(before));
            }
            if core.is_writing {
                self.turn.wait(&mut core);
            } else if core.group.records.count() == 0 {
                // An append of nothing.
                return Ok(core.next);
            } else {
                core.is_writing = true;
                let group = std::mem::take(&mut core.group);
                drop(core);
                core = self.lead(&group);
            }
        }
    }

    /// Writes a group and books its end.
    fn lead(&self, group: &Group) -> MutexGuard<'_, Core> {
        /// Lets the others go on whatever becomes of the leader.
        struct Lead<'a>(&'a Log, &'a Ticket);
        impl Drop for Lead<'_> {
            fn drop(&mut self) {
                let _ = self.1.set(Err(Failure::Device));
                self.0.core.lock().is_writing = false;
                self.0.turn.notify_all();
            }
        }
        let lead = Lead(self, &group.ticket);
        let mut writer = self.writer.lock();
        let moment = self.clock.now(self.time.as_ref());
        let written = writer.write(self.disk.as_ref(), &self.options, &group.records, moment);
        if let Ok(written) = &written {
            let mut core = self.core.lock();
            if core.take_note(written, moment) {
                core.elsewhere = self.options.elsewhere.as_ref().map_or(0, |elsewhere| elsewhere());
            }
            self.make_room(&mut core);
        }
        drop(writer);
        let _ = group.ticket.set(written.map(|written| written.first));
        drop(lead);
        self.core.lock()
    }

    /// Gives up the ownership of the folder in a forked child, which has no business there.
    pub(crate) fn let_go(&self) {
        self.disk.let_go();
    }

    /// What ended unread since this was asked last.
    pub(crate) fn take_losses(&self) -> Losses {
        std::mem::take(&mut self.core.lock().losses)
    }

    /// Records that are not acknowledged, found to be whole or not.
    pub(crate) fn pending(&self) -> u64 {
        let core = self.core.lock();
        core.next - core.acknowledged
    }

    /// Bytes of all segments.
    #[cfg(any(test, feature = "store"))]
    pub(crate) fn bytes(&self) -> u64 {
        self.core.lock().segments.iter().map(|segment| segment.bytes).sum()
    }
}

impl Core {
    /// Takes note of a frame that was written; whether a segment begins with it.
    pub(super) fn take_note(&mut self, written: &Written, moment: Moment) -> bool {
        self.next = written.end;
        let is_fresh = self.segments.back().is_none_or(|segment| segment.base != written.base);
        if is_fresh {
            let fresh = Segment { base: written.base, end: written.base, bytes: 0, last: None, key: written.key };
            self.segments.push_back(fresh);
        }
        if let Some(active) = self.segments.back_mut() {
            (active.end, active.bytes, active.last) = (written.end, written.bytes, Some(moment));
        }
        is_fresh
    }
}
