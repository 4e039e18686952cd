//! Pointers to findings, with names as they are in the scrubbed record: a pointer must not say what scrubbing removed.
//!
//! The scrubbed payload has the members of the original in the same order, so a value is found again by counting. A
//! container that gave way to a token ends the pointer.

use super::plan::Checked;
use super::validate::{Finding, Place};
use super::written::join;
use crate::json::{Document, Kind};
use crate::outcome::Violation;
use crate::scan::Lanes;

/// The members of an event that findings are about.
const EVENT: &str = "event";
const PAYLOAD: &str = "payload";

/// What `checked` found in `document`, as violations of the scrubbed `record`.
pub(crate) fn located(checked: Checked, document: &Document<'_>, record: &str) -> Vec<Violation> {
    if checked.findings.is_empty() {
        return Vec::new();
    }
    let read = Document::read(record.as_bytes(), Lanes::none());
    let scrubbed = read.as_ref().ok().and_then(|read| {
        let payload = read.members(0).find(|(name, _)| read.text(read.node(*name)) == PAYLOAD)?;
        Some((read, payload.1))
    });
    let pointers = Pointers { document, payload: checked.payload, scrubbed };
    let violation = |Finding { place, code, message }: Finding| Violation::new(pointers.to(&place), code, message);
    checked.findings.into_iter().map(violation).collect()
}

struct Pointers<'a> {
    document: &'a Document<'a>,
    payload: usize,
    /// The scrubbed record and the node of its payload.
    scrubbed: Option<(&'a Document<'a>, usize)>,
}

impl Pointers<'_> {
    fn to(&self, place: &Place) -> String {
        match place {
            Place::Event => join("", EVENT),
            Place::Node(index) => self.descend(*index).0,
            Place::Missing(index, name) => {
                let (pointer, is_whole) = self.descend(*index);
                if is_whole { join(&pointer, name) } else { pointer }
            }
        }
    }

    /// The pointer to the node `target`, and whether it goes all the way.
    fn descend(&self, target: usize) -> (String, bool) {
        let mut pointer = join("", PAYLOAD);
        let Some((scrubbed, mut there)) = self.scrubbed else { return (pointer, false) };
        let mut here = self.payload;
        while here != target {
            let Some((ordinal, child)) = self.step(here, target) else { return (pointer, false) };
            pointer = match scrubbed.node(there).kind {
                Kind::Object => {
                    let Some((name, value)) = scrubbed.members(there).nth(ordinal) else { return (pointer, false) };
                    there = value;
                    join(&pointer, &scrubbed.text(scrubbed.node(name)))
                }
                Kind::Array => {
                    let Some(element) = elements(scrubbed, there).nth(ordinal) else { return (pointer, false) };
                    there = element;
                    join(&pointer, &ordinal.to_string())
                }
                Kind::Null | Kind::Bool | Kind::Number | Kind::String => return (pointer, false),
            };
            here = child;
        }
        (pointer, true)
    }

    /// The child of the container `here` in which `target` is, and which one it is.
    fn step(&self, here: usize, target: usize) -> Option<(usize, usize)> {
        let document = self.document;
        let holds = |child: &usize| (*child..document.node(*child).next()).contains(&target);
        match document.node(here).kind {
            Kind::Object => document.members(here).map(|(_, value)| value).enumerate().find(|(_, child)| holds(child)),
            Kind::Array => elements(document, here).enumerate().find(|(_, child)| holds(child)),
            Kind::Null | Kind::Bool | Kind::Number | Kind::String => None,
        }
    }
}

/// The nodes of an array's elements.
fn elements<'a>(document: &'a Document<'_>, array: usize) -> impl Iterator<Item = usize> + 'a {
    let end = document.node(array).next();
    let first = Some(array + 1).filter(|first| *first < end);
    std::iter::successors(first, move |at| Some(document.node(*at).next()).filter(|next| *next < end))
}
