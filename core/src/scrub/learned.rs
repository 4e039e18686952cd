//! What a thread has learned of texts that come again and again: what member names mean, and which values are clean.
//! Applications use few names, and the same user agents, routes and releases in record after record.
//!
//! Only names, and values in which nothing was found, are kept; a text counts as known when all its bytes are equal.

use std::cell::Cell;

use super::Place;
use super::names::Meaning;
use super::path::Path;
use crate::hash::{Ends, hash};
use crate::kept::with_kept;

/// Longer names are rare, and looked at every time.
const MAX_NAME: usize = 32;
/// Longer values seldom come again. A user agent has 120 bytes.
const MAX_VALUE: usize = 160;
/// Slots, a power of two: a few hundred texts in use collide seldom, and the tables stay in the second-level cache.
const NAME_SLOTS: usize = 1 << 10;
const VALUE_SLOTS: usize = 1 << 9;
/// Of values that their ends say whole: releases, tags and routes are many, and 32 bytes hold one.
const SHORT_SLOTS: usize = 1 << 12;

/// What member names mean.
pub(super) type Names = Table<Meaning, MAX_NAME, NAME_SLOTS>;

/// Values in which nothing was found, with their place.
#[derive(Default)]
pub(super) struct Clean {
    short: Table<Place, 0, SHORT_SLOTS>,
    long: Table<Place, MAX_VALUE, VALUE_SLOTS>,
}

impl Clean {
    /// See [`Table::get`].
    #[inline]
    pub(super) fn get(&self, scrubber: u32, text: &[u8]) -> Option<Place> {
        let ends = Ends::of(text);
        if text.len() <= Ends::WHOLE {
            self.short.get_with(ends, ends.hash(text.len()), scrubber, text)
        } else {
            self.long.get(scrubber, text)
        }
    }

    /// See [`Table::offer`].
    pub(super) fn offer(&mut self, scrubber: u32, text: &[u8], place: Place) {
        if text.len() <= Ends::WHOLE {
            self.short.offer(scrubber, text, place);
        } else {
            self.long.offer(scrubber, text, place);
        }
    }
}

/// The tables of a thread, and the memory of a walk.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) names: Names,
    pub(super) clean: Clean,
    /// Where the walk stands: nowhere between walks.
    pub(super) path: Path,
}

thread_local! {
    /// As many as walks have stood inside one another: JSON in strings has its own, so that many small documents in one
    /// record do not each fill new tables.
    #[allow(clippy::vec_box, reason = "a walk takes tables out and puts them back: it moves a pointer")]
    static KEPT: Cell<Vec<Box<Tables>>> = const { Cell::new(Vec::new()) };
}

/// The tables, borrowed for the time of a walk.
pub(super) struct Learned(Box<Tables>);

impl Learned {
    pub(super) fn borrow() -> Self {
        // A thread that is ending keeps nothing any more.
        Self(with_kept(&KEPT, Vec::pop).flatten().unwrap_or_default())
    }

    /// For the next walk of this thread.
    pub(super) fn give_back(mut self) {
        self.0.path.clear();
        with_kept(&KEPT, |kept| kept.push(self.0));
    }
}

impl std::ops::Deref for Learned {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        &self.0
    }
}

impl std::ops::DerefMut for Learned {
    fn deref_mut(&mut self) -> &mut Tables {
        &mut self.0
    }
}

/// A table of texts of at most `MAX` bytes, or of [`Ends::WHOLE`], in which the later of those with one place stays.
pub(super) struct Table<T, const MAX: usize, const SLOTS: usize>(Vec<Slot<T, MAX>>);

#[derive(Clone, Copy)]
struct Slot<T, const MAX: usize> {
    /// Who learned it: no scrubber has number 0.
    scrubber: u32,
    len: u32,
    /// The hash of the last text that came here without being kept.
    offered: u32,
    ends: Ends,
    /// Of texts that their ends do not say whole.
    text: [u8; MAX],
    what: Option<T>,
}

impl<T, const MAX: usize> Slot<T, MAX> {
    /// Whether it keeps what `scrubber` learned of `text`, which has these `ends`.
    #[inline]
    fn holds(&self, scrubber: u32, text: &[u8], ends: Ends) -> bool {
        let is_known = self.ends == ends && self.len as usize == text.len() && self.scrubber == scrubber;
        is_known && (text.len() <= Ends::WHOLE || self.text.get(..text.len()) == Some(text))
    }
}

impl<T, const MAX: usize, const SLOTS: usize> Default for Table<T, MAX, SLOTS> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy, const MAX: usize, const SLOTS: usize> Table<T, MAX, SLOTS> {
    /// The longest text.
    const LONGEST: usize = if MAX > Ends::WHOLE { MAX } else { Ends::WHOLE };

    /// What `scrubber` learned of `text`.
    #[inline]
    pub(super) fn get(&self, scrubber: u32, text: &[u8]) -> Option<T> {
        self.get_hashed(hash(text), scrubber, text)
    }

    /// The same where the text's [`hash`] is known already.
    #[inline]
    pub(super) fn get_hashed(&self, hash: u32, scrubber: u32, text: &[u8]) -> Option<T> {
        self.get_with(Ends::of(text), hash, scrubber, text)
    }

    #[inline]
    fn get_with(&self, ends: Ends, hash: u32, scrubber: u32, text: &[u8]) -> Option<T> {
        let [place, beside] = places::<SLOTS>(hash);
        let slot = self.0.get(place)?;
        if slot.holds(scrubber, text, ends) {
            return slot.what;
        }
        self.0.get(beside).filter(|slot| slot.holds(scrubber, text, ends))?.what
    }

    /// Keeps `what` from the second time on that the text comes: most texts come once, and would push out those that do not.
    pub(super) fn offer(&mut self, scrubber: u32, text: &[u8], what: T) {
        if text.len() > Self::LONGEST {
            return;
        }
        let hash = hash(text);
        match self.0.get_mut(places::<SLOTS>(hash)[0]) {
            Some(slot) if slot.offered != hash => slot.offered = hash,
            _ => self.put(scrubber, text, what),
        }
    }

    /// Keeps `what`, unless the text is too long.
    pub(super) fn put(&mut self, scrubber: u32, text: &[u8], what: T) {
        let (Ok(len), true) = (u32::try_from(text.len()), text.len() <= Self::LONGEST) else { return };
        let ends = Ends::of(text);
        if self.0.is_empty() {
            self.0.resize(SLOTS, Slot { scrubber: 0, len: 0, offered: 0, ends, text: [0; MAX], what: None });
        }
        let places = places::<SLOTS>(ends.hash(text.len()));
        let first =
            |is: &dyn Fn(&Slot<T, MAX>) -> bool| places.into_iter().find(|place| self.0.get(*place).is_some_and(is));
        let place = first(&|slot| slot.holds(scrubber, text, ends)).or_else(|| first(&|slot| slot.what.is_none()));
        if let Some(slot) = self.0.get_mut(place.unwrap_or(places[0])) {
            (slot.scrubber, slot.len, slot.ends, slot.what) = (scrubber, len, ends, Some(what));
            if let Some(kept) = slot.text.get_mut(..text.len()) {
                kept.copy_from_slice(text);
            }
        }
    }
}

/// Where a text may stand: at the upper bits of its hash, or in the slot beside. Two texts with one place both stay.
#[inline]
fn places<const SLOTS: usize>(hash: u32) -> [usize; 2] {
    let place = (hash >> (u32::BITS - SLOTS.trailing_zeros())) as usize;
    [place, place ^ 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_inside_another_finds_again_what_it_learned() {
        for known in [None, Some(Place::UserAgent)] {
            let outer = Learned::borrow();
            let mut inner = Learned::borrow();
            for text in [&b"inner"[..], b"a text of more bytes than its ends are"] {
                assert_eq!(inner.clean.get(1, text), known);
                inner.clean.offer(1, text, Place::UserAgent);
                inner.clean.offer(1, text, Place::UserAgent);
            }
            inner.give_back();
            outer.give_back();
        }
    }

    #[test]
    fn a_text_is_known_only_with_all_its_bytes_and_to_who_learned_it() {
        let mut table: Table<u8, 16, 4> = Table::default();
        assert_eq!(table.get(1, b"abcdefgh-ijk"), None);
        table.put(1, b"abcdefgh-ijk", 7);
        assert_eq!(table.get(1, b"abcdefgh-ijk"), Some(7));
        assert_eq!(table.get(2, b"abcdefgh-ijk"), None);
        for other in [&b"abcdefgh-ijl"[..], b"abcdefgh-ij", b"abcdefgh-ijkl", b"", b"abcdefgX-ijk"] {
            assert_eq!(table.get(1, other), None);
        }
        table.put(1, b"longer than sixteen", 8);
        assert_eq!(table.get(1, b"longer than sixteen"), None);
    }

    #[test]
    fn two_texts_with_one_place_both_stay_and_each_is_kept_once() {
        let all: Vec<String> = (0..64).map(|i| format!("text {i}")).collect();
        let of_first: Vec<_> = all.iter().filter(|text| places::<4>(hash(text.as_bytes()))[0] == 0).collect();
        let mut table: Table<u8, 0, 4> = Table::default();
        for (text, what) in [(of_first[0], 1), (of_first[1], 2), (of_first[0], 3)] {
            table.put(1, text.as_bytes(), what);
        }
        assert_eq!(
            of_first[..2].iter().map(|text| table.get(1, text.as_bytes())).collect::<Vec<_>>(),
            [Some(3), Some(2)]
        );
        table.put(1, of_first[2].as_bytes(), 4);
        assert_eq!(table.get(1, of_first[2].as_bytes()), Some(4));
        assert_eq!(table.0.iter().filter(|slot| slot.what.is_some()).count(), 2);
    }

    #[test]
    fn a_text_that_its_ends_say_whole_takes_half_a_line_of_the_cache() {
        assert_eq!(size_of::<Slot<Place, 0>>(), 32);
        let mut table: Table<u8, 0, 4> = Table::default();
        table.put(1, b"sixteen letters.", 7);
        assert_eq!(table.get(1, b"sixteen letters."), Some(7));
        assert_eq!(table.get(1, b"sixteen letters!"), None);
        table.put(1, b"seventeen letters", 8);
        assert_eq!(table.get(1, b"seventeen letters"), None);
    }
}
