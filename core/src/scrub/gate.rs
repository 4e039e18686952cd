//! Where a detector is asked: a gate is a byte and its neighbours, each of a class, how many digits follow, and whether
//! the label before it may be one that the detector knows.
//!
//! A gate is a promise of its detector: it finds nothing anywhere else. It is looked up twice: roughly by
//! [`scan`](crate::scan), for all bytes at once, and exactly here, in one table for each neighbour.

mod digits;

use self::digits::Digits;
use super::detect::is_word;
use super::detect::secret_label::may_be_typed;
use super::detect::secret_name::{self, may_end_label};
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
        let label = text.get(..at).unwrap_or_default();
        let before = label.last().copied().unwrap_or_default();
        if !is_word(before) || before == b'_' {
            return open;
        }
        let (mut open, last) = (open, LastLetters::of(label));
        if !last.map_or_else(|| self.personal_names.may_end_label(label), |last| self.personal_names.may_end_with(last))
        {
            open &= !self.personal;
        }
        // Digits behind the name of a secret do not count.
        let last = last.filter(|_| !before.is_ascii_digit());
        if open & self.secret != 0
            && !last.map_or_else(|| may_end_label(label), |last| self.secret_names.may_end_with(last))
            && !may_be_typed(text, at)
        {
            open &= !self.secret;
        }
        open
    }
}
