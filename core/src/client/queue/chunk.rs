//! Captured records as bytes, one behind the other.

use std::time::Instant;

use super::seed::{Bits, Seed};
use crate::client::settings::Bounds;

/// Bytes at which a chunk ends: within the caches near a core, and a few hundred records.
pub(super) const CHUNK_BYTES: usize = 64 << 10;

/// How a captured record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON text as the host wrote it; leaves memory only through the engine.
    Json,
    /// The compact form of [`crate::capture`]; the same holds.
    Compact,
    /// Already through the engine: canonical text.
    Scrubbed,
    /// JSON text that adds many measurements up: the sampler has no part in it, or sums would be wrong.
    Sum,
}

/// A captured record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Captured<'a> {
    pub(crate) form: Form,
    /// When it was captured: microseconds since 1970-01-01T00:00:00Z.
    pub(crate) at: i64,
    pub(crate) bytes: &'a [u8],
}

/// Before each record in a chunk: form, time, length.
const HEAD_BYTES: usize = 13;

/// In place of a form: a record that was erased. Its bytes are zero, and stay: the ids of the others hang on their places.
const ERASED: u8 = 3;

impl<'a> Captured<'a> {
    #[inline]
    pub(super) fn append_to(&self, chunk: &mut Vec<u8>) {
        let form = match self.form {
            Form::Json => 0,
            Form::Compact => 1,
            Form::Scrubbed => 2,
            Form::Sum => 4,
        };
        let length = u32::try_from(self.bytes.len()).unwrap_or(0);
        let mut head = [form; HEAD_BYTES];
        head[1..9].copy_from_slice(&self.at.to_le_bytes());
        head[9..].copy_from_slice(&length.to_le_bytes());
        chunk.reserve(HEAD_BYTES + self.bytes.len());
        chunk.extend_from_slice(&head);
        chunk.extend_from_slice(self.bytes);
    }

    /// The first record of a chunk's bytes, nothing where it was erased, and what follows it.
    fn first_of(chunk: &'a [u8]) -> Option<(Option<Self>, &'a [u8])> {
        let (&[form, head @ ..], rest) = chunk.split_first_chunk::<HEAD_BYTES>()?;
        let form = match form {
            0 => Some(Form::Json),
            1 => Some(Form::Compact),
            2 => Some(Form::Scrubbed),
            4 => Some(Form::Sum),
            _ => None,
        };
        let (at, length) = (head.first_chunk::<8>()?, head.last_chunk::<4>()?);
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (bytes, rest) = rest.split_at_checked(length)?;
        Some((form.map(|form| Self { form, at: i64::from_le_bytes(*at), bytes }), rest))
    }
}

/// Records, one behind the other, in the order of their capture.
pub(crate) struct Chunk {
    pub(super) seed: Seed,
    /// The position of its first record, which stays.
    pub(super) began: u64,
    pub(super) bytes: Vec<u8>,
    /// Where the oldest record that is left begins.
    pub(super) start: usize,
    /// What is left. Bytes are those of the records alone.
    pub(super) load: Load,
    /// The oldest record's position in the order of capture, or an earlier one.
    pub(super) seq: u64,
    /// When the oldest was captured, or earlier.
    pub(super) since: Instant,
    /// How often the queue had been sifted when this was looked through last, or began.
    pub(super) sifted: u64,
}

impl Chunk {
    /// What is in it.
    pub(crate) fn load(&self) -> Load {
        self.load
    }

    /// Its records, from the oldest on, each with its random bits.
    pub(crate) fn records(&self) -> impl Iterator<Item = (Captured<'_>, Bits)> {
        self.places().filter_map(|(at, record)| Some((record?, self.seed.bits(self.began, at))))
    }

    /// Where each record begins, and the record, unless it was erased.
    fn places(&self) -> impl Iterator<Item = (usize, Option<Captured<'_>>)> {
        let mut rest = &self.bytes[self.start..];
        std::iter::from_fn(move || {
            let at = self.bytes.len() - rest.len();
            let (record, after) = Captured::first_of(rest)?;
            rest = after;
            Some((at, record))
        })
    }

    /// Erases the records that `keep` does not hold for, and returns what they were.
    pub(super) fn sift(&mut self, mut keep: impl FnMut(&Captured<'_>, Bits) -> bool) -> Load {
        let place = |(at, record): (usize, Option<Captured<'_>>)| {
            let record = record?;
            let goes = !keep(&record, self.seed.bits(self.began, at));
            goes.then_some((at, record.bytes.len()))
        };
        let gone: Vec<(usize, usize)> = self.places().filter_map(place).collect();
        let mut load = Load::default();
        for (at, length) in gone {
            self.bytes[at] = ERASED;
            self.bytes[at + HEAD_BYTES..at + HEAD_BYTES + length].fill(0);
            load += Load { items: 1, bytes: length };
        }
        self.load -= load;
        load
    }

    /// Forgets the oldest record and returns its bytes.
    pub(super) fn drop_oldest(&mut self) -> usize {
        while let Some((oldest, after)) = Captured::first_of(&self.bytes[self.start..]) {
            let bytes = oldest.map(|oldest| oldest.bytes.len());
            self.start = self.bytes.len() - after.len();
            if let Some(bytes) = bytes {
                self.load -= Load { items: 1, bytes };
                return bytes;
            }
        }
        0
    }

    pub(super) fn has_room(&self, bytes: usize, batch: Bounds) -> bool {
        self.load.items < batch.items && self.load.bytes + bytes <= batch.bytes.min(CHUNK_BYTES)
            // What was dropped from its front takes memory as long as the rest does.
            && self.bytes.len() < 2 * CHUNK_BYTES
    }
}

/// How much of something there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
}

impl std::ops::AddAssign for Load {
    fn add_assign(&mut self, other: Self) {
        self.items += other.items;
        self.bytes += other.bytes;
    }
}

impl std::ops::SubAssign for Load {
    fn sub_assign(&mut self, other: Self) {
        self.items = self.items.saturating_sub(other.items);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }
}
