//! What member names mean, learned once a thread: applications use few names, and use them in every record.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

use super::detect::secret_name::{Sense, sense};
use super::{Place, Rule, Scrubber};

/// What a name says of its value, and whether the name itself may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The rule that takes the value whole.
    pub(crate) rule: Option<Rule>,
    pub(crate) place: Place,
    /// Nothing in the name has to be scrubbed.
    pub(crate) is_clean: bool,
}

/// Longer names are rare, and looked at every time.
const MAX_LEN: usize = 31;

/// Slots, a power of two: a few hundred names in use collide seldom, and the table stays in the second-level cache.
const SLOTS: usize = 1 << 10;

#[derive(Clone, Copy)]
struct Slot {
    /// Whose meaning it is: no scrubber has number 0.
    scrubber: u32,
    len: u8,
    name: [u8; MAX_LEN],
    meaning: Meaning,
}

const EMPTY: Slot = Slot {
    scrubber: 0,
    len: 0,
    name: [0; MAX_LEN],
    meaning: Meaning { rule: None, place: Place::Plain, is_clean: true },
};

thread_local! {
    static LEARNED: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
}

/// A number of its own for each scrubber: two configurations may take one name differently.
pub(crate) fn number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1)
}

impl Scrubber {
    /// What `name` means; `marks` is what the reader collected of it.
    pub(crate) fn meaning(&self, name: &str, marks: u32) -> Meaning {
        if name.len() > MAX_LEN {
            return self.find_meaning(name, marks);
        }
        let learned = LEARNED.try_with(|slots| {
            let mut slots = slots.try_borrow_mut().ok()?;
            if slots.is_empty() {
                slots.resize(SLOTS, EMPTY);
            }
            let slot = slots.get_mut(place_in_table(name.as_bytes()))?;
            let is_known =
                slot.scrubber == self.number && slot.name.get(..usize::from(slot.len)) == Some(name.as_bytes());
            if !is_known {
                let len = u8::try_from(name.len()).ok()?;
                let mut kept = [0; MAX_LEN];
                kept.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
                *slot = Slot { scrubber: self.number, len, name: kept, meaning: self.find_meaning(name, marks) };
            }
            Some(slot.meaning)
        });
        // A thread that is ending has no table any more.
        learned.ok().flatten().unwrap_or_else(|| self.find_meaning(name, marks))
    }

    fn find_meaning(&self, name: &str, marks: u32) -> Meaning {
        let is_clean = self.scrub_marked(name, marks, Place::Plain).is_none();
        Meaning { rule: self.rule_of_name(name), place: place_of(name), is_clean }
    }
}

/// Mixes the ends and the length: names of one application differ there.
fn place_in_table(name: &[u8]) -> usize {
    /// The odd number nearest to 2^64 divided by the golden ratio (Knuth): spreads neighbours.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut ends = [0; 16];
    let half = name.len().min(8);
    ends[..half].copy_from_slice(&name[..half]);
    ends[8..8 + half].copy_from_slice(&name[name.len() - half..]);
    let [head, tail] = [&ends[..8], &ends[8..]].map(|end| end.iter().fold(0u64, |n, &b| n << 8 | u64::from(b)));
    let mixed = (head ^ tail.rotate_left(29) ^ name.len() as u64).wrapping_mul(SPREAD);
    usize::try_from(mixed >> (u64::BITS - SLOTS.trailing_zeros())).unwrap_or(0)
}

/// OpenTelemetry's `user_agent.original`, R3's `user_agent`, and their spellings; names that may say "secret".
pub(super) fn place_of(name: &str) -> Place {
    if sense(name.as_bytes()) == Sense::Perhaps {
        return Place::PerhapsSecret;
    }
    let lower = name.to_ascii_lowercase().replace(['_', '-', '.'], "");
    if lower.ends_with("useragent") || lower.ends_with("useragentoriginal") { Place::UserAgent } else { Place::Plain }
}

#[cfg(test)]
mod tests {
    use crate::config::PrivacyConfig;

    use super::*;

    #[test]
    fn two_configurations_do_not_share_what_they_learned() {
        let plain = Scrubber::new(&PrivacyConfig::default());
        let config = PrivacyConfig { pii_fields: vec!["nick".to_owned()], ..PrivacyConfig::default() };
        let strict = Scrubber::new(&config);
        for _ in 0..2 {
            assert_eq!(plain.meaning("nick", 0).rule, None);
            assert_eq!(strict.meaning("nick", 0).rule, Some(Rule::Pii));
        }
    }

    #[test]
    fn names_that_share_a_slot_keep_their_own_meaning() {
        let scrubber = Scrubber::new(&PrivacyConfig::default());
        let names: Vec<String> =
            (0..5_000).map(|i| if i % 2 == 0 { format!("n{i}") } else { format!("n{i}_password") }).collect();
        for _ in 0..2 {
            for (i, name) in names.iter().enumerate() {
                assert_eq!(scrubber.meaning(name, 0).rule, (i % 2 == 1).then_some(Rule::Secret), "{name}");
            }
        }
    }
}
