//! What member names mean.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::detect::ipv4::{VERSIONS, is_version_name};
use super::detect::secret_name::{Sense, sense};
use super::endings::Endings;
use super::learned::{Learned, Names};
use super::walk::may_be_paired;
use super::{Place, Rule, Scrubber, personal};
use crate::json::{Document, Node};

/// What a name says of its value, where the name itself may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    /// The rule that takes the value whole.
    pub(crate) rule: Option<Rule>,
    pub(crate) place: Place,
    /// It says nothing of its value: a value that is clean by itself may stand, whatever is beside it.
    pub(crate) is_plain: bool,
}

/// A number of its own for each scrubber: two configurations may take one name differently.
pub(crate) fn number() -> u32 {
    static LAST: AtomicU32 = AtomicU32::new(0);
    LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1).max(1)
}

impl Scrubber {
    /// What is known of `name`, in which nothing has to be scrubbed.
    #[inline]
    pub(super) fn known_meaning(&self, name: &str, learned: &Learned) -> Option<Meaning> {
        learned.names.get(self.number, name.as_bytes())
    }

    /// What `name` means, in which nothing was found.
    pub(super) fn learn_meaning(&self, name: &str, learned: &mut Learned) -> Meaning {
        let (rule, place) = self.said(name);
        let is_plain = rule.is_none() && place == Place::Plain && !may_be_paired(name);
        let meaning = Meaning { rule, place, is_plain };
        learned.names.put(self.number, name.as_bytes(), meaning);
        meaning
    }

    /// What `name` says, whether it may stand or not.
    pub(super) fn meaning(&self, name: &str, learned: &mut Learned) -> (Option<Rule>, Place) {
        // What is sealed for this does not count for the record.
        let is_clean = || self.of_record(|| None, None).scrub(name, Place::Plain).is_none();
        let known = self.known_meaning(name, learned);
        match known.or_else(|| is_clean().then(|| self.learn_meaning(name, learned))) {
            Some(Meaning { rule, place, .. }) => (rule, place),
            None => self.said(name),
        }
    }

    /// What `name` says of its value, found out anew: the rule that takes it whole, and what it is.
    pub(super) fn said(&self, name: &str) -> (Option<Rule>, Place) {
        let (sense, may_say_more) = (sense(name.as_bytes()), ENDINGS.may_end(name.as_bytes()));
        let rule = self.keys.rule_of(name, sense);
        let rule = if may_say_more { rule.or_else(|| personal::rule_of(name)) } else { rule };
        let place = match sense {
            Sense::Perhaps => Place::PerhapsSecret,
            _ if may_say_more => kind_of(name),
            _ => Place::Plain,
        };
        (rule, place)
    }

    /// The rule that a member called `name` brings on its whole value.
    pub(super) fn rule_of_name(&self, name: &str) -> Option<Rule> {
        self.said(name).0
    }

    /// Whether the member name `node` is known to say nothing of its value, and may stand itself.
    #[inline]
    pub(super) fn is_plain(&self, document: &Document<'_>, node: Node, names: &Names) -> bool {
        let name = document.raw(node).as_bytes();
        !node.escaped && names.get_hashed(node.name_hash(), self.number, name).is_some_and(|meaning| meaning.is_plain)
    }
}

/// OpenTelemetry's `user_agent.original` and R3's `user_agent`, without separators.
const AGENTS: [&str; 2] = ["useragent", "useragentoriginal"];
/// The same, of a name that says no more.
const AGENT: &str = "ua";

/// How names end that say something, but for those of secrets: nearly no name does.
static ENDINGS: LazyLock<Endings> =
    LazyLock::new(|| Endings::of(personal::words().chain(&AGENTS).chain([&AGENT]).chain(&VERSIONS)));

/// Whether a member called `name` holds a user agent or a version.
pub(super) fn kind_of(name: &str) -> Place {
    let is_agent = AGENTS.iter().any(|agent| ends_spelt(name, agent.as_bytes()).is_some())
        || ends_spelt(name, AGENT.as_bytes()).is_some_and(str::is_empty);
    match () {
        () if is_agent => Place::UserAgent,
        () if is_version_name(name) => Place::Version,
        () => Place::Plain,
    }
}

/// What stands before `word` and its separators at the end of `name`; `word` in any case, with any separators inside.
fn ends_spelt<'n>(name: &'n str, word: &[u8]) -> Option<&'n str> {
    let spelt = |rest: &'n str| rest.trim_end_matches(['_', '-', '.']);
    let mut rest = spelt(name);
    for &letter in word.iter().rev() {
        // Words are of ASCII: so is what is cut off.
        rest.as_bytes().last().filter(|last| last.eq_ignore_ascii_case(&letter))?;
        rest = spelt(&rest[..rest.len() - 1]);
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::PrivacyConfig;
    use crate::scrub::token::push_with_ordinal;

    /// What names are made of.
    #[rustfmt::skip]
    const PARTS: [&str; 40] = [
        "user", "agent", "Agent", "original", "ua", "UA", "version", "Version", "code", "release", "build", "chrome",
        "first", "name", "Name", "ssn", "tax", "id", "no", "number", "address", "line1", "phone", "é", "key", "auth",
        "pass", "word", "token", "api", "secret", "1", "23", "_", "-", ".", " ", "'", "x", "[email]",
    ];

    fn place_of(name: &str) -> Place {
        Scrubber::new(&PrivacyConfig::default()).unwrap().said(name).1
    }

    proptest! {
        #[test]
        fn what_a_name_says_is_what_each_list_says_of_it(
            parts in prop::collection::vec(prop::sample::select(&PARTS[..]), 0..5),
        ) {
            let name = parts.concat();
            let scrubber = Scrubber::new(&PrivacyConfig::default()).unwrap();
            let sense = sense(name.as_bytes());
            let rule = scrubber.keys.rule_of(&name, sense).or_else(|| personal::rule_of(&name));
            let place = if sense == Sense::Perhaps { Place::PerhapsSecret } else { kind_of(&name) };
            prop_assert_eq!(scrubber.said(&name), (rule, place), "{}", name);
        }
    }

    #[test]
    fn a_user_agents_name_is_known_in_any_spelling_and_only_at_the_end() {
        for name in ["ua", "UA", "_u.a-", "user_agent", "http.userAgent", "user_agent.original", "User-Agent"] {
            assert_eq!(place_of(name), Place::UserAgent, "{name}");
        }
        for name in ["", "_", "quua", "user_agents", "user agent", "agent", "useragent.name"] {
            assert_eq!(place_of(name), Place::Plain, "{name}");
        }
    }

    #[test]
    fn an_ordinal_says_nothing_of_a_value_unless_its_token_stands_for_a_secret() {
        let scrubber = Scrubber::new(&PrivacyConfig::default()).unwrap();
        for rule in Rule::ALL.into_iter().filter(|rule| !rule.is_secret()) {
            let kind = rule.token().strip_suffix(']').unwrap();
            let said = |ordinal| {
                let mut name = String::new();
                push_with_ordinal(kind, ordinal, &mut name);
                scrubber.said(&name)
            };
            for ordinal in (2..1_200).chain([4_096, 10_000, 65_535, u32::MAX]) {
                assert_eq!(said(ordinal), said(2), "{kind}:{ordinal}]");
            }
        }
    }

    #[test]
    fn two_configurations_do_not_share_what_they_learned() {
        let plain = Scrubber::new(&PrivacyConfig::default()).unwrap();
        let config = PrivacyConfig { pii_fields: vec!["nick".to_owned()], ..PrivacyConfig::default() };
        let strict = Scrubber::new(&config).unwrap();
        let mut learned = Learned::borrow();
        for _ in 0..2 {
            assert_eq!(plain.meaning("nick", &mut learned).0, None);
            assert_eq!(strict.meaning("nick", &mut learned).0, Some(Rule::Pii));
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
                assert_eq!(scrubber.meaning(name, &mut learned).0, (i % 2 == 1).then_some(Rule::Secret), "{name}");
            }
        }
    }
}
