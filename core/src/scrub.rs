//! Replaces personal data and secrets in text and JSON.
//!
//! A [`Scrubber`] is compiled once from the privacy configuration and shared by all threads. It reads every
//! string and every member name in linear time, writes self-describing tokens, and leaves its own tokens alone,
//! so that a second pass changes nothing.

mod actions;
mod agent;
mod allow;
mod change;
mod custom;
mod detect;
mod detector;
mod endings;
mod evasion;
mod explain;
mod field;
mod fold;
mod free_text;
mod gate;
mod hex;
mod learned;
mod modes;
mod names;
mod output;
mod path;
mod personal;
mod policy;
mod pseudonym;
mod rule;
mod seal;
mod shape;
mod subject;
mod token;
mod value;
mod walk;

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use crate::config::PrivacyConfig;
use crate::error::Result;
use crate::kept::{keep_list, kept_list};
use crate::outcome::{Action, RecordId};
use crate::scan::{Scan, Scanned, Seen};

pub(crate) use self::change::{Change, Changes};
pub(crate) use self::explain::Explained;
pub(crate) use self::field::{Fields, holds_token, is_redacted};
pub(crate) use self::free_text::is_free_text;
pub(crate) use self::path::push_segment;
pub(crate) use self::policy::Rule;
#[cfg(feature = "clock")]
pub(crate) use self::seal::keypair;
pub(crate) use self::seal::unseal;
pub(crate) use self::token::{is_token, len_before, token_len};
pub(crate) use self::value::{Changed, Named, Values};
pub(crate) use self::walk::Walk;

use self::actions::Replacement;
use self::allow::Allow;
use self::detect::ipv4;
use self::detect::key::KeyRules;
use self::detect::label::specific_rule;
use self::detect::secret_value::looks_random;
pub(crate) use self::detector::LANES;
use self::detector::{Hit, Wanted, find_each};
use self::evasion::{Nested, merge};
use self::hex::is_hex_id;
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
    /// A user agent: four-part numbers are versions there, not addresses.
    UserAgent,
    /// A version: the same holds.
    Version,
    /// A value under a name that may say "secret": `key`, `auth`, `signature`. Its form decides.
    PerhapsSecret,
    /// A place that the configuration allows to say what it says, but for secrets and cards.
    Allowed,
}

/// All places, in order of the discriminants.
const PLACES: [Place; 5] = [Place::Plain, Place::UserAgent, Place::Version, Place::PerhapsSecret, Place::Allowed];

/// A text that had something in it.
#[derive(Debug)]
pub(crate) struct Scrubbed {
    pub(crate) text: Cow<'static, str>,
    pub(crate) changes: Changes,
}

/// Real texts settle in one or two passes; a text that does not was made to cost time.
const MAX_PASSES: usize = 4;

/// A range of a text and what is to stand in its place.
#[derive(Debug)]
struct Found {
    at: std::ops::Range<usize>,
    rule: Rule,
    replacement: Cow<'static, str>,
    action: Action,
}

thread_local! {
    /// Room for matches and for what is to stand in their places: nearly every text with a match has one.
    static HITS: Cell<Vec<Hit>> = const { Cell::new(Vec::new()) };
    static FOUND: Cell<Vec<Found>> = const { Cell::new(Vec::new()) };
}

/// A quick no to nearly all texts: what is no container begins with a letter, a digit or a sign of a path.
fn may_be_document(text: &str) -> bool {
    let first = text.as_bytes().first();
    first.is_some_and(|first| matches!(first, b'{' | b'[' | b'"') || first.is_ascii_whitespace())
}

/// Compiled rules. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Scrubber {
    policy: Policy,
    keys: Arc<KeyRules>,
    /// The detectors to run at each [`Place`].
    wanted: [Wanted; PLACES.len()],
    /// Those whose matches a check digit proves.
    checked: Wanted,
    /// See [`names::number`].
    number: u32,
}

impl Scrubber {
    /// Compiles `config`.
    ///
    /// # Errors
    /// Those of [`Policy::new`].
    pub(crate) fn new(config: &PrivacyConfig) -> Result<Self> {
        Ok(Self::of(Policy::new(config)?, config))
    }

    fn of(policy: Policy, config: &PrivacyConfig) -> Self {
        let wanted = PLACES.map(|place| Wanted::new(|rule| policy.acts_on(rule, place)));
        Self {
            policy,
            keys: Arc::new(KeyRules::new(&config.pii_fields)),
            wanted,
            checked: Wanted::new(Rule::is_checked),
            number: names::number(),
        }
    }

    /// The rules for one record, or one text: pseudonyms depend on its tenant, boxes on its id. Asks for the tenant
    /// only where it matters. What is found is the same, so both share what was learned of clean texts.
    pub(crate) fn of_record<'t>(
        &self,
        tenant: impl FnOnce() -> Option<Cow<'t, str>>,
        id: Option<&RecordId>,
    ) -> Cow<'_, Self> {
        match self.policy.of_record(tenant, id) {
            Some(policy) => Cow::Owned(Self { policy, ..self.clone() }),
            None => Cow::Borrowed(self),
        }
    }

    /// Tells this scrubber, and its copies for records, from others: what is learned depends on it.
    pub(crate) const fn number(&self) -> u32 {
        self.number
    }

    /// Whether free text goes where no schema has a place for it.
    pub(crate) fn drops_free_text(&self) -> bool {
        self.wanted[Place::Plain as usize].has(Rule::FreeText)
    }

    /// Whether nothing can be found at `place` in a text of which the scan has `seen` this.
    #[inline]
    fn is_clean(&self, seen: Seen, place: Place) -> bool {
        seen.is_clean() && self.trusts_scan(place)
    }

    /// Whether a text at `place` in which the scan has seen nothing is clean.
    #[inline]
    fn trusts_scan(&self, place: Place) -> bool {
        place != Place::PerhapsSecret && !self.looks_everywhere() && !self.cuts_agent(place)
    }

    /// Whether own rules may find something where nothing was seen.
    #[inline]
    fn looks_everywhere(&self) -> bool {
        self.wanted[Place::Plain as usize].has(Rule::Custom)
    }

    /// `text` scrubbed, with each kind of change; nothing where it is clean.
    ///
    /// A token can uncover its neighbour (`2001:db8::1ann@example.com` is no address until the e-mail address has
    /// gone), so the scan is repeated until it finds nothing new. That is what makes scrubbing idempotent.
    pub(crate) fn scrub(&self, text: &str, place: Place) -> Option<Scrubbed> {
        self.scrub_at(Scan::of(text, &LANES).with(text), place, 0)
    }

    /// [`scrub`](Self::scrub) of a text that was scanned for [`LANES`] and stands in `depth` layers of encoding.
    fn scrub_at(&self, scanned: Scanned<'_>, place: Place, depth: usize) -> Option<Scrubbed> {
        if self.is_clean(scanned.seen, place) {
            return None;
        }
        self.scrub_seen(scanned, place, depth)
    }

    fn scrub_seen(&self, scanned: Scanned<'_>, place: Place, depth: usize) -> Option<Scrubbed> {
        let text = scanned.text;
        if place == Place::PerhapsSecret && looks_random(text.as_bytes()) {
            let (_, (text, action)) = self.whole(Rule::Secret, text)?;
            return Some(Scrubbed { text, changes: (Rule::Secret, action).into() });
        }
        if is_hex_id(text.as_bytes()) && !self.looks_everywhere() {
            return None;
        }
        if may_be_document(text) {
            match self.nested(text, depth) {
                Nested::Text => {}
                Nested::Clean => return None,
                Nested::Changed(scrubbed) => return Some(scrubbed),
            }
        }
        if self.cuts_agent(place) {
            return self.scrub_agent(scanned, depth);
        }
        let (scrubbed, is_whole) = self.settled(scanned, place, depth)?;
        Some(if is_whole { scrubbed } else { self.settled_document(scrubbed, depth) })
    }

    /// What is no document for one wrong escape, say, may be one when a token stands in its place. It is then read as one at
    /// once: the next pass would.
    fn settled_document(&self, mut scrubbed: Scrubbed, depth: usize) -> Scrubbed {
        if may_be_document(&scrubbed.text)
            && let Nested::Changed(document) = self.nested(&scrubbed.text, depth)
        {
            scrubbed.text = document.text;
            for change in document.changes.iter() {
                scrubbed.changes.note(*change);
            }
        }
        scrubbed
    }

    /// Passes over a text until nothing is found. Says also whether one match was all there is: a token alone, or a
    /// network's address.
    fn settled(&self, scanned: Scanned<'_>, place: Place, depth: usize) -> Option<(Scrubbed, bool)> {
        let mut changes = Changes::default();
        let mut current: Option<Cow<'static, str>> = None;
        for _ in 0..MAX_PASSES {
            let scan;
            let scanned = match &current {
                None => scanned,
                Some(text) => {
                    scan = Scan::of(text, &LANES);
                    scan.with(text)
                }
            };
            match self.pass(scanned, place, depth, &mut changes) {
                // There is nothing beside it to uncover.
                Some((whole, true)) => return Some((Scrubbed { text: whole, changes }, true)),
                Some((next, false)) => current = Some(next),
                None => return current.map(|text| (Scrubbed { text, changes }, false)),
            }
        }
        // Fail closed: what stands is a token that names the last rule.
        let whole = changes.last().map_or_else(Cow::default, |(rule, _)| self.policy.cover(*rule).0);
        Some((Scrubbed { text: whole, changes }, true))
    }

    /// One scan over `text`, in plain and for what is hidden; nothing where it changes nothing.
    /// Says also whether one match was all there is.
    fn pass(
        &self,
        scanned: Scanned<'_>,
        place: Place,
        depth: usize,
        changes: &mut Changes,
    ) -> Option<(Cow<'static, str>, bool)> {
        let (text, wanted) = (scanned.text, self.wanted[place as usize]);
        let mut found = self.found(scanned, wanted);
        self.uncover(scanned, wanted, depth, &mut found);
        if found.is_empty() {
            return None;
        }
        let passed = Self::passed(text, &mut found, changes);
        keep_list(&FOUND, found);
        Some(passed)
    }

    /// `text` with what stands in place of what was `found`, which is noted.
    fn passed(text: &str, found: &mut Vec<Found>, changes: &mut Changes) -> (Cow<'static, str>, bool) {
        if let [Found { at, rule, action, .. }] = &found[..]
            && *at == (0..text.len())
        {
            changes.note((*rule, *action));
            return (found.pop().map_or_else(Cow::default, |found| found.replacement), true);
        }
        let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
        for Found { at, rule, replacement, action } in found.drain(..) {
            changes.note((rule, action));
            out.push_str(&text[copied..at.start]);
            out.push_str(&replacement);
            copied = at.end;
        }
        out.push_str(&text[copied..]);
        (out.into(), false)
    }

    /// What the detectors in `wanted` find, where something else is to stand in its place.
    fn found(&self, scanned: Scanned<'_>, wanted: Wanted) -> Vec<Found> {
        let text = scanned.text;
        let mut hits = Vec::new();
        let mut hit = |hit| {
            if hits.capacity() == 0 {
                hits = kept_list(&HITS);
            }
            hits.push(hit);
        };
        // Fail closed: nobody reads a list of personal data one by one.
        if let Err(rule) = find_each(scanned, wanted, &mut hit) {
            let (replacement, action) = self.policy.cover(rule);
            return vec![Found { at: 0..text.len(), rule, replacement, action }];
        }
        let mut found = Vec::new();
        if !hits.is_empty() {
            let replaced = |Hit { start, end, rule }| {
                let (replacement, action) = self.policy.replace(rule, &text[start..end])?;
                (replacement != text[start..end]).then_some(Found { at: start..end, rule, replacement, action })
            };
            found = kept_list(&FOUND);
            found.reserve_exact(hits.len());
            found.extend(hits.drain(..).filter_map(replaced));
            keep_list(&HITS, hits);
        }
        if let Some(custom) = self.policy.custom().filter(|_| wanted.has(Rule::Custom)) {
            merge(&mut found, custom.find(text, &self.policy));
        }
        found
    }

    /// What is left of `rule` and `place` where `privacy.allow.paths` names the place.
    fn allowed(
        &self,
        rule: Option<Rule>,
        place: Place,
        text: &str,
        pointer: impl FnOnce() -> String,
    ) -> (Option<Rule>, Place) {
        if !self.policy.allows_path(pointer) {
            return (rule, place);
        }
        let is_secret = place == Place::PerhapsSecret && looks_random(text.as_bytes());
        (rule.filter(|&rule| Allow::never(rule)), if is_secret { place } else { Place::Allowed })
    }

    /// What stands in place of a whole value and for which rule, or nothing where the policy keeps it or it has not the
    /// form of the rule that its name brings.
    fn whole(&self, rule: Rule, text: &str) -> Option<(Rule, Replacement)> {
        let is_taken = self.policy.acts_on(rule, Place::Plain) && shape::accepts(rule, text);
        if !is_taken {
            return None;
        }
        // The more specific rule says better what it is; where that one keeps, the name's rule stands.
        let specific = specific_rule(rule, text);
        let acts = specific != rule && self.policy.acts_on(specific, Place::Plain);
        let replaced = |rule| self.policy.replace(rule, text).map(|replacement| (rule, replacement));
        acts.then(|| replaced(specific)).flatten().or_else(|| replaced(rule))
    }

    /// What stands in place of a text that is an IPv4 address and nothing else, where the long way could find nothing
    /// else either.
    fn whole_address(&self, rule: Option<Rule>, place: Place, text: &str) -> Option<Replacement> {
        // A quick no to nearly all texts.
        if text.len() > ipv4::MAX_LEN || !text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        // The name `ip_address` says "address" too; an address of a street looks otherwise.
        let is_open = matches!(rule, None | Some(Rule::Address)) && place == Place::Plain && !self.looks_everywhere();
        let is_wanted = is_open && self.wanted[place as usize].has(Rule::Ipv4);
        if !is_wanted {
            return None;
        }
        self.policy.replace_address(text, ipv4::host_of(text.as_bytes())?)
    }

    /// [`whole`](Self::whole) of a JSON number.
    fn whole_number(&self, rule: Rule, text: &str) -> Option<(Rule, Replacement)> {
        shape::accepts_number(rule, text).then(|| self.whole(rule, text)).flatten()
    }
}
