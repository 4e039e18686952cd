//! Which bytes the heads of prefixes end with: what the gates ask for, made from the table of shapes.

use super::shapes::{PLAIN, PREFIXED, Shape};

/// The separators that a byte stands before where it is the last of a prefix's head.
pub(super) const UNDERSCORE: u8 = 1;
pub(super) const DASH: u8 = 2;
pub(super) const DOT: u8 = 4;
pub(super) static LAST: [u8; 256] = last_of_heads(false);
/// The same for heads of one letter, which have gates of their own: what stands before it is no part of them.
pub(super) static LONE: [u8; 256] = last_of_heads(true);

const fn last_of_heads(are_lone: bool) -> [u8; 256] {
    let (mut last, mut i) = ([0; 256], 0);
    while i < PREFIXED.len() {
        let head = PREFIXED[i].head.as_bytes();
        if (head.len() == 1) == are_lone {
            last[head[head.len() - 1] as usize] |= separator(&PREFIXED[i]);
        }
        i += 1;
    }
    last
}

/// The same for bytes that stand second to last in a head.
pub(super) static SECOND_LAST: [u8; 256] = {
    let (mut second, mut i) = ([0; 256], 0);
    while i < PREFIXED.len() {
        let head = PREFIXED[i].head.as_bytes();
        if head.len() > 1 {
            second[head[head.len() - 2] as usize] |= separator(&PREFIXED[i]);
        }
        i += 1;
    }
    second
};
/// Pairs of last bytes of heads, by their low bits.
pub(super) static LAST_TWO: [[bool; LOW]; LOW] = {
    let (mut pairs, mut i) = ([[false; LOW]; LOW], 0);
    while i < PREFIXED.len() {
        let head = PREFIXED[i].head.as_bytes();
        if head.len() > 1 {
            pairs[head[head.len() - 2] as usize % LOW][head[head.len() - 1] as usize % LOW] = true;
        }
        i += 1;
    }
    pairs
};
pub(super) const LOW: usize = 32;

const fn separator(shape: &Shape) -> u8 {
    match shape.rest.as_bytes()[0] {
        b'_' => UNDERSCORE,
        b'-' => DASH,
        _ => DOT,
    }
}
/// Bytes that stand second in a prefix without a separator.
pub(super) static SECOND: [bool; 256] = {
    let (mut second, mut i) = ([false; 256], 0);
    while i < PLAIN.len() {
        second[PLAIN[i].head.as_bytes()[1] as usize] = true;
        i += 1;
    }
    second
};

/// The longest head of a prefix: what may stand before the first separator.
pub(super) const MAX_HEAD: usize = 16;

/// The heads of [`PREFIXED`] in its order, as numbers.
pub(super) static HEADS: [u128; PREFIXED.len()] = {
    let (mut heads, mut i) = ([0; PREFIXED.len()], 0);
    while i < heads.len() {
        heads[i] = packed(PREFIXED[i].head.as_bytes());
        i += 1;
    }
    heads
};

/// The first [`MAX_HEAD`] bytes of `head` as a number, in the order of texts.
pub(super) const fn packed(head: &[u8]) -> u128 {
    let (mut number, mut i) = (0, 0);
    while i < MAX_HEAD {
        number = number << 8 | if i < head.len() { head[i] as u128 } else { 0 };
        i += 1;
    }
    number
}
