//! The bounded queue between capture and worker, and what the worker has taken from it.
//!
//! Records stand one behind the other in *chunks*, as bytes: capturing one is a copy, without an allocation of its own.
//! A chunk is never more than one batch, so the worker takes whole chunks and copies nothing.
//!
//! Both bounds cover queued and in-flight records together: memory does not grow while a request hangs. When
//! full, the oldest queued record goes; what is in flight stays.

use std::collections::VecDeque;
use std::time::Instant;

use crate::client::settings::Bounds;

/// Bytes at which a chunk ends: within the caches near a core, and a few hundred records.
const CHUNK_BYTES: usize = 64 << 10;

/// Emptied chunks whose memory is kept for the next ones: the worker holds one or two while one is filled.
const SPARE_CHUNKS: usize = 2;

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
    fn append_to(&self, chunk: &mut Vec<u8>) {
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

/// Random bits of a record's stamp.
pub(crate) type Bits = [u8; 10];

/// Makes the random bits of all stamps of a queue from its own, drawn once: whoever looks at a waiting record sees the id
/// under which it is sent. Enough that no two are alike; nobody is kept from guessing them.
#[derive(Clone, Copy)]
struct Seed([u64; 2]);

impl Seed {
    fn draw() -> Self {
        // Only on a machine without a random source; ids then fall back to their millisecond and place.
        Self([getrandom::u64().unwrap_or(0), getrandom::u64().unwrap_or(0)])
    }

    /// Of the record at byte `at` of the chunk that began with capture `seq`.
    fn bits(self, seq: u64, at: usize) -> Bits {
        let [a, b] = self.0;
        let first = mix(a ^ mix(seq));
        let second = mix(b ^ first ^ mix(at as u64));
        let mut bits = [0; 10];
        bits[..8].copy_from_slice(&mix(first ^ second).to_le_bytes());
        bits[8..].copy_from_slice(&second.to_le_bytes()[..2]);
        bits
    }
}

/// Each number to another, with no pattern left (Steele et al., `SplitMix64`).
const fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// Records, one behind the other, in the order of their capture.
pub(crate) struct Chunk {
    seed: Seed,
    /// The position of its first record, which stays.
    began: u64,
    bytes: Vec<u8>,
    /// Where the oldest record that is left begins.
    start: usize,
    /// What is left. Bytes are those of the records alone.
    load: Load,
    /// The oldest record's position in the order of capture, or an earlier one.
    seq: u64,
    /// When the oldest was captured, or earlier.
    since: Instant,
    /// How often the queue had been sifted when this was looked through last, or began.
    sifted: u64,
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
    fn sift(&mut self, mut keep: impl FnMut(&Captured<'_>, Bits) -> bool) -> Load {
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
    fn drop_oldest(&mut self) -> usize {
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

    fn has_room(&self, bytes: usize, batch: Bounds) -> bool {
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

/// See the module's words.
pub(crate) struct Queue {
    chunks: VecDeque<Chunk>,
    waiting: Load,
    in_flight: Load,
    /// `seq` of the oldest record of what was taken last.
    in_flight_from: u64,
    spare: Vec<Vec<u8>>,
    bounds: Bounds,
    seed: Seed,
    /// How often it was sifted.
    sifted: u64,
}

impl Queue {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            chunks: VecDeque::new(),
            waiting: Load::default(),
            in_flight: Load::default(),
            in_flight_from: 0,
            spare: Vec::new(),
            bounds,
            seed: Seed::draw(),
            sifted: 0,
        }
    }

    /// Takes other bounds. What waits beyond them goes with the next capture, as the oldest.
    pub(crate) fn bound(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// Begins to look through what waits by now: each chunk has to be sifted once.
    pub(crate) fn begin_sift(&mut self) {
        self.sifted += 1;
    }

    /// Erases the records that `keep` does not hold for from one chunk, and returns how many; nothing where all chunks
    /// were looked through. By chunks, so that nobody waits long for the lock.
    pub(crate) fn sift(&mut self, keep: impl FnMut(&Captured<'_>, Bits) -> bool) -> Option<u64> {
        let at = self.chunks.iter().position(|chunk| chunk.sifted < self.sifted)?;
        let chunk = self.chunks.get_mut(at)?;
        chunk.sifted = self.sifted;
        let gone = chunk.sift(keep);
        let is_empty = chunk.load.items == 0;
        self.waiting -= gone;
        if is_empty {
            let emptied = self.chunks.remove(at);
            self.reuse(emptied);
        }
        Some(gone.items as u64)
    }

    /// Appends a record and returns how many had to go for it: the oldest, or the new one itself where even an
    /// empty queue has no room for it beside what is in flight. `now` is asked where a chunk begins.
    pub(crate) fn push(&mut self, seq: u64, record: Captured<'_>, now: impl FnOnce() -> Instant, batch: Bounds) -> u64 {
        let bytes = record.bytes.len();
        if self.in_flight.items >= self.bounds.items || self.in_flight.bytes + bytes > self.bounds.bytes {
            return 1;
        }
        let mut gone = 0;
        while self.waiting.items + self.in_flight.items >= self.bounds.items
            || self.waiting.bytes + self.in_flight.bytes + bytes > self.bounds.bytes
        {
            if !self.drop_oldest() {
                break;
            }
            gone += 1;
        }
        let load = Load { items: 1, bytes };
        self.waiting += load;
        match self.chunks.back_mut() {
            Some(chunk) if chunk.has_room(bytes, batch) => {
                record.append_to(&mut chunk.bytes);
                chunk.load += load;
            }
            _ => {
                let mut memory = self.spare.pop().unwrap_or_default();
                record.append_to(&mut memory);
                self.chunks.push_back(Chunk {
                    seed: self.seed,
                    began: seq,
                    bytes: memory,
                    start: 0,
                    load,
                    seq,
                    since: now(),
                    sifted: self.sifted,
                });
            }
        }
        gone
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(chunk) = self.chunks.front_mut() else { return false };
        let bytes = chunk.drop_oldest();
        self.waiting -= Load { items: 1, bytes };
        if chunk.load.items == 0 {
            let emptied = self.chunks.pop_front();
            self.reuse(emptied);
        }
        true
    }

    /// Keeps the memory of chunks whose records were read.
    pub(crate) fn reuse(&mut self, emptied: impl IntoIterator<Item = Chunk>) {
        for mut chunk in emptied {
            // One record may have made it larger than a chunk is: that memory is given back.
            if self.spare.len() < SPARE_CHUNKS && chunk.bytes.capacity() <= 2 * CHUNK_BYTES {
                chunk.bytes.clear();
                self.spare.push(chunk.bytes);
            }
        }
    }

    /// Moves the oldest records, one batch at most and at least one chunk, into flight.
    pub(crate) fn take(&mut self, batch: Bounds) -> Vec<Chunk> {
        let mut taken: Vec<Chunk> = Vec::new();
        let mut load = Load::default();
        while let Some(chunk) = self.chunks.pop_front_if(|chunk| {
            let fits = load.items + chunk.load.items <= batch.items && load.bytes + chunk.load.bytes <= batch.bytes;
            fits || load.items == 0
        }) {
            load += chunk.load;
            taken.push(chunk);
        }
        if let Some(first) = taken.first() {
            self.in_flight_from = first.seq;
        }
        self.waiting -= load;
        self.in_flight += load;
        taken
    }

    /// Takes note that records in flight came to their end.
    pub(crate) fn settle(&mut self, load: Load) {
        self.in_flight -= load;
    }

    /// Gives up what is in flight and returns how many records that were.
    pub(crate) fn forfeit(&mut self) -> u64 {
        std::mem::take(&mut self.in_flight).items as u64
    }

    /// Forgets what waits and returns how many records that were; what is in flight stays. Its memory goes too: it may
    /// have to be forgotten.
    pub(crate) fn discard_waiting(&mut self) -> u64 {
        self.chunks = VecDeque::new();
        self.spare = Vec::new();
        std::mem::take(&mut self.waiting).items as u64
    }

    /// Whether records were taken and did not come to their end.
    pub(crate) fn has_in_flight(&self) -> bool {
        self.in_flight.items > 0
    }

    /// Gives up everything and returns how many records that were.
    pub(crate) fn clear(&mut self) -> u64 {
        self.discard_waiting() + self.forfeit()
    }

    /// Whether every record before `seq` came to its end.
    pub(crate) fn settled_before(&self, seq: u64) -> bool {
        let in_flight = (self.in_flight.items > 0).then_some(self.in_flight_from);
        in_flight.or_else(|| self.oldest().map(|(oldest, _)| oldest)).is_none_or(|oldest| oldest >= seq)
    }

    /// What waits, oldest first.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Captured<'_>, Bits)> {
        self.chunks.iter().flat_map(Chunk::records)
    }

    /// Position and time of the record that waits longest, or earlier ones.
    pub(crate) fn oldest(&self) -> Option<(u64, Instant)> {
        self.chunks.front().map(|chunk| (chunk.seq, chunk.since))
    }

    /// What waits to be taken.
    pub(crate) fn waiting(&self) -> Load {
        self.waiting
    }

    /// How full it is, from 0 to 1, by the bound that is nearer.
    pub(crate) fn pressure(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "a share, not a count")]
        let share = |used: usize, bound: usize| used as f64 / bound.max(1) as f64;
        let items = share(self.waiting.items + self.in_flight.items, self.bounds.items);
        let bytes = share(self.waiting.bytes + self.in_flight.bytes, self.bounds.bytes);
        items.max(bytes).min(1.0)
    }

    /// Records that have not come to their end: waiting or in flight.
    pub(crate) fn pending(&self) -> u64 {
        (self.waiting.items + self.in_flight.items) as u64
    }
}

#[cfg(test)]
mod tests;
