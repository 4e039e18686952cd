//! Replaces personal data and secrets in text and JSON.
//!
//! A [`Scrubber`] is compiled once from the privacy configuration and shared by all threads. It reads every
//! string and every member name in linear time, writes self-describing tokens, and leaves its own tokens alone,
//! so that a second pass changes nothing.

mod detect;
mod detector;
mod names;
mod personal;
mod policy;
mod pseudonym;
mod shape;
mod token;
mod walk;

use crate::config::PrivacyConfig;
use crate::outcome::Action;

pub(crate) use self::policy::Rule;
pub(crate) use self::token::is_token;
pub(crate) use self::walk::Walk;

use self::detect::key::KeyRules;
use self::detect::secret_value::looks_random;
pub(crate) use self::detector::TRIGGERS;
use self::detector::{Set, find, set_of, triggered};
use self::policy::Policy;
use self::token::token;

/// The stable names of all rules.
pub(crate) fn rules() -> impl Iterator<Item = &'static str> {
    Rule::ALL.iter().map(|rule| rule.name())
}

/// Where a text stands, which decides some look-alikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    #[default]
    Plain,
    /// A user agent: its four-part numbers are versions, not addresses.
    UserAgent,
    /// A value under a name that may say "secret": `key`, `auth`, `signature`. Its form decides.
    PerhapsSecret,
}

/// A rule and what it did.
pub(crate) type Change = (Rule, Action);

/// A text that had something in it.
#[derive(Debug)]
pub(crate) struct Scrubbed {
    pub(crate) text: String,
    /// Each kind of change once, in order of its first occurrence.
    pub(crate) changes: Vec<Change>,
}

/// Compiled rules.
#[derive(Debug)]
pub(crate) struct Scrubber {
    policy: Policy,
    keys: KeyRules,
    /// The detectors to run at each [`Place`].
    wanted: [Set; 3],
    /// See [`names::number`].
    number: u32,
}

impl Scrubber {
    pub(crate) fn new(config: &PrivacyConfig) -> Self {
        let policy = Policy::new(config);
        let wanted = [Place::Plain, Place::UserAgent, Place::PerhapsSecret]
            .map(|place| set_of(|rule| policy.acts_on(rule, place)));
        Self { policy, keys: KeyRules::new(&config.pii_fields), wanted, number: names::number() }
    }

    /// `text` scrubbed, with each kind of change; nothing where it is clean.
    ///
    /// A token can uncover its neighbour (`2001:db8::1ann@example.com` is no address until the e-mail address has
    /// gone), so the scan is repeated until it finds nothing new. That is what makes scrubbing idempotent.
    pub(crate) fn scrub(&self, text: &str, place: Place) -> Option<Scrubbed> {
        self.scrub_marked(text, triggered(text), place)
    }

    /// [`scrub`](Self::scrub) of a text whose triggers are known: `marks` is what [`TRIGGERS`] gives to its bytes.
    pub(crate) fn scrub_marked(&self, text: &str, marks: u32, place: Place) -> Option<Scrubbed> {
        if marks & self.wanted[place as usize] == 0 && place != Place::PerhapsSecret {
            return None;
        }
        self.scrub_triggered(text, place)
    }

    fn scrub_triggered(&self, text: &str, place: Place) -> Option<Scrubbed> {
        /// Real texts settle in one or two passes; a text that does not was made to cost time.
        const MAX_PASSES: usize = 4;
        if place == Place::PerhapsSecret && looks_random(text.as_bytes()) {
            let (text, action) = self.whole(Rule::Secret, text)?;
            return Some(Scrubbed { text, changes: vec![(Rule::Secret, action)] });
        }
        let mut changes = Vec::new();
        let mut current = self.pass(text, place, &mut changes)?;
        for _ in 1..MAX_PASSES {
            match self.pass(&current, place, &mut changes) {
                Some(next) => current = next,
                None => return Some(Scrubbed { text: current, changes }),
            }
        }
        // Fail closed: what stands is a token that names the last rule.
        let whole = changes.last().map_or_else(String::new, |(rule, _)| token(*rule));
        Some(Scrubbed { text: whole, changes })
    }

    /// One scan over `text`; nothing where it changes nothing.
    fn pass(&self, text: &str, place: Place, changes: &mut Vec<Change>) -> Option<String> {
        let hits = find(text, self.wanted[place as usize]);
        if hits.is_empty() {
            return None;
        }
        let (mut out, mut copied, mut found_any) = (String::new(), 0, false);
        for hit in hits {
            let found = &text[hit.start..hit.end];
            let (replacement, action) = self.policy.replace(hit.rule, found);
            if replacement == found {
                continue;
            }
            if !changes.contains(&(hit.rule, action)) {
                changes.push((hit.rule, action));
            }
            out.push_str(&text[copied..hit.start]);
            out.push_str(&replacement);
            (copied, found_any) = (hit.end, true);
        }
        out.push_str(&text[copied..]);
        found_any.then_some(out)
    }

    /// Rules that a member's name brings on its whole value.
    fn rule_of_name(&self, name: &str) -> Option<Rule> {
        self.keys.rule_of(name).or_else(|| personal::rule_of(name))
    }

    /// What stands in place of a whole value, or nothing where the policy keeps it or it has not the rule's form.
    fn whole(&self, rule: Rule, text: &str) -> Option<(String, Action)> {
        let is_taken = self.policy.acts_on(rule, Place::Plain) && shape::accepts(rule, text);
        is_taken.then(|| self.policy.replace(rule, text))
    }

    /// [`whole`](Self::whole) of a JSON number.
    fn whole_number(&self, rule: Rule, text: &str) -> Option<(String, Action)> {
        shape::accepts_number(rule, text).then(|| self.whole(rule, text)).flatten()
    }
}
