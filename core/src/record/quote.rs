//! Where a string ends, found eight bytes at a time.

/// Bytes that are looked at together.
const WORD: usize = 8;
/// One in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;

/// Of a JSON string whose inside begins at `at`: where its closing quote stands, and whether it has escapes. Nothing where
/// it does not end.
#[inline]
pub(super) fn string_end(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut has_escapes = false;
    loop {
        if let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<WORD>()) {
            let word = u64::from_le_bytes(*word);
            // The high bit of each byte that is `sign`, and perhaps of bytes above the first such: the lowest is exact.
            let equal = |sign: u8| {
                let zero = word ^ (EACH * u64::from(sign));
                zero.wrapping_sub(EACH) & !zero & (EACH << 7)
            };
            let found = equal(b'"') | equal(b'\\');
            if found == 0 {
                at += WORD;
                continue;
            }
            at += (found.trailing_zeros() / u8::BITS) as usize;
        }
        match *bytes.get(at)? {
            b'"' => return Some((at, has_escapes)),
            b'\\' => {
                has_escapes = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Byte by byte.
    fn expected(bytes: &[u8]) -> Option<(usize, bool)> {
        let (mut at, mut has_escapes) = (0, false);
        loop {
            match *bytes.get(at)? {
                b'"' => return Some((at, has_escapes)),
                b'\\' => (at, has_escapes) = (at + 2, true),
                _ => at += 1,
            }
        }
    }

    proptest! {
        #[test]
        fn a_string_ends_where_its_first_quote_without_a_backslash_stands(
            bytes in prop::collection::vec(prop_oneof![8 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\')], 0..60)
        ) {
            prop_assert_eq!(string_end(&bytes, 0), expected(&bytes));
        }
    }
}
