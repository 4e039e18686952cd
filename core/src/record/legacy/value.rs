//! Values in their canonical form.

use super::Members;
use crate::json::{Document, Kind, write_string};
use crate::outcome::{Code, Violation};
use crate::record::check::{Check, is_hex, is_nanoseconds};
use crate::record::field::Shape;
use crate::record::limits::MAX_DEPTH;
use crate::record::reading::elements;
use crate::record::time::Timestamp;

/// Milliseconds since 1970 below which a number is rather seconds, or no time at all: 3 March 1973.
const LEAST_MILLISECONDS: i64 = 100_000_000_000;

/// Writes values in canonical form, and notes what was not.
pub(super) struct Values<'a> {
    document: &'a Document<'a>,
    has_epoch_times: bool,
    pub(super) is_changed: bool,
    pub(super) conflicts: Vec<Violation>,
    /// Name nodes of context members that moved into the envelope, and what is left in their place.
    pub(super) lifted: Vec<(usize, Option<&'static str>)>,
}

impl<'a> Values<'a> {
    pub(super) fn new(document: &'a Document<'a>, has_epoch_times: bool) -> Self {
        Self { document, has_epoch_times, is_changed: false, conflicts: Vec::new(), lifted: Vec::new() }
    }

    /// The value at `node` as it was written.
    pub(super) fn raw(&self, node: usize) -> &'a str {
        &self.document.input()[self.document.node(node).span()]
    }

    /// Writes the name at `name` as it was written, and the colon.
    pub(super) fn copy_name(&self, name: usize, out: &mut String) {
        out.push_str(self.raw(name));
        out.push(':');
    }

    /// Writes the member whose name stands at `name` as it was written.
    pub(super) fn copy_member(&self, name: usize, out: &mut String) {
        self.copy_name(name, out);
        out.push_str(self.raw(name + 1));
    }

    /// Whether a value says that there is none: OTLP writes an empty id for the parent of a root.
    pub(super) fn is_absent(&mut self, check: Check, node: usize) -> bool {
        let is_absent = matches!(check, Check::Hex(_)) && self.raw(node) == "\"\"";
        self.is_changed |= is_absent;
        is_absent
    }

    /// Writes the value at `node`, which `check` is for, in canonical form. `path` is where it stands.
    pub(super) fn write(&mut self, path: &str, check: Check, node: usize, out: &mut String) {
        let kind = self.document.node(node).kind;
        match (check, kind) {
            (Check::Nested(shape), Kind::Object) => self.write_object(path, shape, node, out),
            (Check::List(shape), Kind::Array) => {
                out.push('[');
                for (place, element) in elements(self.document, node).enumerate() {
                    out.push_str(if place == 0 { "" } else { "," });
                    if self.document.node(element).kind == Kind::Object {
                        self.write_object(&format!("{path}/{place}"), shape, element, out);
                    } else {
                        out.push_str(self.raw(element));
                    }
                }
                out.push(']');
            }
            _ => match self.canonical(check, node, kind) {
                Some(text) => {
                    self.is_changed = true;
                    write_string(&text, out);
                }
                None => out.push_str(self.raw(node)),
            },
        }
    }

    /// The canonical text of a value in another form; nothing where it has that form, or none that is known.
    fn canonical(&self, check: Check, node: usize, kind: Kind) -> Option<String> {
        let value = self.document.node(node);
        let text = if kind == Kind::String { self.document.text(value) } else { self.document.raw(value).into() };
        let text = &*text;
        match (check, kind) {
            (Check::OneOf(choice), Kind::String | Kind::Number) => {
                let is_canonical = kind == Kind::String && choice.words.contains(&text);
                choice.word(text).filter(|_| !is_canonical).map(str::to_owned)
            }
            (Check::Nanoseconds, Kind::Number) => is_nanoseconds(text).then(|| text.to_owned()),
            (Check::Time, Kind::Number) if self.has_epoch_times => {
                let milliseconds = text.parse().ok().filter(|milliseconds| *milliseconds >= LEAST_MILLISECONDS)?;
                Some(Timestamp::from_milliseconds(milliseconds)?.to_text().as_str().to_owned())
            }
            (Check::Hex(digits), Kind::String) => {
                let is_upper = is_hex(text, digits) && text.bytes().any(|byte| byte.is_ascii_uppercase());
                is_upper.then(|| text.to_ascii_lowercase())
            }
            _ => None,
        }
    }

    fn write_object(&mut self, path: &str, shape: &'static Shape, index: usize, out: &mut String) {
        let members = Members::of(self.document, index, shape);
        self.is_changed |= members.has_aliases;
        out.push('{');
        for (name, value) in self.document.members(index) {
            if let Some((_, left)) = self.lifted.iter().find(|(lifted, _)| *lifted == name) {
                if let Some(json) = left {
                    comma(out);
                    self.copy_name(name, out);
                    out.push_str(json);
                }
                continue;
            }
            let found = shape.find_name(self.document, name);
            let Some(found) = found else {
                comma(out);
                self.copy_member(name, out);
                continue;
            };
            let field = &shape.fields[found.field];
            let is_null = self.document.node(value).kind == Kind::Null;
            if members.node(found.field) == Some(value) {
                if !self.is_absent(field.check, value) {
                    comma(out);
                    write_string(field.name, out);
                    out.push(':');
                    self.write(&format!("{path}/{}", field.name), field.check, value, out);
                }
            } else if members.contradicting.contains(&(name, found.field)) {
                comma(out);
                self.copy_member(name, out);
                let message = "is there in two spellings with different values; send one";
                self.conflicts.push(Violation::new(format!("{path}/{}", field.name), Code::Conflict, message));
            } else if is_null && (found.is_alias || members.node(found.field).is_none()) {
                // Null in the context is the user's value; only it must not take another member's name.
                comma(out);
                self.copy_member(name, out);
            }
        }
        out.push('}');
    }
}

fn comma(out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
}

/// Whether two values are written alike.
pub(super) fn same(document: &Document<'_>, a: usize, b: usize) -> bool {
    let (a, b) = (document.node(a), document.node(b));
    a.kind == b.kind
        && if a.kind == Kind::String {
            document.text(a) == document.text(b)
        } else {
            document.input()[a.span()] == document.input()[b.span()]
        }
}

pub(super) fn is_no(document: &Document<'_>, node: usize) -> bool {
    document.raw(document.node(node)) == "false"
}

/// Whether a value can stand one level deeper, in the room of its record.
pub(super) fn fits_into_room(document: &Document<'_>, index: usize) -> bool {
    let end = document.node(index).next();
    let mut open: Vec<usize> = Vec::new();
    let mut deepest = 0;
    for at in index..end {
        while open.last().is_some_and(|end| *end <= at) {
            open.pop();
        }
        let node = document.node(at);
        if matches!(node.kind, Kind::Object | Kind::Array) {
            open.push(node.next());
            deepest = deepest.max(open.len());
        }
    }
    // The record and its room stand around it.
    deepest + 2 <= MAX_DEPTH
}
