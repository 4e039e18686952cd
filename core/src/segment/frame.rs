//! Records into one frame and back.

use super::clock::Moment;
use super::format::{Codec, FRAME_HEADER, FrameHeader};
use super::seal::{OVERHEAD, SealKey};
use crate::packing;

/// Shorter payloads do not get smaller.
const MIN_COMPRESSED: usize = 128;
/// Bytes of one frame before compression: one append of the largest batch (4 MiB of records, collector and client
/// alike) on top of a full group. A header that says more is not believed, whatever its checksum.
pub(super) const MAX_PLAIN: usize = 8 << 20;

/// The length of each record stands before it.
const LENGTH: usize = 4;

/// Records that are written together.
#[derive(Default)]
pub(super) struct Records {
    plain: Vec<u8>,
    count: u32,
}

impl Records {
    /// Bytes that a record takes.
    pub(super) fn room<const N: usize>(parts: [&[u8]; N]) -> usize {
        LENGTH + parts.iter().map(|part| part.len()).sum::<usize>()
    }

    /// Makes room for so many bytes at once, as far as a frame takes them.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.plain.reserve(bytes.min(MAX_PLAIN.saturating_sub(self.plain.len())));
    }

    /// Adds a record, which is its parts one behind the other; false where it does not fit into a frame any more.
    pub(super) fn push<const N: usize>(&mut self, parts: [&[u8]; N]) -> bool {
        let room = Self::room(parts);
        let Ok(length) = u32::try_from(room - LENGTH) else { return false };
        if self.plain.len() + room > MAX_PLAIN {
            return false;
        }
        self.plain.extend(length.to_le_bytes());
        for part in parts {
            self.plain.extend_from_slice(part);
        }
        self.count += 1;
        true
    }

    /// Takes back what was added since there were so many records and bytes.
    pub(super) fn truncate(&mut self, count: u32, bytes: usize) {
        self.count = count;
        self.plain.truncate(bytes);
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn bytes(&self) -> usize {
        self.plain.len()
    }

    /// The frame, whose first record gets the number `first`; nothing where sealing had no random bytes.
    pub(super) fn frame(&self, first: u64, moment: Moment, key: Option<&SealKey>) -> Option<Vec<u8>> {
        let packed = (self.plain.len() >= MIN_COMPRESSED)
            .then(|| packing::pack(&self.plain))
            .flatten()
            .filter(|packed| packed.len() < self.plain.len());
        let codec = if packed.is_some() { Codec::Zstd } else { Codec::Stored };
        let body = packed.as_deref().unwrap_or(&self.plain);
        let payload = body.len() + key.map_or(0, |_| OVERHEAD);
        let mut header = FrameHeader {
            payload: u32::try_from(payload).ok()?,
            first,
            count: self.count,
            plain: u32::try_from(self.plain.len()).ok()?,
            at_ms: moment.at_ms,
            wall_ms: moment.wall_ms,
            codec,
            crc: 0,
        };
        let sealed = match key {
            Some(key) => Some(key.seal(body, &header.identity())?),
            None => None,
        };
        let body = sealed.as_deref().unwrap_or(body);
        header.crc = crc32fast::hash(body);
        let mut frame = header.encode().to_vec();
        frame.extend_from_slice(body);
        Some(frame)
    }
}

/// The header of the frame at the start of `bytes` whose payload is whole and unchanged.
pub(super) fn whole(bytes: &[u8]) -> Option<FrameHeader> {
    let header = FrameHeader::decode(bytes)?;
    let payload = bytes.get(FRAME_HEADER..header.len())?;
    (header.plain as usize <= MAX_PLAIN && crc32fast::hash(payload) == header.crc).then_some(header)
}

/// The records of a frame that is whole; nothing where its payload is not what its header says.
pub(super) fn unpack(header: &FrameHeader, payload: &[u8], key: Option<&SealKey>) -> Option<Vec<Vec<u8>>> {
    let opened = match key {
        Some(key) => Some(key.open(payload, &header.identity())?),
        None => None,
    };
    let body = opened.as_deref().unwrap_or(payload);
    let unpacked;
    let mut plain = match header.codec {
        Codec::Stored => body,
        Codec::Zstd => {
            unpacked = packing::unpack(body, header.plain as usize)?;
            unpacked.as_slice()
        }
    };
    // Each record has at least its length: a header that promises more does not get the room.
    let mut records = Vec::with_capacity((header.count as usize).min(plain.len() / LENGTH));
    while let Some((length, rest)) = plain.split_first_chunk::<LENGTH>() {
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        records.push(record.to_vec());
        plain = rest;
    }
    (plain.is_empty() && records.len() == header.count as usize).then_some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Moment = Moment { at_ms: 1, wall_ms: 2 };

    fn records(texts: &[&[u8]]) -> Records {
        let mut records = Records::default();
        assert!(texts.iter().all(|text| records.push([text])));
        records
    }

    fn read(frame: &[u8], key: Option<&SealKey>) -> Option<Vec<Vec<u8>>> {
        let header = whole(frame)?;
        unpack(&header, &frame[FRAME_HEADER..header.len()], key)
    }

    #[test]
    fn records_come_back_as_they_were_written() {
        let long = [b'x'; 5_000];
        let key = SealKey::from_base64(&"A".repeat(43).add("=")).unwrap();
        for key in [None, Some(&key)] {
            for texts in [&[b"a".as_slice(), b"", &long][..], &[&long], &[b""]] {
                let frame = records(texts).frame(7, MOMENT, key).unwrap();
                assert_eq!(read(&frame, key).unwrap(), texts);
                assert!(frame.len() < 300, "compressed, where that helps");
            }
        }
    }

    #[test]
    fn a_header_that_lies_about_its_payload_yields_nothing() {
        let frame = records(&[b"a", b"bb"]).frame(7, MOMENT, None).unwrap();
        let header = whole(&frame).unwrap();
        let payload = &frame[FRAME_HEADER..];
        for lie in [
            FrameHeader { count: 1, ..header },
            FrameHeader { count: u32::MAX, ..header },
            FrameHeader { codec: Codec::Zstd, ..header },
        ] {
            assert_eq!(unpack(&lie, payload, None), None, "{lie:?}");
        }
        let bomb = zstd::bulk::compress(&vec![0; 1 << 20], 1).unwrap();
        assert_eq!(unpack(&FrameHeader { codec: Codec::Zstd, plain: 1_000, ..header }, &bomb, None), None);
    }

    #[test]
    fn a_frame_takes_no_more_than_its_bound() {
        let mut records = Records::default();
        let record = vec![0; 1 << 20];
        let taken = (0..20).filter(|_| records.push([&record])).count();
        assert_eq!((taken, records.count()), (7, 7));
        assert!(records.push([&[0; 1_000]]), "what still fits");
    }

    use std::ops::Add;
}
