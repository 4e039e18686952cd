//! Reads a record along what was learned, and notes the values that have to be looked at.

use std::cell::Cell;

use super::trail::{Boundary, MOST_VALUES, Point, Trace, What};
use super::tree::{NONE, Tree, Value};
use crate::json::{Document, Kind, Scalar};
use crate::record::{Inline, MAX_FIELDS};
use crate::scrub::Named;

/// A record that was read: its buffers stay for the next.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// The containers around the one that is being read.
    open: Vec<Open>,
    /// Where each container stands that was opened.
    pub(super) containers: Vec<Spot>,
    /// Values to look at, in the order in which they stand.
    pub(super) looks: Vec<Look>,
    /// Where the member stands that fills the field at each place, with its name.
    pub(super) fields: [(u32, u32); MAX_FIELDS],
    pub(super) id: Option<Inline>,
    /// Where the id stands, if it is written as it stands.
    pub(super) id_at: Option<u32>,
    pub(super) time: Option<Moment>,
    /// Ids and times that their form proves harmless.
    pub(super) proven: usize,
    /// Where the tenant stands, if the record names one.
    pub(super) tenant: Option<(u32, u32)>,
    /// What was read along the tree, for [`Trails`](super::trail::Trails) to keep: points, and the steps between them.
    pub(super) points: Vec<Point>,
    pub(super) traces: Vec<Trace>,
    /// Whether somebody asked where a value stands that does not say so.
    pub(super) is_lost: Cell<bool>,
}

/// A record's time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// Its canonical text begins with so many bytes of the record; see [`utc_end`](crate::record::utc_end).
    At {
        start: u32,
        len: u8,
    },
    Text(Inline),
}

/// A container that is not closed yet.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Of an object the point that it has come to, of an array what its elements are.
    state: u32,
    is_object: bool,
    /// Its place among the containers.
    container: u32,
    count: u32,
    /// The point at which it was opened.
    outer: u32,
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) container: u32,
    /// The member, or the number of the element.
    pub(super) key: u32,
    pub(super) is_member: bool,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// A string as it stands.
    Plain,
    /// A string with escapes: it is written in canonical form, whatever is found.
    Escaped,
    Number,
}

/// A value to look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// A string's inside, or a number.
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) kind: Looked,
    pub(super) named: Named,
    pub(super) value: u32,
    pub(super) spot: Spot,
}

impl Spot {
    /// Of a value that was read along a trail, which does not say where it stands.
    pub(super) const UNKNOWN: Self = Self { container: NONE, key: 0, is_member: false };
}

impl Followed {
    /// The place of the plan by which the scanned `document` is written; nothing where it is not as learned.
    // Offsets fit: a record is far below 4 GiB; see limits.
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn follow(&mut self, tree: &Tree, document: &Document<'_>) -> Option<u32> {
        let text = document.input();
        let bytes = text.as_bytes();
        self.clear();
        if bytes.first() != Some(&b'{') {
            return None;
        }
        let mut top = Open { state: Tree::ROOT, is_object: true, container: 0, count: 0, outer: NONE };
        let (mut at, mut place) = (1, 0);
        let mut boundary = Some(Boundary { at: 0, place: None });
        loop {
            // Between two values: the sign that stands here, and what is to come.
            let is_end = bytes.get(at) == Some(if top.is_object { &b'}' } else { &b']' });
            if self.open.is_empty() && top.count > 0 {
                self.fields.get_mut(place)?.1 = at as u32;
                boundary = Some(Boundary { at: at as u32, place: None });
            }
            if is_end {
                at += 1;
                let end = if top.is_object { tree.states.get(top.state as usize)?.end } else { 0 };
                if end == NONE {
                    return None;
                }
                let is_empty = top.count == 0;
                let Some(outer) = self.open.pop() else {
                    self.trace(What::End(end), NONE, (at, at), boundary.take(), &top);
                    return (at == bytes.len()).then_some(end);
                };
                top = outer;
                if is_empty {
                    self.trace(What::Nothing, NONE, (at, at), boundary.take(), &top);
                }
                continue;
            }
            if top.count > 0 {
                if bytes.get(at) != Some(&b',') {
                    return None;
                }
                at += 1;
            }
            let (index, key) = if top.is_object {
                let (key, edge) = tree.find(top.state, bytes.get(at..)?)?;
                if self.open.is_empty() {
                    place = usize::from(edge.place);
                    self.fields.get_mut(place)?.0 = at as u32;
                    boundary = boundary.map(|boundary| Boundary { place: Some(edge.place), ..boundary });
                }
                at += edge.len as usize;
                top.state = edge.next;
                (edge.value, key)
            } else {
                (top.state, top.count)
            };
            top.count += 1;
            if index == NONE {
                self.trace(What::Nothing, NONE, (at, at), boundary.take(), &top);
                continue;
            }
            let value = tree.values.get(index as usize)?;
            let spot = Spot { container: top.container, key, is_member: top.is_object };
            let start = at;
            match bytes.get(at)? {
                b'"' => {
                    let spec = value.string.as_ref()?;
                    let end = self.string(spec, document, at + 1, || (index, spot))?;
                    at = end + 1;
                    self.trace(What::String(*spec), index, (start + 1, end), boundary.take(), &top);
                }
                b'{' | b'[' => {
                    let is_object = bytes.get(at) == Some(&b'{');
                    let state = if is_object { value.object } else { value.elements };
                    if state == NONE {
                        return None;
                    }
                    self.containers.push(spot);
                    let outer = self.point(&top);
                    self.open.push(top);
                    top = Open { state, is_object, container: self.containers.len() as u32, count: 0, outer };
                    at += 1;
                }
                b't' | b'f' => {
                    at = self.word(value, bytes, at)?;
                    self.trace(What::Nothing, NONE, (at, at), boundary.take(), &top);
                }
                b'n' => {
                    if !value.has_null || !bytes.get(at..)?.starts_with(b"null") {
                        return None;
                    }
                    at += "null".len();
                    self.trace(What::Nothing, NONE, (at, at), boundary.take(), &top);
                }
                _ => {
                    let spec = value.number.as_ref()?;
                    at = self.number(spec, text, at, || (index, spot))?;
                    self.trace(What::Number(*spec), index, (start, at), boundary.take(), &top);
                }
            }
        }
    }

    /// `true` or `false` at `at`: where what is behind it stands.
    fn word(&mut self, value: &Value, bytes: &[u8], at: usize) -> Option<usize> {
        let word = if bytes.get(at) == Some(&b't') { "true" } else { "false" };
        let spec = value.bool.as_ref()?;
        if !bytes.get(at..)?.starts_with(word.as_bytes()) {
            return None;
        }
        if let Some(check) = spec.check {
            self.settles(check, Scalar { kind: Kind::Bool, escaped: false, marked: false, raw: word }, at)?;
        }
        Some(at + word.len())
    }

    /// The point that `top` is at.
    #[allow(clippy::cast_possible_truncation)]
    fn point(&mut self, top: &Open) -> u32 {
        if self.traces.len() > MOST_VALUES {
            return NONE;
        }
        self.points.push(Point { outer: top.outer, state: top.state, is_object: top.is_object });
        self.points.len() as u32 - 1
    }

    /// Notes that a value was read, from the first to the second of `at`.
    #[allow(clippy::cast_possible_truncation)]
    fn trace(&mut self, what: What, value: u32, at: (usize, usize), boundary: Option<Boundary>, top: &Open) {
        if self.traces.len() > MOST_VALUES {
            return;
        }
        let to = self.point(top);
        self.traces.push(Trace { what, value, start: at.0 as u32, end: at.1 as u32, boundary, to });
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.containers.clear();
        self.looks.clear();
        self.points.clear();
        self.traces.clear();
        self.is_lost.set(false);
        (self.id, self.id_at, self.time, self.tenant, self.proven) = (None, None, None, None, 0);
    }
}
