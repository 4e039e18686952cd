//! Names of personal data: what a member's name, or a label in a text, says its value is.
//!
//! Unlike a name such as `password`, these names do not take any value: the value must have the kind's form
//! ([`shape`](super::shape)), so that `address: "in use"`, `mobile: true` and `location: "eu-west-1"` stay.

mod words;

use std::sync::LazyLock;

use self::words::{FILLERS, NAMES};
use super::endings::Endings;
use super::policy::Rule;

/// Words of a name that are looked at, from its end.
const MAX_WORDS: usize = 5;
/// Words behind a name that are passed over.
const MAX_FILLERS: usize = 2;

/// Longer names are not looked at: nobody names personal data in so many words.
const MAX_NAME: usize = 64;

/// The rule that the words at the end of `name` bring on a value of its form.
pub(crate) fn rule_of(name: &str) -> Option<Rule> {
    // A name that holds a token was rewritten; what it says now it did not say before.
    if name.len() > MAX_NAME || name.len() < 2 || name.contains('[') {
        return None;
    }
    rule_of_words(name.as_bytes())
}

/// [`rule_of`] of the last words in `text`, of which at most [`MAX_NAME`] bytes are looked at.
pub(super) fn rule_of_words(text: &[u8]) -> Option<Rule> {
    let text = &text[text.len().saturating_sub(MAX_NAME)..];
    if ENDINGS.may_end(text) { rule_before(text, 0, text.len(), |_| true) } else { None }
}

/// The rule of the label in `text` that ends at `end` and begins at `lowest` at the earliest.
pub(super) fn rule_of_label(text: &[u8], lowest: usize, end: usize) -> Option<Rule> {
    rule_before(text, lowest, end, is_in_label)
}

/// The rule that the words from `lowest` to `end` bring, as far as all bytes are parts of a name.
fn rule_before(text: &[u8], lowest: usize, end: usize, is_part: impl Fn(u8) -> bool + Copy) -> Option<Rule> {
    let mut end = end;
    for _ in 0..=MAX_FILLERS {
        let name = Words::before(text, lowest, end, is_part);
        if name.found.is_some() {
            return name.found;
        }
        if !name.is_filler {
            break;
        }
        end = name.last;
    }
    None
}

/// All words with which a name of personal data may end.
pub(super) fn words() -> impl Iterator<Item = &'static &'static str> {
    NAMES.iter().flat_map(|(_, names)| names.iter()).chain(&FILLERS)
}

static ENDINGS: LazyLock<Endings> = LazyLock::new(|| Endings::of(words()));

/// How the names and the words behind them end.
pub(super) fn endings() -> &'static Endings {
    &ENDINGS
}

/// Whether the label at the end of `text` may end with a name; nearly always it does not, and this is a quick no.
pub(super) fn may_end_label(text: &[u8]) -> bool {
    ENDINGS.may_end_label(text)
}

/// What the last words of a text say.
#[derive(Default)]
struct Words {
    /// The rule of the longest name that they make.
    found: Option<Rule>,
    /// Whether the last of them is one of [`FILLERS`], and where it begins.
    is_filler: bool,
    last: usize,
}

impl Words {
    /// Reads the words before `end` backwards: every name that ends there is hashed in one pass.
    fn before(text: &[u8], lowest: usize, end: usize, is_part: impl Fn(u8) -> bool) -> Self {
        let (mut said, table) = (Self::default(), &*TABLE);
        let (mut at, mut count, mut hashed) = (end, 0, Hash::default());
        while at > lowest && count < MAX_WORDS {
            at -= 1;
            let letter = text[at];
            if !is_letter(letter) {
                if is_part(letter) {
                    continue;
                }
                break;
            }
            hashed.add(letter.to_ascii_lowercase());
            // Most words end like no name does.
            if !table.ends_name(hashed) {
                break;
            }
            let previous = letter_before(text, at);
            let is_start = previous.is_none_or(|before| before.is_ascii_lowercase() && letter.is_ascii_uppercase());
            if !is_start {
                continue;
            }
            count += 1;
            let known = table.get(hashed, &text[at..end]);
            if count == 1 {
                (said.is_filler, said.last) = (matches!(known, Some(Said::Filler)), at);
            }
            if let Some(Said::Name(rule)) = known {
                said.found = Some(rule);
            }
        }
        said
    }
}

/// The letter before `at` of the same word: an apostrophe stands inside of it, as in `driver's`.
fn letter_before(text: &[u8], at: usize) -> Option<u8> {
    let before = text[..at].iter().rev().find(|byte| **byte != b'\'')?;
    is_letter(*before).then_some(*before)
}

/// Whether a label in a text may have this byte.
pub(super) const fn is_in_label(byte: u8) -> bool {
    is_letter(byte) || matches!(byte, b' ' | b'_' | b'-' | b'.' | b'\'')
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// What words say that are run together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Name(Rule),
    Filler,
}

/// Slots of the table of names, a power of two more than twice their number.
const SLOTS: usize = 1 << 11;

/// Bits of the table of ends: names have 8,000 of them.
const ENDS: usize = 1 << 16;

/// A name with its hash and what it says.
type Slot = Option<(Hash, &'static [u8], Said)>;

/// All names and fillers.
struct Table {
    /// Open addressing: a name stands at its hash or in the next free slot. The first to come stays.
    slots: Vec<Slot>,
    /// A bit for the hash of each end of each name.
    ends: Vec<u64>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { slots: vec![None; SLOTS], ends: vec![0; ENDS / 64] };
    let names = NAMES.iter().flat_map(|(rule, names)| names.iter().map(|name| (*name, Said::Name(*rule))));
    for (name, said) in names.chain(FILLERS.iter().map(|filler| (*filler, Said::Filler))) {
        let mut hash = Hash::default();
        for byte in name.bytes().rev() {
            hash.add(byte);
            table.ends[hash.end() / 64] |= 1 << (hash.end() % 64);
        }
        let mut slot = hash.slot();
        while table.slots[slot].is_some() {
            slot = (slot + 1) % SLOTS;
        }
        table.slots[slot] = Some((hash, name.as_bytes(), said));
    }
    table
});

impl Table {
    /// Whether a name may end with the letters that have this hash.
    fn ends_name(&self, hash: Hash) -> bool {
        self.ends[hash.end() / 64] >> (hash.end() % 64) & 1 == 1
    }

    /// What `words` say, whose letters have this hash.
    fn get(&self, hash: Hash, words: &[u8]) -> Option<Said> {
        let mut slot = hash.slot();
        while let Some((other, known, said)) = self.slots[slot] {
            let letters = || words.iter().filter(|byte| is_letter(**byte)).map(u8::to_ascii_lowercase);
            if other == hash && letters().eq(known.iter().copied()) {
                return Some(said);
            }
            slot = (slot + 1) % SLOTS;
        }
        None
    }
}

/// FNV-1a of letters from the last to the first: short keys, nothing an attacker could gain by collisions in a fixed
/// table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hash(u32);

impl Default for Hash {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Hash {
    const fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u32).wrapping_mul(0x0100_0193);
    }

    const fn slot(self) -> usize {
        (self.0 ^ self.0 >> 15) as usize % SLOTS
    }

    const fn end(self) -> usize {
        (self.0 ^ self.0 >> 16) as usize % ENDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_personal_data_are_known_in_every_spelling() {
        for (name, rule) in [
            ("passport_number", Rule::Passport),
            ("passportNo", Rule::Passport),
            ("user.ssn", Rule::Ssn),
            ("SSN", Rule::Ssn),
            ("nationalInsuranceNumber", Rule::NationalId),
            ("Driver's license no.", Rule::DriverLicense),
            ("customer-tax-id", Rule::TaxId),
            ("NHS number", Rule::HealthId),
            ("home_phone", Rule::Phone),
            ("primaryPhoneNumber", Rule::Phone),
            ("first_name", Rule::Person),
            ("date_of_birth", Rule::BirthDate),
            ("addressLine1", Rule::Address),
            ("Führerscheinnummer", Rule::DriverLicense),
        ] {
            assert_eq!(rule_of(name), Some(rule), "{name}");
        }
    }

    #[test]
    fn technical_names_are_left() {
        for name in [
            "name",
            "k8s.node.name",
            "service.name",
            "host.name",
            "username",
            "hostname",
            "url.path",
            "user_agent",
            "id",
            "number",
            "session_id",
            "trace_id",
            "event",
            "country",
            "phone_model",
            "[phone]",
            "",
            "passport_expired",
            "cicd.pipeline.run.id",
            "document_id",
            "tax_code_id",
            "rfc",
        ] {
            assert_eq!(rule_of(name), None, "{name}");
        }
    }
}
