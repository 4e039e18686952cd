//! The fast way: records of a structure that the thread has seen before.
//!
//! An application's records have few structures. What follows from a structure alone (which field a member is, what its
//! name means, what is required, which checks and detectors its value needs) is found out once, on the ordinary way, and
//! kept in a [`Tree`]. A record that keeps to it is then read in one pass that compares names instead of looking them up,
//! leaves no nodes, and stops at nothing but the values that need a look: a third of what the ordinary way costs.
//!
//! It has no verdicts of its own. Where anything is not as it was learned, or is not fine, it gives up before anything is
//! written, and the ordinary way decides. What it writes is the same, byte for byte (tested and fuzzed).

mod captured;
mod follow;
mod learn;
mod lists;
mod template;
#[cfg(test)]
mod tests;
mod trail;
mod tree;
mod value;
mod write;

use std::cell::Cell;

use self::follow::Followed;
use self::template::{Spot, Templates};
use self::trail::Trails;
use self::tree::Tree;
use super::Engine;
use crate::capture::JsonText;
use crate::json::Document;
use crate::kept::with_kept;
use crate::outcome::Outcome;
use crate::record::time::Second;
use crate::scrub::Scrubber;
use crate::stamp::Stamp;

/// What a thread has learned for one engine, and its buffers.
#[derive(Debug)]
pub(super) struct Fast {
    /// The scrubber on which it depends what names mean.
    number: u32,
    tree: Tree,
    trails: Trails,
    followed: Followed,
    /// What may still be spent on learning.
    credit: usize,
    /// The latest record was as learned, whatever its values say.
    is_known: bool,
    /// The plan by which the latest record was written.
    usual: u32,
    /// Captured records that were written, and when the latest was.
    templates: Templates,
    second: Option<Second>,
    /// The text of a captured record, what is open in it, and where its values stand.
    text: JsonText,
    open: Vec<captured::Open>,
    spots: Vec<Spot>,
}

/// Learning a structure costs about what reading its record does. Whoever sends ever new structures must not make it
/// worth more than a small share of the work: each node that is learned costs a credit, each record brings some.
const FIRST_CREDIT: usize = 1 << 14;
const MOST_CREDIT: usize = 1 << 16;
/// For a record on the ordinary way, and on the fast one.
const EARNED: usize = 4;
const EARNED_FAST: usize = 64;

/// Engines for which a thread remembers structures: programs have one or two, tests many.
const MOST_KEPT: usize = 4;

thread_local! {
    #[allow(clippy::vec_box, reason = "what is kept is taken out and put back: it moves a pointer")]
    static KEPT: Cell<Vec<Box<Fast>>> = const { Cell::new(Vec::new()) };
}

impl Fast {
    /// What this thread knows for `scrubber`.
    pub(super) fn of(scrubber: &Scrubber) -> Box<Self> {
        let number = scrubber.number();
        let kept = with_kept(&KEPT, |kept| {
            let place = kept.iter().rposition(|fast| fast.number == number)?;
            Some(kept.swap_remove(place))
        });
        kept.flatten().unwrap_or_else(|| {
            Box::new(Self {
                number,
                tree: Tree::default(),
                trails: Trails::default(),
                followed: Followed::default(),
                credit: FIRST_CREDIT,
                is_known: false,
                usual: tree::NONE,
                templates: Templates::default(),
                second: None,
                text: JsonText::new(),
                open: Vec::new(),
                spots: Vec::new(),
            })
        })
    }

    /// For the thread's next record.
    pub(super) fn give_back(self: Box<Self>) {
        with_kept(&KEPT, |kept| {
            if kept.len() >= MOST_KEPT {
                kept.remove(0);
            }
            kept.push(self);
        });
    }

    /// The outcome for the scanned `document`; nothing where the ordinary way has to decide.
    pub(super) fn process(
        &mut self,
        engine: &Engine,
        document: &Document<'_>,
        stamp: Option<&Stamp>,
    ) -> Option<Outcome> {
        if self.trails.is_full() {
            self.trails.clear();
        }
        let plan = self.followed.follow(&self.tree, &mut self.trails, &mut self.credit, document);
        self.is_known = plan.is_some();
        let plan = plan?;
        let outcome = self.followed.write(&self.tree, plan, engine, document, stamp)?;
        self.earn();
        self.usual = plan;
        Some(outcome)
    }

    fn earn(&mut self) {
        self.credit = MOST_CREDIT.min(self.credit + EARNED_FAST);
    }

    /// Learns the structure of a record that was accepted as it is, unless it is known and its values took the ordinary way.
    pub(super) fn learn(&mut self, engine: &Engine, document: &Document<'_>) {
        self.credit = MOST_CREDIT.min(self.credit + EARNED);
        if self.is_known {
            return;
        }
        let cost = document.nodes().len();
        if cost <= self.credit {
            self.credit -= cost;
            if learn::learn(&mut self.tree, engine, document).is_none() && self.tree.is_full() {
                self.tree = Tree::default();
                self.trails.clear();
                self.templates = Templates::default();
                self.usual = tree::NONE;
            }
        }
    }
}

/// Forgets what this thread has learned: for tests that compare the two ways.
#[cfg(any(test, feature = "twin"))]
pub(crate) fn forget() {
    with_kept(&KEPT, Vec::clear);
}
