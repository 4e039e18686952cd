//! Copies a document's values to the output and scrubs every string and member name on the way. A loop over open
//! containers, not recursion.

mod clean;
mod name;
mod pair;
mod planned;
mod scalar;
mod trace;

pub(super) use self::name::inner_rule;
pub(super) use self::pair::may_be_paired;
use self::trace::Trace;

use std::ops::Range;

use super::actions::Replacement;
use super::field::Fields;
use super::learned::Learned;
use super::output::Output;
use super::path::Name;
use super::policy::Rule;
use super::value::Named;
use super::{Change, Changes, Place, Scrubber};
use crate::json::{Document, Kind, Node};
use crate::outcome::Redaction;
use crate::record::limits::MAX_RECORD_BYTES;

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
    /// What was changed in a document that stands in a string: nobody asks where in it.
    changes: Changes,
    /// What stands around each string and number, where somebody wants to know.
    trace: Trace,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        scrubber: &'a Scrubber,
        document: &'a Document<'a>,
        intact: &'a [usize],
        capacity: usize,
    ) -> Self {
        Self::onto(Output::new(document.input(), capacity), scrubber, document, intact)
    }

    fn onto(output: Output<'a>, scrubber: &'a Scrubber, document: &'a Document<'a>, intact: &'a [usize]) -> Self {
        Self {
            scrubber,
            document,
            intact,
            fields: Fields::default(),
            kept: 0..0,
            learned: Learned::borrow(),
            output,
            redactions: Vec::new(),
            paths: 0,
            unplaced: 0,
            depth: 0,
            passes: document.is_compact() && !scrubber.looks_everywhere(),
            changes: Changes::default(),
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
        Self { depth, ..Self::onto(Output::spliced(document.input()), scrubber, document, &[]) }
    }

    /// The text written and what was changed in it.
    pub(crate) fn finish(self) -> (String, Vec<Redaction>) {
        self.learned.give_back();
        (self.output.finish(), self.redactions)
    }

    /// The document of [`nested`](Self::nested) as it was written except for what was changed in it, and that.
    pub(super) fn finish_nested(self) -> (String, Changes) {
        self.learned.give_back();
        // Of a document that stays nothing is copied.
        let text = if self.changes.is_empty() { String::new() } else { self.output.finish() };
        (text, self.changes)
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

    /// Writes what `rule` puts in place of a whole value; says whether it did.
    fn whole(&mut self, node: Node, replaced: Option<(Rule, Replacement)>) -> bool {
        let Some((rule, (replacement, action))) = replaced else { return false };
        self.rewrite(node, &replacement);
        self.redacted(&[(rule, action)]);
        true
    }

    /// Writes `text` as a string in place of `node`.
    fn rewrite(&mut self, node: Node, text: &str) {
        self.output.replace(&node.span(), text);
    }

    /// Notes changes of the value at hand.
    pub(crate) fn redacted(&mut self, changes: &[Change]) {
        if self.depth > 0 {
            for change in changes {
                self.changes.note(*change);
            }
            return;
        }
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
