//! Captured records that differ in values alone, as those of one line of a program do.
//!
//! A template is a captured record with the text that was made of it along the tree. A record that comes from the same place
//! in a program has most of these bytes again: the names always, and the values that are constants there. What is equal is
//! compared in words and copied in pieces; only a value that differs is read, checked and written.
//!
//! It allows nothing by itself. Up to the first byte that differs both records say the same, so that byte belongs to a value
//! where the template has one, or the tree is asked. A value that is equal has the verdict that it had.

use super::captured::scalar;
use super::tree::Tree;
use crate::capture::{JsonText, captured_byte, tag};
use crate::hash::hash;
use crate::record::Inline;
use crate::scrub::Values;

/// Templates of a thread for one engine, a power of two: places in a program that write records all the time.
const SLOTS: usize = 16;
/// The longest captured record that is kept: eight times a usual one.
const MOST_BYTES: usize = 2 << 10;
/// Records in a row that its slot's template was none for, after which one takes its place: keeping one costs a tenth of
/// what it saves once.
const MISSES: u32 = 4;
/// Bytes that values may be longer than the template's before memory is asked for again.
const ROOM: usize = 16;
/// Members whose names and values say where in a program a record comes from: an event's channel and name.
const LEADING: usize = 2;

/// Where a record's text goes: into an outcome, or behind an archive's other lines.
pub(super) trait Sink {
    /// Bytes so far.
    fn length(&self) -> usize;
    /// Takes back all behind so many bytes, which end where something was added.
    fn cut(&mut self, length: usize);
    /// Makes room for so many bytes more, or a few more than that.
    fn make_room(&mut self, bytes: usize);
    fn add(&mut self, text: &str);
    /// Adds a value's text; nothing where it is none.
    fn add_value(&mut self, text: &[u8]) -> Option<()>;
}

impl Sink for String {
    fn length(&self) -> usize {
        self.len()
    }

    fn cut(&mut self, length: usize) {
        self.truncate(length);
    }

    fn make_room(&mut self, bytes: usize) {
        self.reserve_exact(bytes);
    }

    #[inline]
    fn add(&mut self, text: &str) {
        self.push_str(text);
    }

    #[inline]
    fn add_value(&mut self, text: &[u8]) -> Option<()> {
        self.push_str(std::str::from_utf8(text).ok()?);
        Some(())
    }
}

impl Sink for Vec<u8> {
    fn length(&self) -> usize {
        self.len()
    }

    fn cut(&mut self, length: usize) {
        self.truncate(length);
    }

    fn make_room(&mut self, bytes: usize) {
        self.reserve(bytes);
    }

    #[inline]
    fn add(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn add_value(&mut self, text: &[u8]) -> Option<()> {
        // A template's values are ASCII, or it gives up.
        self.extend_from_slice(text);
        Some(())
    }
}

/// Where a value stands: in the captured bytes, in the text, and among what the tree allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text_start: usize,
    /// Behind it stands a comma, or what closes the latest container.
    pub(super) text_end: usize,
    /// Its place in the tree's table.
    pub(super) value: u32,
}

/// Where the id and the time of a stamp stand in a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stamped {
    pub(super) id: Option<usize>,
    pub(super) time: Option<usize>,
}

/// What a record of a thread has in common with others.
#[derive(Debug, Default)]
struct Template {
    captured: Vec<u8>,
    text: String,
    /// Where the id and the time begin, in this order.
    id: usize,
    time: usize,
    spots: Vec<Spot>,
    misses: u32,
}

/// All that are kept, each at a place that follows from how records begin.
#[derive(Debug, Default)]
pub(super) struct Templates(Vec<Template>);

impl Templates {
    /// Adds the text of a captured record that a template says it for, with a stamp's `id` and `time`, to `out`; nothing where
    /// none does.
    pub(super) fn write(
        &mut self,
        tree: &Tree,
        captured: &[u8],
        (id, time): (&Inline, &Inline),
        scratch: &mut JsonText,
        values: &mut Values<'_>,
        out: &mut impl Sink,
    ) -> Option<()> {
        let template = self.0.get_mut(slot(captured))?;
        let before = out.length();
        let written = template.write(tree, captured, (id.as_str(), time.as_str()), scratch, values, out);
        if written.is_none() {
            out.cut(before);
        }
        template.misses = if written.is_some() { 0 } else { template.misses.saturating_add(1) };
        written
    }

    /// Keeps a captured record and the `text` that was written along the tree.
    pub(super) fn offer(&mut self, captured: &[u8], text: &str, stamped: Stamped, spots: &[Spot]) {
        let Stamped { id: Some(id), time: Some(time) } = stamped else { return };
        if captured.len() > MOST_BYTES || time < id {
            return;
        }
        self.0.resize_with(SLOTS, Template::default);
        if let Some(kept) = self.0.get_mut(slot(captured))
            && (kept.captured.is_empty() || kept.misses >= MISSES)
        {
            // The memory of what was there is used again.
            kept.captured.clear();
            kept.captured.extend_from_slice(captured);
            kept.text.clear();
            kept.text.push_str(text);
            kept.spots.clear();
            kept.spots.extend_from_slice(spots);
            (kept.id, kept.time, kept.misses) = (id, time, 0);
        }
    }
}

impl Template {
    fn write(
        &self,
        tree: &Tree,
        captured: &[u8],
        (id, time): (&str, &str),
        scratch: &mut JsonText,
        values: &mut Values<'_>,
        out: &mut impl Sink,
    ) -> Option<()> {
        if self.captured.is_empty() {
            return None;
        }
        out.make_room(self.text.len() + ROOM);
        out.add(self.text.get(..self.id)?);
        out.add(id);
        out.add(self.text.get(self.id + id.len()..self.time)?);
        out.add(time);
        let (mut copied, mut seen, mut rest) = (self.time + time.len(), 0, captured);
        let mut spots = self.spots.iter();
        loop {
            let own = self.captured.get(seen..)?;
            let same = common(own, rest);
            if same == own.len() {
                out.add(self.text.get(copied..)?);
                return (same == rest.len()).then_some(());
            }
            let differs = seen + same;
            let spot = spots.find(|spot| spot.end > differs)?;
            let begun = differs.checked_sub(spot.start)?;
            rest = rest.get(same.checked_sub(begun)?..)?;
            out.add(self.text.get(copied..spot.text_start)?);
            scratch.clear();
            let tag = captured_byte(&mut rest).ok()?;
            scalar(tree.values.get(spot.value as usize)?, tag, &mut rest, scratch, values)?;
            let (_comma, value) = scratch.as_bytes().split_last()?;
            out.add_value(value)?;
            (copied, seen) = (spot.text_end, spot.end);
        }
    }
}

/// Where a record's template is kept.
fn slot(captured: &[u8]) -> usize {
    // Behind the byte that begins the object.
    let mut end = 1;
    for _ in 0..2 * LEADING {
        match captured.get(end..) {
            Some([tag::TEXT_1, length, ..]) => end += 2 + usize::from(*length),
            _ => break,
        }
    }
    hash(captured.get(1..end).unwrap_or_default()) as usize % SLOTS
}

/// How many bytes both begin with.
#[inline]
fn common(a: &[u8], b: &[u8]) -> usize {
    const WORD: usize = size_of::<u64>();
    let (ours, theirs) = (a.as_chunks::<WORD>().0, b.as_chunks::<WORD>().0);
    for (at, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let differing = u64::from_le_bytes(*ours) ^ u64::from_le_bytes(*theirs);
        if differing != 0 {
            return at * WORD + differing.trailing_zeros() as usize / 8;
        }
    }
    let at = ours.len().min(theirs.len()) * WORD;
    let rest = a.iter().zip(b).skip(at);
    at + rest.take_while(|(ours, theirs)| ours == theirs).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_up_to_where_they_differ_or_one_ends() {
        for length in 0..40 {
            let bytes = vec![b'a'; length];
            assert_eq!(common(&bytes, &bytes), length);
            for at in 0..length {
                let mut other = bytes.clone();
                other[at] = b'b';
                assert_eq!((common(&bytes, &other), common(&bytes, &bytes[..at])), (at, at));
                assert_eq!(common(&other[..=at], &bytes), at);
            }
        }
    }

    #[test]
    fn a_record_has_its_place_by_its_first_members_and_may_be_anything() {
        let begin = b"\x8a\x87\x07channel\x87\x03web\x87\x05event\x87\x01e";
        let with = |more: &[u8]| slot(&[&begin[..], more].concat());
        assert_eq!(with(b"\x87\x01a\x01"), with(b"\x87\x01b\x87\x01c\x8c"));
        let places: std::collections::BTreeSet<usize> =
            (0..100_u8).map(|n| slot(&[&begin[..], &[n]].concat())).collect();
        assert_eq!(places.len(), 1);
        for cut in 0..begin.len() {
            assert!(slot(&begin[..cut]) < SLOTS);
        }
    }
}
