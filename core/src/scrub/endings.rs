//! A quick no to the question whether a name ends with one of many words: nearly every label of a text is no name of
//! personal data or of a secret, and its last letters show it.

/// Letters that are looked at.
const LETTERS: usize = 3;
/// Bytes in which they are looked for: a bound on what separators cost.
const NEAR: usize = 8;
/// Bits of a letter that tell it apart from others, whatever its case.
const BITS: usize = 5;

/// A bit for all last letters that there can be.
type Bits = [u64; 1 << (LETTERS * BITS) >> 6];

/// The last letters of a set of words.
pub(super) struct Endings {
    bits: Bits,
    /// Those of words that have no further letters: all that a name of three letters can say.
    short: Bits,
    /// Those of the others, mixed with the letter before.
    longer: Bits,
}

/// The last three letters of a text.
#[derive(Clone, Copy)]
pub(super) struct LastLetters {
    place: usize,
    /// What stands before them, as [`CODES`] has it; nothing where the text begins.
    before: Option<u8>,
}

impl LastLetters {
    /// Those of `text`, where it ends with as many, as nearly every text before a sign does.
    #[inline]
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let [third, second, first] = text.last_chunk()?.map(|byte| CODES[usize::from(byte)]);
        if (first | second | third) & NO_LETTER != 0 {
            return None;
        }
        let before = text.len().checked_sub(LETTERS + 1).map(|i| CODES[usize::from(text[i])]);
        let place = usize::from(first) | usize::from(second) << BITS | usize::from(third) << (2 * BITS);
        Some(Self { place, before })
    }

    /// The place of four letters among as many as three have.
    const fn mixed(self, fourth: usize) -> usize {
        /// Odd: spreads the letters over all places.
        const SPREAD: usize = 0x3d4d;
        self.place ^ ((fourth * SPREAD) & ((1 << (LETTERS * BITS)) - 1))
    }
}

impl Endings {
    pub(super) fn of<'a>(words: impl Iterator<Item = &'a &'a str>) -> Self {
        let mut endings = Self { bits: [0; _], short: [0; _], longer: [0; _] };
        let set = |bits: &mut Bits, place: usize| bits[place / 64] |= 1 << (place % 64);
        for word in words {
            let (place, count) = last(word.as_bytes());
            let fourth = word.bytes().rev().filter(|byte| is_letter(*byte)).nth(LETTERS);
            if let Some(fourth) = fourth {
                set(&mut endings.longer, LastLetters { place, before: None }.mixed(code(fourth)));
            }
            // A word that is shorter ends a name whatever stands before it.
            for before in 0..1 << ((LETTERS - count) * BITS) {
                let place = place | before << (count * BITS);
                set(&mut endings.bits, place);
                if fourth.is_none() {
                    set(&mut endings.short, place);
                }
            }
        }
        endings
    }

    /// Whether `name` may end with one of the words, in any spelling; never a no where it does.
    #[inline]
    pub(super) fn may_end(&self, name: &[u8]) -> bool {
        // Nearly every name ends with as many letters. All of it is looked at, whatever stands between.
        match LastLetters::of(name) {
            Some(last) if last.before == Some(NO_LETTER | BEGINS_LABEL) => has(&self.bits, last.place),
            Some(last) => self.may_end_with(last),
            None => self.may_end_apart(name, |_| false),
        }
    }

    /// [`may_end`](Self::may_end) of the label that stands at the end of a text: what is no part of a name begins it.
    #[inline]
    pub(super) fn may_end_label(&self, text: &[u8]) -> bool {
        match LastLetters::of(text) {
            Some(last) => self.may_end_with(last),
            None => self.may_end_apart(text, begins_label),
        }
    }

    /// The same of a text whose last letters are known.
    #[inline]
    pub(super) fn may_end_with(&self, last: LastLetters) -> bool {
        match last.before {
            None => has(&self.short, last.place),
            Some(before) if before == NO_LETTER | BEGINS_LABEL => has(&self.short, last.place),
            Some(before) if before & NO_LETTER != 0 => has(&self.bits, last.place),
            Some(before) => {
                has(&self.bits, last.place)
                    && (has(&self.short, last.place) || has(&self.longer, last.mixed(usize::from(before))))
            }
        }
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
        has(&self.bits, place)
    }
}

const fn has(bits: &Bits, place: usize) -> bool {
    bits[place / 64] >> (place % 64) & 1 == 1
}

/// Whether a label of a text begins behind `byte`, which stands in no name.
const fn begins_label(byte: u8) -> bool {
    !is_letter(byte) && !matches!(byte, b' ' | b'_' | b'-' | b'.' | b'\'')
}

/// The last letters and digits of a word, the very last in the lowest bits; and how many there are.
fn last(name: &[u8]) -> (usize, usize) {
    let letters = name.iter().rev().filter(|byte| is_letter(**byte)).take(LETTERS);
    letters.fold((0, 0), |(place, count), &letter| (place | code(letter) << (count * BITS), count + 1))
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// In [`CODES`] a byte that is no letter, and one that stands in no label.
const NO_LETTER: u8 = 0x80;
const BEGINS_LABEL: u8 = 1;

/// The [`code`] of each letter.
static CODES: [u8; 256] = {
    let (mut codes, mut i) = ([0; 256], 0);
    while i < codes.len() {
        let byte = i.to_le_bytes()[0];
        codes[i] = match is_letter(byte) {
            true => code(byte).to_le_bytes()[0],
            false if begins_label(byte) => NO_LETTER | BEGINS_LABEL,
            false => NO_LETTER,
        };
        i += 1;
    }
    codes
};

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
    fn labels_that_end_with_a_word_are_never_refused_and_short_ones_are_told_apart() {
        let endings = Endings::of([&"taxref", &"ssn", &"no"].into_iter());
        for label in ["?ssn", "ssn", "taxref", " ref", "?tax-ref", "tax'ref", "(xNo", "?no", "x.no", "n.o"] {
            assert!(endings.may_end_label(label.as_bytes()), "{label}");
        }
        for label in ["ref", "?ref", "&ref", "(ref", "href", "pref"] {
            assert!(!endings.may_end_label(label.as_bytes()), "{label}");
        }
    }

    #[test]
    fn most_other_names_are_refused() {
        let endings = Endings::of([&"number", &"ssn"].into_iter());
        for name in ["page", "ref", "took", "upstream", "duration_ms", "sober", "ber", ""] {
            assert!(!endings.may_end(name.as_bytes()), "{name}");
        }
    }
}
