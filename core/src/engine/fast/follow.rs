//! Reads a record along what was learned, and notes the values that have to be looked at.

use super::lists::{Lists, Moves};
use super::trail::{Boundary, Stride, Trails, What};
use super::tree::{NONE, Point, Tree, Value};
use crate::json::{Document, Kind, Scalar};
use crate::record::{Inline, MAX_FIELDS};
use crate::scrub::Named;

/// A record that was read: its buffers stay for the next.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// The lists around what is being read.
    pub(super) lists: Lists,
    /// The field whose member is being read.
    place: Option<u8>,
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
    /// The value's place in the tree, and in the lists around it.
    pub(super) value: u32,
    pub(super) place: u32,
}

impl Followed {
    /// The place of the plan by which the scanned `document` is written; nothing where it is not as learned. What `trails`
    /// do not know is read along the `tree` and added to them, for a `credit` a step.
    #[inline(never)]
    pub(super) fn follow(
        &mut self,
        tree: &Tree,
        trails: &mut Trails,
        credit: &mut usize,
        document: &Document<'_>,
    ) -> Option<u32> {
        self.clear();
        let text = document.input();
        let bytes = text.as_bytes();
        let (mut at, mut point) = (0, Point::START);
        let mut unknown;
        loop {
            let (stride, start) = match trails.find(point, bytes, at) {
                Some((stride, start)) if stride.goes_on(bytes, start) => (stride, start),
                _ => {
                    let start;
                    (unknown, start) = follow_tree(tree, bytes, at, point)?;
                    if *credit > 0 && trails.add(point, bytes.get(at..start)?, unknown).is_some() {
                        *credit -= 1;
                    }
                    (&unknown, start)
                }
            };
            if let Some(boundary) = stride.boundary {
                self.pass(boundary, at);
            }
            self.lists.go(stride.moves);
            at = match &stride.what {
                What::String(spec) => self.string(spec, document, start, stride.value)?,
                What::Number(spec) => self.number(spec, text, start, stride.value)?,
                What::Bool(check, word) => {
                    self.settles(*check, Scalar { kind: Kind::Bool, escaped: false, marked: false, raw: word }, start)?;
                    start
                }
                What::Nothing => start,
                What::End(plan) => return (start == bytes.len()).then_some(*plan),
            };
            point = stride.to;
        }
    }

    /// Passes from one of the record's own members to the next, at a `boundary` in the text at `at`.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "offsets fit: a record is far below 4 GiB")]
    fn pass(&mut self, boundary: Boundary, at: usize) {
        let sign = at as u32 + boundary.at;
        if let Some(ended) = self.place.and_then(|place| self.fields.get_mut(usize::from(place))) {
            ended.1 = sign;
        }
        self.place = boundary.place;
        if let Some(begun) = self.place.and_then(|place| self.fields.get_mut(usize::from(place))) {
            begun.0 = sign + 1;
        }
    }

    fn clear(&mut self) {
        self.lists.clear();
        self.looks.clear();
        (self.place, self.id, self.id_at, self.time, self.tenant, self.proven) = (None, None, None, None, None, 0);
    }
}

/// The `null`, `true` or `false` with which `text` begins, where it may stand.
fn what_of_word(value: &Value, text: &[u8]) -> Option<(What, &'static str)> {
    let word = ["true", "false", "null"].into_iter().find(|word| text.starts_with(word.as_bytes()))?;
    if word == "null" {
        return value.has_null.then_some((What::Nothing, word));
    }
    Some((value.bool.as_ref()?.check.map_or(What::Nothing, |check| What::Bool(check, word)), word))
}

/// Reads along the `tree` up to the next value, and says where that begins: a string behind its quote, what the text
/// says behind that.
#[cold]
fn follow_tree(tree: &Tree, bytes: &[u8], from: usize, mut point: Point) -> Option<(Stride, usize)> {
    let mut at = from;
    let (mut boundary, mut moves) = (None, Moves::default());
    // Whether nothing stands in the container yet.
    let mut is_first = point == Point::START;
    if is_first {
        if bytes.first() != Some(&b'{') {
            return None;
        }
        at = 1;
        boundary = Some(Boundary { at: 0, place: None });
    }
    let (what, value) = loop {
        // Between two values: the sign that stands here, and what is to come.
        let is_object = point.is_object();
        let outer = tree.outer(point)?;
        let is_top = outer == Point::OUTSIDE;
        if is_top && !is_first {
            boundary = Some(Boundary { at: u32::try_from(at - from).ok()?, place: None });
        }
        if bytes.get(at) == Some(if is_object { &b'}' } else { &b']' }) {
            at += 1;
            if is_object {
                let end = tree.states.get(point.at() as usize)?.end;
                if end == NONE {
                    return None;
                }
                if is_top {
                    break (What::End(end), NONE);
                }
            } else {
                moves.close();
            }
            point = outer;
            if std::mem::take(&mut is_first) {
                break (What::Nothing, NONE);
            }
            continue;
        }
        if !std::mem::take(&mut is_first) {
            if bytes.get(at) != Some(&b',') {
                return None;
            }
            at += 1;
            if !is_object {
                moves.next();
            }
        }
        let index = if is_object {
            let edge = tree.find(point.at(), bytes.get(at..)?)?;
            if is_top {
                boundary = boundary.map(|boundary| Boundary { place: Some(edge.place), ..boundary });
            }
            at += edge.len as usize;
            point = Point::object(edge.next);
            edge.value
        } else {
            point.at()
        };
        if index == NONE {
            break (What::Nothing, NONE);
        }
        let value = tree.values.get(index as usize)?;
        match bytes.get(at)? {
            b'"' => {
                at += 1;
                break (What::String(value.string?), index);
            }
            b'{' if value.object != NONE => {
                point = Point::object(value.object);
                at += 1;
                is_first = true;
            }
            b'[' if value.elements != NONE => {
                point = Point::array(value.elements);
                moves.open();
                at += 1;
                is_first = true;
            }
            b'{' | b'[' => return None,
            b't' | b'f' | b'n' => {
                let (what, word) = what_of_word(value, bytes.get(at..)?)?;
                at += word.len();
                break (what, NONE);
            }
            _ => break (What::Number(value.number?), index),
        }
    };
    Some((Stride { what, value, boundary, moves, to: point }, at))
}
