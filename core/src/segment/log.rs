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

use super::clock::{LogClock, Time};
use super::disk::{self, Disk, Failure};
use super::format;
use super::frame::Records;
use super::position::{self, Position};
use super::read::Cursor;
use super::recover::{Recovered, Segment, recover};
use super::seal::SealKey;
use super::write::Writer;

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
    writer: Mutex<Writer>,
    /// Locked before `core`, by whoever reads.
    pub(super) cursor: Mutex<Cursor>,
    /// What was found at the start.
    pub(crate) found: Found,
}

/// What recovery met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Records that wait to be read.
    pub(crate) records: u64,
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
    losses: Losses,
    note: Option<Box<RawValue>>,
    /// What others kept when it was asked last.
    elsewhere: u64,
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
        let records = next - position.acknowledged;
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
                losses: Losses::default(),
                note: position.note.clone(),
                elsewhere: 0,
            }),
            turn: Condvar::new(),
            writer: Mutex::new(writer),
            cursor: Mutex::default(),
            found: Found { records, torn_bytes, quarantined, note: position.note },
        })
    }

    /// Appends records and returns the number of the first, when all survive a power loss.
    ///
    /// # Errors
    /// None of them is reported as written then, though some may be found after a crash.
    pub(crate) fn append<R: AsRef<[u8]>>(&self, records: &[R]) -> Result<u64, Failure> {
        let mut core = self.core.lock();
        while core.group.records.bytes() >= FULL_GROUP_BYTES {
            self.turn.wait(&mut core);
        }
        let before = core.group.records.count();
        let bytes = core.group.records.bytes();
        if !records.iter().all(|record| core.group.records.push(record.as_ref())) {
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
            core.next = written.end;
            if core.segments.back().is_none_or(|segment| segment.base != written.base) {
                let fresh = Segment { base: written.base, end: written.base, bytes: 0, last: None, key: written.key };
                core.segments.push_back(fresh);
                core.elsewhere = self.options.elsewhere.as_ref().map_or(0, |elsewhere| elsewhere());
            }
            if let Some(active) = core.segments.back_mut() {
                (active.end, active.bytes, active.last) = (written.end, written.bytes, Some(moment));
            }
            self.make_room(&mut core);
        }
        drop(writer);
        let _ = group.ticket.set(written.map(|written| written.first));
        drop(lead);
        self.core.lock()
    }

    /// Drops the oldest segments until the rest keeps its bound. The active one stays.
    fn make_room(&self, core: &mut Core) {
        let mut bytes = core.elsewhere + core.segments.iter().map(|segment| segment.bytes).sum::<u64>();
        while bytes > self.options.max_bytes && core.segments.len() > 1 {
            let Some(oldest) = core.segments.pop_front() else { break };
            bytes -= oldest.bytes;
            self.forget(oldest.base);
        }
        core.catch_up();
    }

    /// Removes a segment's file. One that stays is removed at the next start, as acknowledged.
    fn forget(&self, base: u64) {
        let _ = self.disk.remove(&format::name(base));
    }

    /// Acknowledges every record before `end`, which are not read again, and returns how many were acknowledged: none
    /// where they were wiped meanwhile. Nothing is written: see [`persist`](Self::persist).
    pub(crate) fn acknowledge(&self, end: u64) -> u64 {
        let mut core = self.core.lock();
        let end = end.clamp(core.acknowledged, core.next);
        let acknowledged = end - core.acknowledged;
        core.is_read = false;
        core.acknowledged = end;
        core.catch_up();
        acknowledged
    }

    /// Keeps the position, and a note with it: what is acknowledged by now is not read again after a crash either.
    ///
    /// # Errors
    /// Where it could not be written; records may be read once more after a restart.
    pub(crate) fn persist(&self, note: Option<Box<RawValue>>) -> Result<(), Failure> {
        let mut core = self.core.lock();
        if note.is_some() {
            core.note = note;
        }
        let position = Position { acknowledged: core.acknowledged, note: core.note.clone() };
        drop(core);
        disk::replace(self.disk.as_ref(), position::NAME, &position.encode())?;
        self.forget_acknowledged();
        Ok(())
    }

    fn forget_acknowledged(&self) {
        // Whoever writes at this moment makes it worth keeping the active segment.
        let writer = self.writer.try_lock();
        let mut core = self.core.lock();
        while core.segments.len() > 1 && core.segments.front().is_some_and(|oldest| oldest.end <= core.acknowledged) {
            if let Some(oldest) = core.segments.pop_front() {
                self.forget(oldest.base);
            }
        }
        let Some(mut writer) = writer else { return };
        let is_worth_it = core.segments.back().is_some_and(|active| active.bytes >= self.options.segment_bytes / 8);
        if is_worth_it && core.acknowledged == core.next {
            self.forget_all(&mut core, &mut writer);
        }
    }

    fn forget_all(&self, core: &mut Core, writer: &mut Writer) {
        writer.close();
        for segment in std::mem::take(&mut core.segments) {
            self.forget(segment.base);
        }
    }

    /// Gives back what was read and not acknowledged: it is read again.
    pub(crate) fn release(&self) {
        let mut core = self.core.lock();
        core.is_read = false;
        core.catch_up();
    }

    /// Ends the records that are too old.
    pub(crate) fn expire(&self) {
        let Some(max_age) = self.options.max_age else { return };
        let Some(mut writer) = self.writer.try_lock() else { return };
        let oldest_ms = self.oldest_ms(max_age);
        let mut core = self.core.lock();
        if core.is_read {
            return;
        }
        while let Some(oldest) = core.segments.front().copied() {
            if oldest.last.is_none_or(|last| last.at_ms >= oldest_ms) {
                break;
            }
            if core.segments.len() == 1 {
                writer.close();
            }
            core.segments.pop_front();
            self.forget(oldest.base);
            let gone = core.floor().saturating_sub(core.acknowledged);
            core.acknowledged += gone;
            core.losses.expired += gone;
        }
    }

    /// Records whose frame was written before this moment of the log's clock are too old.
    pub(super) fn oldest_ms(&self, max_age: Duration) -> u64 {
        let now = self.clock.now(self.time.as_ref()).at_ms;
        now.saturating_sub(u64::try_from(max_age.as_millis()).unwrap_or(u64::MAX))
    }

    /// Removes every record, and returns when none is on the disk.
    ///
    /// # Errors
    /// Where a file could not be removed.
    pub(crate) fn wipe(&self) -> Result<(), Failure> {
        let mut writer = self.writer.lock();
        writer.close();
        let mut core = self.core.lock();
        core.segments.clear();
        core.losses.wiped += core.next - core.acknowledged;
        core.acknowledged = core.next;
        core.is_read = false;
        let position = Position { acknowledged: core.acknowledged, note: core.note.clone() };
        wipe(self.disk.as_ref())?;
        disk::replace(self.disk.as_ref(), position::NAME, &position.encode())
            .and_then(|()| self.disk.sync_names())
            .map_err(Failure::from)
    }

    /// Gives every record up that is not acknowledged, and returns how many that are: their files are gone.
    pub(crate) fn give_up(&self) -> u64 {
        let mut core = self.core.lock();
        let lost = core.next - core.acknowledged;
        core.acknowledged = core.next;
        lost
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
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> u64 {
        self.core.lock().segments.iter().map(|segment| segment.bytes).sum()
    }
}

impl Core {
    /// The number of the first record that is still on the disk.
    pub(super) fn floor(&self) -> u64 {
        self.segments.front().map_or(self.next, |segment| segment.base)
    }

    /// Books what fell to the bound, unless somebody reads: what was read then is neither lost nor delivered yet.
    fn catch_up(&mut self) {
        let floor = self.floor();
        if !self.is_read && floor > self.acknowledged {
            self.losses.full += floor - self.acknowledged;
            self.acknowledged = floor;
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let mut writer = self.writer.lock();
        let mut core = self.core.lock();
        if core.acknowledged == core.next {
            self.forget_all(&mut core, &mut writer);
        }
    }
}

/// Empties and removes every file of a log, set-aside ones included; its position stays.
pub(super) fn wipe(disk: &dyn Disk) -> Result<(), Failure> {
    for (name, _) in disk.list()? {
        if format::base_of(&name).is_some() || name.ends_with(format::QUARANTINED) || name.ends_with(format::FRESH) {
            // A process that has the file open must not read it any more either.
            if let Ok(mut file) = disk.open(&name) {
                let _ = file.truncate(0);
            }
            disk.remove(&name)?;
        }
    }
    Ok(disk.sync_names()?)
}
