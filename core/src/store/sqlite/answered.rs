//! What days answered: a day to which nobody wrote since says the same again.
//!
//! A page that refreshes itself asks the same of thirty days over and over, and only one of them changes. What is kept
//! are the counts of a whole day, not an answer: they serve any range that covers the day. An entry holds for one
//! connection and for what SQLite calls its data version, so a write by anybody ends it, an erasure's included.

use std::collections::VecDeque;

use super::super::aggregate::Counts;
use super::super::day::Day;
use super::super::model::Tenant;
use super::super::spec::AggregateSpec;

/// What one part of the readers keeps, in numbers of 8 bytes: 16 MiB.
const MAX_HELD: usize = 2 << 20;

/// A connection, and which change of the file it sees.
pub(super) type Version = (u64, i64);

/// What is asked of a day.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    day: Day,
    tenant: Tenant,
    /// Without what is not a day's matter.
    spec: AggregateSpec,
}

impl Question {
    /// What `spec` asks of `day`, where it asks for all of it.
    pub(super) fn of(spec: &AggregateSpec, tenant: &Tenant, day: Day) -> Option<Self> {
        let selection = &spec.selection;
        if selection.start > day.start() || selection.end < day.next().start() {
            return None;
        }
        let mut spec = spec.clone();
        (spec.selection.start, spec.selection.end) = (0, 0);
        (spec.limit, spec.top, spec.is_consistent) = (0, None, false);
        Some(Self { day, tenant: tenant.clone(), spec })
    }
}

struct Entry {
    question: Question,
    version: Version,
    counts: Counts,
    size: usize,
}

/// See the module.
#[derive(Default)]
pub(super) struct Answered {
    /// Most recently used last.
    entries: VecDeque<Entry>,
    held: usize,
}

impl Answered {
    /// What was counted for `question`, if it still holds.
    pub(super) fn get(&mut self, question: &Question, version: Version) -> Option<Counts> {
        let at = self.entries.iter().position(|entry| entry.question == *question)?;
        let entry = self.entries.remove(at)?;
        if entry.version != version {
            self.held -= entry.size;
            return None;
        }
        let counts = entry.counts.clone();
        self.entries.push_back(entry);
        Some(counts)
    }

    /// Keeps what was counted.
    pub(super) fn keep(&mut self, question: Question, version: Version, counts: &Counts) {
        let size = counts.size();
        // One entry must not push out all others.
        if size > MAX_HELD / 4 {
            return;
        }
        self.held += size;
        self.entries.push_back(Entry { question, version, counts: counts.clone(), size });
        while self.held > MAX_HELD {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.held -= oldest.size;
        }
    }

    /// Forgets what `day` answered.
    pub(super) fn forget(&mut self, day: Day) {
        self.entries.retain(|entry| entry.question.day != day);
        self.held = self.entries.iter().map(|entry| entry.size).sum();
    }
}
