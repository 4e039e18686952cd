//! Writes a record that was followed: what the ordinary way would write, in as few pieces as it has findings.

use std::borrow::Cow;
use std::ops::Range;

use super::follow::{Followed, Look, Looked, Moment};
use super::tree::{Step, Tree};
use crate::engine::{Engine, STAMPED_BYTES, is_too_large};
use crate::json::{Document, decode, write_string};
use crate::outcome::{Outcome, RecordId, Redaction, Status};
use crate::record::{Inline, utc_end};
use crate::scan::{Scanned, seen};
use crate::scrub::{Changed, Values};
use crate::stamp::Stamp;

/// Bytes of paths beyond which the ordinary way tells findings together.
const MOST_PATHS: usize = 1 << 15;

/// The text that is being written.
struct Writing<'a> {
    input: &'a str,
    out: String,
    /// The stretch of the input that is still to be copied.
    pending: Range<usize>,
    redactions: Vec<Redaction>,
    paths: usize,
    /// The look behind the last that was taken.
    next_look: usize,
}

/// What a record is written of.
#[derive(Clone, Copy)]
struct Parts<'s, 'a> {
    tree: &'a Tree,
    plan: u32,
    document: &'s Document<'s>,
    id: Option<&'a Inline>,
    time: &'a Moment,
}

impl Writing<'_> {
    fn flush(&mut self) {
        self.out.push_str(self.input.get(self.pending.clone()).unwrap_or_default());
        self.pending = 0..0;
    }

    fn quoted(&mut self, token: &str) {
        self.out.push('"');
        self.out.push_str(token);
        self.out.push('"');
    }

    /// A member whose value needs neither scrubbing nor escapes; its `name` with all the signs around it, and what is
    /// behind its text.
    fn member(&mut self, name: &str, text: &str, end: &str) {
        self.flush();
        self.out.push_str(name);
        self.out.push_str(text);
        self.out.push_str(end);
    }
}

impl Followed {
    /// The outcome; nothing where the ordinary way has to decide.
    pub(super) fn write(
        &self,
        tree: &Tree,
        plan: u32,
        engine: &Engine,
        document: &Document<'_>,
        stamp: Option<&Stamp>,
    ) -> Option<Outcome> {
        let input = document.input();
        let id = self.id.or_else(|| stamp.map(Stamp::id));
        let time = self.time.or_else(|| stamp.map(|stamp| Moment::Text(stamp.now.to_text())))?;
        let record_id = id.map(RecordId);
        let tenant = || self.tenant.and_then(|(start, end)| input.get(start as usize..end as usize)).map(Cow::Borrowed);
        let scrubber = engine.scrubber.of_record(tenant, record_id.as_ref());
        let mut values = Values::of(&scrubber);
        let mut writing = Writing {
            input,
            out: String::with_capacity(input.len() + STAMPED_BYTES),
            pending: 0..0,
            redactions: Vec::new(),
            paths: 0,
            next_look: 0,
        };
        let parts = Parts { tree, plan, document, id: id.as_ref(), time: &time };
        let written = self.steps(parts, &mut values, &mut writing);
        values.give_back();
        written?;
        writing.flush();
        writing.out.push('}');
        if is_too_large(writing.out.as_bytes()) {
            return None;
        }
        let (record, redactions) = (Some(writing.out), writing.redactions);
        Some(Outcome { status: Status::Accepted, id: record_id, violations: Vec::new(), redactions, record })
    }

    /// Writes everything but the last brace.
    fn steps<'s>(&self, parts: Parts<'s, '_>, values: &mut Values<'s>, writing: &mut Writing<'_>) -> Option<()> {
        let Parts { tree, plan, document, id, time } = parts;
        for step in &tree.plans.get(plan as usize)?.steps {
            match step {
                Step::Text(text) => {
                    writing.flush();
                    writing.out.push_str(text);
                }
                Step::Id => {
                    if let Some(id) = id {
                        let written =
                            self.id_at.and_then(|at| writing.input.get(at as usize..)?.get(..id.as_bytes().len()));
                        writing.member(",\"id\":\"", written.unwrap_or_else(|| id.as_str()), "\"");
                    }
                }
                Step::Time => {
                    let (text, end) = match time {
                        Moment::At { start, len } => {
                            let (start, len) = (*start as usize, usize::from(*len));
                            (writing.input.get(start..start + len).unwrap_or_default(), utc_end(len))
                        }
                        Moment::Text(text) => (text.as_str(), ""),
                    };
                    writing.member(",\"timestamp\":\"", text, end);
                    writing.out.push('"');
                }
                Step::Field(place) => {
                    let (start, end) = *self.fields.get(usize::from(*place))?;
                    self.field(tree, document, values, writing, start as usize..end as usize)?;
                }
            }
        }
        Some(())
    }

    /// Writes the member that stands at `at`.
    fn field<'s>(
        &self,
        tree: &Tree,
        document: &'s Document<'_>,
        values: &mut Values<'s>,
        writing: &mut Writing<'_>,
        at: Range<usize>,
    ) -> Option<()> {
        // Members that stand behind one another in the record are copied in one piece, with the comma.
        if writing.pending.is_empty() || at.start != writing.pending.end + 1 {
            writing.flush();
            writing.out.push(',');
            writing.pending = at.start..at.start;
        }
        // Nearly always in the order in which they stand.
        let is_behind = |index: usize| self.looks.get(index).is_none_or(|look| look.start as usize >= at.start);
        let is_next = is_behind(writing.next_look) && (writing.next_look == 0 || !is_behind(writing.next_look - 1));
        if !is_next {
            writing.next_look = self.looks.partition_point(|look| (look.start as usize) < at.start);
        }
        while let Some(look) = self.looks.get(writing.next_look).filter(|look| (look.start as usize) < at.end) {
            writing.next_look += 1;
            self.look(tree, document, values, writing, *look);
            if writing.paths > MOST_PATHS {
                return None;
            }
        }
        writing.pending.end = at.end;
        Some(())
    }

    /// Looks at a value, and writes what is to stand in its place.
    fn look<'s>(
        &self,
        tree: &Tree,
        document: &'s Document<'_>,
        values: &mut Values<'s>,
        writing: &mut Writing<'_>,
        Look { start, end, kind, named, value, place }: Look,
    ) {
        let (start, end, input) = (start as usize, end as usize, document.input());
        let text = input.get(start..end).unwrap_or_default();
        let pointer = || self.lists.pointer(tree.pointer(value), place);
        let changed = match kind {
            Looked::Plain => {
                let blocks = document.blocks();
                let scanned = || Scanned::new(text, seen(blocks, start, end), blocks, start);
                values.string(scanned, text, named, pointer)
            }
            Looked::Escaped => {
                let decoded = decode(text);
                let changed = values.decoded(&decoded, named, pointer);
                Some(changed.unwrap_or_else(|| Changed::nothing(decoded.into_owned())))
            }
            Looked::Number => named.rule.and_then(|rule| values.number(text, rule, pointer)),
        };
        let Some(changed) = changed else { return };
        let quote = usize::from(kind != Looked::Number);
        writing.pending.end = start - quote;
        writing.flush();
        match &changed.text {
            // A token, which has nothing to escape.
            Cow::Borrowed(token) => writing.quoted(token),
            Cow::Owned(text) => write_string(text, &mut writing.out),
        }
        writing.pending = end + quote..end + quote;
        for &(rule, action) in &*changed.changes {
            let path = pointer();
            writing.paths += path.len() + size_of::<Redaction>();
            writing.redactions.push(Redaction { path, rule: rule.name(), action });
        }
    }
}
