//! Copies a document's values to the output and scrubs every string and member name on the way. A loop over open
//! containers, not recursion.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::names::{Meaning, place_of};
use super::policy::Rule;
use super::shape::has_form;
use super::token::{is_token, numbered};
use super::{Change, Place, Scrubber};
use crate::json::{Document, Kind, Node, decode, write_string};
use crate::outcome::{Action, Redaction};

/// One pass over a document.
pub(crate) struct Walk<'a> {
    scrubber: &'a Scrubber,
    document: &'a Document<'a>,
    /// String nodes that are copied as they are.
    intact: &'a [usize],
    out: String,
    redactions: Vec<Redaction>,
    /// The containers that are being written, outermost first.
    open: Vec<Frame>,
    /// Layers of encoding that the document stands in: none, or that of the string that holds it.
    depth: usize,
    /// What was rewritten: a node's place in the document and its new text's in the output.
    rewritten: Vec<(Range<usize>, Range<usize>)>,
}

struct Frame {
    is_object: bool,
    /// Its node, and the index behind its last value.
    node: usize,
    end: usize,
    /// Elements begun so far.
    count: usize,
    /// Where the current member's name stands in the output, without its quotes.
    name: Range<usize>,
    /// A rule that the container's own name brings on everything in it.
    rule: Option<Rule>,
    /// Names that rewritten ones must not repeat; made when the first is rewritten.
    names: Option<Names>,
}

struct Names {
    taken: HashSet<String>,
    ordinals: HashMap<String, u32>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(
        scrubber: &'a Scrubber,
        document: &'a Document<'a>,
        intact: &'a [usize],
        capacity: usize,
    ) -> Self {
        let (out, redactions, open) = (String::with_capacity(capacity), Vec::new(), Vec::new());
        Self { scrubber, document, intact, out, redactions, open, depth: 0, rewritten: Vec::new() }
    }

    /// The pass over a document that stands in a string, in `depth` layers of encoding.
    pub(super) fn nested(scrubber: &'a Scrubber, document: &'a Document<'a>, depth: usize) -> Self {
        Self { depth, ..Self::new(scrubber, document, &[], document.input().len()) }
    }

    /// The text written and what was changed in it.
    pub(crate) fn finish(self) -> (String, Vec<Redaction>) {
        (self.out, self.redactions)
    }

    /// The document as it was written except for what was changed in it.
    pub(super) fn finish_as_written(self) -> (String, Vec<Redaction>) {
        let mut text = String::with_capacity(self.out.len());
        let mut copied = 0;
        for (old, new) in self.rewritten {
            text.push_str(&self.document.input()[copied..old.start]);
            text.push_str(&self.out[new]);
            copied = old.end;
        }
        text.push_str(&self.document.input()[copied..]);
        (text, self.redactions)
    }

    /// Opens the container at node `index`.
    pub(crate) fn begin(&mut self, index: usize, rule: Option<Rule>) {
        let node = self.document.node(index);
        let is_object = node.kind == Kind::Object;
        self.out.push(if is_object { '{' } else { '[' });
        let end = node.next as usize;
        self.open.push(Frame { is_object, node: index, end, count: 0, name: 0..0, rule, names: None });
    }

    /// Closes the innermost container.
    pub(crate) fn end(&mut self) {
        if let Some(frame) = self.open.pop() {
            self.out.push(if frame.is_object { '}' } else { ']' });
        }
    }

    /// Writes a member name that needs no scrubbing.
    pub(crate) fn known_name(&mut self, name: &str) {
        self.comma();
        let start = self.out.len() + 1;
        write_string(name, &mut self.out);
        self.named(start);
    }

    /// Writes text that needs no scrubbing as a string.
    pub(crate) fn known_text(&mut self, text: &str) {
        write_string(text, &mut self.out);
    }

    /// Writes the member whose name stands at node `index`, scrubbed.
    pub(crate) fn member(&mut self, index: usize) {
        self.comma();
        let (rule, place) = self.name(index);
        self.value(index + 1, rule, place);
    }

    /// Writes the value at node `index` and all that is in it. `rule` takes it whole.
    pub(crate) fn value(&mut self, index: usize, rule: Option<Rule>, place: Place) {
        let (end, depth) = (self.document.node(index).next as usize, self.open.len());
        let (mut at, mut rule, mut place) = (index, rule, place);
        loop {
            let node = self.document.node(at);
            match node.kind {
                Kind::Object | Kind::Array => self.begin(at, rule),
                Kind::String => self.string(at, rule, place),
                Kind::Number => self.number(node, rule),
                Kind::Bool | Kind::Null => self.out.push_str(self.document.raw(node)),
            }
            at += 1;
            while self.open.len() > depth && self.open.last().is_some_and(|frame| frame.end == at) {
                self.end();
            }
            if at == end {
                return;
            }
            self.comma();
            if self.open.last().is_some_and(|frame| frame.is_object) {
                (rule, place) = self.name(at);
                at += 1;
            } else {
                (rule, place) = (self.open.last().and_then(|frame| frame.rule), Place::Plain);
            }
        }
    }

    /// Separates the innermost container's next element from the one before.
    fn comma(&mut self) {
        if let Some(frame) = self.open.last_mut() {
            if frame.count > 0 {
                self.out.push(',');
            }
            frame.count += 1;
        }
    }

    fn string(&mut self, index: usize, rule: Option<Rule>, place: Place) {
        let node = self.document.node(index);
        let text = self.document.text(node);
        if let Some(rule) = rule.filter(|_| !text.is_empty() && !is_token(&text))
            && self.whole(rule, node, self.scrubber.whole(rule, &text))
        {
            return;
        }
        match self.scrubber.scrub_at(&text, node.marks, place, self.depth).filter(|_| !self.intact.contains(&index)) {
            Some(scrubbed) => {
                self.rewrite(node, &scrubbed.text);
                self.redacted(&scrubbed.changes);
            }
            None => write_unchanged(&text, node, &mut self.out),
        }
    }

    fn number(&mut self, node: Node, rule: Option<Rule>) {
        let text = self.document.raw(node);
        if !rule.is_some_and(|rule| self.whole(rule, node, self.scrubber.whole_number(rule, text))) {
            self.out.push_str(text);
        }
    }

    /// Writes what `rule` puts in place of a whole value; says whether it did.
    fn whole(&mut self, rule: Rule, node: Node, replaced: Option<(String, Action)>) -> bool {
        let Some((replacement, action)) = replaced else { return false };
        self.rewrite(node, &replacement);
        self.redacted(&[(rule, action)]);
        true
    }

    /// Writes `text` as a string in place of `node`.
    fn rewrite(&mut self, node: Node, text: &str) {
        let start = self.out.len();
        write_string(text, &mut self.out);
        if self.depth > 0 {
            self.rewritten.push((node.span(), start..self.out.len()));
        }
    }

    /// Writes the member name at node `index`, scrubbed, and says what it means for the value.
    fn name(&mut self, index: usize) -> (Option<Rule>, Place) {
        let node = self.document.node(index);
        let text = self.document.text(node);
        let start = self.out.len() + 1;
        let inherited = self.open.last().and_then(|frame| frame.rule);
        let Meaning { mut rule, mut place, is_clean } = self.scrubber.meaning(&text, node.marks);
        let scrubbed =
            if is_clean { None } else { self.scrubber.scrub_at(&text, node.marks, Place::Plain, self.depth) };
        if let Some(scrubbed) = scrubbed {
            let name = self.tell_apart(scrubbed.text);
            self.rewrite(node, &name);
            self.named(start);
            self.redacted(&scrubbed.changes);
            // The next pass reads the name as it is now, and must come to nothing new.
            // A rule that takes any value stays; one that looks at the value's form gives way to what will be read.
            rule = match rule {
                Some(any) if !has_form(any) => rule,
                Some(_) | None => self.scrubber.rule_of_name(&name).or(rule),
            };
            place = place_of(&name);
        } else {
            write_unchanged(&text, node, &mut self.out);
            self.named(start);
        }
        (inner_rule(rule, inherited), place)
    }

    /// Notes the name that was written from `start` and writes the colon.
    fn named(&mut self, start: usize) {
        if let Some(frame) = self.open.last_mut() {
            frame.name = start..self.out.len() - 1;
        }
        self.out.push(':');
    }

    /// A rewritten name that no sibling has: from the second on, an ordinal stands in its last token.
    fn tell_apart(&mut self, base: String) -> String {
        let Some(frame) = self.open.last_mut() else { return base };
        let names = frame.names.get_or_insert_with(|| Names {
            taken: self
                .document
                .members(frame.node)
                .map(|(name, _)| self.document.text(self.document.node(name)).into())
                .collect(),
            ordinals: HashMap::new(),
        });
        let ordinal = names.ordinals.entry(base.clone()).or_insert(0);
        loop {
            *ordinal += 1;
            let name = if *ordinal == 1 { base.clone() } else { numbered(&base, *ordinal) };
            if names.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    fn redacted(&mut self, changes: &[Change]) {
        for &(rule, action) in changes {
            self.redactions.push(Redaction { path: self.pointer(), rule: rule.name(), action });
        }
    }

    /// RFC 6901, with names as they are in the output: a pointer must not say what scrubbing removed.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for frame in &self.open {
            pointer.push('/');
            if frame.is_object {
                pointer.push_str(&decode(&self.out[frame.name.clone()]).replace('~', "~0").replace('/', "~1"));
            } else {
                pointer.push_str(&(frame.count - 1).to_string());
            }
        }
        pointer
    }
}

/// The rule for a member of a container: what takes any value stays in force, and what asks for a form goes on to
/// elements of arrays but not to members, whose own names say what they are (`mobile: {sessions: 12345678}`).
/// Coordinates do: they are called `lat` and `x` where they stand in an object called `location`.
fn inner_rule(own: Option<Rule>, inherited: Option<Rule>) -> Option<Rule> {
    match (own, inherited) {
        (Some(own), Some(outer)) if has_form(own) && !has_form(outer) => Some(outer),
        (None, Some(outer)) if has_form(outer) && outer != Rule::Geo => None,
        _ => own.or(inherited),
    }
}

/// A string without escapes is already in canonical form.
fn write_unchanged(text: &str, node: Node, out: &mut String) {
    if node.escaped {
        write_string(text, out);
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}
