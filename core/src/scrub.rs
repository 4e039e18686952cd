//! Replaces personal data and secrets in text and JSON.
//!
//! A [`Scrubber`] is compiled once from the privacy configuration and shared by all threads. It reads every
//! string and every member name in linear time, writes self-describing tokens, and leaves its own tokens alone,
//! so that a second pass changes nothing.

mod detect;
mod detector;
mod evasion;
mod fold;
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
use self::detector::{FOLD, Hit, Set, find, set_of, triggered};
use self::evasion::Nested;
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

/// A range of a text and what is to stand in its place.
#[derive(Debug)]
struct Found {
    at: std::ops::Range<usize>,
    rule: Rule,
    replacement: String,
    action: Action,
}

/// Compiled rules.
#[derive(Debug)]
pub(crate) struct Scrubber {
    policy: Policy,
    keys: KeyRules,
    /// The detectors to run at each [`Place`].
    wanted: [Set; 3],
    /// Those whose matches a check digit proves.
    checked: Set,
    /// See [`names::number`].
    number: u32,
}

impl Scrubber {
    pub(crate) fn new(config: &PrivacyConfig) -> Self {
        let policy = Policy::new(config);
        let wanted = [Place::Plain, Place::UserAgent, Place::PerhapsSecret]
            .map(|place| set_of(|rule| policy.acts_on(rule, place)));
        Self {
            policy,
            keys: KeyRules::new(&config.pii_fields),
            wanted,
            checked: set_of(Rule::is_checked),
            number: names::number(),
        }
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
        self.scrub_at(text, marks, place, 0)
    }

    /// [`scrub_marked`](Self::scrub_marked) of a text that stands in `depth` layers of encoding.
    fn scrub_at(&self, text: &str, marks: u32, place: Place, depth: usize) -> Option<Scrubbed> {
        let is_triggered = marks & (self.wanted[place as usize] | FOLD) != 0 || place == Place::PerhapsSecret;
        if !is_triggered && !fold::may_hold_base64(text) {
            return None;
        }
        self.scrub_triggered(text, marks, place, depth)
    }

    fn scrub_triggered(&self, text: &str, marks: u32, place: Place, depth: usize) -> Option<Scrubbed> {
        /// Real texts settle in one or two passes; a text that does not was made to cost time.
        const MAX_PASSES: usize = 4;
        if place == Place::PerhapsSecret && looks_random(text.as_bytes()) {
            let (text, action) = self.whole(Rule::Secret, text)?;
            return Some(Scrubbed { text, changes: vec![(Rule::Secret, action)] });
        }
        match self.nested(text, depth) {
            Nested::Text => {}
            Nested::Clean => return None,
            Nested::Changed(scrubbed) => return Some(scrubbed),
        }
        let mut changes = Vec::new();
        let mut current = self.pass(text, marks, place, depth, &mut changes)?;
        for _ in 1..MAX_PASSES {
            match self.pass(&current, triggered(&current), place, depth, &mut changes) {
                Some(next) => current = next,
                None => return Some(Scrubbed { text: current, changes }),
            }
        }
        // Fail closed: what stands is a token that names the last rule.
        let whole = changes.last().map_or_else(String::new, |(rule, _)| token(*rule));
        Some(Scrubbed { text: whole, changes })
    }

    /// One scan over `text`, in plain and for what is hidden; nothing where it changes nothing.
    fn pass(&self, text: &str, marks: u32, place: Place, depth: usize, changes: &mut Vec<Change>) -> Option<String> {
        let wanted = self.wanted[place as usize];
        let mut found = if marks & wanted == 0 { Vec::new() } else { self.found(text, wanted) };
        self.uncover(text, marks, wanted, depth, &mut found);
        if found.is_empty() {
            return None;
        }
        let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
        for Found { at, rule, replacement, action } in found {
            if !changes.contains(&(rule, action)) {
                changes.push((rule, action));
            }
            out.push_str(&text[copied..at.start]);
            out.push_str(&replacement);
            copied = at.end;
        }
        out.push_str(&text[copied..]);
        Some(out)
    }

    /// What the detectors in `wanted` find in `text`, where something else is to stand in its place.
    fn found(&self, text: &str, wanted: Set) -> Vec<Found> {
        let replaced = |Hit { start, end, rule }| {
            let (replacement, action) = self.policy.replace(rule, &text[start..end]);
            (replacement != text[start..end]).then_some(Found { at: start..end, rule, replacement, action })
        };
        find(text, wanted).into_iter().filter_map(replaced).collect()
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
