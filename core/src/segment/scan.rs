//! Finds the frames of a segment, whatever has become of its bytes.

use super::format::{FRAME_MAGIC, FrameHeader};
use super::frame::whole;

/// A frame that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it begins in the bytes that were looked at.
    pub(super) offset: usize,
    pub(super) header: FrameHeader,
}

/// The first whole frame at or behind `from` that continues with `expected` or a later number below `limit`.
///
/// Where a frame cannot be believed, the next one is looked for by its magic. What lies between is lost, and how
/// many records that is follows from the numbers. A frame with an earlier number is left over from a write that
/// was reported as failed; its number was given to another.
pub(super) fn next(bytes: &[u8], from: usize, expected: u64, limit: u64) -> Option<Found> {
    let mut offset = from;
    loop {
        let rest = bytes.get(offset..)?;
        if let Some(header) = whole(rest).filter(|header| header.first >= expected && header.end() <= limit) {
            return Some(Found { offset, header });
        }
        // Linear: a candidate costs its header's checksum, and its payload only where that is right.
        offset += 1 + position(bytes.get(offset + 1..)?, FRAME_MAGIC)?;
    }
}

fn position(bytes: &[u8], magic: [u8; 4]) -> Option<usize> {
    bytes.windows(magic.len()).position(|window| window == magic)
}
