//! Where in lists a value stands: the numbers that its pointer has and the tree's pointer does not know.

use std::fmt::Write;

use super::tree::NONE;
use crate::record::limits::MAX_DEPTH;

/// Stands in the tree's pointers for the number of an element: no member name has it, since JSON escapes it.
pub(super) const ELEMENT: char = '\0';

/// What the signs between two values do to the lists that are open: in the lowest byte how many end first, then whether
/// the next element of the innermost begins, then how many begin. One number, since nearly always it is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Moves(u32);

impl Moves {
    const CLOSED: u32 = 1;
    const NEXT: u32 = 1 << 8;
    const OPENED: u32 = 1 << 16;

    pub(super) const fn open(&mut self) {
        self.0 += Self::OPENED;
    }

    pub(super) const fn next(&mut self) {
        self.0 += Self::NEXT;
    }

    pub(super) const fn close(&mut self) {
        // An empty list begins and ends between two values.
        if self.opened() > 0 {
            self.0 -= Self::OPENED;
        } else {
            self.0 += Self::CLOSED;
        }
    }

    const fn opened(self) -> usize {
        (self.0 >> 16) as usize
    }

    const fn is_next(self) -> bool {
        self.0 & Self::NEXT != 0
    }

    const fn closed(self) -> usize {
        (self.0 & 0xff) as usize
    }
}

/// The lists that are open where the reading is.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Of each, outermost first, the element.
    elements: [Element; MAX_DEPTH],
    depth: usize,
    /// Elements in which something stands that somebody may ask for.
    noted: Vec<Noted>,
}

/// An element that is being read.
#[derive(Clone, Copy, Debug, Default)]
struct Element {
    number: u32,
    /// Where it is noted, if it is.
    noted: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    number: u32,
    /// The element around it.
    outer: u32,
}

impl Lists {
    pub(super) fn clear(&mut self) {
        self.depth = 0;
        self.noted.clear();
    }

    #[inline]
    pub(super) fn go(&mut self, moves: Moves) {
        if moves.0 != 0 {
            self.go_on(moves);
        }
    }

    fn go_on(&mut self, moves: Moves) {
        self.depth = self.depth.saturating_sub(moves.closed());
        if moves.is_next()
            && let Some(element) = self.depth.checked_sub(1).and_then(|top| self.elements.get_mut(top))
        {
            *element = Element { number: element.number + 1, noted: None };
        }
        let depth = (self.depth + moves.opened()).min(MAX_DEPTH);
        if let Some(opened) = self.elements.get_mut(self.depth..depth) {
            opened.fill(Element::default());
        }
        self.depth = depth;
    }

    /// The place of what is read now, for [`pointer`](Self::pointer).
    #[inline]
    pub(super) fn here(&mut self) -> u32 {
        if self.depth == 0 { NONE } else { self.noted() }
    }

    #[allow(clippy::cast_possible_truncation, reason = "an element has a byte: there are fewer than 4 G of them")]
    fn noted(&mut self) -> u32 {
        let mut outer = NONE;
        for element in self.elements.iter_mut().take(self.depth) {
            outer = *element.noted.get_or_insert_with(|| {
                self.noted.push(Noted { number: element.number, outer });
                self.noted.len() as u32 - 1
            });
        }
        outer
    }

    /// The tree's pointer with the numbers of the elements that `place` is in.
    pub(super) fn pointer(&self, pattern: &str, place: u32) -> String {
        /// Bytes of most numbers.
        const USUAL: usize = 4;
        let (mut numbers, mut depth, mut at) = ([0; MAX_DEPTH], 0, place);
        while let Some(noted) = self.noted.get(at as usize) {
            if let Some(number) = numbers.get_mut(depth) {
                *number = noted.number;
                depth += 1;
            }
            at = noted.outer;
        }
        if depth == 0 {
            return pattern.to_owned();
        }
        let mut pointer = String::with_capacity(pattern.len() + depth * USUAL);
        let mut numbers = numbers.iter().take(depth).rev();
        for (index, part) in pattern.split(ELEMENT).enumerate() {
            if index > 0
                && let Some(number) = numbers.next()
            {
                // A text takes whatever is written to it.
                let _ = write!(pointer, "{number}");
            }
            pointer.push_str(part);
        }
        pointer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moves(signs: &str) -> Moves {
        let mut moves = Moves::default();
        for sign in signs.chars() {
            match sign {
                '[' => moves.open(),
                ',' => moves.next(),
                _ => moves.close(),
            }
        }
        moves
    }

    #[test]
    fn elements_are_counted_in_each_list_that_is_open() {
        let mut lists = Lists::default();
        let mut told = Vec::new();
        for signs in ["[", "", ",[", "[", ",", "],", "]", ",[]", ",", "]"] {
            lists.go(moves(signs));
            let pattern = "/\0".repeat(lists.depth);
            let place = lists.here();
            told.push(lists.pointer(&pattern, place));
        }
        assert_eq!(told, ["/0", "/0", "/1/0", "/1/0/0", "/1/0/1", "/1/1", "/1", "/2", "/3", ""]);
    }
}
