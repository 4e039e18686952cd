//! Why records ended without delivery, and what the engine found in records, counted by stable names.

use std::collections::BTreeMap;

use serde::Serialize;

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
}

/// What the engine found, by stable name.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Findings {
    violations: BTreeMap<&'static str, u64>,
    redactions: BTreeMap<&'static str, u64>,
}

impl Findings {
    pub(crate) fn note(&mut self, outcome: &Outcome) {
        for violation in &outcome.violations {
            self.note_violation(violation.code);
        }
        for redaction in &outcome.redactions {
            *self.redactions.entry(redaction.rule).or_default() += 1;
        }
    }

    pub(crate) fn note_violation(&mut self, code: Code) {
        *self.violations.entry(code.as_str()).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.violations, &other.violations), (&mut self.redactions, &other.redactions)] {
            for (name, count) in theirs {
                *mine.entry(name).or_default() += count;
            }
        }
    }
}
