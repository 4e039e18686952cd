//! The portable version: lanes by one look into a table for each byte, classes by plain comparisons.

use super::lanes::{ALL, LANES};
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
    let (hot, hidden) = held(window, lanes);
    // A byte of each class for each byte of the text, without a branch: compilers make vectors of it on any machine.
    let (mut stops, mut odds, mut base64s) = ([0; BLOCK], [0; BLOCK], [0; BLOCK]);
    #[allow(clippy::needless_bitwise_bool, reason = "a lazy one is a branch")]
    for (((byte, stop), odd), base64) in window[1..].iter().zip(&mut stops).zip(&mut odds).zip(&mut base64s) {
        let is_escape = (*byte < 0x20) | (*byte == b'\\');
        *stop = u8::from(is_escape | (*byte == b'"'));
        *odd = u8::from(is_escape | (*byte >= 0x7f));
        // `/` stands before the digits.
        let is_digit = byte.wrapping_sub(b'/') <= b'9' - b'/';
        let is_letter = (byte | 0x20).wrapping_sub(b'a') <= b'z' - b'a';
        *base64 = u8::from(is_digit | is_letter | (*byte == b'+') | (*byte == b'-') | (*byte == b'_'));
    }
    let long = runs.next(gathered(&base64s));
    Block { stops: gathered(&stops), hot, hidden: hidden | gathered(&odds), long }
}

/// The bytes, each zero or one, as bits.
fn gathered(bytes: &[u8; BLOCK]) -> u64 {
    const WORD: usize = size_of::<u64>();
    /// Moves the lowest bit of each byte of a word to its place in the highest byte.
    const TO_HIGHEST: u64 = 0x0102_0408_1020_4080;
    let (words, _) = bytes.as_chunks::<WORD>();
    words.iter().rev().fold(0, |bits, word| bits << WORD | u64::from_le_bytes(*word).wrapping_mul(TO_HIGHEST) >> 56)
}

/// No lane holds a byte.
const NONE: u64 = ALL << (LANES * (OFFSETS - 1));
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
    let (chunks, _) = window[OFFSETS - 1..].as_chunks::<8>();
    for (i, chunk) in chunks.iter().enumerate() {
        // Eight at a time: compilers write the steps one behind another.
        for (j, &byte) in chunk.iter().enumerate() {
            missed = step(missed, byte);
            // All of the last offset's bits are the highest there can be: few bytes are held.
            if missed < NONE {
                let held = !missed >> (LANES * (OFFSETS - 1));
                hot |= u64::from(held & (ALL ^ HIDDEN) != 0) << (i * chunk.len() + j);
                hidden |= u64::from(held & HIDDEN != 0) << (i * chunk.len() + j);
            }
        }
    }
    (hot, hidden)
}
