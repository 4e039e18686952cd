//! Why records ended without delivery, and what the engine found in records, counted by stable names.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::export::Verdict;
use crate::outcome::{Code, Outcome};

/// Why a captured record ended without delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The queue was full and it was the oldest.
    QueueFull,
    /// The sampler did not choose it.
    Sampled,
    /// The engine did not accept it.
    Invalid,
    /// The collector did not accept it.
    Rejected,
    /// No request got it through.
    ExportFailed,
    /// Larger than a record may be.
    TooLarge,
    /// Left over at shutdown.
    Shutdown,
    /// Waited too long in the spool.
    Expired,
    /// The spool was full and it was the oldest.
    SpoolFull,
    /// It could not be read back from the spool.
    Corrupt,
    /// The user did not consent to its purpose, or withdrew while it was on its way.
    Consent,
}

impl Reason {
    /// In the order in which the books name them.
    const ALL: [Self; 11] = [
        Self::QueueFull,
        Self::Sampled,
        Self::Invalid,
        Self::Rejected,
        Self::ExportFailed,
        Self::TooLarge,
        Self::Shutdown,
        Self::Expired,
        Self::SpoolFull,
        Self::Corrupt,
        Self::Consent,
    ];

    /// The stable name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Sampled => "sampled",
            Self::Invalid => "invalid",
            Self::Rejected => "rejected",
            Self::ExportFailed => "export_failed",
            Self::TooLarge => "too_large",
            Self::Shutdown => "shutdown",
            Self::Expired => "expired",
            Self::SpoolFull => "spool_full",
            Self::Corrupt => "corrupt",
            Self::Consent => "consent",
        }
    }

    /// Whether nobody asked for it, as one does who samples or does not consent.
    pub(crate) fn is_loss(self) -> bool {
        !matches!(self, Self::Sampled | Self::Consent)
    }
}

/// Records that ended without delivery, by reason.
#[derive(Clone, Default)]
pub(crate) struct Dropped([u64; Reason::ALL.len()]);

/// Each reason has a place of its own.
const _: () = assert!(Reason::Consent as usize + 1 == Reason::ALL.len());

impl Dropped {
    pub(crate) fn add(&mut self, reason: Reason, records: u64) {
        self.0[reason as usize] += records;
    }

    pub(crate) fn of(&self, reason: Reason) -> u64 {
        self.0[reason as usize]
    }

    /// Each reason with its count.
    pub(crate) fn by_reason(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().zip(self.0)
    }

    /// The same but for so many of a reason.
    pub(crate) fn without(mut self, reason: Reason, records: u64) -> Self {
        let count = &mut self.0[reason as usize];
        *count = count.saturating_sub(records);
        self
    }
}

impl Serialize for Dropped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.by_reason().map(|(reason, count)| (reason.name(), count)))
    }
}

/// Where and why a record was refused that was refused last, by us and by the collector: for people, not for the books.
#[derive(Clone, Default)]
pub(crate) struct Whys {
    invalid: Option<String>,
    rejected: Option<String>,
}

/// Characters of a place and a message that are kept: a line.
const MAX_WHY: usize = 200;

impl Whys {
    #[cfg(test)]
    pub(crate) const NONE: Self = Self { invalid: None, rejected: None };

    /// Keeps what is wrong at a JSON Pointer, which another machine may have said: one line, without control characters.
    pub(crate) fn note(&mut self, reason: Reason, path: &str, message: &str) {
        let place = if path.is_empty() { String::new() } else { format!("{path}: ") };
        let text = place.chars().chain(message.chars()).map(|c| if c.is_control() { ' ' } else { c });
        let slot = if matches!(reason, Reason::Rejected) { &mut self.rejected } else { &mut self.invalid };
        *slot = Some(text.take(MAX_WHY).collect());
    }

    pub(crate) fn of(&self, reason: Reason) -> Option<&str> {
        match reason {
            Reason::Invalid => self.invalid.as_deref(),
            Reason::Rejected => self.rejected.as_deref(),
            _ => None,
        }
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.invalid, &other.invalid), (&mut self.rejected, &other.rejected)] {
            if theirs.is_some() {
                mine.clone_from(theirs);
            }
        }
    }
}

/// What the engine found, by stable name.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Findings {
    violations: BTreeMap<&'static str, u64>,
    redactions: BTreeMap<&'static str, u64>,
    #[serde(skip)]
    pub(crate) whys: Whys,
}

impl Findings {
    pub(crate) fn note(&mut self, outcome: &Outcome) {
        for violation in &outcome.violations {
            self.note_violation(violation.code);
        }
        if let Some(first) = outcome.violations.first() {
            self.whys.note(Reason::Invalid, &first.path, &first.message);
        }
        for redaction in &outcome.redactions {
            *self.redactions.entry(redaction.rule).or_default() += 1;
        }
    }

    /// What a collector said of a batch.
    pub(crate) fn note_verdict(&mut self, verdict: &Verdict) {
        verdict.codes.iter().for_each(|code| self.note_violation(*code));
        if let Some((path, message)) = &verdict.why {
            self.whys.note(Reason::Rejected, path, message);
        }
    }

    fn note_violation(&mut self, code: Code) {
        *self.violations.entry(code.as_str()).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.whys.add(&other.whys);
        for (mine, theirs) in [(&mut self.violations, &other.violations), (&mut self.redactions, &other.redactions)] {
            for (name, count) in theirs {
                *mine.entry(name).or_default() += count;
            }
        }
    }
}
