//! Erasing some of a log's records for good, where others stay.
//!
//! Records have consecutive numbers, and what is missing between two of them counts as lost. So what stays is written
//! once more behind everything, under new numbers, segment by segment; only then is the old segment given up. A kill in
//! between leaves some records twice, with the same ids, and the next try erases again.

use super::Failure;
use std::io::ErrorKind;

use super::clock::Moment;
use super::disk;
use super::format::{self, FRAME_HEADER, SEGMENT_HEADER};
use super::frame::{Records, unpack};
use super::log::Log;
use super::position::{self, Position};
use super::read::Cursor;
use super::recover::Segment;
use super::scan;

/// Bytes of records that are written at once: a sync for each frame of a durable client would take minutes.
const GROUP_BYTES: usize = 1 << 20;
/// Milliseconds. Records of so long a time get the age of their oldest: nobody waits for the hour, and it is the more
/// private end of it.
const GROUP_MS: u64 = 3_600_000;

/// What became of the records that were there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Erased {
    /// They were erased.
    pub(crate) gone: u64,
    /// They have another number now.
    pub(crate) moved: u64,
    /// They could not be read, and so not be told from the others.
    pub(crate) corrupt: u64,
}

impl Log {
    /// Erases every record that `keep` does not hold for, and those that cannot be read. Returns when none of them is on
    /// the disk, and what became of all, also where it failed on the way.
    ///
    /// # Errors
    /// Where a file could not be written or removed; whatever was erased before stays erased.
    pub(crate) fn erase(&self, keep: &dyn Fn(&[u8]) -> bool) -> (Result<(), Failure>, Erased) {
        let mut erased = Erased::default();
        let result = self.erase_segments(keep, &mut erased);
        (result, erased)
    }

    fn erase_segments(&self, keep: &dyn Fn(&[u8]) -> bool, erased: &mut Erased) -> Result<(), Failure> {
        // Nobody appends or reads meanwhile.
        let mut writer = self.writer.lock();
        let mut cursor = self.cursor.lock();
        *cursor = Cursor::default();
        writer.close();
        let old: Vec<Segment> = {
            let mut core = self.core.lock();
            // One that a death left empty has the number, and so the name, of the one that is written now.
            let next = core.next;
            core.segments.retain(|segment| segment.base < next);
            core.segments.iter().copied().collect()
        };
        for segment in &old {
            let (start, limit) = {
                let core = self.core.lock();
                let after = core.segments.iter().find(|other| other.base > segment.base);
                (core.acknowledged, after.map_or(core.next, |next| next.base))
            };
            let mut found = Erased::default();
            for (records, moment) in self.survivors(segment, start, limit, keep, &mut found)? {
                let written = writer.write(self.disk.as_ref(), &self.options, &records, moment)?;
                self.core.lock().take_note(&written, moment);
                found.moved += u64::from(records.count());
            }
            let position = {
                let mut core = self.core.lock();
                core.acknowledged = core.acknowledged.max(limit);
                Position { acknowledged: core.acknowledged, note: core.note.clone() }
            };
            erased.gone += found.gone;
            erased.moved += found.moved;
            erased.corrupt += found.corrupt;
            disk::replace(self.disk.as_ref(), position::NAME, &position.encode())?;
            self.core.lock().segments.retain(|other| other.base != segment.base);
            self.empty(&format::name(segment.base))?;
        }
        // What nobody can read cannot be told from what must go.
        for (name, _) in self.disk.list()? {
            if name.ends_with(format::QUARANTINED) {
                self.empty(&name)?;
            }
        }
        Ok(self.disk.sync_names()?)
    }

    /// Empties and removes a file: a process that has it open must not read it any more either.
    fn empty(&self, name: &str) -> Result<(), Failure> {
        if let Ok(mut file) = self.disk.open(name) {
            let _ = file.truncate(0);
        }
        Ok(self.disk.remove(name)?)
    }

    /// The records of a segment that stay, from number `start` on, in groups that are written together.
    fn survivors(
        &self,
        segment: &Segment,
        start: u64,
        limit: u64,
        keep: &dyn Fn(&[u8]) -> bool,
        found: &mut Erased,
    ) -> Result<Vec<(Records, Moment)>, Failure> {
        let length = usize::try_from(segment.bytes).unwrap_or(usize::MAX);
        let bytes = self.disk.open(&format::name(segment.base)).and_then(|mut file| file.read(0, length));
        let bytes = match bytes {
            // Somebody removed it.
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            // A disk that does not answer now may answer later: nothing is given up for that.
            bytes => bytes?,
        };
        let key = self.options.key.as_ref().filter(|_| segment.key.is_some());
        let mut groups: Vec<(Records, Moment)> = Vec::new();
        let (mut offset, mut next, mut expected) = (SEGMENT_HEADER, start.max(segment.base), segment.base);
        while let Some(frame) = scan::next(&bytes, offset, expected, segment.end.min(limit)) {
            let header = frame.header;
            let payload = bytes.get(frame.offset + FRAME_HEADER..frame.offset + header.len()).unwrap_or_default();
            (offset, expected) = (frame.offset + header.len(), header.end());
            if header.end() <= next {
                continue;
            }
            found.corrupt += header.first.saturating_sub(next);
            next = next.max(header.first);
            let records = unpack(&header, payload, key);
            if records.is_none() {
                found.corrupt += header.end() - next;
            }
            let passed = usize::try_from(next - header.first).unwrap_or(usize::MAX);
            next = header.end();
            let moment = Moment { at_ms: header.at_ms, wall_ms: header.wall_ms };
            for record in records.unwrap_or_default().into_iter().skip(passed) {
                if !keep(&record) {
                    found.gone += 1;
                } else if !into_last(&mut groups, &record, moment) {
                    let mut records = Records::default();
                    // It fitted into a frame before.
                    records.push([&record]);
                    groups.push((records, moment));
                }
            }
        }
        found.corrupt += limit.saturating_sub(next);
        Ok(groups)
    }
}

/// Adds a record to the last group; false where it needs another.
fn into_last(groups: &mut [(Records, Moment)], record: &[u8], moment: Moment) -> bool {
    let Some((records, oldest)) = groups.last_mut() else { return false };
    let is_near = moment.at_ms.saturating_sub(oldest.at_ms) <= GROUP_MS;
    is_near && records.bytes() < GROUP_BYTES && records.push([record])
}
