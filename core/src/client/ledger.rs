//! What became of every record, counted by cause.
//!
//! The books balance at every moment: accepted = delivered + pending + the sum of dropped.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::client::switch::OffReason;
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
    /// The user did not consent to its purpose, or withdrew while it was on its way.
    Consent,
}

#[derive(Clone, Default, Serialize)]
struct Dropped {
    queue_full: u64,
    sampled: u64,
    invalid: u64,
    rejected: u64,
    export_failed: u64,
    too_large: u64,
    shutdown: u64,
    consent: u64,
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

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.violations, &other.violations), (&mut self.redactions, &other.redactions)] {
            for (name, count) in theirs {
                *mine.entry(name).or_default() += count;
            }
        }
    }
}

/// The books. What is pending is counted where the records are.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    accepted: u64,
    delivered: u64,
    dropped: Dropped,
    not_captured: u64,
    findings: Findings,
    requests: u64,
    retries: u64,
    last_error: Option<String>,
}

/// The wire form, in the order of its members.
#[derive(Serialize)]
struct Stats<'a> {
    enabled: bool,
    disabled_by: Option<&'static str>,
    accepted: u64,
    delivered: u64,
    pending: u64,
    dropped: &'a Dropped,
    not_captured: u64,
    #[serde(flatten)]
    findings: &'a Findings,
    requests: u64,
    retries: u64,
    last_error: Option<&'a str>,
}

impl Ledger {
    /// Counts a captured record and returns its place in the order of capture.
    pub(crate) fn accept(&mut self) -> u64 {
        self.accepted += 1;
        self.accepted - 1
    }

    /// How many records were captured so far: the place of the next one.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    pub(crate) fn deliver(&mut self, records: u64) {
        self.delivered += records;
    }

    pub(crate) fn drop_for(&mut self, reason: Reason, records: u64) {
        let dropped = &mut self.dropped;
        *match reason {
            Reason::QueueFull => &mut dropped.queue_full,
            Reason::Sampled => &mut dropped.sampled,
            Reason::Invalid => &mut dropped.invalid,
            Reason::Rejected => &mut dropped.rejected,
            Reason::ExportFailed => &mut dropped.export_failed,
            Reason::TooLarge => &mut dropped.too_large,
            Reason::Shutdown => &mut dropped.shutdown,
            Reason::Consent => &mut dropped.consent,
        } += records;
    }

    /// Whether a shutdown had to leave records behind.
    pub(crate) fn left_behind(&self) -> bool {
        self.dropped.shutdown > 0
    }

    /// Counts a call that came while the client was off or closed.
    pub(crate) fn refuse(&mut self) {
        self.not_captured += 1;
    }

    pub(crate) fn find(&mut self, findings: &Findings) {
        self.findings.add(findings);
    }

    pub(crate) fn request(&mut self, is_retry: bool) {
        self.requests += 1;
        self.retries += u64::from(is_retry);
    }

    /// Keeps the reason of the latest failure: a fixed phrase, without addresses or users' data.
    pub(crate) fn fail(&mut self, reason: String) {
        self.last_error = Some(reason);
    }

    pub(crate) fn to_json(&self, off: Option<OffReason>, pending: u64) -> String {
        let stats = Stats {
            enabled: off.is_none(),
            disabled_by: off.map(OffReason::as_str),
            accepted: self.accepted,
            delivered: self.delivered,
            pending,
            dropped: &self.dropped,
            not_captured: self.not_captured,
            findings: &self.findings,
            requests: self.requests,
            retries: self.retries,
            last_error: self.last_error.as_deref(),
        };
        // Integers and strings under string keys always serialise.
        serde_json::to_string(&stats).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_keep_their_members_and_their_order() {
        assert_eq!(
            Ledger::default().to_json(Some(OffReason::DoNotTrack), 0),
            concat!(
                r#"{"enabled":false,"disabled_by":"DO_NOT_TRACK","accepted":0,"delivered":0,"pending":0,"#,
                r#""dropped":{"queue_full":0,"sampled":0,"invalid":0,"rejected":0,"export_failed":0,"too_large":0,"#,
                r#""shutdown":0,"consent":0},"#,
                r#""not_captured":0,"violations":{},"redactions":{},"requests":0,"retries":0,"last_error":null}"#,
            )
        );
    }

    #[test]
    fn findings_are_counted_by_stable_name() {
        let mut findings = Findings::default();
        for code in [Code::Type, Code::Required, Code::Type] {
            findings.note_violation(code);
        }
        let mut ledger = Ledger::default();
        ledger.find(&findings);
        ledger.find(&findings);
        assert!(ledger.to_json(None, 0).contains(r#""violations":{"required":2,"type":4}"#));
    }
}
