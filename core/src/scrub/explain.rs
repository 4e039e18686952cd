//! Why a record came out as it did: what was changed, from its redactions; and what was kept although some rule finds
//! it, from a second look at the clean record with every detector there is.

mod layers;

use std::collections::HashMap;

use super::detector::{LANES, Wanted, find};
use super::fold::View;
use super::learned::Learned;
use super::policy::Rule;
use super::shape;
use super::token::is_token;
use super::walk::inner_rule;
use super::{Place, Scrubber};
use crate::explanation::{Decision, Reason};
use crate::json::{Document, Kind, Node};
use crate::outcome::{Action, Redaction};
use crate::record::{Check, Reading, Slot};
use crate::scan::Scan;
use crate::schema::Pii;

/// A clean record, and what made it so.
pub(crate) struct Explained<'a> {
    pub(crate) scrubber: &'a Scrubber,
    /// What scrubs the values that a tracking plan keeps.
    pub(crate) secrets: &'a Scrubber,
    pub(crate) document: &'a Document<'a>,
    pub(crate) reading: &'a Reading,
    /// The plan's actions on the record's nodes, in rising order.
    pub(crate) fields: &'a [(usize, Pii)],
}

impl Explained<'_> {
    /// The decisions about the record, which came with `redactions`, in document order.
    pub(crate) fn decisions(&self, redactions: Vec<Redaction>) -> Vec<Decision> {
        let mut order: HashMap<String, usize> = HashMap::new();
        for redaction in &redactions {
            order.entry(redaction.path.clone()).or_insert(usize::MAX);
        }
        let mut look = Look {
            explained: self,
            order: &mut order,
            kept: Vec::new(),
            pointer: String::new(),
            learned: Learned::borrow(),
            everything: Wanted::new(|_| true),
        };
        look.at_all();
        let kept = look.finish();
        let changed = redactions.into_iter().map(|Redaction { path, rule, action }| {
            let at = order.get(&path).copied().unwrap_or(usize::MAX);
            (at, Decision { path, rule, action, reason: self.reason_to_change(at, rule) })
        });
        let mut decisions: Vec<(usize, Decision)> = changed.chain(kept).collect();
        decisions.sort_by_key(|(place, _)| *place);
        decisions.into_iter().map(|(_, decision)| decision).collect()
    }

    /// Why something of `rule` was changed at the node `at`.
    fn reason_to_change(&self, at: usize, rule: &str) -> Reason {
        let field = self.fields.binary_search_by_key(&at, |(node, _)| *node).ok();
        if field.is_some_and(|place| self.fields[place].1 != Pii::Keep) {
            return Reason::Plan;
        }
        Rule::named(rule.as_bytes()).map_or(Reason::Mode, |rule| self.scrubber.policy.treatment(rule).1)
    }

    /// What the record's kind says of the value at the node `at` of one of its fields.
    fn field(&self, at: usize) -> Option<Told> {
        let mut fields = self.reading.kind.fields().iter().enumerate();
        let (place, field) = fields.find(|(_, field)| self.reading.node(field.name) == Some(at))?;
        Some(match (self.reading.slot(self.document, place, field), field.check) {
            (Slot::Known(_), _) => Told::Proven,
            (_, Check::Identifier | Check::NumberedIdentifier) => Told::Is(Some(Rule::Identifier), Place::Plain),
            (_, Check::Agent) => Told::Is(None, Place::UserAgent),
            _ => Told::Is(None, Place::Plain),
        })
    }
}

/// What a kind's table says of a field.
enum Told {
    /// Its form proves it harmless.
    Proven,
    Is(Option<Rule>, Place),
}

/// The second look.
struct Look<'a> {
    explained: &'a Explained<'a>,
    /// At which node the value of each pointer stands that is asked for.
    order: &'a mut HashMap<String, usize>,
    kept: Vec<(usize, Decision)>,
    /// Where the look is. One buffer: long names that many values stand under are not copied for each.
    pointer: String,
    learned: Learned,
    /// All detectors there are.
    everything: Wanted,
}

/// A container that is being looked at.
struct Frame {
    is_object: bool,
    /// The index behind its last value.
    end: usize,
    count: usize,
    rule: Option<Rule>,
    /// Bytes of its pointer.
    pointer: usize,
}

impl Look<'_> {
    fn finish(self) -> Vec<(usize, Decision)> {
        self.learned.give_back();
        self.kept
    }

    fn at_all(&mut self) {
        let Explained { scrubber, document, fields, .. } = *self.explained;
        let mut open: Vec<Frame> = Vec::new();
        let (mut at, mut rule, mut place, mut is_proven) = (0, None, Place::Plain, false);
        let (mut fields, mut kept_by_plan) = (fields, 0..0);
        loop {
            let node = document.node(at);
            if let Some(known) = self.order.get_mut(&self.pointer) {
                *known = at;
            }
            while let Some(((_, pii), rest)) = fields.split_first().filter(|((field, _), _)| *field <= at) {
                if *pii == Pii::Keep && !kept_by_plan.contains(&at) {
                    kept_by_plan = at..node.next();
                }
                fields = rest;
            }
            let scrubber = if kept_by_plan.contains(&at) { self.explained.secrets } else { scrubber };
            match node.kind {
                Kind::Object | Kind::Array => {
                    let (is_object, end) = (node.kind == Kind::Object, node.next());
                    open.push(Frame { is_object, end, count: 0, rule, pointer: self.pointer.len() });
                }
                Kind::String if is_proven => {}
                Kind::String => self.at_string(scrubber, at, node, rule, place),
                Kind::Number => self.at_number(scrubber, at, node, rule),
                Kind::Bool | Kind::Null => {}
            }
            at += 1;
            while open.last().is_some_and(|frame| frame.end == at) {
                open.pop();
            }
            let is_root = open.len() == 1;
            let Some(frame) = open.last_mut() else { return };
            self.pointer.truncate(frame.pointer);
            self.pointer.push('/');
            frame.count += 1;
            if !frame.is_object {
                self.pointer.push_str(&(frame.count - 1).to_string());
                (rule, place, is_proven) = (frame.rule, Place::Plain, false);
                continue;
            }
            let name = document.text(document.node(at));
            self.pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            (rule, place, is_proven) = match self.explained.field(at + 1).filter(|_| is_root) {
                Some(Told::Proven) => (None, Place::Plain, true),
                Some(Told::Is(rule, place)) => (rule, place, false),
                None => {
                    let (own, place) = self.explained.scrubber.meaning(&name, &mut self.learned);
                    (inner_rule(own, frame.rule), place, false)
                }
            };
            self.findings(self.explained.scrubber, at, &name, Place::Plain, None);
            at += 1;
        }
    }

    fn at_string(&mut self, scrubber: &Scrubber, at: usize, node: Node, rule: Option<Rule>, place: Place) {
        let text = self.explained.document.text(node);
        if text.is_empty() || is_token(&text) {
            return;
        }
        let place = self.allowed(place);
        let is_intact = self.explained.reading.intact.nodes().contains(&at);
        match rule {
            Some(rule) if shape::accepts(rule, &text) => {
                self.named(scrubber, at, rule, &text, place);
                self.findings(scrubber, at, &text, place, Some(rule));
            }
            Some(rule) => {
                self.findings(scrubber, at, &text, place, None);
                self.not_of_form(at, rule);
            }
            None if is_intact => {}
            None => self.findings(scrubber, at, &text, place, None),
        }
    }

    fn at_number(&mut self, scrubber: &Scrubber, at: usize, node: Node, rule: Option<Rule>) {
        let text = self.explained.document.raw(node);
        match rule {
            Some(rule) if shape::accepts_number(rule, text) => {
                self.named(scrubber, at, rule, text, self.allowed(Place::Plain));
            }
            Some(rule) => self.not_of_form(at, rule),
            None => {}
        }
    }

    fn allowed(&self, place: Place) -> Place {
        if self.explained.scrubber.policy.allows_path(|| self.pointer.clone()) { Place::Allowed } else { place }
    }

    /// A value that its name says is of `rule`, and that was kept.
    fn named(&mut self, scrubber: &Scrubber, at: usize, rule: Rule, text: &str, place: Place) {
        let place = if place == Place::Allowed { place } else { Place::Plain };
        self.keep(at, rule, scrubber.policy.reason_to_keep(rule, text, place));
    }

    /// A value that is not of the form that its name says. Of one that is something else (`ip_address`) that is told.
    fn not_of_form(&mut self, at: usize, rule: Rule) {
        let is_told = self.order.contains_key(&self.pointer) || self.kept.last().is_some_and(|(place, _)| *place == at);
        if !is_told {
            self.keep(at, rule, Some(Reason::Form));
        }
    }

    /// What the detectors find in `text` and in what it hides, and was kept; of `but`, there is a decision already.
    fn findings(&mut self, scrubber: &Scrubber, at: usize, text: &str, place: Place, but: Option<Rule>) {
        let view = View::of(text).0;
        for text in std::iter::once(text).chain(view.as_ref().map(View::text)) {
            self.found(scrubber, at, text, place, but);
            self.hidden(scrubber, at, text, 0);
        }
    }

    /// What the detectors find in `text` as it stands.
    fn found(&mut self, scrubber: &Scrubber, at: usize, text: &str, place: Place, but: Option<Rule>) {
        let policy = &scrubber.policy;
        let scan = Scan::of(text, &LANES);
        let hits =
            find(scan.with(text), self.everything).into_iter().flatten().map(|hit| (hit.rule, hit.start..hit.end));
        let own = policy.custom().map_or_else(Vec::new, |custom| custom.matches(text));
        for (rule, at_text) in hits.chain(own.into_iter().map(|(range, _)| (Rule::Custom, range))) {
            let found = text.get(at_text).unwrap_or_default();
            if Some(rule) != but {
                self.keep(at, rule, policy.reason_to_keep(rule, found, place));
            }
        }
    }

    fn keep(&mut self, at: usize, rule: Rule, reason: Option<Reason>) {
        let Some(reason) = reason else { return };
        let is_told = self.kept.iter().rev().take_while(|(place, _)| *place == at);
        if is_told.into_iter().any(|(_, told)| (told.rule, told.reason) == (rule.name(), reason)) {
            return;
        }
        let decision = Decision { path: self.pointer.clone(), rule: rule.name(), action: Action::Keep, reason };
        self.kept.push((at, decision));
    }
}
