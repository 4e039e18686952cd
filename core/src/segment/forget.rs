//! How records leave a log: acknowledged, too old, displaced, or wiped.

use std::time::Duration;

use serde_json::value::RawValue;

use super::disk::{self, Disk, Failure};
use super::format;
use super::log::{Core, Log};
use super::position::{self, Position};
use super::write::Writer;

impl Log {
    /// Drops the oldest segments until the rest keeps its bound. The active one stays.
    pub(super) fn make_room(&self, core: &mut Core) {
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
    /// where they were wiped meanwhile. The rest of the chunk that was read stays on its way. Nothing is written: see
    /// [`persist`](Self::persist).
    pub(crate) fn acknowledge(&self, end: u64) -> u64 {
        let mut core = self.core.lock();
        let end = end.clamp(core.acknowledged, core.next);
        let acknowledged = end - core.acknowledged;
        core.is_read &= end < core.read_end;
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

    /// Lets the next append begin another segment, so that what was written so far can go as a whole.
    #[cfg(feature = "store")]
    pub(crate) fn roll(&self) {
        self.writer.lock().close();
    }

    /// Removes the files of all that is acknowledged, and returns when none is on the disk. Acknowledged records stay
    /// where they share a segment with others: see [`roll`](Self::roll).
    ///
    /// # Errors
    /// Where the folder could not be synced.
    #[cfg(feature = "store")]
    pub(crate) fn forget_now(&self) -> Result<(), Failure> {
        let mut writer = self.writer.lock();
        let mut core = self.core.lock();
        if core.acknowledged == core.next {
            self.forget_all(&mut core, &mut writer);
        }
        while core.segments.len() > 1 && core.segments.front().is_some_and(|oldest| oldest.end <= core.acknowledged) {
            if let Some(oldest) = core.segments.pop_front() {
                self.forget(oldest.base);
            }
        }
        Ok(self.disk.sync_names()?)
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
