//! Rewrites a record that came in another spelling into the canonical one, as JSON text that is then read like any.
//!
//! Nothing gets lost. A member under another name gets the canonical name; a number or word in another form gets the
//! canonical form; what R1 puts into the context and we into the envelope moves; and what a legacy shape has beside
//! the kind's fields goes into the kind's room (`payload`, `metadata` or `attributes`). A shape is legacy where a
//! member has another spelling, or where the kind was inferred: a record in canonical spelling has no room for
//! members that the kind does not know. Two spellings of one field with different values are a conflict.

mod members;
mod value;

use self::members::Members;
use self::value::{Values, fits_into_room, same};
use super::check::Check;
use super::field::Shape;
use super::kind::{Implied, RecordKind};
use crate::json::{Document, Kind, write_string};
use crate::outcome::{Code, Violation};

/// A record in canonical spelling.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// Where two spellings differ.
    pub(crate) conflicts: Vec<Violation>,
}

/// What stands in place of an identifier that contradicts another: a dead letter is clean, too.
const CONFLICTING_IDENTIFIER: &str = "\"[identifier]\"";

/// The record in canonical spelling; nothing where it has that already, or is no better for it.
pub(super) fn rewrite(document: &Document<'_>, kind: RecordKind, is_inferred: bool) -> Option<Rewritten> {
    let mut rewriting = Rewriting::new(document, kind, is_inferred);
    rewriting.take_implied();
    rewriting.lift();
    let extras = rewriting.take_extras();
    rewriting.write(&extras)
}

struct Rewriting<'a> {
    document: &'a Document<'a>,
    kind: RecordKind,
    shape: &'static Shape,
    members: Members,
    values: Values<'a>,
    /// JSON that takes a field's place: what a spelling implied.
    implied: Vec<(usize, &'static str)>,
    /// The record has another spelling, or no kind of its own.
    is_legacy: bool,
    is_inferred: bool,
}

impl<'a> Rewriting<'a> {
    fn new(document: &'a Document<'a>, kind: RecordKind, is_inferred: bool) -> Self {
        let shape = &kind.table().shape;
        let members = Members::of(document, 0, shape);
        let is_legacy = members.has_aliases || is_inferred;
        let values = Values::new(document, kind.table().has_epoch_times);
        Self { document, kind, shape, members, values, implied: Vec::new(), is_legacy, is_inferred }
    }

    fn place(&self, name: &str) -> usize {
        self.shape.place(name).unwrap_or(0)
    }

    fn conflict(&mut self, path: String, message: &str) {
        self.values.conflicts.push(Violation::new(path, Code::Conflict, message));
    }

    /// Spellings that say more than their value: `actor_admin_id` makes the actor an admin.
    fn take_implied(&mut self) {
        for &Implied { alias, field, json, is_exact } in self.kind.table().implied {
            if !self.members.spellings.contains(&alias) {
                continue;
            }
            let place = self.place(field);
            match self.members.node(place) {
                None if !self.implied.iter().any(|(taken, _)| *taken == place) => self.implied.push((place, json)),
                Some(node) if is_exact && self.values.raw(node) != json => {
                    self.conflict(format!("/{field}"), "contradicts what another member's name says; send one");
                }
                None | Some(_) => {}
            }
        }
    }

    /// Moves what R1 puts into the context and we into the envelope.
    fn lift(&mut self) {
        let place = self.place("context");
        let Some(context) = self.members.node(place) else { return };
        let Check::Nested(shape) = self.shape.fields[place].check else { return };
        if self.document.node(context).kind != Kind::Object {
            return;
        }
        for (name, value) in self.document.members(context) {
            let Some(found) = shape.find_name(self.document, name) else { continue };
            let field = &shape.fields[found.field];
            if !matches!(field.check, Check::Lifted) || self.document.node(value).kind == Kind::Null {
                continue;
            }
            let target = self.place(field.name);
            match self.members.node(target) {
                None => {
                    self.members.set(target, value);
                    self.values.lifted.push((name, None));
                }
                Some(node) if same(self.document, node, value) => self.values.lifted.push((name, None)),
                Some(_) => {
                    self.values.lifted.push((name, Some(CONFLICTING_IDENTIFIER)));
                    let path = format!("/context/{}", field.name);
                    self.conflict(path, "differs from the same member of the record; send one");
                }
            }
        }
    }

    /// Takes what goes into the room: name nodes of members that the kind does not know.
    fn take_extras(&mut self) -> Vec<usize> {
        if !self.is_legacy {
            return Vec::new();
        }
        // An id that a database counted up is none of ours.
        let id = self.place("id");
        if let Some(node) = self.members.node(id).filter(|node| self.document.node(*node).kind == Kind::Number) {
            self.members.clear(id);
            self.members.unknown.push(node - 1);
        }
        let place = self.place(self.kind.table().room);
        let room = self.members.node(place);
        if room.is_some_and(|room| self.document.node(room).kind != Kind::Object) {
            return Vec::new();
        }
        let mut taken: std::collections::HashMap<_, _> = room
            .into_iter()
            .flat_map(|room| self.document.members(room))
            .map(|(name, value)| (self.document.text(self.document.node(name)), value))
            .collect();
        let (mut extras, mut left) = (Vec::new(), Vec::new());
        for name in std::mem::take(&mut self.members.unknown) {
            let text = self.document.text(self.document.node(name));
            match taken.get(&text) {
                _ if !fits_into_room(self.document, name + 1) => left.push(name),
                None => {
                    taken.insert(text, name + 1);
                    extras.push(name);
                }
                Some(inside) if same(self.document, *inside, name + 1) => {}
                Some(_) => {
                    left.push(name);
                    let path = format!("/{}", self.kind.table().room);
                    self.conflict(path, "has a member that also stands beside it with another value; send one");
                }
            }
        }
        self.members.unknown = left;
        extras
    }

    /// Writes the record; nothing where that changed nothing.
    fn write(mut self, extras: &[usize]) -> Option<Rewritten> {
        let mut out = String::with_capacity(self.document.input().len() + 64);
        out.push('{');
        let room = self.place(self.kind.table().room);
        if self.members.node(0).is_none() {
            member("schema", &mut out);
            write_string(self.kind.table().schema, &mut out);
        }
        for (place, field) in self.shape.fields.iter().enumerate() {
            let implied = self.implied.iter().find(|(filled, _)| *filled == place).map(|(_, json)| *json);
            let has_extras = place == room && !extras.is_empty();
            let node = self.members.node(place).filter(|node| !self.values.is_absent(field.check, *node));
            if node.is_none() && implied.is_none() && !has_extras {
                continue;
            }
            member(field.name, &mut out);
            let start = out.len();
            match node {
                Some(node) => self.values.write(&format!("/{}", field.name), field.check, node, &mut out),
                None => out.push_str(implied.unwrap_or("{}")),
            }
            if has_extras {
                let is_empty = out[start + 1..].trim_ascii().len() == 1;
                out.truncate(out.trim_end().len() - 1);
                for (i, name) in extras.iter().enumerate() {
                    out.push_str(if i == 0 && is_empty { "" } else { "," });
                    self.values.copy_member(*name, &mut out);
                }
                out.push('}');
            }
        }
        let is_changed = self.members.has_aliases
            || self.values.is_changed
            || !self.implied.is_empty()
            || !self.values.lifted.is_empty()
            || !extras.is_empty();
        for (name, place) in std::mem::take(&mut self.members.contradicting) {
            let field = &self.shape.fields[place];
            self.conflict(format!("/{}", field.name), "is there in two spellings with different values; send one");
            out.push_str(if out.len() > 1 { "," } else { "" });
            self.values.copy_name(name, &mut out);
            match field.check {
                Check::Identifier | Check::NumberedIdentifier => out.push_str(CONFLICTING_IDENTIFIER),
                _ => out.push_str(self.values.raw(name + 1)),
            }
        }
        for name in &self.members.unknown {
            out.push_str(if out.len() > 1 { "," } else { "" });
            self.values.copy_member(*name, &mut out);
        }
        out.push('}');
        let is_better = is_changed || self.is_inferred || !self.values.conflicts.is_empty();
        is_better.then_some(Rewritten { text: out, conflicts: self.values.conflicts })
    }
}

/// Writes a known member's name and what separates it from the one before.
fn member(name: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    write_string(name, out);
    out.push(':');
}
