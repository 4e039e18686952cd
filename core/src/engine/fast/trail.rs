//! Trails: what was read along the tree, as one text after another.
//!
//! Between two values of a record stands what its structure says: a quote, brackets, a comma, a name, a colon. All of it
//! is one comparison here, whatever the tree makes of it, and no container is opened or closed. A trail is what the tree
//! allowed before and nothing else: points of a trail are those of the tree with all that is around them, so an object that
//! varies costs its own variants, and elements of a list come back to one point.

use std::collections::HashMap;

use super::follow::{Followed, Spot};
use super::tree::{NONE, Scalar as Spec};
use crate::json::Document;

/// All trails.
#[derive(Debug)]
pub(super) struct Trails {
    /// Each point's number by what it is in the tree, and the first of the steps that have followed.
    numbers: HashMap<Point, u32>,
    first: Vec<u32>,
    steps: Vec<Step>,
    /// The steps' texts, one behind another.
    texts: Vec<u8>,
}

/// Where a trail has come to: behind a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Point {
    /// The point at which the container was opened that this is in; none for the record itself.
    pub(super) outer: u32,
    /// In an object the tree's point, in an array what its elements are.
    pub(super) state: u32,
    pub(super) is_object: bool,
}

/// A value that was read along the tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace {
    pub(super) what: What,
    /// Its place in the tree.
    pub(super) value: u32,
    /// Where it begins, a string behind its quote, and where the text begins that follows: a string's with its quote.
    pub(super) start: u32,
    pub(super) end: u32,
    /// What stands before it.
    pub(super) boundary: Option<Boundary>,
    /// The point behind it, among those of the record.
    pub(super) to: u32,
}

/// Where a member of the record itself ends: before a comma or the last brace. The first member follows the first brace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boundary {
    /// Where the sign stands, in the record or in a step's text.
    pub(super) at: u32,
    /// The field whose member begins behind it.
    pub(super) place: Option<u8>,
}

/// What a step ends with.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    String(Spec),
    Number(Spec),
    /// The text says it: a word, an empty container, what is fixed.
    Nothing,
    /// The record's end, and the plan by which it is written.
    End(u32),
}

/// A text and the value behind it.
#[derive(Debug)]
struct Step {
    /// The text's first bytes as a number, at most eight.
    head: u64,
    /// Its last eight bytes, of a longer text.
    tail: u64,
    start: u32,
    len: u32,
    /// Another step from the same point: texts of one beginning in falling order of length.
    sibling: u32,
    next: u32,
    what: What,
    value: u32,
    boundary: Option<Boundary>,
}

/// The point before a record.
const START: u32 = 0;
/// Steps from one point: what varies more is no structure, and looking through it would cost more than the tree does.
const MOST_SIBLINGS: usize = 16;
const MOST_STEPS: usize = 1 << 12;
const MOST_TEXT: usize = 1 << 17;
/// Bytes of one step: names are shorter.
const MAX_TEXT: usize = 1 << 10;
/// Values of a record whose trail is kept: of a longer one the values, not the structure, are what it costs.
pub(super) const MOST_VALUES: usize = 256;

/// Bytes that are compared as one number.
const WORD: usize = size_of::<u64>();

impl Default for Trails {
    fn default() -> Self {
        Self { numbers: HashMap::new(), first: vec![NONE], steps: Vec::new(), texts: Vec::new() }
    }
}

/// The bytes from `at` on, as many as a word has, or fewer at the end of `text`.
#[inline]
fn word(text: &[u8], at: usize) -> u64 {
    match text.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(word) => u64::from_le_bytes(*word),
        None => short_word(text, at),
    }
}

#[cold]
fn short_word(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    let mut word = [0; WORD];
    for (byte, of) in word.iter_mut().zip(rest) {
        *byte = *of;
    }
    u64::from_le_bytes(word)
}

/// Which bytes of a word a text of `len` bytes has.
#[inline]
const fn mask(len: u32) -> u64 {
    if len as usize >= WORD { u64::MAX } else { (1 << (len * 8)) - 1 }
}

impl Trails {
    /// The step whose text stands at `at`.
    #[inline]
    fn find(&self, point: u32, text: &[u8], at: usize) -> Option<&Step> {
        let head = word(text, at);
        let mut index = *self.first.get(point as usize)?;
        loop {
            let step = self.steps.get(index as usize)?;
            if head & mask(step.len) == step.head && self.has_rest(step, text, at) {
                return Some(step);
            }
            index = step.sibling;
        }
    }

    /// Whether the text at `at` goes on as `step` does behind its head.
    #[inline]
    fn has_rest(&self, step: &Step, text: &[u8], at: usize) -> bool {
        let len = step.len as usize;
        if len <= WORD {
            // What is missing at the text's end is zero, which no step has.
            return true;
        }
        if word(text, at + len - WORD) != step.tail {
            return false;
        }
        len <= 2 * WORD || text.get(at + WORD..at + len - WORD) == self.middle(step)
    }

    #[inline]
    fn middle(&self, step: &Step) -> Option<&[u8]> {
        self.texts.get(step.start as usize + WORD..(step.start + step.len) as usize - WORD)
    }

    /// Whether there is room for no more.
    pub(super) fn is_full(&self) -> bool {
        self.steps.len() >= MOST_STEPS || self.first.len() >= MOST_STEPS || self.texts.len() + MAX_TEXT > MOST_TEXT
    }

    /// Keeps what was `followed` of `text`; nothing where there is no room.
    pub(super) fn keep(&mut self, followed: &Followed, text: &[u8]) -> Option<()> {
        // At once: what a thread keeps does not grow by a record.
        self.steps.reserve_exact(MOST_STEPS - self.steps.len());
        self.texts.reserve_exact(MOST_TEXT.saturating_sub(self.texts.len()));
        self.first.reserve_exact(MOST_STEPS.saturating_sub(self.first.len()));
        self.numbers.reserve(MOST_STEPS.saturating_sub(self.numbers.len()));
        let mut numbers: Vec<u32> = Vec::with_capacity(followed.points.len());
        for point in &followed.points {
            // Points stand behind those that they are in.
            let outer = if point.outer == NONE { NONE } else { *numbers.get(point.outer as usize)? };
            numbers.push(self.number(Point { outer, ..*point })?);
        }
        let (mut from, mut at) = (START, 0);
        for trace in &followed.traces {
            let to = *numbers.get(trace.to as usize)?;
            let start = trace.start as usize;
            self.add((from, to), text.get(at..start)?, at, trace)?;
            (from, at) = (to, trace.end as usize);
        }
        Some(())
    }

    fn number(&mut self, point: Point) -> Option<u32> {
        let next = u32::try_from(self.first.len()).ok()?;
        if let Some(number) = self.numbers.get(&point) {
            return Some(*number);
        }
        if self.is_full() {
            return None;
        }
        self.numbers.insert(point, next);
        self.first.push(NONE);
        Some(next)
    }

    /// Adds the step from one point to another by `text`, which stands at `at` of the record.
    fn add(&mut self, (from, to): (u32, u32), text: &[u8], at: usize, trace: &Trace) -> Option<()> {
        let mut before = NONE;
        let mut index = *self.first.get(from as usize)?;
        let mut siblings = 0;
        while let Some(step) = self.steps.get(index as usize) {
            if self.texts.get(step.start as usize..(step.start + step.len) as usize) == Some(text) {
                return Some(());
            }
            if step.len as usize >= text.len() {
                before = index;
            }
            index = step.sibling;
            siblings += 1;
        }
        if siblings >= MOST_SIBLINGS || text.len() > MAX_TEXT || self.is_full() {
            return None;
        }
        let (start, len) = (u32::try_from(self.texts.len()).ok()?, u32::try_from(text.len()).ok()?);
        let at = u32::try_from(at).ok()?;
        let shown = text.len().min(WORD);
        let step = Step {
            head: word(text.get(..shown)?, 0),
            tail: word(text, text.len().saturating_sub(WORD)),
            start,
            len,
            sibling: NONE,
            next: to,
            what: trace.what,
            value: trace.value,
            boundary: trace.boundary.map(|boundary| Boundary { at: boundary.at - at, ..boundary }),
        };
        self.texts.extend_from_slice(text);
        let new = u32::try_from(self.steps.len()).ok()?;
        let link = match self.steps.get_mut(before as usize) {
            Some(before) => &mut before.sibling,
            None => self.first.get_mut(from as usize)?,
        };
        let sibling = std::mem::replace(link, new);
        self.steps.push(Step { sibling, ..step });
        Some(())
    }
}

impl Followed {
    /// As [`follow`](Self::follow), along `trails`; what it notes does not say where it stands.
    #[allow(clippy::cast_possible_truncation, reason = "offsets fit: a record is far below 4 GiB")]
    pub(super) fn follow_trail(&mut self, trails: &Trails, document: &Document<'_>) -> Option<u32> {
        let text = document.input();
        let bytes = text.as_bytes();
        self.clear();
        let (mut at, mut point, mut place) = (0, START, None);
        loop {
            let step = trails.find(point, bytes, at)?;
            if let Some(boundary) = step.boundary {
                let sign = at as u32 + boundary.at;
                if let Some(ended) = place.and_then(|place: u8| self.fields.get_mut(usize::from(place))) {
                    ended.1 = sign;
                }
                place = boundary.place;
                if let Some(begun) = place.and_then(|place| self.fields.get_mut(usize::from(place))) {
                    begun.0 = sign + 1;
                }
            }
            at += step.len as usize;
            match &step.what {
                What::String(spec) => at = self.string(spec, document, at, || (step.value, Spot::UNKNOWN))?,
                What::Number(spec) => at = self.number(spec, text, at, || (step.value, Spot::UNKNOWN))?,
                What::Nothing => {}
                What::End(plan) => return (at == bytes.len()).then_some(*plan),
            }
            point = step.next;
        }
    }
}
