//! What becomes of one value: a string or a number, under its name's rule or by what stands in it.

use std::borrow::Cow;

use super::actions::Replacement;
use super::learned::{Clean, Learned};
use super::policy::Rule;
use super::token::is_token;
use super::{Changes, LANES, Place, Scrubbed, Scrubber};
use crate::outcome::Action;
use crate::scan::{Scan, Scanned};

/// A value that does not stay as it is.
#[derive(Debug)]
pub(crate) struct Changed {
    /// What stands in its place.
    pub(crate) text: Cow<'static, str>,
    pub(crate) changes: Changes,
}

impl Changed {
    /// The text that stands there already, in another form.
    pub(crate) const fn nothing(text: String) -> Self {
        Self { text: Cow::Owned(text), changes: Changes::None }
    }

    fn one(rule: Rule, (text, action): (Cow<'static, str>, Action)) -> Self {
        Self { text, changes: (rule, action).into() }
    }
}

impl From<Scrubbed> for Changed {
    fn from(Scrubbed { text, changes }: Scrubbed) -> Self {
        Self { text, changes }
    }
}

/// What a value's surroundings say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The rule that takes it whole.
    pub(crate) rule: Option<Rule>,
    pub(crate) place: Place,
}

/// A string that is looked at.
#[derive(Clone, Copy)]
pub(super) struct Asked<'t> {
    pub(super) text: &'t str,
    pub(super) named: Named,
    /// Layers of encoding that it stands in.
    pub(super) depth: usize,
    /// Only its name's rule may change it.
    pub(super) is_intact: bool,
}

impl Scrubber {
    /// Whether `privacy.allow.paths` names any place.
    pub(crate) fn allows_paths(&self) -> bool {
        self.policy.has_allowed_paths()
    }

    /// Whether a string must be looked at though the scan has seen nothing in it.
    #[inline]
    pub(crate) fn looks_at(&self, Named { rule, place }: Named) -> bool {
        rule.is_some() || !self.trusts_scan(place)
    }

    /// What stands in place of a string at `pointer`; nothing where it stays. `scrubbed` looks into it.
    pub(super) fn changed_string(
        &self,
        Asked { text, named: Named { rule, place }, depth, is_intact }: Asked<'_>,
        clean: &mut Clean,
        pointer: impl FnOnce() -> String,
        scrubbed: impl FnOnce(&Self, Place) -> Option<Scrubbed>,
    ) -> Option<Changed> {
        let (rule, place) = self.allowed(rule, place, text, pointer);
        // Nearly every record has the address that it came from.
        if let Some(replacement) = self.whole_address(rule, place, text) {
            return (replacement.0 != text).then(|| Changed::one(Rule::Ipv4, replacement));
        }
        if let Some(rule) = rule.filter(|_| !text.is_empty() && !is_token(text))
            && let Some((rule, replacement)) = self.whole(rule, text)
        {
            return Some(Changed::one(rule, replacement));
        }
        if is_intact || clean.get(self.number, text.as_bytes()) == Some(place) {
            return None;
        }
        if let Some(scrubbed) = scrubbed(self, place) {
            return Some(scrubbed.into());
        }
        // A document in a string opens fewer layers: what is clean there is not clean everywhere.
        if depth == 0 {
            clean.offer(self.number, text.as_bytes(), place);
        }
        None
    }

    /// What stands in place of the number `text` at `pointer`; nothing where it stays.
    pub(super) fn changed_number(
        &self,
        text: &str,
        rule: Rule,
        pointer: impl FnOnce() -> String,
    ) -> Option<(Rule, Replacement)> {
        let (rule, _) = self.allowed(Some(rule), Place::Plain, text, pointer);
        rule.and_then(|rule| self.whole_number(rule, text))
    }
}

/// The values of one record, one after another, outside of a [`Walk`](super::Walk).
pub(crate) struct Values<'s> {
    scrubber: &'s Scrubber,
    learned: Learned,
}

impl<'s> Values<'s> {
    pub(crate) fn of(scrubber: &'s Scrubber) -> Self {
        Self { scrubber, learned: Learned::borrow() }
    }

    /// What stands in place of a string without escapes, at `pointer`; nothing where it stays.
    pub(crate) fn string(
        &mut self,
        scanned: impl FnOnce() -> Scanned<'s>,
        text: &str,
        named: Named,
        pointer: impl FnOnce() -> String,
    ) -> Option<Changed> {
        let scrubbed = |scrubber: &Scrubber, place| scrubber.scrub_at(scanned(), place, 0);
        self.scrubber.changed_string(
            Asked { text, named, depth: 0, is_intact: false },
            &mut self.learned.clean,
            pointer,
            scrubbed,
        )
    }

    /// The same of the plain text of a string with escapes.
    pub(crate) fn decoded(&mut self, text: &str, named: Named, pointer: impl FnOnce() -> String) -> Option<Changed> {
        let scrubbed = |scrubber: &Scrubber, place| scrubber.scrub_at(Scan::of(text, &LANES).with(text), place, 0);
        self.scrubber.changed_string(
            Asked { text, named, depth: 0, is_intact: false },
            &mut self.learned.clean,
            pointer,
            scrubbed,
        )
    }

    /// Whether nothing is to be scrubbed in a `text` of ASCII at `place` that no name's rule takes; `false` too where that takes
    /// more than a look. Learns what is clean. Not for scrubbers that allow places.
    pub(crate) fn is_known_clean(&mut self, text: &[u8], place: Place, is_looked_at: bool) -> bool {
        let number = self.scrubber.number;
        if self.learned.clean.get(number, text) == Some(place) {
            return true;
        }
        let Ok(text) = std::str::from_utf8(text) else { return false };
        let is_clean = !is_looked_at && Scan::of(text, &LANES).with(text).seen.is_clean();
        if is_clean {
            self.learned.clean.offer(number, text.as_bytes(), place);
        }
        is_clean
    }

    /// The same of a number.
    pub(crate) fn number(&self, text: &str, rule: Rule, pointer: impl FnOnce() -> String) -> Option<Changed> {
        self.scrubber.changed_number(text, rule, pointer).map(|(rule, replacement)| Changed::one(rule, replacement))
    }

    /// For the thread's next record.
    pub(crate) fn give_back(self) {
        self.learned.give_back();
    }
}
