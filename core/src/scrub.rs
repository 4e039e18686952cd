//! Replaces personal data and secrets in text and JSON.
//!
//! A [`Scrubber`] is compiled once from the privacy configuration and shared by all threads. It reads every
//! string and every member name in linear time, writes self-describing tokens, and leaves its own tokens alone,
//! so that a second pass changes nothing.

mod detect;
mod detector;
mod policy;
mod pseudonym;
mod token;
mod walk;

use crate::config::PrivacyConfig;
use crate::outcome::Action;

pub(crate) use self::policy::Rule;
pub(crate) use self::token::is_token;
use self::token::token;
pub(crate) use self::walk::Walk;

use self::detect::key::KeyRules;
use self::detector::{Hit, find};
use self::policy::Policy;

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
}

/// Compiled rules.
#[derive(Debug)]
pub(crate) struct Scrubber {
    policy: Policy,
    keys: KeyRules,
}

impl Scrubber {
    pub(crate) fn new(config: &PrivacyConfig) -> Self {
        Self { policy: Policy::new(config), keys: KeyRules::new(&config.pii_fields) }
    }

    /// What every detector finds in `text` and the policy acts on, in order and without overlaps.
    pub(crate) fn hits(&self, text: &str, place: Place) -> Vec<Hit> {
        find(text, &|rule| self.policy.acts_on(rule, place))
    }

    /// `text` with `hits` replaced, and each kind of change that made it differ.
    pub(crate) fn replace(&self, text: &str, hits: &[Hit]) -> (String, Vec<(Rule, Action)>) {
        let mut out = String::with_capacity(text.len());
        let mut changes = Vec::new();
        let mut copied = 0;
        for hit in hits {
            out.push_str(&text[copied..hit.start]);
            let (replacement, action) = self.policy.replace(hit.rule, &text[hit.start..hit.end]);
            if replacement != text[hit.start..hit.end] && !changes.contains(&(hit.rule, action)) {
                changes.push((hit.rule, action));
            }
            out.push_str(&replacement);
            copied = hit.end;
        }
        out.push_str(&text[copied..]);
        (out, changes)
    }

    /// `text` with `hits` replaced, the last by a numbered token.
    fn numbered(&self, text: &str, hits: &[Hit], ordinal: u32) -> String {
        let Some((last, earlier)) = hits.split_last() else { return text.to_owned() };
        let (mut out, _) = self.replace(&text[..last.start], earlier);
        out.push_str(&token(last.rule, ordinal));
        out.push_str(&text[last.end..]);
        out
    }

    /// Rules that a member's name brings on its whole value.
    fn rule_of_name(&self, name: &str) -> Option<Rule> {
        self.keys.rule_of(name)
    }

    /// What stands in place of a whole value, or nothing where the policy keeps it.
    fn whole(&self, rule: Rule, text: &str) -> Option<(String, Action)> {
        self.policy.acts_on(rule, Place::Plain).then(|| self.policy.replace(rule, text))
    }
}
