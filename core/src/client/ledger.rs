//! What became of every record, counted by cause.
//!
//! The books balance at every moment: accepted = delivered + pending + the sum of dropped. What waits on the disk is
//! pending; what an earlier process left there is accepted once more by the process that finds it.

use serde::Serialize;

use crate::client::held::Ended;
use crate::client::reason::Whys;
pub(crate) use crate::client::reason::{Dropped, Findings, Reason};
use crate::client::switch::OffReason;

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
    /// Records that ever came into the spool, and those that left it, to wherever.
    spool_in: u64,
    spool_out: u64,
    /// Records that are being written to the disk.
    appending: u64,
    recovered: u64,
}

/// The wire form, in the order of its members.
#[derive(Serialize)]
struct Stats<'a> {
    enabled: bool,
    disabled_by: Option<&'static str>,
    accepted: u64,
    delivered: u64,
    pending: u64,
    spooled: u64,
    recovered: u64,
    dropped: &'a Dropped,
    not_captured: u64,
    #[serde(flatten)]
    findings: &'a Findings,
    requests: u64,
    retries: u64,
    last_error: Option<&'a str>,
    spool_error: Option<&'static str>,
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
        self.dropped.add(reason, records);
    }

    /// Books records that an earlier process left in the spool.
    pub(crate) fn recover(&mut self, records: u64) {
        self.accepted += records;
        self.recovered += records;
        self.spool_in += records;
    }

    /// Books records into the spool that were accepted before.
    pub(crate) fn spool(&mut self, records: u64) {
        self.spool_in += records;
    }

    /// Books a record that is captured into the spool, before it is there: the worker may find it on the disk, and
    /// deliver it, before its caller hears that it is written.
    pub(crate) fn accept_spooled(&mut self) {
        self.accepted += 1;
        self.appending += 1;
    }

    /// It is there.
    pub(crate) fn appended(&mut self) {
        self.appending = self.appending.saturating_sub(1);
        self.spool_in += 1;
    }

    /// Takes its capture back: the disk refused.
    pub(crate) fn refuse_spooled(&mut self) {
        self.appended();
        self.spool_out += 1;
        self.accepted = self.accepted.saturating_sub(1);
    }

    /// Books the end of records that were in the spool.
    pub(crate) fn end_spooled(&mut self, ended: &Ended) {
        self.spool_out += ended.sum();
        self.deliver(ended.delivered);
        for (reason, records) in [
            (Reason::Rejected, ended.rejected),
            (Reason::ExportFailed, ended.export_failed),
            (Reason::Expired, ended.expired),
            (Reason::SpoolFull, ended.spool_full),
            (Reason::Corrupt, ended.corrupt),
            (Reason::Consent, ended.consent),
        ] {
            self.drop_for(reason, records);
        }
    }

    /// Records in the spool, and on their way to it.
    pub(crate) fn spooled(&self) -> u64 {
        self.spool_in().saturating_sub(self.spool_out)
    }

    /// Records in the spool that can be read.
    pub(crate) fn readable(&self) -> u64 {
        self.spool_in.saturating_sub(self.spool_out)
    }

    /// The place of the next record to come into the spool.
    pub(crate) fn spool_in(&self) -> u64 {
        self.spool_in + self.appending
    }

    /// Every record that came into the spool before this place has left it.
    pub(crate) fn spool_out(&self) -> u64 {
        self.spool_out
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.delivered
    }

    pub(crate) fn dropped(&self) -> &Dropped {
        &self.dropped
    }

    /// Whether a shutdown had to leave records behind.
    pub(crate) fn left_behind(&self) -> bool {
        self.dropped.of(Reason::Shutdown) > 0
    }

    /// Counts a call that came while the client was off or closed.
    pub(crate) fn refuse(&mut self) {
        self.not_captured += 1;
    }

    pub(crate) fn find(&mut self, findings: &Findings) {
        self.findings.add(findings);
    }

    /// Why records were refused last.
    pub(crate) fn whys(&self) -> &Whys {
        &self.findings.whys
    }

    pub(crate) fn request(&mut self, is_retry: bool) {
        self.requests += 1;
        self.retries += u64::from(is_retry);
    }

    /// Keeps the reason of the latest failure: a fixed phrase, without addresses or users' data.
    pub(crate) fn fail(&mut self, reason: String) {
        self.last_error = Some(reason);
    }

    /// `queued` records wait in memory or are on their way; `spool_error` keeps records from the disk.
    pub(crate) fn to_json(&self, off: Option<OffReason>, queued: u64, spool_error: Option<&'static str>) -> String {
        let stats = Stats {
            enabled: off.is_none(),
            disabled_by: off.map(OffReason::as_str),
            accepted: self.accepted,
            delivered: self.delivered,
            pending: queued + self.spooled(),
            spooled: self.spooled(),
            recovered: self.recovered,
            dropped: &self.dropped,
            not_captured: self.not_captured,
            findings: &self.findings,
            requests: self.requests,
            retries: self.retries,
            last_error: self.last_error.as_deref(),
            spool_error,
        };
        // Integers and strings under string keys always serialise.
        serde_json::to_string(&stats).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Verdict;
    use crate::outcome::Code;

    #[test]
    fn the_statistics_keep_their_members_and_their_order() {
        assert_eq!(
            Ledger::default().to_json(Some(OffReason::DoNotTrack), 0, None),
            concat!(
                r#"{"enabled":false,"disabled_by":"DO_NOT_TRACK","accepted":0,"delivered":0,"pending":0,"#,
                r#""spooled":0,"recovered":0,"dropped":{"queue_full":0,"sampled":0,"invalid":0,"rejected":0,"export_failed":0,"#,
                r#""too_large":0,"shutdown":0,"expired":0,"spool_full":0,"corrupt":0,"consent":0},"not_captured":0,"#,
                r#""violations":{},"redactions":{},"requests":0,"retries":0,"last_error":null,"spool_error":null}"#,
            )
        );
    }

    #[test]
    fn findings_are_counted_by_stable_name() {
        let mut findings = Findings::default();
        for code in [Code::Type, Code::Required, Code::Type] {
            findings.note_verdict(&Verdict { codes: vec![code], ..Verdict::accepted() });
        }
        let mut ledger = Ledger::default();
        ledger.find(&findings);
        ledger.find(&findings);
        assert!(ledger.to_json(None, 0, None).contains(r#""violations":{"required":2,"type":4}"#));
    }
}
