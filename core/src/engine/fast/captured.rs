//! A record as a host holds it, read along the tree without being made JSON text first.
//!
//! Most records that a program checks are of a structure that the thread has seen, and have nothing in them to be scrubbed:
//! short words that were clean before, numbers, a new id and time. Their canonical text is written straight from the captured
//! values. It gives up wherever anything else is asked for, and the record goes the way of its JSON text.

use super::Fast;
use super::template::{Sink, Spot, Stamped};
use super::tree::{NONE, Scalar as Spec, Step, Tree, Value};
use crate::capture::{JsonText, captured_byte, captured_string, tag, write_scalar};
use crate::engine::Engine;
use crate::json::plain_number_end;
use crate::outcome::{Outcome, RecordId, Status};
use crate::record::limits::MAX_NAME_CHARS;
use crate::record::{Check, Inline};
use crate::scrub::Values;
use crate::stamp::Stamp;

/// Bytes of captured records that are read so: no value takes five times its bytes as JSON, so their text is within limits.
const MOST_BYTES: usize = 8 << 10;

/// An object or array that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// As in [`follow`](super::follow): a point of an object, or what elements are.
    state: u32,
    is_object: bool,
}

impl Fast {
    /// The outcome for a `captured` record; nothing where the way of its text has to decide.
    pub(in crate::engine) fn process_captured(
        &mut self,
        engine: &Engine,
        captured: &[u8],
        stamp: &Stamp,
    ) -> Option<Outcome> {
        let mut record = String::new();
        let id = self.write_text(engine, captured, stamp, &mut record)?;
        Some(Outcome {
            status: Status::Accepted,
            id: Some(RecordId(id)),
            violations: Vec::new(),
            redactions: Vec::new(),
            record: Some(record),
        })
    }

    /// Adds the text of an accepted record, with a newline, to `lines`; whether it did, else the way of its text has to decide.
    #[cfg(any(test, feature = "client"))]
    pub(in crate::engine) fn add_line(
        &mut self,
        engine: &Engine,
        captured: &[u8],
        stamp: &Stamp,
        lines: &mut Vec<u8>,
    ) -> bool {
        let is_written = self.write_text(engine, captured, stamp, lines).is_some();
        if is_written {
            lines.push(b'\n');
        }
        is_written
    }

    /// Adds the text of a captured record that is accepted to `out`; its id.
    fn write_text(&mut self, engine: &Engine, captured: &[u8], stamp: &Stamp, out: &mut impl Sink) -> Option<Inline> {
        if captured.len() > MOST_BYTES || engine.scrubber.allows_paths() {
            return None;
        }
        let mut rest = captured;
        if captured_byte(&mut rest).ok()? != tag::OBJECT {
            return None;
        }
        let (id, time) = (stamp.id(), stamp.now.to_text_after(&mut self.second));
        let mut values = Values::of(&engine.scrubber);
        let templated = self.templates.write(&self.tree, captured, (&id, &time), &mut self.text, &mut values, out);
        let written = templated
            .or_else(|| self.write_captured(captured, &mut rest, (&id, &time), &mut values).map(|text| out.add(text)));
        values.give_back();
        written?;
        self.earn();
        Some(id)
    }

    /// The text of a captured record along the tree, which is a template from then on; `rest` is what follows its first byte.
    fn write_captured(
        &mut self,
        captured: &[u8],
        rest: &mut &[u8],
        (id, time): (&Inline, &Inline),
        values: &mut Values<'_>,
    ) -> Option<&str> {
        let mut writing = Writing {
            tree: &self.tree,
            steps: &self.tree.plans.get(self.usual as usize)?.steps,
            text: &mut self.text,
            open: &mut self.open,
            length: captured.len(),
            spots: &mut self.spots,
        };
        let stamped = writing.head(id, time);
        let end = writing.members(rest, values)?;
        if end != self.usual {
            // The next record may end as this one does.
            self.usual = end;
            return None;
        }
        let text = std::str::from_utf8(self.text.as_bytes()).ok()?;
        self.templates.offer(captured, text, stamped, &self.spots);
        Some(text)
    }
}

/// A record that is being written. A comma stands behind each value, where the sign that closes what is open then finds it.
struct Writing<'a> {
    tree: &'a Tree,
    /// The steps that are still to come.
    steps: &'a [Step],
    text: &'a mut JsonText,
    open: &'a mut Vec<Open>,
    /// Bytes of the captured record.
    length: usize,
    /// Where its values stand.
    spots: &'a mut Vec<Spot>,
}

impl Writing<'_> {
    /// What stands before the first of the record's own members; where the stamp stands in it.
    fn head(&mut self, id: &Inline, time: &Inline) -> Stamped {
        let mut stamped = Stamped::default();
        self.text.clear();
        self.open.clear();
        self.spots.clear();
        while let [step, behind @ ..] = self.steps {
            match step {
                Step::Text(text) => {
                    // All but the first begin with a comma, which stands there already.
                    self.text.append(text.strip_prefix(',').unwrap_or(text).as_bytes());
                    self.text.byte(b',');
                }
                Step::Id => {
                    self.text.append(b"\"id\":");
                    stamped.id = Some(self.text.as_bytes().len() + 1);
                    self.text.string(id.as_bytes(), b',');
                }
                Step::Time => {
                    self.text.append(b"\"timestamp\":");
                    stamped.time = Some(self.text.as_bytes().len() + 1);
                    self.text.string(time.as_bytes(), b',');
                }
                Step::Field(_) => break,
            }
            self.steps = behind;
        }
        stamped
    }

    /// The members of the record, in the order in which the plan wants them; the place of the plan that they ask for.
    fn members(&mut self, rest: &mut &[u8], values: &mut Values<'_>) -> Option<u32> {
        let mut top = Open { state: Tree::ROOT, is_object: true };
        loop {
            let mut tag = captured_byte(rest).ok()?;
            if tag == tag::END {
                let end = if top.is_object { self.tree.states.get(top.state as usize)?.end } else { 0 };
                if end == NONE {
                    return None;
                }
                self.text.close(if top.is_object { b'}' } else { b']' });
                let Some(outer) = self.open.pop() else {
                    return (rest.is_empty() && self.steps.is_empty()).then_some(end);
                };
                top = outer;
                self.text.byte(b',');
                continue;
            }
            let mut index = top.state;
            if top.is_object {
                let edge = self.tree.named(top.state, captured_string(tag, rest).ok()?)?;
                if self.open.is_empty() {
                    let [Step::Field(place), behind @ ..] = self.steps else { return None };
                    if *place != edge.place {
                        return None;
                    }
                    self.steps = behind;
                }
                self.text.append(self.tree.text(edge));
                (top.state, index) = (edge.next, edge.value);
                tag = captured_byte(rest).ok()?;
            }
            let value = self.tree.values.get(index as usize)?;
            if let tag::OBJECT | tag::ARRAY = tag {
                let is_object = tag == tag::OBJECT;
                let state = if is_object { value.object } else { value.elements };
                if state == NONE {
                    return None;
                }
                self.open.push(top);
                top = Open { state, is_object };
                self.text.byte(if is_object { b'{' } else { b'[' });
            } else {
                let (start, text_start) = (self.length - rest.len() - 1, self.text.as_bytes().len());
                scalar(value, tag, rest, self.text, values)?;
                let (end, text_end) = (self.length - rest.len(), self.text.as_bytes().len() - 1);
                self.spots.push(Spot { start, end, text_start, text_end, value: index });
            }
        }
    }
}

/// Writes a value that is no container, and a comma, where nothing is to be done about it. `rest` is what follows its tag.
pub(super) fn scalar(
    value: &Value,
    tag: u8,
    rest: &mut &[u8],
    out: &mut JsonText,
    values: &mut Values<'_>,
) -> Option<()> {
    match tag {
        tag::TEXT_1 | tag::TEXT_4 => {
            let text = captured_string(tag, rest).ok()?;
            if !is_fine(value.string.as_ref()?, text, values) {
                return None;
            }
            out.string(text, b',');
        }
        tag::NULL if value.has_null => write_scalar(tag, rest, out).ok()?,
        tag::TRUE | tag::FALSE if is_free(value.bool.as_ref()) => write_scalar(tag, rest, out).ok()?,
        tag::JSON | tag::NULL | tag::TRUE | tag::FALSE => return None,
        _ if !is_free(value.number.as_ref()) => return None,
        // Whole numbers are plain however they are written.
        0..0x80 | tag::INT_4 | tag::INT_8 => write_scalar(tag, rest, out).ok()?,
        _ => {
            let start = out.as_bytes().len();
            write_scalar(tag, rest, out).ok()?;
            let number = out.as_bytes().get(start..)?;
            let end = plain_number_end(number, usize::from(number.first() == Some(&b'-')))?;
            // Behind it stands the comma alone.
            if end + 1 != number.len() {
                return None;
            }
        }
    }
    Some(())
}

/// Whether any value of a kind may stand at a place.
fn is_free(spec: Option<&Spec>) -> bool {
    spec.is_some_and(|spec| spec.check.is_none() && !spec.is_looked_at)
}

/// Whether a string is as it should be, and nothing is to be scrubbed in it.
fn is_fine(spec: &Spec, text: &[u8], values: &mut Values<'_>) -> bool {
    // ASCII without control characters, that JSON writes as it stands.
    let is_odd = |byte: u8| !(b' '..0x7f).contains(&byte) || matches!(byte, b'"' | b'\\');
    if text.iter().fold(0, |odd, byte| odd | u8::from(is_odd(*byte))) != 0 {
        return false;
    }
    let is_checked = match spec.check {
        None | Some(Check::Prose) => true,
        Some(Check::Text(most)) => (1..=most).contains(&text.len()),
        Some(Check::Key) => (1..=MAX_NAME_CHARS).contains(&text.len()) && super::value::is_word(text),
        Some(_) => false,
    };
    is_checked
        && !spec.is_proven
        && spec
            .named
            .is_some_and(|named| named.rule.is_none() && values.is_known_clean(text, named.place, spec.is_looked_at))
}

#[cfg(test)]
mod tests;
