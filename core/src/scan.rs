//! Looks at every byte of a text once and notes, in bitmaps of 64 bytes each, where anything further may have to be
//! done: where strings end, where a detector has to look, where something may be hidden.
//!
//! A *lane* is a set of four consecutive bytes, each of a class: the byte of interest, its neighbour before, and two
//! behind. Classes are kept as products of nibbles, as the shuffles of vector units look them up, so a lane may hold
//! more than was asked for and never less: whoever asks looks again, exactly.
//!
//! The vector version and its portable twin fill the same bitmaps; a property test and a fuzzer hold them equal.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod lanes;
mod portable;

pub(crate) use self::lanes::Lanes;

/// A set of bytes.
pub(crate) type Class = fn(u8) -> bool;
/// The same as a table.
pub(crate) type Bytes = [bool; 256];

/// The table of a class.
pub(crate) fn bytes(of: impl Fn(u8) -> bool) -> Bytes {
    let mut table = [false; 256];
    for (byte, is_in) in (0..=u8::MAX).zip(&mut table) {
        *is_in = of(byte);
    }
    table
}

/// Of sixteen lanes, in two sets of eight, the first of the last two, which are those of what may be hidden; those before are the detectors'.
pub(crate) const HIDDEN_LANE: usize = 14;
/// Sets of eight lanes.
const SETS: usize = 2;
/// In the second set, the lanes of what may be hidden.
const HIDDEN_BITS: u8 = 0b1100_0000;

/// Consecutive bytes that a lane looks at: one before, the byte itself, two behind.
const OFFSETS: usize = 4;
/// Bytes of a block; one bit of a bitmap each.
const BLOCK: usize = 64;
/// A block with the bytes before and behind it that lanes look at.
const WINDOW: usize = BLOCK + OFFSETS - 1;
/// What stands before and behind a text: ends every class of words, and is a byte that no string of JSON has.
const EDGE: u8 = b'\n';

/// Bitmaps of 64 bytes of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// Quotes, backslashes and control characters.
    pub(crate) stops: u64,
    /// Bytes that a detector's lane holds.
    pub(crate) hot: u64,
    /// Bytes that the lanes of what may be hidden hold, backslashes, all control characters, and all beyond ASCII.
    pub(crate) hidden: u64,
    /// Bytes with which a run of [`LONG_RUN`] bytes of base64's alphabets ends or goes on.
    pub(crate) long: u64,
}

impl Block {
    /// Whatever is to be looked at again.
    #[inline]
    const fn marks(&self) -> u64 {
        self.hot | self.hidden | self.long
    }
}

/// Bytes of base64 that can hold something: twelve bytes in plain.
pub(crate) const LONG_RUN: usize = 16;

/// What is known of a text before it is looked at again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) hot: bool,
    pub(crate) hidden: bool,
    pub(crate) long: bool,
}

impl Seen {
    /// Nothing that needs a second look.
    pub(crate) fn is_clean(self) -> bool {
        !(self.hot || self.hidden || self.long)
    }
}

/// Set where a bench or a fuzzer wants the portable version.
#[cfg(feature = "twin")]
pub(crate) static FORCE_PORTABLE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

#[cfg(target_arch = "x86_64")]
#[inline]
fn may_use_vectors() -> bool {
    #[cfg(feature = "twin")]
    return !FORCE_PORTABLE.load(std::sync::atomic::Ordering::Relaxed);
    #[cfg(not(feature = "twin"))]
    true
}

/// Fills `blocks` with the bitmaps of `text`.
pub(crate) fn scan(text: &[u8], lanes: &Lanes, blocks: &mut Vec<Block>) {
    blocks.clear();
    blocks.reserve(text.len() / BLOCK + 1);
    #[cfg(target_arch = "x86_64")]
    if may_use_vectors() && avx2::scan(text, lanes, blocks) {
        return;
    }
    portable::scan(text, lanes, blocks);
}

/// The window of the block at `from`, with edges where the text has no bytes.
#[inline(never)]
fn edge_window(text: &[u8], from: usize) -> [u8; WINDOW] {
    let mut window = [EDGE; WINDOW];
    let missing = usize::from(from == 0);
    let start = from + missing - 1;
    let bytes = &text[start..text.len().min(start + WINDOW - missing)];
    window[missing..][..bytes.len()].copy_from_slice(bytes);
    window
}

/// Finds runs of [`LONG_RUN`] bits across words: each step doubles the length that is known.
#[derive(Default)]
struct Runs {
    /// The previous word of each step.
    last: [u64; 4],
}

impl Runs {
    fn next(&mut self, bits: u64) -> u64 {
        let mut runs = bits;
        for (step, last) in self.last.iter_mut().enumerate() {
            let shift = 1 << step;
            let shifted = runs << shift | *last >> (64 - shift);
            *last = runs;
            runs &= shifted;
        }
        runs
    }
}

/// A text and what the scan says of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanned<'a> {
    pub(crate) text: &'a str,
    pub(crate) seen: Seen,
    blocks: &'a [Block],
    /// Where the text begins in what the blocks map.
    base: usize,
}

impl<'a> Scanned<'a> {
    /// `text`, which begins at `base` of what `blocks` map.
    pub(crate) const fn new(text: &'a str, seen: Seen, blocks: &'a [Block], base: usize) -> Self {
        Self { text, seen, blocks, base }
    }

    /// The first byte from `from` on that a detector has to look at.
    pub(crate) fn next_hot(self, from: usize) -> Option<usize> {
        self.next(from, |block| block.hot)
    }

    /// The first byte from `from` on with which something hidden may begin.
    pub(crate) fn next_hidden(self, from: usize) -> Option<usize> {
        self.next(from, |block| block.hidden)
    }

    /// The first byte from `from` on with which a run of [`LONG_RUN`] bytes of base64's alphabets is complete, or goes on.
    pub(crate) fn next_long(self, from: usize) -> Option<usize> {
        self.next(from, |block| block.long)
    }

    fn next(self, from: usize, bits: impl Fn(&Block) -> u64) -> Option<usize> {
        let found = next(self.blocks, self.base + from, bits)? - self.base;
        (found < self.text.len()).then_some(found)
    }
}

/// The first stop from `from` on, and whether anything before it is to be looked at again.
#[inline]
pub(crate) fn next_stop(blocks: &[Block], from: usize) -> Option<(usize, bool)> {
    let (index, shift) = (from / BLOCK, from % BLOCK);
    let block = blocks.get(index)?;
    let (stops, marks) = (block.stops >> shift, block.marks() >> shift);
    // Most strings are short, and end in the block in which they begin.
    if stops != 0 {
        return Some((from + stops.trailing_zeros() as usize, is_marked(stops, marks)));
    }
    next_stop_behind(blocks, index + 1, marks != 0)
}

fn next_stop_behind(blocks: &[Block], from: usize, mut is_found: bool) -> Option<(usize, bool)> {
    for (index, block) in blocks.iter().enumerate().skip(from) {
        if block.stops != 0 {
            let at = index * BLOCK + block.stops.trailing_zeros() as usize;
            return Some((at, is_found || is_marked(block.stops, block.marks())));
        }
        is_found |= block.marks() != 0;
    }
    None
}

/// Whether there are marks below the lowest stop.
#[inline]
const fn is_marked(stops: u64, marks: u64) -> bool {
    marks & !stops & (stops - 1) != 0
}

fn next(blocks: &[Block], from: usize, bits: impl Fn(&Block) -> u64) -> Option<usize> {
    let (mut index, shift) = (from / BLOCK, from % BLOCK);
    let first = bits(blocks.get(index)?) >> shift;
    if first != 0 {
        return Some(from + first.trailing_zeros() as usize);
    }
    loop {
        index += 1;
        let bits = bits(blocks.get(index)?);
        if bits != 0 {
            return Some(index * BLOCK + bits.trailing_zeros() as usize);
        }
    }
}

/// What is known of the bytes from `start` to `end`.
pub(crate) fn seen(blocks: &[Block], start: usize, end: usize) -> Seen {
    if start >= end {
        return Seen::default();
    }
    let (first, last) = (start / BLOCK, (end - 1) / BLOCK);
    if first == last
        && let Some(block) = blocks.get(first)
    {
        let mask = u64::MAX >> (BLOCK - (end - start)) << (start % BLOCK);
        return Seen { hot: block.hot & mask != 0, hidden: block.hidden & mask != 0, long: block.long & mask != 0 };
    }
    let (mut hot, mut hidden, mut long) = (0, 0, 0);
    for index in first..=last {
        let Some(block) = blocks.get(index) else { break };
        let mut mask = u64::MAX;
        if index == first {
            mask <<= start % BLOCK;
        }
        if index == last {
            mask &= u64::MAX >> (BLOCK - 1 - (end - 1) % BLOCK);
        }
        (hot, hidden, long) = (hot | block.hot & mask, hidden | block.hidden & mask, long | block.long & mask);
    }
    Seen { hot: hot != 0, hidden: hidden != 0, long: long != 0 }
}

/// The bitmaps of a text that is no part of a longer one.
#[derive(Debug, Default)]
pub(crate) struct Scan(Vec<Block>);

impl Scan {
    pub(crate) fn of(text: &str, lanes: &Lanes) -> Self {
        let mut blocks = Vec::new();
        scan(text.as_bytes(), lanes, &mut blocks);
        Self(blocks)
    }

    /// With the text that it is of.
    pub(crate) fn with<'a>(&'a self, text: &'a str) -> Scanned<'a> {
        Scanned::new(text, seen(&self.0, 0, text.len()), &self.0, 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lanes() -> Lanes {
        let any: Class = |_| true;
        let digit: Class = |byte| byte.is_ascii_digit();
        Lanes::new(
            [
                (0, [(|byte| matches!(byte, b' ' | EDGE)) as Class, digit, digit, any]),
                (3, [any, |byte| byte == b'@', any, any]),
                (HIDDEN_LANE, [any, |byte| byte == b'%', digit, any]),
            ]
            .into_iter()
            .map(|(lane, classes)| (lane, classes.map(bytes))),
        )
    }

    fn scanned(text: &str) -> Vec<Block> {
        let mut blocks = Vec::new();
        scan(text.as_bytes(), &lanes(), &mut blocks);
        blocks
    }

    fn positions(text: &str, bits: fn(&Block) -> u64) -> Vec<usize> {
        let blocks = scanned(text);
        (0..text.len()).filter(|at| bits(&blocks[at / BLOCK]) >> (at % BLOCK) & 1 == 1).collect()
    }

    #[test]
    fn lanes_hold_what_stands_between_its_neighbours() {
        let text = format!("{} 12 @ %4%({}56", "-".repeat(60), " ".repeat(60));
        assert_eq!(positions(&text, |block| block.hot), [61, 64, 130]);
        assert_eq!(positions(&text, |block| block.hidden), [66]);
        assert_eq!(positions("a\\é", |block| block.hidden), [1, 2, 3]);
    }

    #[test]
    fn a_text_has_edges_before_and_behind_it() {
        assert_eq!(positions("12", |block| block.hot), [0]);
        assert_eq!(positions("a\"12\"", |block| block.hot), [2]);
        assert_eq!(positions("a12", |block| block.hot), [0; 0]);
    }

    #[test]
    fn long_runs_are_seen_across_blocks() {
        for (before, len, long) in [(0, 15, false), (0, 16, true), (56, 16, true), (56, 15, false), (110, 40, true)] {
            let text = format!("{}{}.", " ".repeat(before), "a".repeat(len));
            assert_eq!(!positions(&text, |block| block.long).is_empty(), long, "{before} {len}");
        }
    }

    #[test]
    fn stops_are_found_one_after_another() {
        let text = format!("{}\"a\\{}\"", "x".repeat(70), "y".repeat(130));
        let blocks = scanned(&text);
        assert_eq!(next_stop(&blocks, 0).map(|(at, _)| at), Some(70));
        assert_eq!(next_stop(&blocks, 71), Some((72, false)));
        assert_eq!(next_stop(&blocks, 73).map(|(at, _)| at), Some(203));
    }

    proptest! {
        #[test]
        fn every_version_fills_the_same_bitmaps(text in r#"([ -~]|[0-9@%"\\\n\x7f]|é|😀){0,200}"#) {
            let lanes = lanes();
            let (bytes, mut twin) = (text.as_bytes(), Vec::new());
            portable::scan(bytes, &lanes, &mut twin);
            #[cfg(target_arch = "x86_64")]
            {
                let mut blocks = Vec::new();
                prop_assert!(!avx2::scan(bytes, &lanes, &mut blocks) || blocks == twin);
            }
            prop_assert_eq!(scanned(&text), twin);
        }
    }
}
