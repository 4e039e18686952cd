//! Which bytes the heads of prefixes end with: what the gates ask for, made from the table of shapes.

use super::shapes::{PLAIN, PREFIXED, Shape};
use crate::hash::hash;

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

/// Slots of [`FIRST`], a power of two: few heads have one slot.
const SLOTS: usize = 1 << 10;
/// Where no head stands.
const FREE: u16 = u16::MAX;

/// Where the shapes of each head begin in [`PREFIXED`], by open addressing.
static FIRST: [u16; SLOTS] = {
    let (mut slots, mut i) = ([FREE; SLOTS], 0);
    while i < PREFIXED.len() {
        let head = PREFIXED[i].head.as_bytes();
        assert!(head.len() <= MAX_HEAD);
        let mut slot = slot(head);
        while slots[slot] != FREE && !is_equal(PREFIXED[slots[slot] as usize].head.as_bytes(), head) {
            slot = (slot + 1) % SLOTS;
        }
        if slots[slot] == FREE {
            slots[slot] = number(i);
        }
        i += 1;
    }
    slots
};

const fn slot(head: &[u8]) -> usize {
    (hash(head) >> (u32::BITS - SLOTS.ilog2())) as usize
}

const fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// With what each shape goes on behind its head: the first two bytes, the second 0 where there is none.
static BEGINS: [[u8; 2]; PREFIXED.len()] = {
    let (mut begins, mut i) = ([[0; 2]; PREFIXED.len()], 0);
    while i < begins.len() {
        let rest = PREFIXED[i].rest.as_bytes();
        begins[i] = [rest[0], if rest.len() > 1 { rest[1] } else { 0 }];
        i += 1;
    }
    begins
};

/// Where the shapes of each shape's head end.
static ENDS: [u16; PREFIXED.len()] = {
    let (mut ends, mut i) = ([0; PREFIXED.len()], PREFIXED.len());
    let mut end = number(i);
    while i > 0 {
        i -= 1;
        ends[i] = end;
        if i > 0 && !is_equal(PREFIXED[i - 1].head.as_bytes(), PREFIXED[i].head.as_bytes()) {
            end = number(i);
        }
    }
    ends
};

/// A place in [`PREFIXED`], which has hundreds.
const fn number(place: usize) -> u16 {
    let [low, high, ..] = place.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// The shapes whose prefix has this head, each with what it goes on with.
pub(super) fn shapes_of(head: &[u8]) -> Option<impl Iterator<Item = ([u8; 2], &'static Shape)>> {
    let mut slot = slot(head);
    loop {
        let first = usize::from(*FIRST.get(slot)?);
        // A free slot says a place that is none.
        if PREFIXED.get(first)?.head.as_bytes() == head {
            let shapes = first..usize::from(*ENDS.get(first)?);
            return Some(BEGINS.get(shapes.clone())?.iter().copied().zip(PREFIXED.get(shapes)?));
        }
        slot = (slot + 1) % SLOTS;
    }
}
