//! Reads a record along what was learned, and notes the values that have to be looked at.

use std::ops::Range;

use super::tree::{NONE, Scalar as Spec, Tree, Value};
use crate::json::{Document, Kind, Scalar, plain_number_end, string_end};
use crate::record::{Check, Inline, Intact, MAX_FIELDS, canonical_id, canonical_time, is_tenant};
use crate::scan::next_stop;
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
    pub(super) time: Option<Inline>,
    /// Ids and times that their form proves harmless.
    proven: usize,
    /// Where the tenant stands, if the record names one.
    pub(super) tenant: Option<(u32, u32)>,
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
}

/// Where something stands.
#[derive(Clone, Copy, Debug)]
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
        let mut top = Open { state: Tree::ROOT, is_object: true, container: 0, count: 0 };
        let (mut at, mut place) = (1, 0);
        loop {
            // Between two values: the sign that stands here, and what is to come.
            let is_end = bytes.get(at) == Some(if top.is_object { &b'}' } else { &b']' });
            if self.open.is_empty() && top.count > 0 {
                self.fields.get_mut(place)?.1 = at as u32;
            }
            if is_end {
                at += 1;
                let end = if top.is_object { tree.states.get(top.state as usize)?.end } else { 0 };
                if end == NONE {
                    return None;
                }
                let Some(outer) = self.open.pop() else { return (at == bytes.len()).then_some(end) };
                top = outer;
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
                }
                at += edge.len as usize;
                top.state = edge.next;
                (edge.value, key)
            } else {
                (top.state, top.count)
            };
            top.count += 1;
            if index == NONE {
                continue;
            }
            let value = tree.values.get(index as usize)?;
            let spot = Spot { container: top.container, key, is_member: top.is_object };
            match bytes.get(at)? {
                b'"' => at = self.string(value, document, at + 1, (index, spot))?,
                b'{' | b'[' => {
                    let is_object = bytes.get(at) == Some(&b'{');
                    let state = if is_object { value.object } else { value.elements };
                    if state == NONE {
                        return None;
                    }
                    self.containers.push(spot);
                    self.open.push(top);
                    top = Open { state, is_object, container: self.containers.len() as u32, count: 0 };
                    at += 1;
                }
                b't' | b'f' => at = self.word(value, bytes, at)?,
                b'n' => {
                    if !value.has_null || !bytes.get(at..)?.starts_with(b"null") {
                        return None;
                    }
                    at += "null".len();
                }
                _ => at = self.number(value, text, at, (index, spot))?,
            }
        }
    }

    /// The string whose inside begins at `start`: where what is behind it stands.
    #[inline]
    fn string(&mut self, value: &Value, document: &Document<'_>, start: usize, place: (u32, Spot)) -> Option<usize> {
        let (text, blocks) = (document.input(), document.blocks());
        let bytes = text.as_bytes();
        let (mut end, marked) = next_stop(blocks, start)?;
        let escaped = bytes.get(end) != Some(&b'"');
        let spec = value.string.as_ref()?;
        if escaped {
            // What has a form has no escapes.
            end = string_end(bytes, blocks, start).filter(|_| matches!(spec.check, None | Some(Check::Prose)))?;
        } else if let Some(check) = spec.check {
            let raw = text.get(start..end)?;
            self.settles(check, Scalar { kind: Kind::String, escaped: false, marked, raw }, start)?;
        }
        if marked || escaped || spec.is_looked_at {
            self.note(spec, if escaped { Looked::Escaped } else { Looked::Plain }, start..end, place);
        }
        Some(end + 1)
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

    /// The number at `at`: where what is behind it stands.
    #[inline]
    fn number(&mut self, value: &Value, text: &str, at: usize, place: (u32, Spot)) -> Option<usize> {
        let bytes = text.as_bytes();
        let end = plain_number_end(bytes, at + usize::from(bytes.get(at) == Some(&b'-')))?;
        let spec = value.number.as_ref()?;
        if let Some(check) = spec.check {
            let raw = text.get(at..end)?;
            self.settles(check, Scalar { kind: Kind::Number, escaped: false, marked: false, raw }, at)?;
        }
        if spec.is_looked_at {
            self.note(spec, Looked::Number, at..end, place);
        }
        Some(end)
    }

    fn clear(&mut self) {
        self.open.clear();
        self.containers.clear();
        self.looks.clear();
        (self.id, self.time, self.tenant, self.proven) = (None, None, None, 0);
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    fn note(&mut self, spec: &Spec, kind: Looked, at: Range<usize>, (value, spot): (u32, Spot)) {
        if !spec.is_proven
            && let Some(named) = spec.named
        {
            self.looks.push(Look { start: at.start as u32, end: at.end as u32, kind, named, value, spot });
        }
    }

    /// Goes on where a value is fine and nothing else follows from it.
    #[allow(clippy::cast_possible_truncation)]
    fn settles(&mut self, check: Check, value: Scalar<'_>, start: usize) -> Option<()> {
        match check {
            Check::Id => self.id = Some(canonical_id(value.raw)?),
            Check::Time => self.time = Some(canonical_time(value.raw)?),
            _ => {
                if !check.settles(value) {
                    return None;
                }
                match check {
                    Check::Tenant if is_tenant(value.raw) => {
                        self.tenant = Some((start as u32, (start + value.raw.len()) as u32));
                    }
                    // Beyond so many the ordinary way looks at them like at any text.
                    Check::Hex(_) | Check::Nanoseconds => {
                        self.proven += 1;
                        if self.proven > Intact::MOST {
                            return None;
                        }
                    }
                    _ => {}
                }
            }
        }
        Some(())
    }
}
