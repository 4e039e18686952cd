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
    if !ENDINGS.may_end(text) {
        return None;
    }
    let mut end = text.len();
    for _ in 0..=MAX_FILLERS {
        let name = Words::before(text, end);
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

static ENDINGS: LazyLock<Endings> =
    LazyLock::new(|| Endings::of(NAMES.iter().flat_map(|(_, names)| names.iter()).chain(&FILLERS)));

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
    fn before(text: &[u8], end: usize) -> Self {
        let mut said = Self::default();
        let (mut at, mut count, mut hashed, mut len) = (end, 0, Hash::default(), 0);
        while at > 0 && count < MAX_WORDS && len < longest() {
            at -= 1;
            let letter = text[at];
            if !is_letter(letter) {
                continue;
            }
            hashed.add(letter.to_ascii_lowercase());
            len += 1;
            let previous = letter_before(text, at);
            let is_start = previous.is_none_or(|before| before.is_ascii_lowercase() && letter.is_ascii_uppercase());
            if !is_start {
                continue;
            }
            count += 1;
            let known = lookup(hashed, &text[at..end]);
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

/// A name with its hash and what it says.
type Slot = Option<(Hash, &'static [u8], Said)>;

/// Open addressing: a name stands at its hash or in the next free slot. The first to come stays.
static TABLE: LazyLock<Vec<Slot>> = LazyLock::new(|| {
    let mut table = vec![None; SLOTS];
    let names = NAMES.iter().flat_map(|(rule, names)| names.iter().map(|name| (*name, Said::Name(*rule))));
    for (name, said) in names.chain(FILLERS.iter().map(|filler| (*filler, Said::Filler))) {
        let hash = Hash::of(name.as_bytes());
        let mut slot = hash.slot();
        while table[slot].is_some() {
            slot = (slot + 1) % SLOTS;
        }
        table[slot] = Some((hash, name.as_bytes(), said));
    }
    table
});

/// Letters of the longest name.
fn longest() -> usize {
    static LONGEST: LazyLock<usize> =
        LazyLock::new(|| NAMES.iter().flat_map(|(_, names)| names.iter()).map(|name| name.len()).max().unwrap_or(0));
    *LONGEST
}

/// What `words` say, whose letters have this hash.
fn lookup(hash: Hash, words: &[u8]) -> Option<Said> {
    let mut slot = hash.slot();
    while let Some((other, known, said)) = TABLE[slot] {
        let letters = || words.iter().filter(|byte| is_letter(**byte)).map(u8::to_ascii_lowercase);
        if other == hash && letters().eq(known.iter().copied()) {
            return Some(said);
        }
        slot = (slot + 1) % SLOTS;
    }
    None
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
    fn of(name: &[u8]) -> Self {
        let mut hash = Self::default();
        name.iter().rev().for_each(|byte| hash.add(*byte));
        hash
    }

    const fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u32).wrapping_mul(0x0100_0193);
    }

    const fn slot(self) -> usize {
        (self.0 ^ self.0 >> 15) as usize % SLOTS
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
