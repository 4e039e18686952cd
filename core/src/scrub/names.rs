//! What member names mean.

use std::sync::atomic::{AtomicU32, Ordering};

use super::detect::ipv4::is_version_name;
use super::detect::secret_name::{Sense, sense};
use super::learned::{Learned, Names};
use super::walk::may_be_paired;
use super::{Place, Rule, Scrubber};
use crate::json::{Document, Node};

/// What a name says of its value, and whether the name itself may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The rule that takes the value whole.
    pub(crate) rule: Option<Rule>,
    pub(crate) place: Place,
    /// Nothing in the name has to be scrubbed.
    pub(crate) is_clean: bool,
    /// Clean, and says nothing of its value: a value that is clean by itself may stand, whatever is beside it.
    pub(crate) is_plain: bool,
}

/// A number of its own for each scrubber: two configurations may take one name differently.
pub(crate) fn number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1)
}

impl Scrubber {
    /// What `name` means.
    pub(super) fn meaning(&self, name: &str, learned: &mut Learned) -> Meaning {
        if let Some(meaning) = learned.names.get(self.number, name.as_bytes()) {
            return meaning;
        }
        let meaning = self.find_meaning(name);
        learned.names.put(self.number, name.as_bytes(), meaning);
        meaning
    }

    /// Whether the member name `node` is known to say nothing of its value, and may stand itself.
    #[inline]
    pub(super) fn is_plain(&self, document: &Document<'_>, node: Node, names: &Names) -> bool {
        let name = document.raw(node).as_bytes();
        !node.escaped && names.get_hashed(node.name_hash(), self.number, name).is_some_and(|meaning| meaning.is_plain)
    }

    fn find_meaning(&self, name: &str) -> Meaning {
        // What is sealed here must not count for the record: the next one finds the name learned.
        let is_clean = self.of_record(|| None, None).scrub(name, Place::Plain).is_none();
        let (rule, place) = (self.rule_of_name(name), place_of(name));
        let is_plain = is_clean && rule.is_none() && place == Place::Plain && !may_be_paired(name);
        Meaning { rule, place, is_clean, is_plain }
    }
}

/// OpenTelemetry's `user_agent.original`, R3's `user_agent`, and their spellings; names that may say "secret".
pub(super) fn place_of(name: &str) -> Place {
    if sense(name.as_bytes()) == Sense::Perhaps {
        return Place::PerhapsSecret;
    }
    let lower = name.to_ascii_lowercase().replace(['_', '-', '.'], "");
    let is_agent = lower == "ua" || lower.ends_with("useragent") || lower.ends_with("useragentoriginal");
    match () {
        () if is_agent => Place::UserAgent,
        () if is_version_name(name) => Place::Version,
        () => Place::Plain,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::PrivacyConfig;

    use super::*;

    #[test]
    fn two_configurations_do_not_share_what_they_learned() {
        let plain = Scrubber::new(&PrivacyConfig::default()).unwrap();
        let config = PrivacyConfig { pii_fields: vec!["nick".to_owned()], ..PrivacyConfig::default() };
        let strict = Scrubber::new(&config).unwrap();
        let mut learned = Learned::borrow();
        for _ in 0..2 {
            assert_eq!(plain.meaning("nick", &mut learned).rule, None);
            assert_eq!(strict.meaning("nick", &mut learned).rule, Some(Rule::Pii));
        }
    }

    #[test]
    fn names_that_share_a_slot_keep_their_own_meaning() {
        let scrubber = Scrubber::new(&PrivacyConfig::default()).unwrap();
        let names: Vec<String> =
            (0..5_000).map(|i| if i % 2 == 0 { format!("n{i}") } else { format!("n{i}_password") }).collect();
        let mut learned = Learned::borrow();
        for _ in 0..2 {
            for (i, name) in names.iter().enumerate() {
                assert_eq!(scrubber.meaning(name, &mut learned).rule, (i % 2 == 1).then_some(Rule::Secret), "{name}");
            }
        }
    }
}
