//! Why records ended without delivery, and what the engine found in records, counted by stable names.

use std::collections::BTreeMap;

use serde::Serialize;

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

/// Records that ended without delivery, by reason.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Dropped {
    pub(super) queue_full: u64,
    pub(super) sampled: u64,
    pub(super) invalid: u64,
    pub(super) rejected: u64,
    pub(super) export_failed: u64,
    pub(super) too_large: u64,
    pub(super) shutdown: u64,
    pub(super) expired: u64,
    pub(super) spool_full: u64,
    pub(super) corrupt: u64,
    pub(super) consent: u64,
}

impl Dropped {
    /// Each reason by its stable name, with its count.
    pub(crate) fn by_reason(&self) -> [(&'static str, u64); 11] {
        [
            ("queue_full", self.queue_full),
            ("sampled", self.sampled),
            ("invalid", self.invalid),
            ("rejected", self.rejected),
            ("export_failed", self.export_failed),
            ("too_large", self.too_large),
            ("shutdown", self.shutdown),
            ("expired", self.expired),
            ("spool_full", self.spool_full),
            ("corrupt", self.corrupt),
            ("consent", self.consent),
        ]
    }

    /// The same but for so many that are invalid and too large.
    pub(crate) fn without(&self, invalid: u64, too_large: u64) -> Self {
        Self {
            invalid: self.invalid.saturating_sub(invalid),
            too_large: self.too_large.saturating_sub(too_large),
            ..self.clone()
        }
    }

    /// Those that nobody asked for: not what sampling leaves out, nor what the user does not permit.
    pub(crate) fn lost(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.by_reason().into_iter().filter(|(reason, _)| !matches!(*reason, "sampled" | "consent"))
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

    /// That of a reason by its stable name.
    pub(crate) fn of(&self, reason: &str) -> Option<&str> {
        match reason {
            "invalid" => self.invalid.as_deref(),
            "rejected" => self.rejected.as_deref(),
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
