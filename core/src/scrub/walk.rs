//! Copies a document's values to the output and scrubs every string and member name on the way. A loop over open
//! containers, not recursion.

mod clean;
mod pair;
mod planned;

pub(super) use self::pair::may_be_paired;

use std::ops::Range;

use super::actions::Replacement;
use super::detect::secret_name::is_descriptor;
use super::field::Fields;
use super::learned::{Learned, Tables};
use super::names::{Meaning, place_of};
use super::output::Output;
use super::path::Name;
use super::policy::Rule;
use super::shape::has_form;
use super::value::{Asked, Changed, Named};
use super::{Change, LANES, Place, Scrubbed, Scrubber};
use crate::json::{Document, Kind, Node};
use crate::outcome::Redaction;
use crate::record::limits::MAX_RECORD_BYTES;
use crate::scan::Scan;

/// Bytes of paths and findings that are told one by one: as many as the largest record has. A long name over many
/// findings would cost its length for each. What is found beyond that is told once a rule, with the document as its path.
const MAX_PATHS: usize = MAX_RECORD_BYTES;
/// What a finding takes beside its path.
const REDACTION: usize = 64;

/// One pass over a document.
pub(crate) struct Walk<'a> {
    scrubber: &'a Scrubber,
    document: &'a Document<'a>,
    /// String nodes that are copied as they are.
    intact: &'a [usize],
    /// What a plan says of nodes that are still to come, and the nodes that it keeps now.
    fields: Fields<'a>,
    kept: Range<usize>,
    learned: Learned,
    output: Output<'a>,
    redactions: Vec<Redaction>,
    /// Bytes that the redactions take so far, and how many of them, the last ones, have no place of their own.
    paths: usize,
    unplaced: usize,
    /// Layers of encoding that the document stands in: none, or that of the string that holds it.
    depth: usize,
    /// Whether what needs no look may be copied as it stands, with the signs between.
    passes: bool,
    /// What was rewritten: a node's place in the document and its new text's in the output.
    rewritten: Vec<(Range<usize>, Range<usize>)>,
    /// What stands around each string and number, where somebody wants to know.
    trace: Trace,
}

/// What stands around values, by their nodes.
enum Trace {
    Unwanted,
    Into(Vec<(usize, Named)>),
    /// It depends on what other values say.
    Impossible,
}

impl Trace {
    const fn is_wanted(&self) -> bool {
        !matches!(self, Self::Unwanted)
    }

    fn give_up(&mut self) {
        if self.is_wanted() {
            *self = Self::Impossible;
        }
    }
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        scrubber: &'a Scrubber,
        document: &'a Document<'a>,
        intact: &'a [usize],
        capacity: usize,
    ) -> Self {
        Self {
            scrubber,
            document,
            intact,
            fields: Fields::default(),
            kept: 0..0,
            learned: Learned::borrow(),
            output: Output::new(document.input(), capacity),
            redactions: Vec::new(),
            paths: 0,
            unplaced: 0,
            depth: 0,
            passes: document.is_compact() && !scrubber.looks_everywhere(),
            rewritten: Vec::new(),
            trace: Trace::Unwanted,
        }
    }

    /// The same pass, which only notes what stands around each value.
    pub(crate) fn traced(self) -> Self {
        Self { passes: false, trace: Trace::Into(Vec::new()), ..self }
    }

    /// What [`traced`](Self::traced) asked for, at the end; nothing where it depends on what values say.
    pub(crate) fn finish_trace(self) -> Option<Vec<(usize, Named)>> {
        self.learned.give_back();
        match self.trace {
            Trace::Into(trace) => Some(trace),
            Trace::Unwanted | Trace::Impossible => None,
        }
    }

    /// The same pass with a plan's actions.
    pub(crate) fn with_fields(self, fields: Fields<'a>) -> Self {
        Self { passes: self.passes && fields.actions.is_empty(), fields, ..self }
    }

    /// The pass over a document that stands in a string, in `depth` layers of encoding.
    pub(super) fn nested(scrubber: &'a Scrubber, document: &'a Document<'a>, depth: usize) -> Self {
        Self { depth, ..Self::new(scrubber, document, &[], document.input().len()) }
    }

    /// The text written and what was changed in it.
    pub(crate) fn finish(self) -> (String, Vec<Redaction>) {
        self.learned.give_back();
        (self.output.finish(), self.redactions)
    }

    /// The document as it was written except for what was changed in it.
    pub(super) fn finish_as_written(self) -> (String, Vec<Redaction>) {
        self.learned.give_back();
        let out = self.output.finish();
        let mut text = String::with_capacity(out.len());
        let mut copied = 0;
        for (old, new) in self.rewritten {
            text.push_str(&self.document.input()[copied..old.start]);
            text.push_str(&out[new]);
            copied = old.end;
        }
        text.push_str(&self.document.input()[copied..]);
        (text, self.redactions)
    }

    /// Opens the container at node `index`.
    pub(crate) fn begin(&mut self, index: usize, rule: Option<Rule>) {
        let node = self.document.node(index);
        let start = node.span().start;
        self.output.copy(start..start + 1);
        self.learned.path.open(index, node, rule);
    }

    /// Closes the innermost container.
    pub(crate) fn end(&mut self) {
        if let Some(is_object) = self.learned.path.close() {
            self.output.sign(if is_object { b'}' } else { b']' });
        }
    }

    /// Writes a member name that needs no scrubbing.
    pub(crate) fn known_name(&mut self, name: &'static str) {
        self.comma();
        self.output.string(name);
        self.named(Name::Known(name));
    }

    /// Writes the name of the record's field whose value stands at node `value`: out of the input, where it is written
    /// there as it should be.
    pub(crate) fn field_name(&mut self, value: usize, name: &'static str) {
        let node = self.document.node(value - 1);
        if node.escaped {
            self.known_name(name);
            return;
        }
        self.comma();
        self.output.copy(node.span());
        self.named(Name::Known(name));
    }

    /// Writes the string at node `index`, which has no escapes, as it is.
    pub(crate) fn proven(&mut self, index: usize) {
        self.output.copy(self.document.node(index).span());
    }

    /// Writes a member whose name and text need neither scrubbing nor escapes.
    pub(crate) fn known(&mut self, name: &'static str, text: &str) {
        let is_first = self.learned.path.top().is_none_or(|frame| frame.count == 0);
        if let Some(frame) = self.learned.path.top() {
            frame.count += 1;
        }
        self.output.pieces(&[if is_first { "\"" } else { ",\"" }, name, "\":\"", text, "\""]);
    }

    /// Writes text that needs no scrubbing as a string.
    pub(crate) fn known_text(&mut self, text: &str) {
        self.output.string(text);
    }

    /// Writes the member whose name stands at node `index`, scrubbed.
    pub(crate) fn member(&mut self, index: usize) {
        self.comma();
        let (rule, place) = self.name(index);
        self.value(index + 1, rule, place);
    }

    /// Writes the value at node `index` and all that is in it. `rule` takes it whole.
    pub(crate) fn value(&mut self, index: usize, rule: Option<Rule>, place: Place) {
        let (end, level) = (self.document.node(index).next(), self.learned.path.level());
        let (mut at, mut rule, mut place) = (index, rule, place);
        loop {
            let node = self.document.node(at);
            if self.fields.actions.first().is_some_and(|field| field.0 == at) && self.field(at, node, rule) {
                at = node.next();
            } else {
                match node.kind {
                    Kind::Object | Kind::Array => self.begin(at, rule),
                    Kind::String => self.string(at, node, rule, place),
                    Kind::Number => self.number(at, node, rule),
                    Kind::Bool | Kind::Null => self.output.copy(node.span()),
                }
                at += 1;
            }
            if self.passes {
                at = self.pass_over(at, level);
            }
            while self.learned.path.level() > level && self.learned.path.top().is_some_and(|frame| frame.end == at) {
                self.end();
            }
            if at == end {
                return;
            }
            self.comma();
            (rule, place) = match self.learned.path.top() {
                Some(frame) if !frame.is_object => (frame.rule, Place::Plain),
                _ => {
                    at += 1;
                    match self.name(at - 1) {
                        (None, Place::Plain) => self.paired(at),
                        named => named,
                    }
                }
            };
        }
    }

    /// Separates the innermost container's next element from the one before.
    #[inline]
    fn comma(&mut self) {
        if let Some(frame) = self.learned.path.top() {
            frame.count += 1;
            if frame.count > 1 {
                self.output.sign(b',');
            }
        }
    }

    fn string(&mut self, index: usize, node: Node, rule: Option<Rule>, place: Place) {
        if self.trace(index, Named { rule, place }) {
            return;
        }
        let is_clean = || !node.marked && self.scrubber.trusts_scan(place) || self.intact.contains(&index);
        if rule.is_none() && !node.escaped && is_clean() {
            self.output.copy(node.span());
            return;
        }
        self.string_with_something(index, node, Named { rule, place });
    }

    /// A string that has to be looked at: its name says something, its bytes may, or it has escapes.
    fn string_with_something(&mut self, index: usize, node: Node, named: Named) {
        let text = self.document.text(node);
        let (depth, is_intact, document) = (self.depth, self.intact.contains(&index), self.document);
        let scrub = self.scrubber_of(index);
        let Tables { clean, path, .. } = &mut *self.learned;
        let pointer = || if depth > 0 { String::new() } else { path.pointer(document) };
        let scrubbed = |scrub: &Scrubber, place| scrubbed(scrub, document, node, &text, place, depth);
        match scrub.changed_string(Asked { text: &text, named, depth, is_intact }, clean, pointer, scrubbed) {
            Some(Changed { text, changes }) => {
                self.rewrite(node, &text);
                self.redacted(&changes);
            }
            None => self.unchanged(node, &text),
        }
    }

    fn number(&mut self, index: usize, node: Node, rule: Option<Rule>) {
        if self.trace(index, Named { rule, place: Place::Plain }) {
            return;
        }
        let text = self.document.raw(node);
        let changed =
            rule.and_then(|rule| self.scrubber_of(index).changed_number(text, rule, || self.allowable_pointer()));
        if !self.whole(node, changed) {
            self.output.copy(node.span());
        }
    }

    /// Notes what stands around the value at node `index`, where that is all that is asked for.
    #[inline]
    fn trace(&mut self, index: usize, named: Named) -> bool {
        if let Trace::Into(trace) = &mut self.trace {
            trace.push((index, named));
        }
        self.trace.is_wanted()
    }

    /// What scrubs the value at node `index`.
    fn scrubber_of(&self, index: usize) -> &'a Scrubber {
        self.fields.secrets.filter(|_| self.kept.contains(&index)).unwrap_or(self.scrubber)
    }

    /// Writes what `rule` puts in place of a whole value; says whether it did.
    fn whole(&mut self, node: Node, replaced: Option<(Rule, Replacement)>) -> bool {
        let Some((rule, (replacement, action))) = replaced else { return false };
        self.rewrite(node, &replacement);
        self.redacted(&[(rule, action)]);
        true
    }

    /// Writes a string that stays. Without escapes it is in canonical form already.
    fn unchanged(&mut self, node: Node, text: &str) {
        if node.escaped {
            self.output.replace(&node.span(), text);
        } else {
            self.output.copy(node.span());
        }
    }

    /// Writes `text` as a string in place of `node`, and notes that.
    fn rewrite(&mut self, node: Node, text: &str) {
        if self.depth == 0 {
            self.output.replace(&node.span(), text);
            return;
        }
        let start = self.output.len();
        self.output.replace(&node.span(), text);
        let end = self.output.len();
        self.rewritten.push((node.span(), start..end));
    }

    /// Writes the member name at node `index`, scrubbed, and says what it means for the value.
    fn name(&mut self, index: usize) -> (Option<Rule>, Place) {
        let node = self.document.node(index);
        if !node.escaped
            && let Some(Meaning { rule, place, .. }) =
                self.scrubber.known_meaning(self.document.raw(node), &self.learned)
        {
            self.output.copy(node.span());
            self.named(Name::Node(index));
            return (inner_rule(rule, self.inherited(self.document.raw(node).as_bytes())), place);
        }
        self.unknown_name(index, node)
    }

    /// A name that comes for the first time, in which something has to be scrubbed, or with escapes.
    fn unknown_name(&mut self, index: usize, node: Node) -> (Option<Rule>, Place) {
        let text = self.document.text(node);
        let known = if node.escaped { self.scrubber.known_meaning(&text, &self.learned) } else { None };
        let scrubbed = if known.is_some() {
            None
        } else {
            scrubbed(self.scrubber, self.document, node, &text, Place::Plain, self.depth)
        };
        let Some(scrubbed) = scrubbed else {
            let (rule, place) = match known {
                Some(Meaning { rule, place, .. }) => (rule, place),
                // A document in a string opens fewer layers: what is clean there is not clean everywhere.
                None if self.depth > 0 => self.scrubber.meaning(&text, &mut self.learned),
                None => {
                    let Meaning { rule, place, .. } = self.scrubber.learn_meaning(&text, &mut self.learned);
                    (rule, place)
                }
            };
            self.unchanged(node, &text);
            self.named(Name::Node(index));
            return (inner_rule(rule, self.inherited(text.as_bytes())), place);
        };
        self.trace.give_up();
        let name = self.learned.path.rename(self.document, scrubbed.text);
        self.rewrite(node, &name);
        // The next pass reads the name as it is now, and must come to nothing new.
        // A rule that takes any value stays; one that looks at the value's form gives way to what will be read.
        let rule = match self.scrubber.rule_of_name(&text) {
            Some(any) if !has_form(any) => Some(any),
            rule => self.scrubber.rule_of_name(&name).or(rule),
        };
        let (inherited, place) = (self.inherited(name.as_bytes()), place_of(&name));
        self.named(Name::Rewritten);
        self.learned.path.keep_name(name);
        self.redacted(&scrubbed.changes);
        (inner_rule(rule, inherited), place)
    }

    /// The rule that the container's name brings on its member called `name`.
    #[inline]
    fn inherited(&mut self, name: &[u8]) -> Option<Rule> {
        let outer = self.learned.path.top().and_then(|frame| frame.rule);
        outer.filter(|outer| *outer != Rule::Secret || !is_descriptor(name))
    }

    /// Notes the name that was written and writes the colon.
    fn named(&mut self, name: Name) {
        if let Some(frame) = self.learned.path.top() {
            frame.name = name;
        }
        self.output.sign(b':');
    }

    /// Notes changes of the value at hand.
    pub(crate) fn redacted(&mut self, changes: &[Change]) {
        for &(rule, action) in changes {
            let is_placed = self.paths < MAX_PATHS;
            let path = if is_placed { self.pointer() } else { String::new() };
            let redaction = Redaction { path, rule: rule.name(), action };
            if !is_placed && self.redactions.iter().rev().take(self.unplaced).any(|other| *other == redaction) {
                continue;
            }
            self.unplaced += usize::from(!is_placed);
            self.paths += redaction.path.len() + REDACTION;
            self.redactions.push(redaction);
        }
    }

    /// What `privacy.allow.paths` is compared with; nothing in a document that stands in a string.
    fn allowable_pointer(&self) -> String {
        if self.depth > 0 { String::new() } else { self.pointer() }
    }

    /// See [`Path::pointer`].
    pub(crate) fn pointer(&self) -> String {
        self.learned.path.pointer(self.document)
    }
}

/// What scrubbing makes of the string `node`, which says `text`.
fn scrubbed(
    scrub: &Scrubber,
    document: &Document<'_>,
    node: Node,
    text: &str,
    place: Place,
    depth: usize,
) -> Option<Scrubbed> {
    if node.escaped {
        let scan = Scan::of(text, &LANES);
        scrub.scrub_at(scan.with(text), place, depth)
    } else {
        scrub.scrub_at(document.scanned(node), place, depth)
    }
}

/// The rule for a member of a container: what takes any value stays in force, and what asks for a form goes on to
/// elements of arrays but not to members, whose own names say what they are (`mobile: {sessions: 12345678}`).
/// Coordinates do: they are called `lat` and `x` where they stand in an object called `location`.
pub(super) fn inner_rule(own: Option<Rule>, inherited: Option<Rule>) -> Option<Rule> {
    match (own, inherited) {
        (Some(own), Some(outer)) if has_form(own) && !has_form(outer) => Some(outer),
        (None, Some(outer)) if has_form(outer) && outer != Rule::Geo => None,
        _ => own.or(inherited),
    }
}
