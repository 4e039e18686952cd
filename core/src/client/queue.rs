//! The bounded queue between capture and worker, and what the worker has taken from it.
//!
//! Records stand one behind the other in *chunks*, as bytes: capturing one is a copy, without an allocation of its own.
//! A chunk is never more than one batch, so the worker takes whole chunks and copies nothing.
//!
//! Both bounds cover queued and in-flight records together: memory does not grow while a request hangs. When
//! full, the oldest queued record goes; what is in flight stays.

mod chunk;
mod seed;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Instant;

use self::chunk::CHUNK_BYTES;
pub(crate) use self::chunk::{Captured, Chunk, Form, Load};
pub(crate) use self::seed::Bits;
use self::seed::Seed;
use crate::client::settings::Bounds;

/// Bytes of emptied chunks whose memory is kept for the next ones: what a burst fills while the worker is busy with one
/// batch. An idle client has that much too, so it is little.
const SPARE_BYTES: usize = 8 * CHUNK_BYTES;

/// See the module's words.
pub(crate) struct Queue {
    chunks: VecDeque<Chunk>,
    waiting: Load,
    in_flight: Load,
    /// `seq` of the oldest record of what was taken last.
    in_flight_from: u64,
    spare: Vec<Vec<u8>>,
    /// Memory that `spare` has.
    spare_bytes: usize,
    /// Bytes of the latest chunk that was full: the next is made as large at once, since growing it step by step costs a
    /// third of a capture.
    usual_bytes: usize,
    bounds: Bounds,
    seed: Seed,
    /// How often bits were drawn for a record that is not here.
    drawn: u64,
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
            spare_bytes: 0,
            usual_bytes: 0,
            bounds,
            seed: Seed::draw(),
            drawn: 0,
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
            _ => self.begin_chunk(seq, record, now()),
        }
        gone
    }

    fn begin_chunk(&mut self, seq: u64, record: Captured<'_>, since: Instant) {
        if let Some(full) = self.chunks.back() {
            self.usual_bytes = full.bytes.len().min(CHUNK_BYTES);
        }
        let mut memory = match self.spare.pop() {
            Some(memory) => {
                self.spare_bytes -= memory.capacity();
                memory
            }
            None => Vec::with_capacity(self.usual_bytes),
        };
        record.append_to(&mut memory);
        self.chunks.push_back(Chunk {
            seed: self.seed,
            began: seq,
            bytes: memory,
            start: 0,
            load: Load { items: 1, bytes: record.bytes.len() },
            seq,
            since,
            sifted: self.sifted,
        });
    }

    /// Random bits for the stamp of a record that is processed before it is captured.
    pub(crate) fn draw(&mut self) -> Bits {
        self.drawn += 1;
        // No record of a chunk stands there.
        self.seed.bits(self.drawn, usize::MAX)
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
            let capacity = chunk.bytes.capacity();
            if self.spare_bytes + capacity <= SPARE_BYTES && capacity <= 2 * CHUNK_BYTES {
                chunk.bytes.clear();
                self.spare_bytes += capacity;
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
        self.spare_bytes = 0;
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
