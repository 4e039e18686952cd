//! The portable version: classes of eight bytes at a time by arithmetic on words (H. S. Warren, "Hacker's Delight",
//! chapter 6), lanes by one look into a table for each byte.

use super::{BLOCK, Block, HIDDEN_BITS, Lanes, OFFSETS, Runs, WINDOW, edge_window};

pub(super) fn scan(text: &[u8], lanes: &Lanes, blocks: &mut Vec<Block>) {
    let mut runs = Runs::default();
    for from in (0..text.len()).step_by(BLOCK) {
        let inner = from.checked_sub(1).and_then(|before| text[before..].first_chunk());
        blocks.push(match inner {
            Some(window) => block(window, lanes, &mut runs),
            None => block(&edge_window(text, from), lanes, &mut runs),
        });
    }
}

fn block(window: &[u8; WINDOW], lanes: &Lanes, runs: &mut Runs) -> Block {
    let (hot, mut hidden) = held(window, lanes);
    let (mut stops, mut base64) = (0, 0);
    let (words, _) = window[1..].as_chunks::<WORD>();
    for (i, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let (stop, odd) = signs(word);
        stops |= stop << (i * WORD);
        hidden |= odd << (i * WORD);
        base64 |= base64s(word) << (i * WORD);
    }
    Block { stops, hot, hidden, long: runs.next(base64) }
}

/// Bits of all lanes at one offset.
pub(super) const LANES: usize = 16;
const ALL: u64 = (1 << LANES) - 1;
/// The lanes of what may be hidden; the others are the detectors'.
const HIDDEN: u64 = (HIDDEN_BITS as u64) << 8;

/// Where the detectors' lanes hold a byte, and where those of what may be hidden do.
///
/// Shift-and (R. Baeza-Yates and G. Gonnet, "A New Approach to Text Searching"), upside down: of each lane, the offsets
/// that do not hold. What leaves at the top has seen all of them.
fn held(window: &[u8; WINDOW], lanes: &Lanes) -> (u64, u64) {
    let (mut hot, mut hidden, mut missed) = (0, 0, 0);
    let step = |missed: u64, byte: u8| missed << LANES | lanes.missing[usize::from(byte)];
    for &byte in &window[..OFFSETS - 1] {
        missed = step(missed, byte) | lanes.missing[usize::from(byte)];
    }
    for (at, &byte) in window[OFFSETS - 1..].iter().enumerate() {
        missed = step(missed, byte);
        let held = !missed >> (LANES * (OFFSETS - 1));
        // Few bytes are held.
        if held != 0 {
            hot |= u64::from(held & (ALL ^ HIDDEN) != 0) << at;
            hidden |= u64::from(held & HIDDEN != 0) << at;
        }
    }
    (hot, hidden)
}

/// Bytes of a word.
const WORD: usize = size_of::<u64>();

/// A byte in each of a word's.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; WORD])
}

const HIGH: u64 = each(0x80);

/// The high bits of bytes that are `least` or more, of a word without high bits.
const fn at_least(low: u64, least: u8) -> u64 {
    low + each(0x80 - least)
}

/// The high bits of a word as a byte, the first byte's lowest.
const fn gathered(bits: u64) -> u64 {
    ((bits & HIGH) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Quotes, backslashes and control characters; and what hides something wherever it stands.
const fn signs(word: u64) -> (u64, u64) {
    let low = word & !HIGH;
    // At least one in a difference is no equality.
    let escape = at_least(low, 0x20) & at_least(low ^ each(b'\\'), 1) | word;
    let stop = at_least(low ^ each(b'"'), 1) & escape | word;
    (gathered(!stop), gathered(!escape | at_least(low, 0x7f) | word))
}

/// Base64's alphabets.
const fn base64s(word: u64) -> u64 {
    let low = word & !HIGH;
    let letters = low | each(0x20);
    let is_letter = at_least(letters, b'a') & !at_least(letters, b'z' + 1);
    // `/` stands before the digits.
    let is_digit = at_least(low, b'/') & !at_least(low, b'9' + 1);
    let no_sign = at_least(low ^ each(b'+'), 1) & at_least(low ^ each(b'-'), 1) & at_least(low ^ each(b'_'), 1);
    gathered((is_letter | is_digit | !no_sign) & !word)
}
