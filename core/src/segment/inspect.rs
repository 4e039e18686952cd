//! Looks into a folder of logs, and clears it, for people. Locks nothing: a living owner is not disturbed by a look.

use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::value::RawValue;

use super::disk::{Disk, Failure};
use super::format::{self, FRAME_HEADER, QUARANTINED, SEGMENT_HEADER, SegmentHeader};
use super::frame::unpack;
use super::real::{self, Unowned};
use super::recover::{Segment, measure, read_position};
use super::scan;
use super::seal::SealKey;
use super::slots::{self, slots};

/// What is in a folder.
#[derive(Serialize)]
struct View {
    /// Records that wait, of all slots.
    waiting: u64,
    bytes: u64,
    slots: Vec<SlotView>,
}

#[derive(Serialize)]
struct SlotView {
    slot: String,
    /// The living owner's process id; null where there is none, and text where it cannot be read.
    owner: Option<String>,
    waiting: u64,
    bytes: u64,
    /// Number of the first record that is not acknowledged, and of the next one to be written.
    acknowledged: u64,
    next: u64,
    segments: Vec<SegmentView>,
    /// Files that could not be read and were set aside.
    quarantined: Vec<String>,
    /// What became of the acknowledged records.
    ended: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct SegmentView {
    file: String,
    first: u64,
    records: u64,
    bytes: u64,
    /// When its last frame was written, by the wall clock.
    last: Option<String>,
    sealed: bool,
}

/// What a purge removed.
#[derive(Default, Serialize)]
struct Purged {
    records: u64,
    bytes: u64,
    segments: u64,
}

/// What waits in a folder, as JSON: `{"waiting":n,"bytes":n,"slots":[{"slot","owner","waiting","bytes","acknowledged",
/// "next","segments":[{"file","first","records","bytes","last","sealed"}],"quarantined":[…],"ended":{…}}]}`.
///
/// # Errors
/// Where the folder is not there, or not the user's own.
pub(crate) fn inspect(root: &Path) -> Result<String, Failure> {
    let mut view = View { waiting: 0, bytes: 0, slots: Vec::new() };
    for slot in present(root)? {
        let disk = Unowned::new(&slot)?;
        let names = disk.list()?;
        let segments = segments_of(&disk)?;
        let position = read_position(&disk)?;
        let oldest = segments.first().map_or(0, |segment| segment.base);
        let known = position.as_ref().map_or(0, |position| position.acknowledged);
        let acknowledged = known.max(oldest);
        let next = segments.last().map_or(acknowledged, |segment| segment.end.max(acknowledged));
        let bytes = segments.iter().map(|segment| segment.bytes).sum();
        view.waiting += next - acknowledged;
        view.bytes += bytes;
        view.slots.push(SlotView {
            slot: slot.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            owner: real::owner(&slot),
            waiting: next - acknowledged,
            bytes,
            acknowledged,
            next,
            segments: segments.iter().map(SegmentView::of).collect(),
            quarantined: names.into_iter().map(|(name, _)| name).filter(|name| name.ends_with(QUARANTINED)).collect(),
            ended: position.and_then(|position| position.note),
        });
    }
    // Numbers, texts and JSON always serialise.
    Ok(serde_json::to_string(&view).unwrap_or_default())
}

/// Every record that waits in a folder, one line each, oldest first within each slot.
///
/// # Errors
/// Where the folder is not there, or a segment is sealed with another key.
pub(crate) fn records(root: &Path, key: Option<&SealKey>) -> Result<Vec<u8>, Failure> {
    let mut lines = Vec::new();
    for slot in present(root)? {
        let disk = Unowned::new(&slot)?;
        let acknowledged = read_position(&disk)?.map_or(0, |position| position.acknowledged);
        for segment in segments_of(&disk)? {
            if segment.key.is_some() && segment.key != key.map(SealKey::id) {
                return Err(Failure::OtherKey);
            }
            let key = key.filter(|_| segment.key.is_some());
            let length = usize::try_from(segment.bytes).unwrap_or(usize::MAX);
            let bytes = disk.open(&format::name(segment.base))?.read(0, length)?;
            let (mut offset, mut expected) = (SEGMENT_HEADER, segment.base);
            while let Some(found) = scan::next(&bytes, offset, expected, segment.end) {
                (offset, expected) = (found.offset + found.header.len(), found.header.end());
                let payload = bytes.get(found.offset + FRAME_HEADER..offset).unwrap_or_default();
                let read = unpack(&found.header, payload, key).unwrap_or_default();
                for (record, seq) in read.into_iter().zip(found.header.first..) {
                    if seq >= acknowledged {
                        lines.extend(record);
                        lines.push(b'\n');
                    }
                }
            }
        }
    }
    Ok(lines)
}

/// Removes all records, or those in segments that were last written to longer ago than `older_than`. A living owner
/// notices, and keeps the segment it writes to unless everything goes. Returns `{"records":n,"bytes":n,"segments":n}`.
///
/// # Errors
/// Where the folder is not there, or a file could not be removed.
pub(crate) fn purge(root: &Path, older_than: Option<Duration>) -> Result<String, Failure> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut purged = Purged::default();
    for slot in present(root)? {
        let disk = Unowned::new(&slot)?;
        let is_owned = real::owner(&slot).is_some();
        let acknowledged = read_position(&disk)?.map_or(0, |position| position.acknowledged);
        let segments = segments_of(&disk)?;
        for (i, segment) in segments.iter().enumerate() {
            let is_active = is_owned && i + 1 == segments.len();
            let written = segment.last.map_or(0, |last| last.wall_ms);
            let age = now.saturating_sub(Duration::from_millis(written));
            if older_than.is_some_and(|older_than| is_active || age < older_than) {
                continue;
            }
            purged.records += segment.end.saturating_sub(acknowledged.max(segment.base));
            purged.bytes += segment.bytes;
            purged.segments += 1;
            if older_than.is_some() {
                disk.remove(&format::name(segment.base))?;
            }
        }
    }
    if older_than.is_none() {
        slots::wipe(root)?;
    }
    Ok(serde_json::to_string(&purged).unwrap_or_default())
}

/// The slots that are there.
fn present(root: &Path) -> Result<Vec<std::path::PathBuf>, Failure> {
    real::guard_folder(root, false)?;
    Ok(slots(root).filter(|slot| slot.is_dir()).collect())
}

/// The segments that can be read, oldest first.
fn segments_of(disk: &dyn Disk) -> Result<Vec<Segment>, Failure> {
    let mut names: Vec<(u64, u64)> =
        disk.list()?.into_iter().filter_map(|(name, bytes)| Some((format::base_of(&name)?, bytes))).collect();
    names.sort_unstable();
    let mut segments = Vec::new();
    for (i, (base, bytes)) in names.iter().enumerate() {
        let limit = names.get(i + 1).map_or(u64::MAX, |(next, _)| *next);
        // One that vanished meanwhile was delivered.
        let Ok(mut file) = disk.open(&format::name(*base)) else { continue };
        if let Ok(header) = SegmentHeader::decode(&file.read(0, SEGMENT_HEADER)?) {
            segments.push(measure(file.as_mut(), *bytes, &header, limit)?);
        }
    }
    Ok(segments)
}

impl SegmentView {
    fn of(segment: &Segment) -> Self {
        let wall = segment.last.and_then(|last| i64::try_from(last.wall_ms).ok());
        Self {
            file: format::name(segment.base),
            first: segment.base,
            records: segment.end - segment.base,
            bytes: segment.bytes,
            last: wall.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).map(|time| time.to_string()),
            sealed: segment.key.is_some(),
        }
    }
}
