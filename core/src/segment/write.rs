//! Writes groups of records behind each other, one segment after the other.

use super::clock::Moment;
use super::disk::{Disk, DiskFile, Failure};
use super::format::{self, KeyId, SEGMENT_HEADER, SegmentHeader};
use super::frame::Records;
use super::log::Options;
use super::recover::Segment;
use super::seal::SealKey;

/// Where the next frame goes.
pub(super) struct Writer {
    next: u64,
    active: Option<Active>,
}

/// The segment that is appended to.
struct Active {
    base: u64,
    key: Option<KeyId>,
    /// Bytes that are known to be whole and synced.
    bytes: u64,
    /// Opened with the first frame, so that a log that is only read opens nothing for writing.
    file: Option<Box<dyn DiskFile>>,
}

/// A frame that survives a power loss.
pub(super) struct Written {
    /// The number of its first record, and the one after its last.
    pub(super) first: u64,
    pub(super) end: u64,
    /// Its segment, as it is now.
    pub(super) base: u64,
    pub(super) bytes: u64,
    pub(super) key: Option<KeyId>,
}

impl Writer {
    /// A writer that goes on behind `last`.
    pub(super) fn resume(next: u64, last: Option<&Segment>) -> Self {
        let active = last.map(|last| Active { base: last.base, key: last.key, bytes: last.bytes, file: None });
        Self { next, active }
    }

    /// Leaves the active segment as it is; the next frame begins another.
    pub(super) fn close(&mut self) {
        self.active = None;
    }

    pub(super) fn write(
        &mut self,
        disk: &dyn Disk,
        options: &Options,
        records: &Records,
        moment: Moment,
    ) -> Result<Written, Failure> {
        let first = self.next;
        let end = first.checked_add(u64::from(records.count())).ok_or(Failure::Exhausted)?;
        let frame = records.frame(first, moment, options.key.as_ref()).ok_or(Failure::Exhausted)?;
        let key = options.key.as_ref().map(SealKey::id);
        let is_room = |active: &Active| {
            active.key == key && active.bytes.saturating_add(frame.len() as u64) <= options.segment_bytes
        };
        let active = match self.active.take().filter(is_room) {
            Some(active) => append(disk, active, &frame)?,
            None => begin(disk, SegmentHeader { base: first, wall_ms: moment.wall_ms, key }, &frame)?,
        };
        self.next = end;
        let written = Written { first, end, base: active.base, bytes: active.bytes, key };
        self.active = Some(active);
        Ok(written)
    }
}

/// After a failure the segment is left as it was, or given up: the next frame begins one with the same number, which
/// tells readers that whatever is left of this one does not count. A sync that failed once is never asked again,
/// because the system may have thrown away what it could not write.
fn append(disk: &dyn Disk, mut active: Active, frame: &[u8]) -> Result<Active, Failure> {
    let mut file = match active.file.take() {
        Some(file) => file,
        None => disk.open(&format::name(active.base))?,
    };
    if let Err(error) = file.append(frame).and_then(|()| file.sync()) {
        let _ = file.truncate(active.bytes);
        return Err(error.into());
    }
    active.bytes += frame.len() as u64;
    active.file = Some(file);
    Ok(active)
}

fn begin(disk: &dyn Disk, header: SegmentHeader, frame: &[u8]) -> Result<Active, Failure> {
    let name = format::name(header.base);
    let mut bytes = header.encode().to_vec();
    bytes.extend_from_slice(frame);
    // Left of a try that failed. Nothing in it was reported as written, for its number is still free.
    let _ = disk.remove(&name);
    let mut file = disk.create(&name)?;
    if let Err(error) = file.append(&bytes).and_then(|()| file.sync()).and_then(|()| disk.sync_names()) {
        let _ = disk.remove(&name);
        return Err(error.into());
    }
    debug_assert!(bytes.len() >= SEGMENT_HEADER);
    Ok(Active { base: header.base, key: header.key, bytes: bytes.len() as u64, file: Some(file) })
}
