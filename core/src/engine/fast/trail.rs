//! Trails: what was read along the tree, as one text after another.
//!
//! Between two values of a record stands what its structure says: a quote, brackets, a comma, a name, a colon. All of it
//! is one comparison here, whatever the tree makes of it, and no container is opened or closed. A trail is what the tree
//! allowed before and nothing else: points of a trail are those of the tree with all that is around them, so an object that
//! varies costs its own variants, and elements of a list come back to one point.

use super::lists::Moves;
use super::tree::{NONE, Point, Scalar as Spec};
use crate::record::Check;

/// All trails.
#[derive(Debug, Default)]
pub(super) struct Trails {
    /// By point the first of the steps that have followed.
    first: Vec<u32>,
    steps: Vec<Step>,
    /// The steps' texts, one behind another.
    texts: Vec<u8>,
    /// Whether a step found no room.
    is_full: bool,
}

/// From behind a value to behind the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stride {
    pub(super) what: What,
    /// The value's place in the tree.
    pub(super) value: u32,
    /// What stands before it.
    pub(super) boundary: Option<Boundary>,
    pub(super) moves: Moves,
    /// Where the record has come to behind it.
    pub(super) to: Point,
}

impl Stride {
    /// Whether the value at `start` may be this. Before a number stands nothing that other values do not have before them.
    #[inline]
    pub(super) fn goes_on(&self, bytes: &[u8], start: usize) -> bool {
        !matches!(self.what, What::Number(_)) || matches!(bytes.get(start), Some(b'-' | b'0'..=b'9'))
    }
}

/// Where a member of the record itself ends: before a comma or the last brace. The first member follows the first brace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boundary {
    /// Where the sign stands in the step's text.
    pub(super) at: u32,
    /// The field whose member begins behind it.
    pub(super) place: Option<u8>,
}

/// What a step ends with.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// A string, whose first quote is the end of the step's text.
    String(Spec),
    Number(Spec),
    /// A word that is checked, and is the end of the step's text.
    Bool(Check, &'static str),
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
    /// How many bits of that are not the text's.
    spare: u8,
    /// Its last eight bytes, of a longer text.
    tail: u64,
    start: u32,
    len: u32,
    /// Another step from the same point: texts of one beginning in falling order of length.
    sibling: u32,
    stride: Stride,
}

/// Steps from one point: what varies more is no structure, and looking through it would cost more than the tree does.
const MOST_SIBLINGS: usize = 16;
const MOST_STEPS: usize = 1 << 12;
const MOST_TEXT: usize = 1 << 17;
/// Bytes of one step: names are shorter.
const MAX_TEXT: usize = 1 << 10;

/// Bytes that are compared as one number.
const WORD: usize = size_of::<u64>();

/// The bytes from `at` on, as many as a word has, or fewer at the end of `text`.
#[inline]
fn word(text: &[u8], at: usize) -> u64 {
    let word = at.checked_add(WORD).and_then(|end| text.get(at..end)?.try_into().ok());
    match word {
        Some(word) => u64::from_le_bytes(word),
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

impl Trails {
    /// The step from `point` on whose text stands at `at`, and what is behind that.
    #[inline]
    pub(super) fn find(&self, point: Point, text: &[u8], at: usize) -> Option<(&Stride, usize)> {
        let head = word(text, at);
        let mut index = *self.first.get(point.index())?;
        loop {
            let step = self.steps.get(index as usize)?;
            if (head ^ step.head) << step.spare == 0 && self.has_rest(step, text, at) {
                return Some((&step.stride, at + step.len as usize));
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

    /// Whether a step found no room: what a thread keeps is bounded, and begun anew.
    pub(super) const fn is_full(&self) -> bool {
        self.is_full
    }

    /// Forgets all steps.
    pub(super) fn clear(&mut self) {
        self.first.clear();
        self.steps.clear();
        self.texts.clear();
        self.is_full = false;
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Adds the step by `text`, which was read along the tree; nothing where there is no room.
    pub(super) fn add(&mut self, from: Point, text: &[u8], stride: Stride) -> Option<()> {
        // At once: what a thread keeps does not grow by a record.
        if self.steps.capacity() == 0 {
            self.steps.reserve_exact(MOST_STEPS);
            self.texts.reserve_exact(MOST_TEXT);
        }
        if self.first.len() <= from.index() {
            self.first.resize(from.index() + 1, NONE);
        }
        let mut before = NONE;
        let mut index = *self.first.get(from.index())?;
        let mut siblings = 0;
        while let Some(step) = self.steps.get(index as usize) {
            if step.len as usize >= text.len() {
                before = index;
            }
            index = step.sibling;
            siblings += 1;
        }
        if siblings >= MOST_SIBLINGS || text.is_empty() || text.len() > MAX_TEXT {
            return None;
        }
        if self.steps.len() >= MOST_STEPS || self.texts.len() + text.len() > MOST_TEXT {
            self.is_full = true;
            return None;
        }
        let (start, len) = (u32::try_from(self.texts.len()).ok()?, u32::try_from(text.len()).ok()?);
        let shown = text.len().min(WORD);
        let step = Step {
            head: word(text.get(..shown)?, 0),
            spare: u8::try_from(WORD - shown).ok()? * 8,
            tail: word(text, text.len().saturating_sub(WORD)),
            start,
            len,
            sibling: NONE,
            stride,
        };
        self.texts.extend_from_slice(text);
        let new = u32::try_from(self.steps.len()).ok()?;
        let link = match self.steps.get_mut(before as usize) {
            Some(before) => &mut before.sibling,
            None => self.first.get_mut(from.index())?,
        };
        let sibling = std::mem::replace(link, new);
        self.steps.push(Step { sibling, ..step });
        Some(())
    }
}
