//! The members of an object by the fields of its shape, where each may have come in several spellings.

use super::value::{is_no, same};
use crate::json::{Document, Kind};
use crate::record::check::Check;
use crate::record::field::{MAX_FIELDS, Shape};

/// Which member stands for which field.
pub(super) struct Members {
    /// Nodes of the values; 0 where there is none.
    nodes: [usize; MAX_FIELDS],
    /// Name nodes of members that differ from the one that stands for their field, and the field's place.
    pub(super) contradicting: Vec<(usize, usize)>,
    /// Name nodes of members that no field takes.
    pub(super) unknown: Vec<usize>,
    /// The other spellings that stand for a field.
    pub(super) spellings: Vec<&'static str>,
    pub(super) has_aliases: bool,
}

impl Members {
    /// Sorts the members of the object at `index`. The canonical spelling stands for its field, else the first; for
    /// consent it is the one that says no.
    pub(super) fn of(document: &Document<'_>, index: usize, shape: &'static Shape) -> Self {
        let mut members = Self {
            nodes: [0; MAX_FIELDS],
            contradicting: Vec::new(),
            unknown: Vec::new(),
            spellings: Vec::new(),
            has_aliases: false,
        };
        let mut aliases = Vec::new();
        for (name, value) in document.members(index) {
            let text = document.text(document.node(name));
            let Some(found) = shape.find(text.as_bytes()) else {
                members.unknown.push(name);
                continue;
            };
            let field = &shape.fields[found.field];
            members.has_aliases |= found.is_alias;
            if document.node(value).kind == Kind::Null {
                continue;
            }
            members.spellings.extend(field.aliases.iter().filter(|alias| **alias == text));
            if found.is_alias {
                aliases.push((name, found.field));
            } else {
                members.nodes[found.field] = value;
            }
        }
        for (name, place) in aliases {
            let value = name + 1;
            match members.nodes[place] {
                0 => members.nodes[place] = value,
                node if same(document, node, value) => {}
                _ if matches!(shape.fields[place].check, Check::OptIn) && is_no(document, value) => {
                    members.nodes[place] = value;
                }
                node if matches!(shape.fields[place].check, Check::OptIn) && is_no(document, node) => {}
                _ => members.contradicting.push((name, place)),
            }
        }
        members
    }

    /// The node of the value that stands for the field at `place`.
    pub(super) fn node(&self, place: usize) -> Option<usize> {
        (self.nodes[place] != 0).then_some(self.nodes[place])
    }

    pub(super) fn set(&mut self, place: usize, node: usize) {
        self.nodes[place] = node;
    }

    pub(super) fn clear(&mut self, place: usize) {
        self.nodes[place] = 0;
    }
}
