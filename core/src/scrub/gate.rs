//! Where a detector is asked: a gate is a byte and its neighbours, each of a class, and how many digits follow.
//!
//! A gate is a promise of its detector: it finds nothing anywhere else. It is looked up twice: roughly by
//! [`scan`](crate::scan), for all bytes at once, and exactly here, in one table for each neighbour.

use super::detect::{secret_label, secret_name};
use super::detector::Verdict;
use super::endings::{Endings, LastLetters};
use super::personal;
use crate::scan::Class;

/// Which of the scan's lanes a gate goes into. A lane is a product of nibbles: gates that look at bytes of one kind go
/// together, so that it holds little besides them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// A digit: three lanes, by what stands before it.
    Digit,
    /// `:`, `=` or `>` between a label and its value.
    Sign,
    At,
    Bracket,
    Tilde,
    Underscore,
    /// `-` or `.`
    Dash,
    /// `/` or `\`
    Slash,
    /// `,`, `+` or `(`
    Comma,
    /// The first letter of a word or value.
    Letter,
    /// The last letter of a word.
    LastLetter,
    Capital,
}

impl Lane {
    /// The lane's numbers, each with the bytes that may stand before.
    pub(super) fn parts(self) -> &'static [(usize, Class)] {
        match self {
            Self::Digit => &[
                (0, |before| !matches!(before >> 4, 3..=7)),
                (1, |before| before >> 4 == 3),
                (2, |before| matches!(before >> 4, 4..=7)),
            ],
            Self::Sign => &[(3, |_| true)],
            Self::At => &[(4, |_| true)],
            Self::Bracket => &[(5, |_| true)],
            Self::Tilde => &[(6, |_| true)],
            Self::Underscore => &[(7, |_| true)],
            Self::Dash => &[(8, |_| true)],
            Self::Slash => &[(9, |_| true)],
            Self::Comma => &[(10, |_| true)],
            Self::Letter => &[(11, |_| true)],
            Self::LastLetter => &[(12, |_| true)],
            Self::Capital => &[(13, |_| true)],
        }
    }
}

/// What a gate's label must say, where it ends with a letter right before the gate's sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Anything,
    /// A name of personal data.
    Personal,
    /// A name of a secret, or a type behind such a name.
    Secret,
}

/// What must stand where a verifier is asked.
pub(super) struct Gate {
    pub(super) lane: Lane,
    /// Two bytes before.
    pub(super) before2: Class,
    pub(super) before: Class,
    /// The byte itself.
    pub(super) at: Class,
    pub(super) after: Class,
    /// Two bytes behind.
    pub(super) after2: Class,
    /// Digits among the next [`DIGITS_WITHIN`] bytes, this one included.
    pub(super) digits: usize,
    /// How many digits may stand here together, [`DIGITS_WITHIN`] meaning so many or more, and what behind them.
    pub(super) run: fn(usize, u8) -> bool,
    pub(super) label: Label,
    /// Looks at the byte at `at`. Nothing before `floor` may be taken: it belongs to an earlier match.
    pub(super) verify: Verify,
}

/// A verifier: `(text, at, floor)`.
pub(super) type Verify = fn(&[u8], usize, usize) -> Verdict;

/// Bytes in which a gate's digits are counted.
pub(super) const DIGITS_WITHIN: usize = 16;

impl Gate {
    /// A gate for `at` whatever stands around it.
    pub(super) const fn new(lane: Lane, at: Class, verify: Verify) -> Self {
        Self {
            lane,
            before2: |_| true,
            before: |_| true,
            at,
            after: |_| true,
            after2: |_| true,
            digits: 0,
            run: |_, _| true,
            label: Label::Anything,
            verify,
        }
    }

    /// A gate at a digit.
    pub(super) const fn at_digit(before: Class, digits: usize, verify: Verify) -> Self {
        Self { before, digits, ..Self::new(Lane::Digit, |byte| byte.is_ascii_digit(), verify) }
    }
}

/// A set of gates, one bit each; the highest is [`TOKEN`].
pub(super) type Set = u64;

/// Not a gate of a detector: the byte with which a token may begin.
pub(super) const TOKEN: Set = 1 << 63;

/// The exact look-up of all gates.
pub(super) struct Gates {
    /// For each offset from two before to two behind, the gates whose class has the byte.
    near: [[Set; 256]; 5],
    /// Gates that ask for digits, and those that a number of digits satisfies.
    counting: Set,
    satisfied: [Set; DIGITS_WITHIN + 1],
    /// Gates that ask for a run of digits, and those that a run and the class of the byte behind it satisfy.
    running: Set,
    runs: [[Set; BEHIND]; DIGITS_WITHIN + 1],
    /// Gates that ask for a label, and how its names end.
    personal: Set,
    personal_names: &'static Endings,
    secret: Set,
    secret_names: &'static Endings,
}

/// Classes of the byte behind a run of digits.
const BEHIND: usize = 8;

/// The class of each byte behind a run of digits.
static BEHIND_CLASS: [u8; 256] = {
    let (mut table, mut i) = ([0; 256], 0);
    while i < table.len() {
        table[i] = match i.to_le_bytes()[0] {
            b'.' => 1,
            b'-' => 2,
            b' ' => 3,
            b'A'..=b'Z' => 4,
            b'a'..=b'z' => 5,
            b'0'..=b'9' => 6,
            b'/' | b':' => 7,
            _ => 0,
        };
        i += 1;
    }
    table
};

impl Gates {
    pub(super) fn new<'a>(gates: impl Iterator<Item = &'a Gate>) -> Self {
        let (mut near, mut counting, mut satisfied) = ([[0; 256]; 5], 0, [Set::MAX; DIGITS_WITHIN + 1]);
        let (mut running, mut runs) = (0, [[0; BEHIND]; DIGITS_WITHIN + 1]);
        let (mut personal, mut secret) = (0, 0);
        for (i, gate) in gates.enumerate() {
            let bit = 1 << i;
            let classes = [gate.before2, gate.before, gate.at, gate.after, gate.after2];
            for (table, class) in near.iter_mut().zip(classes) {
                for byte in 0..=u8::MAX {
                    table[usize::from(byte)] |= if class(byte) { bit } else { 0 };
                }
            }
            for (len, behind) in runs.iter_mut().enumerate() {
                for byte in 0..=u8::MAX {
                    let is_open = (gate.run)(len, byte);
                    behind[usize::from(BEHIND_CLASS[usize::from(byte)])] |= if is_open { bit } else { 0 };
                    running |= if is_open { 0 } else { bit };
                }
            }
            match gate.label {
                Label::Anything => {}
                Label::Personal => personal |= bit,
                Label::Secret => secret |= bit,
            }
            if gate.digits > 0 {
                counting |= bit;
                for satisfied in &mut satisfied[..gate.digits] {
                    *satisfied &= !bit;
                }
            }
        }
        // A token opens with a bracket and a letter of its rule's name.
        for byte in 0..=u8::MAX {
            near[0][usize::from(byte)] |= TOKEN;
            near[1][usize::from(byte)] |= TOKEN;
            near[4][usize::from(byte)] |= TOKEN;
        }
        near[2][usize::from(b'[')] |= TOKEN;
        for byte in b'a'..=b'z' {
            near[3][usize::from(byte)] |= TOKEN;
        }
        let (personal_names, secret_names) = (personal::endings(), secret_name::endings());
        Self { near, counting, satisfied, running, runs, personal, personal_names, secret, secret_names }
    }

    /// The gates of `wanted` that are open at `at`.
    pub(super) fn open(&self, text: &[u8], at: usize, wanted: Set) -> Set {
        let byte = |at: usize| usize::from(text.get(at).copied().unwrap_or(b'\n'));
        let around = match at.checked_sub(2).and_then(|start| text[start..].first_chunk::<5>()) {
            Some(around) => around.map(usize::from),
            None => [byte(at.wrapping_sub(2)), byte(at.wrapping_sub(1)), byte(at), byte(at + 1), byte(at + 2)],
        };
        let near = self.near.iter().zip(around).fold(wanted, |open, (table, byte)| open & table[byte]);
        // So it is at most bytes that the scan has marked.
        if near == 0 {
            return 0;
        }
        let mut open = near;
        if open & (self.personal | self.secret) != 0 {
            open = self.labelled(text, at, open);
        }
        if open & (self.running | self.counting) == 0 {
            return open;
        }
        let digits = Digits::at(text, at);
        let behind = BEHIND_CLASS[byte(at + digits.run())];
        open & (!self.running | self.runs[digits.run()][usize::from(behind)]) & self.satisfied[digits.count()]
    }

    /// What stays `open` at the sign at `at`: nearly every word before a sign ends like no name does.
    fn labelled(&self, text: &[u8], at: usize, open: Set) -> Set {
        let Some(last) = text.get(..at).and_then(LastLetters::of) else { return open };
        let mut open = open;
        if !self.personal_names.may_end_with(last) {
            open &= !self.personal;
        }
        // Digits behind the name of a secret do not count.
        let is_counted = text[at - 1].is_ascii_digit();
        if open & self.secret != 0
            && !is_counted
            && !self.secret_names.may_end_with(last)
            && !secret_label::may_be_typed(text, at)
        {
            open &= !self.secret;
        }
        open
    }
}

/// Which of [`DIGITS_WITHIN`] bytes are digits: the highest bit of each byte, in the order of the text from the lowest.
#[derive(Clone, Copy)]
struct Digits([u64; 2]);

impl Digits {
    /// The bytes from `at` on, none where the text has ended.
    fn at(text: &[u8], at: usize) -> Self {
        let bytes = match text[at..].first_chunk::<DIGITS_WITHIN>() {
            Some(bytes) => *bytes,
            // The end of the text, shifted to the front.
            None => match text.last_chunk::<DIGITS_WITHIN>() {
                Some(last) => (u128::from_le_bytes(*last) >> (8 * (at + DIGITS_WITHIN - text.len()))).to_le_bytes(),
                None => {
                    let mut bytes = [0; DIGITS_WITHIN];
                    bytes[..text.len() - at].copy_from_slice(&text[at..]);
                    bytes
                }
            },
        };
        let mut digits = [0; 2];
        for (digits, eight) in digits.iter_mut().zip(bytes.as_chunks().0) {
            *digits = digit_bits(u64::from_le_bytes(*eight));
        }
        Self(digits)
    }

    /// Digits that stand together at the front.
    fn run(self) -> usize {
        let others = self.0.map(|digits| digits ^ HIGHEST);
        let bits = if others[0] == 0 { u64::BITS + others[1].trailing_zeros() } else { others[0].trailing_zeros() };
        (bits / 8) as usize
    }

    fn count(self) -> usize {
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
    let values = bytes ^ (b'0' as u64) * LOWEST;
    !((values & !HIGHEST) + TO_HIGHEST | values) & HIGHEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_counted_up_to_the_end_of_a_text(text in prop::collection::vec(prop_oneof![b'0'..=b'9', any::<u8>()], 1..40), at in 0..40usize) {
            let at = at % text.len();
            let bytes = &text[at..text.len().min(at + DIGITS_WITHIN)];
            let digits = Digits::at(&text, at);
            prop_assert_eq!(digits.count(), bytes.iter().filter(|byte| byte.is_ascii_digit()).count());
            prop_assert_eq!(digits.run(), bytes.iter().take_while(|byte| byte.is_ascii_digit()).count());
        }
    }
}
