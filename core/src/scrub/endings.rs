//! A quick no to the question whether a name ends with one of many words: nearly every label of a text is no name of
//! personal data or of a secret, and its last letters show it.

/// Letters that are looked at.
const LETTERS: usize = 3;
/// Bytes in which they are looked for: a bound on what separators cost.
const NEAR: usize = 8;
/// Bits of a letter that tell it apart from others, whatever its case.
const BITS: usize = 5;

/// The last letters of a set of words.
pub(super) struct Endings {
    bits: [u64; 1 << (LETTERS * BITS) >> 6],
}

impl Endings {
    pub(super) fn of<'a>(words: impl Iterator<Item = &'a &'a str>) -> Self {
        let mut bits = [0; 1 << (LETTERS * BITS) >> 6];
        for word in words {
            let (place, count) = last(word.as_bytes());
            // A word that is shorter ends a name whatever stands before it.
            for before in 0..1 << ((LETTERS - count) * BITS) {
                let place = place | before << (count * BITS);
                bits[place / 64] |= 1 << (place % 64);
            }
        }
        Self { bits }
    }

    /// Whether `name` may end with one of the words, in any spelling; never a no where it does.
    #[inline]
    pub(super) fn may_end(&self, name: &[u8]) -> bool {
        // Nearly every name ends with as many letters.
        if let Some(&[third, second, first]) = name.last_chunk()
            && is_letter(first)
            && is_letter(second)
            && is_letter(third)
        {
            return self.has(code(first) | code(second) << BITS | code(third) << (2 * BITS));
        }
        self.may_end_apart(name, |_| false)
    }

    /// [`may_end`](Self::may_end) of the label that stands at the end of a text: what is no part of a name begins it.
    #[inline]
    pub(super) fn may_end_label(&self, text: &[u8]) -> bool {
        if let Some(&[third, second, first]) = text.last_chunk()
            && is_letter(first)
            && is_letter(second)
            && is_letter(third)
        {
            return self.has(code(first) | code(second) << BITS | code(third) << (2 * BITS));
        }
        self.may_end_apart(text, |byte| !matches!(byte, b' ' | b'_' | b'-' | b'.' | b'\''))
    }

    /// The same where something stands between the last letters, of which some begin the name.
    fn may_end_apart(&self, name: &[u8], begins: impl Fn(u8) -> bool) -> bool {
        let (mut place, mut count) = (0, 0);
        for (i, &byte) in name.iter().rev().enumerate() {
            if i == NEAR {
                return true;
            }
            if is_letter(byte) {
                place |= code(byte) << (count * BITS);
                count += 1;
            } else if begins(byte) {
                break;
            }
            if count == LETTERS {
                break;
            }
        }
        self.has(place)
    }

    const fn has(&self, place: usize) -> bool {
        self.bits[place / 64] >> (place % 64) & 1 == 1
    }
}

/// The last letters and digits of a word, the very last in the lowest bits; and how many there are.
fn last(name: &[u8]) -> (usize, usize) {
    let letters = name.iter().rev().filter(|byte| is_letter(**byte)).take(LETTERS);
    letters.fold((0, 0), |(place, count), &letter| (place | code(letter) << (count * BITS), count + 1))
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

const fn code(letter: u8) -> usize {
    letter as usize & ((1 << BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_end_with_a_word_are_never_refused() {
        let endings = Endings::of([&"number", &"ssn", &"no", &"x"].into_iter());
        for name in ["number", "Phone Number", "phoneNumber", "tax-no", "TAX NO.", "ssn", "user.SSN", "q x", "n.o"] {
            assert!(endings.may_end(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn most_other_names_are_refused() {
        let endings = Endings::of([&"number", &"ssn"].into_iter());
        for name in ["page", "ref", "took", "upstream", "duration_ms", ""] {
            assert!(!endings.may_end(name.as_bytes()), "{name}");
        }
    }
}
