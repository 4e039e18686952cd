//! The bytes of a segment: one header, then frames.
//!
//! All integers are little-endian. Both headers end in a CRC-32 of what stands before it, so that a header is
//! believed or not; a frame's payload has its own, so that a bad payload costs one frame and the next is found by
//! the length in the header.
//!
//! ```text
//! segment  magic 8 | version 2 | flags 2 | base 8 | wall 8 | key id 8 | crc 4                              40 bytes
//! frame    magic 4 | payload 4 | first 8 | count 4 | plain 4 | at 8 | wall 8 | codec 4 | crc 4 | crc 4     52 bytes
//! ```
//!
//! Golden files in `segment/golden` hold the format still.

/// What every segment begins with. The line ends show a copy that was converted as text.
const SEGMENT_MAGIC: [u8; 8] = *b"SJSEG\0\r\n";
/// What every frame begins with: where a search for the next frame looks.
pub(super) const FRAME_MAGIC: [u8; 4] = *b"SJFR";
/// The format that this version writes and reads.
const VERSION: u16 = 1;
/// Flag of a segment whose payloads are sealed.
const SEALED: u16 = 1;

/// Bytes of a segment's header.
pub(super) const SEGMENT_HEADER: usize = 40;
/// Bytes of a frame's header.
pub(super) const FRAME_HEADER: usize = 52;

/// Names a sealing key without telling it; all zero where nothing is sealed.
pub(super) type KeyId = [u8; 8];

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// Sequence number of the first record.
    pub(super) base: u64,
    /// The wall clock when the segment was begun, in milliseconds since 1970; for people.
    pub(super) wall_ms: u64,
    /// The key that seals the payloads.
    pub(super) key: Option<KeyId>,
}

/// Why a file is no segment that this version reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// Another kind of file, or a header that does not check.
    NoSegment,
    /// A format of a newer version.
    Newer,
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; SEGMENT_HEADER] {
        let mut out = Vec::with_capacity(SEGMENT_HEADER);
        out.extend(SEGMENT_MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend(if self.key.is_some() { SEALED } else { 0 }.to_le_bytes());
        out.extend(self.base.to_le_bytes());
        out.extend(self.wall_ms.to_le_bytes());
        out.extend(self.key.unwrap_or_default());
        checked(out)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Foreign> {
        let mut fields = Fields::checked(bytes, SEGMENT_HEADER, &SEGMENT_MAGIC).ok_or(Foreign::NoSegment)?;
        if fields.u16() > VERSION {
            return Err(Foreign::Newer);
        }
        let flags = fields.u16();
        let (base, wall_ms, key) = (fields.u64(), fields.u64(), fields.take::<8>());
        Ok(Self { base, wall_ms, key: (flags & SEALED != 0).then_some(key) })
    }
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Bytes that follow the header.
    pub(super) payload: u32,
    /// Sequence number of the first record.
    pub(super) first: u64,
    /// Records.
    pub(super) count: u32,
    /// Bytes of the records before compression and sealing.
    pub(super) plain: u32,
    /// The log's clock when the frame was written, in milliseconds; ages are counted by it.
    pub(super) at_ms: u64,
    /// The wall clock at the same moment, in milliseconds since 1970.
    pub(super) wall_ms: u64,
    pub(super) codec: Codec,
    /// CRC-32 of the payload.
    pub(super) crc: u32,
}

/// How a payload is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// As it is: compression did not help.
    Stored,
    Zstd,
}

impl FrameHeader {
    /// Sequence number after the last record.
    pub(super) fn end(&self) -> u64 {
        self.first.saturating_add(u64::from(self.count))
    }

    /// Bytes of the whole frame.
    pub(super) fn len(&self) -> usize {
        FRAME_HEADER + self.payload as usize
    }

    pub(super) fn encode(&self) -> [u8; FRAME_HEADER] {
        let mut out = self.identity();
        out.extend(self.crc.to_le_bytes());
        checked(out)
    }

    /// What a sealed payload is bound to: everything but the checksums.
    pub(super) fn identity(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FRAME_HEADER);
        out.extend(FRAME_MAGIC);
        out.extend(self.payload.to_le_bytes());
        out.extend(self.first.to_le_bytes());
        out.extend(self.count.to_le_bytes());
        out.extend(self.plain.to_le_bytes());
        out.extend(self.at_ms.to_le_bytes());
        out.extend(self.wall_ms.to_le_bytes());
        out.extend(match self.codec {
            Codec::Stored => 0_u32.to_le_bytes(),
            Codec::Zstd => 1_u32.to_le_bytes(),
        });
        out
    }

    /// The header at the start of `bytes`, if one stands there.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields::checked(bytes, FRAME_HEADER, &FRAME_MAGIC)?;
        let (payload, first, count, plain) = (fields.u32(), fields.u64(), fields.u32(), fields.u32());
        let (at_ms, wall_ms) = (fields.u64(), fields.u64());
        let codec = match fields.u32() {
            0 => Codec::Stored,
            1 => Codec::Zstd,
            _ => return None,
        };
        let crc = fields.u32();
        (count > 0).then_some(Self { payload, first, count, plain, at_ms, wall_ms, codec, crc })
    }
}

/// `fields` and their CRC-32. What is too long or short for `N` cannot come here; it would not check.
fn checked<const N: usize>(mut fields: Vec<u8>) -> [u8; N] {
    fields.extend(crc32fast::hash(&fields).to_le_bytes());
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(fields) {
        *to = from;
    }
    out
}

/// Reads one field after the other of a header that was checked.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields after the magic, where magic and checksum are right.
    fn checked(bytes: &'a [u8], length: usize, magic: &[u8]) -> Option<Self> {
        let header = bytes.get(..length)?;
        let (fields, crc) = header.split_at_checked(length - 4)?;
        let is_right = crc == crc32fast::hash(fields).to_le_bytes();
        fields.strip_prefix(magic).filter(|_| is_right).map(Self)
    }

    /// The next field; zeros behind the end, which no header of a fixed length reaches.
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let Some((field, rest)) = self.0.split_first_chunk::<N>() else { return [0; N] };
        self.0 = rest;
        *field
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

/// The file of the segment that begins with `base`; names sort as segments follow.
pub(super) fn name(base: u64) -> String {
    format!("{base:020}{SUFFIX}")
}

/// The first sequence number of the segment of this name; nothing for other files.
pub(super) fn base_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    (digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Ends the name of a segment.
pub(super) const SUFFIX: &str = ".segment";
/// Ends the name of a file that is being written, to take another's place.
pub(super) const FRESH: &str = ".new";
/// Ends the name of a file that could not be read and is kept for a person to look at.
pub(super) const QUARANTINED: &str = ".quarantined";

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: FrameHeader = FrameHeader {
        payload: 7,
        first: u64::MAX - 3,
        count: 3,
        plain: 9,
        at_ms: 1,
        wall_ms: 2,
        codec: Codec::Zstd,
        crc: 5,
    };

    #[test]
    fn headers_come_back_as_they_were_written() {
        for key in [None, Some([7; 8])] {
            let header = SegmentHeader { base: u64::MAX, wall_ms: 3, key };
            assert_eq!(SegmentHeader::decode(&header.encode()), Ok(header));
        }
        assert_eq!(FrameHeader::decode(&FRAME.encode()), Some(FRAME));
        assert_eq!((FRAME.end(), FRAME.len()), (u64::MAX, FRAME_HEADER + 7));
    }

    #[test]
    fn no_changed_bit_passes_for_a_header() {
        let (segment, frame) = (SegmentHeader { base: 1, wall_ms: 3, key: None }.encode(), FRAME.encode());
        for bit in 0..8 * SEGMENT_HEADER {
            let mut bytes = segment;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&bytes), Err(Foreign::NoSegment), "bit {bit}");
        }
        for bit in 0..8 * FRAME_HEADER {
            let mut bytes = frame;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(FrameHeader::decode(&bytes), None, "bit {bit}");
        }
    }

    #[test]
    fn a_newer_format_is_told_from_a_broken_one() {
        let mut newer = SegmentHeader { base: 1, wall_ms: 3, key: None }.encode().to_vec();
        newer[8] = 2;
        newer.truncate(SEGMENT_HEADER - 4);
        assert_eq!(SegmentHeader::decode(&checked::<SEGMENT_HEADER>(newer)), Err(Foreign::Newer));
    }

    #[test]
    fn names_sort_as_segments_follow_and_nothing_else_is_one() {
        assert!(name(9) < name(10) && name(10) < name(u64::MAX));
        assert_eq!([base_of(&name(0)), base_of(&name(u64::MAX))], [Some(0), Some(u64::MAX)]);
        for other in ["", ".segment", "1.segment", "../x.segment", "+0000000000000000001.segment", "LOCK"] {
            assert_eq!(base_of(other), None, "{other}");
        }
        assert_eq!(base_of("99999999999999999999.segment"), None, "beyond what a number holds");
    }
}
