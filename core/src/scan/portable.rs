//! The portable version: two looks into tables for each byte.

use super::lanes::{BASE64, ODD, STOP};
use super::{BLOCK, Block, HIDDEN_BITS, Lanes, Runs, WINDOW, edge_window};

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

/// The lanes of what may be hidden among those of both sets, which stand in the first bytes of each half.
const HIDDEN: u64 = (HIDDEN_BITS as u64) << 32;
const DETECTORS: u64 = 0xff | (!HIDDEN_BITS as u64) << 32;

fn block(window: &[u8; WINDOW], lanes: &Lanes, runs: &mut Runs) -> Block {
    let of = |byte: u8| u64::from_le_bytes(lanes.bytes[usize::from(byte)]);
    let (mut stops, mut hot, mut hidden, mut base64) = (0, 0, 0, 0);
    let (mut before, mut at, mut after) = (of(window[0]), of(window[1]), of(window[2]));
    // Bits enter at the top and arrive at their places after 64 steps.
    for (&byte, &behind) in window[1..].iter().zip(&window[3..]) {
        let after2 = of(behind);
        let held = before & at >> 8 & after >> 16 & after2 >> 24;
        let class = lanes.classes[usize::from(byte)];
        hot = hot >> 1 | u64::from(held & DETECTORS != 0) << 63;
        hidden = hidden >> 1 | u64::from(held & HIDDEN | u64::from(class & ODD) != 0) << 63;
        stops = stops >> 1 | u64::from(class & STOP != 0) << 63;
        base64 = base64 >> 1 | u64::from(class & BASE64 != 0) << 63;
        (before, at, after) = (at, after, after2);
    }
    Block { stops, hot, hidden, long: runs.next(base64) }
}
