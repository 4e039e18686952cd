//! Brings a folder back to a log after whatever happened to it. Doing it twice, or dying on the way, changes nothing.

use std::collections::VecDeque;
use std::io;

use super::clock::Moment;
use super::disk::{Disk, DiskFile, Failure};
use super::format::{self, Foreign, KeyId, QUARANTINED, SEGMENT_HEADER, SegmentHeader};
use super::position::{self, Position};
use super::scan;

/// A segment, as far as it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Sequence number of its first record.
    pub(super) base: u64,
    /// Sequence number after its last record.
    pub(super) end: u64,
    /// Bytes up to the end of its last whole frame.
    pub(super) bytes: u64,
    /// When its last frame was written; nothing where it has none.
    pub(super) last: Option<Moment>,
    /// The key that seals it.
    pub(super) key: Option<KeyId>,
}

/// What a folder holds.
pub(super) struct Recovered {
    /// Oldest first. What is acknowledged is not among them.
    pub(super) segments: VecDeque<Segment>,
    /// The number that the next record gets.
    pub(super) next: u64,
    pub(super) position: Position,
    /// Bytes behind the last whole frame that were cut off.
    pub(super) torn_bytes: u64,
    /// Files that could not be read and were set aside.
    pub(super) quarantined: u64,
}

/// The number of the first record ever. Zero is left free for "none".
const FIRST: u64 = 1;

/// Reads what is there, cuts off a torn end, and sets aside what is no segment.
///
/// Nothing is touched where a segment is sealed with another key: whoever has it can still read it.
pub(super) fn recover(disk: &dyn Disk, key: Option<KeyId>) -> Result<Recovered, Failure> {
    let names: Vec<(String, u64)> = disk.list()?;
    let mut bases: Vec<(u64, u64)> =
        names.iter().filter_map(|(name, bytes)| Some((format::base_of(name)?, *bytes))).collect();
    bases.sort_unstable();

    let mut headers = Vec::with_capacity(bases.len());
    for (base, bytes) in bases {
        let head = disk.open(&format::name(base))?.read(0, SEGMENT_HEADER)?;
        let header = SegmentHeader::decode(&head)
            .and_then(|header| if header.base == base { Ok(header) } else { Err(Foreign::NoSegment) });
        if header.is_ok_and(|header| header.key.is_some() && header.key != key) {
            return Err(Failure::OtherKey);
        }
        headers.push((base, bytes, header));
    }

    for (name, _) in names.iter().filter(|(name, _)| name.ends_with(format::FRESH)) {
        disk.remove(name)?;
    }
    let position = read_position(disk)?;
    let mut quarantined = 0;
    let mut whole = Vec::with_capacity(headers.len());
    for (base, bytes, header) in headers {
        match header {
            Ok(header) => whole.push((bytes, header)),
            // Begun, and lost before anything in it was reported as written.
            Err(Foreign::NoSegment) if bytes < SEGMENT_HEADER as u64 => disk.remove(&format::name(base))?,
            Err(Foreign::NoSegment | Foreign::Newer) => {
                set_aside(disk, base, &names)?;
                quarantined += 1;
            }
        }
    }

    let mut torn_bytes = 0;
    let mut segments = VecDeque::with_capacity(whole.len());
    let limits: Vec<u64> = whole.iter().skip(1).map(|(_, header)| header.base).chain([u64::MAX]).collect();
    let count = whole.len();
    for (i, ((bytes, header), limit)) in whole.into_iter().zip(limits).enumerate() {
        let mut file = disk.open(&format::name(header.base))?;
        let segment = measure(file.as_mut(), bytes, &header, limit)?;
        // Only the last segment is appended to; whatever stands behind the others' frames is never read.
        if i + 1 == count {
            if segment.bytes < bytes {
                torn_bytes += bytes - segment.bytes;
                file.truncate(segment.bytes)?;
            }
            // A process that was killed may have left it, and its name, in the system's memory only. What is counted
            // on from now on must not be lost with the power.
            file.sync()?;
            disk.sync_names()?;
        }
        segments.push_back(segment);
    }

    let known = position.as_ref().map_or(0, |position| position.acknowledged);
    let oldest = segments.front().map_or(FIRST, |segment: &Segment| segment.base);
    let acknowledged = known.max(oldest);
    // A number once acknowledged is never given again, even where the segments are gone.
    let next = segments.back().map_or(FIRST, |segment: &Segment| segment.end).max(acknowledged);
    while segments.len() > 1 && segments.front().is_some_and(|segment| segment.end <= acknowledged) {
        if let Some(segment) = segments.pop_front() {
            disk.remove(&format::name(segment.base))?;
        }
    }
    let note = position.and_then(|position| position.note);
    Ok(Recovered { segments, next, position: Position { acknowledged, note }, torn_bytes, quarantined })
}

pub(super) fn read_position(disk: &dyn Disk) -> Result<Option<Position>, Failure> {
    /// Far above what a note holds; a file beyond is none of ours.
    const LARGEST: usize = 1 << 20;
    match disk.open(position::NAME) {
        Ok(mut file) => Ok(Position::decode(&file.read(0, LARGEST)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Walks a segment's frames.
pub(super) fn measure(
    file: &mut dyn DiskFile,
    length: u64,
    header: &SegmentHeader,
    limit: u64,
) -> Result<Segment, Failure> {
    let bytes = file.read(0, usize::try_from(length).unwrap_or(usize::MAX))?;
    let mut segment =
        Segment { base: header.base, end: header.base, bytes: SEGMENT_HEADER as u64, last: None, key: header.key };
    let mut offset = SEGMENT_HEADER;
    while let Some(found) = scan::next(&bytes, offset, segment.end, limit) {
        offset = found.offset + found.header.len();
        segment.bytes = offset as u64;
        segment.end = found.header.end();
        segment.last = Some(Moment { at_ms: found.header.at_ms, wall_ms: found.header.wall_ms });
    }
    Ok(segment)
}

/// Keeps a file out of the way under a name that is free.
fn set_aside(disk: &dyn Disk, base: u64, names: &[(String, u64)]) -> Result<(), Failure> {
    let name = format::name(base);
    let aside = (0..u32::MAX)
        .map(|n| if n == 0 { format!("{name}{QUARANTINED}") } else { format!("{name}.{n}{QUARANTINED}") })
        .find(|aside| !names.iter().any(|(taken, _)| taken == aside))
        .unwrap_or_default();
    Ok(disk.rename(&name, &aside)?)
}
