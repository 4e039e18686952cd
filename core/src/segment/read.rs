//! Reads what is not acknowledged, oldest first.

use super::disk::DiskFile;
use super::format::{self, FRAME_HEADER, FrameHeader, SEGMENT_HEADER};
use super::frame::{unpack, whole};
use super::log::{Core, Log};
use super::recover::Segment;
use super::scan;
use super::seal::SealKey;

/// Bytes that are read at once, so that small frames do not cost a call each.
const WINDOW: usize = 256 << 10;

/// Records that were read, and what had to be passed over on the way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) records: Vec<Vec<u8>>,
    /// The number behind each record, by which it can be acknowledged together with all before it.
    pub(crate) ends: Vec<u64>,
    /// The number behind everything that was read or passed over.
    pub(crate) end: u64,
    /// Records that could not be read.
    pub(crate) corrupt: u64,
    /// Records that were too old.
    pub(crate) expired: u64,
}

/// Where reading goes on: the frame that begins there has this number or a later one.
#[derive(Default)]
pub(super) struct Cursor {
    base: u64,
    offset: usize,
    seq: u64,
    file: Option<Box<dyn DiskFile>>,
}

/// What a frame is read under.
struct Bounds {
    records: usize,
    bytes: usize,
    oldest_ms: u64,
}

impl Log {
    /// The oldest records that are not acknowledged, at most so many and about so many bytes; nothing where there
    /// are none. What is read counts as neither delivered nor lost until it is acknowledged or released.
    pub(crate) fn read(&self, records: usize, bytes: usize) -> Option<Chunk> {
        let mut cursor = self.cursor.lock();
        let oldest_ms = self.options.max_age.map_or(0, |max_age| self.oldest_ms(max_age));
        let bounds = Bounds { records: records.max(1), bytes, oldest_ms };
        loop {
            let start = {
                let mut core = self.core.lock();
                core.is_read = true;
                core.acknowledged
            };
            let mut chunk = Chunk { end: start, ..Chunk::default() };
            let mut size = 0;
            while chunk.records.len() < bounds.records && size < bounds.bytes {
                let Some((segment, limit)) = self.core.lock().segment_of(chunk.end) else { break };
                if chunk.end >= segment.end {
                    chunk.pass_corrupt(limit);
                } else if !self.read_segment(&mut cursor, &segment, limit, &bounds, &mut chunk, &mut size) {
                    break;
                }
            }
            if chunk.end > start {
                self.core.lock().read_end = chunk.end;
                return Some(chunk);
            }
            self.release();
            // Nothing there, or it fell to the bound while it was looked for.
            let core = self.core.lock();
            if core.acknowledged == start {
                return None;
            }
        }
    }

    /// Reads on in one segment; false where its file fell to the bound meanwhile.
    fn read_segment(
        &self,
        cursor: &mut Cursor,
        segment: &Segment,
        limit: u64,
        bounds: &Bounds,
        chunk: &mut Chunk,
        size: &mut usize,
    ) -> bool {
        if cursor.base != segment.base || cursor.seq > chunk.end || cursor.offset < SEGMENT_HEADER {
            *cursor = Cursor { base: segment.base, offset: SEGMENT_HEADER, seq: segment.base, file: None };
        }
        let Some(window) = self.window(cursor, segment) else {
            let is_gone = self.core.lock().floor() > segment.base;
            if !is_gone {
                chunk.pass_corrupt(limit);
            }
            return !is_gone;
        };
        let start = cursor.offset;
        let mut offset = 0;
        while chunk.records.len() < bounds.records && *size < bounds.bytes {
            let rest = window.get(offset..).unwrap_or_default();
            if offset > 0 && FrameHeader::decode(rest).is_some_and(|header| header.len() > rest.len()) {
                // The window cuts it: it is read whole with the next one.
                return true;
            }
            let Some(found) = scan::next(&window, offset, cursor.seq, segment.end.min(limit)) else {
                if offset == 0 {
                    // What the numbers promise is not there.
                    chunk.pass_corrupt(segment.end.min(limit));
                }
                return true;
            };
            let header = found.header;
            chunk.pass_corrupt(header.first);
            if header.end() > chunk.end {
                let payload = window.get(found.offset + FRAME_HEADER..found.offset + header.len());
                let key = self.options.key.as_ref().filter(|_| segment.key.is_some());
                chunk.take(&header, payload.unwrap_or_default(), key, bounds, size);
            }
            if chunk.end < header.end() {
                // Its rest is read next time.
                (cursor.offset, cursor.seq) = (start + found.offset, header.first);
                return true;
            }
            offset = found.offset + header.len();
            (cursor.offset, cursor.seq) = (start + offset, header.end());
        }
        true
    }

    /// The bytes from the cursor on, with at least one frame whole, as far as there is one; nothing where the file
    /// cannot be read.
    fn window(&self, cursor: &mut Cursor, segment: &Segment) -> Option<Vec<u8>> {
        let rest = usize::try_from(segment.bytes).unwrap_or(usize::MAX).saturating_sub(cursor.offset);
        if cursor.file.is_none() {
            cursor.file = self.disk.open(&format::name(segment.base)).ok();
        }
        let file = cursor.file.as_mut()?;
        let window = file.read(cursor.offset as u64, rest.min(WINDOW)).ok()?;
        if window.len() >= rest || whole(&window).is_some() {
            return Some(window);
        }
        // A large frame, or something is wrong here: the next whole one may be anywhere.
        file.read(cursor.offset as u64, rest).ok()
    }
}

impl Chunk {
    /// Takes a frame's records that were not taken yet, as many as fit.
    fn take(&mut self, header: &FrameHeader, payload: &[u8], key: Option<&SealKey>, bounds: &Bounds, size: &mut usize) {
        if header.at_ms < bounds.oldest_ms {
            self.expired += header.end() - self.end;
            self.end = header.end();
            return;
        }
        let Some(records) = unpack(header, payload, key) else { return self.pass_corrupt(header.end()) };
        let taken = usize::try_from(self.end - header.first).unwrap_or(usize::MAX);
        for record in records.into_iter().skip(taken) {
            if self.records.len() >= bounds.records || (*size >= bounds.bytes && !self.records.is_empty()) {
                return;
            }
            *size += record.len();
            self.end += 1;
            self.ends.push(self.end);
            self.records.push(record);
        }
    }

    /// Passes over everything before `to`, which cannot be read.
    fn pass_corrupt(&mut self, to: u64) {
        let lost = to.saturating_sub(self.end);
        self.corrupt += lost;
        self.end += lost;
    }
}

impl Core {
    /// The segment in which a record stands, or stood, and the number where the next one begins.
    fn segment_of(&self, seq: u64) -> Option<(Segment, u64)> {
        if seq >= self.next {
            return None;
        }
        let after = self.segments.partition_point(|segment| segment.base <= seq);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        Some((*segment, self.segments.get(after).map_or(self.next, |next| next.base)))
    }
}
