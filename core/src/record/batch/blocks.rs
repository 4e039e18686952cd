//! The elements of an array found by blocks of 64 bytes, as bitmaps.
//!
//! Going from string to string costs a guess of the processor at each quote, of which a record has eighty. A bitmap says
//! of all bytes of a block at once whether they stand in a string, so what is left is a handful of brackets a record.

use std::ops::Range;

use super::{push, trim};

/// Bytes of a block; one bit of a bitmap each.
const BLOCK: usize = 64;

/// What [`elements`](super::elements) returns, or nothing: where the body does not divide, and where a backslash stands
/// outside strings. Whoever looks byte by byte decides then.
pub(super) fn elements(body: &[u8], start: usize) -> Option<(Vec<Range<usize>>, usize)> {
    let mut slots = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    let mut slot_start = start + 1;
    let mut strings = Strings::default();
    for (place, bytes) in (start..).step_by(BLOCK).zip(body.get(start..)?.chunks(BLOCK)) {
        let filled;
        // Where it stands: a copy of each block would cost a quarter of all this.
        let block = if let Ok(block) = bytes.try_into() {
            block
        } else {
            filled = filled_up(bytes);
            &filled
        };
        let outside = !strings.within(block)?;
        let brackets = outside & bits(block, 0x20, [b'{', b'}']);
        let mut commas = None;
        let mut rest = u64::MAX;
        loop {
            let mut signs = brackets & rest;
            // Commas count between elements alone, where hardly any block is.
            if open.len() == 1 {
                signs |= *commas.get_or_insert_with(|| outside & bits(block, 0, [b','; 2])) & rest;
            }
            if signs == 0 {
                break;
            }
            let bit = signs.trailing_zeros();
            rest = (u64::MAX << bit) << 1;
            let at = place + bit as usize;
            match *body.get(at)? {
                b'[' => open.push(b']'),
                b'{' => open.push(b'}'),
                b',' => {
                    let slot = trim(body, slot_start..at);
                    (!slot.is_empty()).then(|| push(&mut slots, slot))?.ok()?;
                    slot_start = at + 1;
                }
                close => {
                    if open.pop() != Some(close) {
                        return None;
                    }
                    if open.is_empty() {
                        let slot = trim(body, slot_start..at);
                        if !slot.is_empty() {
                            push(&mut slots, slot).ok()?;
                        } else if !slots.is_empty() {
                            return None;
                        }
                        return Some((slots, at + 1));
                    }
                }
            }
        }
    }
    None
}

/// What a block needs to know of the bytes before it.
#[derive(Default)]
struct Strings {
    /// All bits where the block begins in a string, or none.
    carried: u64,
    /// Whether a backslash stands right before it.
    is_escaped: bool,
}

impl Strings {
    /// The bytes in strings, with the quotes that open them; nothing where a backslash stands elsewhere.
    fn within(&mut self, block: &[u8; BLOCK]) -> Option<u64> {
        let mut quotes = bits(block, 0, [b'"'; 2]);
        let slashes = if has_slash(block) { bits(block, 0, [b'\\'; 2]) } else { 0 };
        if self.is_escaped || slashes != 0 {
            let mut escaped = u64::from(std::mem::take(&mut self.is_escaped));
            let mut escaping = slashes & !escaped;
            while escaping != 0 {
                let bit = escaping.trailing_zeros();
                let next = (1 << bit) << 1;
                self.is_escaped = next == 0;
                escaped |= next;
                escaping &= (u64::MAX << bit) << 1 & !next;
            }
            quotes &= !escaped;
        }
        // Each bit as many times turned as there are quotes up to it.
        let mut within = quotes;
        for distance in [1, 2, 4, 8, 16, 32] {
            within ^= within << distance;
        }
        within ^= self.carried;
        self.carried = if within >> (BLOCK - 1) == 1 { u64::MAX } else { 0 };
        (slashes & !within == 0).then_some(within)
    }
}

/// The last bytes of a body as a block, filled up with white space.
fn filled_up(bytes: &[u8]) -> [u8; BLOCK] {
    let mut block = [b' '; BLOCK];
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    block
}

/// Whether a block has a backslash. Few have, and where they stand costs much more to find out.
#[inline]
fn has_slash(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |any, byte| any | u8::from(*byte == b'\\')) != 0
}

/// One bit for each byte that is one of two once it has the bits of `with`, the lowest bit for the first byte. Compilers
/// make vectors of it; those of [`crate::scan`] are a fifth faster here, which is no reason for a second module of them.
#[inline]
fn bits(block: &[u8; BLOCK], with: u8, wanted: [u8; 2]) -> u64 {
    /// Moves the lowest bits of eight bytes into the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    #[allow(clippy::needless_bitwise_bool, reason = "a lazy one is a branch")]
    let marks = block.map(|byte| u8::from((byte | with == wanted[0]) | (byte | with == wanted[1])));
    let gathered = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56;
    marks.as_chunks().0.iter().rev().fold(0, |bits, eight| bits << 8 | gathered(eight))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::batch::byte_by_byte;

    /// Bodies of which most divide, and some nearly do.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            4 => Just("\"a\":1,"), 2 => Just("{"), 2 => Just("}"), 2 => Just("["), 2 => Just("]"), 3 => Just(","),
            2 => Just("\"it, [stands] {here}\""), 1 => Just("\"\\\\\""), 1 => Just("\"\\\"]\""), 1 => Just("\\"),
            1 => Just("\""), 1 => Just(" \n"), 1 => Just("\u{e4}\u{1f600}"), 1 => Just("_y{Y_~"),
            2 => Just("{\"name\":\"a value of usual length, as it stands in records\",\"b\":[1,{\"c\":\"\\\\\\\"\"}]}"),
        ];
        (any::<bool>(), prop::collection::vec(word, 0..60)).prop_map(|(is_array, words)| {
            let inside = words.concat();
            if is_array { format!("[{inside}]").into_bytes() } else { inside.into_bytes() }
        })
    }

    /// Values of all kinds, as JSON writes them.
    fn values() -> impl Strategy<Value = Vec<serde_json::Value>> {
        let leaf = prop_oneof![any::<i64>().prop_map(Into::into), any::<String>().prop_map(serde_json::Value::String)];
        let value = leaf.prop_recursive(4, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::hash_map("[a-z\"\\\\\\[]{0,70}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        });
        prop::collection::vec(value, 0..8)
    }

    proptest! {
        #[test]
        fn what_blocks_say_is_what_a_look_at_each_byte_says(body in body(), start in 0_usize..3) {
            prop_assume!(matches!(body.get(start), Some(b'[' | b'{')));
            if let Some(found) = elements(&body, start) {
                prop_assert_eq!(found, byte_by_byte(&body, start).unwrap());
            }
        }

        #[test]
        fn blocks_divide_whatever_is_json(values in values(), space in 0_usize..70) {
            let text = format!("{}{}", " ".repeat(space), serde_json::to_string(&values).unwrap());
            let (slots, end) = elements(text.as_bytes(), space).unwrap();
            let parts: Vec<String> = values.iter().map(ToString::to_string).collect();
            prop_assert_eq!(end, text.len());
            prop_assert_eq!(slots.into_iter().map(|slot| &text[slot]).collect::<Vec<_>>(), parts);
        }
    }
}
