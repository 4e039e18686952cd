//! Digits counted eight at a time.

use super::DIGITS_WITHIN;

/// Which of [`DIGITS_WITHIN`] bytes are digits: the highest bit of each byte, in the order of the text from the lowest.
#[derive(Clone, Copy)]
pub(super) struct Digits([u64; 2]);

impl Digits {
    /// The bytes from `at` on, none where the text has ended.
    pub(super) fn at(text: &[u8], at: usize) -> Self {
        let bytes = if let Some(bytes) = text[at..].first_chunk::<DIGITS_WITHIN>() {
            *bytes
        } else if let Some(last) = text.last_chunk::<DIGITS_WITHIN>() {
            // The end of the text, shifted to the front.
            (u128::from_le_bytes(*last) >> (8 * (at + DIGITS_WITHIN - text.len()))).to_le_bytes()
        } else {
            let mut bytes = [0; DIGITS_WITHIN];
            bytes[..text.len() - at].copy_from_slice(&text[at..]);
            bytes
        };
        let mut digits = [0; 2];
        for (digits, eight) in digits.iter_mut().zip(bytes.as_chunks().0) {
            *digits = digit_bits(u64::from_le_bytes(*eight));
        }
        Self(digits)
    }

    /// Digits that stand together at the front.
    pub(super) fn run(self) -> usize {
        let others = self.0.map(|digits| digits ^ HIGHEST);
        let bits = if others[0] == 0 { u64::BITS + others[1].trailing_zeros() } else { others[0].trailing_zeros() };
        (bits / 8) as usize
    }

    pub(super) fn count(self) -> usize {
        // Each byte at most two: the product's highest byte is their sum.
        (((self.0[0] >> 7) + (self.0[1] >> 7)).wrapping_mul(LOWEST) >> 56) as usize
    }
}

/// One bit of each byte.
const LOWEST: u64 = u64::from_le_bytes([0x01; 8]);
const HIGHEST: u64 = LOWEST << 7;

/// The highest bit of each byte that is a digit.
const fn digit_bits(bytes: u64) -> u64 {
    /// Added to ten or more it reaches the highest bit, and to less it does not.
    const TO_HIGHEST: u64 = (0x80 - 10) * LOWEST;
    let values = bytes ^ ((b'0' as u64) * LOWEST);
    !(((values & !HIGHEST) + TO_HIGHEST) | values) & HIGHEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_counted_up_to_the_end_of_a_text(
            text in prop::collection::vec(prop_oneof![b'0'..=b'9', any::<u8>()], 1..40),
            at in 0..40_usize,
        ) {
            let at = at % text.len();
            let bytes = &text[at..text.len().min(at + DIGITS_WITHIN)];
            let digits = Digits::at(&text, at);
            prop_assert_eq!(digits.count(), bytes.iter().filter(|byte| byte.is_ascii_digit()).count());
            prop_assert_eq!(digits.run(), bytes.iter().take_while(|byte| byte.is_ascii_digit()).count());
        }
    }
}
