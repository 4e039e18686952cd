//! A request body on its way into the store: divided, processed, appended, answered.

use std::borrow::Cow;
use std::collections::BTreeMap;

use uuid::Uuid;

use super::TenantStore;
use super::model::{StoredEvent, Tenant};
use crate::engine::Engine;
use crate::error::Result;
use crate::outcome::{Code, Outcome, Status, Violation};
use crate::record::Head;
use crate::record::batch::{Format, split};
use crate::record::time::Timestamp;
use crate::stamp::Stamp;

/// What became of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Records that are stored, whether now or earlier.
    pub accepted: u64,
    /// Records that break their schema.
    pub rejected: u64,
    /// Records beyond a processing budget.
    pub dropped: u64,
    /// Of the accepted, those that were stored earlier or came twice.
    pub duplicates: u64,
    /// What scrubbing changed, by rule, over all records of the body.
    pub redactions: BTreeMap<&'static str, u64>,
    /// `{"status":…,"id":…,"violations":[…]}` a record, joined by commas.
    results: String,
}

impl Verdict {
    /// `{"accepted":n,"rejected":n,"dropped":n,"duplicates":n,"results":[…],"redactions":{"rule":n}}`; results
    /// stand in the order of the body.
    pub fn to_json(&self) -> String {
        let Self { accepted, rejected, dropped, duplicates, redactions, results } = self;
        let redactions = redactions.iter().map(|(rule, count)| format!("\"{rule}\":{count}")).collect::<Vec<_>>();
        format!(
            "{{\"accepted\":{accepted},\"rejected\":{rejected},\"dropped\":{dropped},\"duplicates\":{duplicates},\
             \"results\":[{results}],\"redactions\":{{{}}}}}",
            redactions.join(",")
        )
    }

    fn add(&mut self, outcome: &Outcome) {
        match outcome.status {
            Status::Accepted => self.accepted += 1,
            Status::Rejected => self.rejected += 1,
            Status::Dropped => self.dropped += 1,
        }
        for redaction in &outcome.redactions {
            *self.redactions.entry(redaction.rule).or_default() += 1;
        }
        if !self.results.is_empty() {
            self.results.push(',');
        }
        outcome.write_verdict(&mut self.results);
        self.results.push('}');
    }
}

impl TenantStore<'_> {
    /// Divides a body (`format`: `record`, `batch` or `ndjson`), runs each record through `engine`, which stamps
    /// an absent id or timestamp from the clock, and keeps what is accepted. It is on disk when this returns.
    ///
    /// A record that names another tenant is rejected. Days are committed one after the other, so an error may
    /// leave some of the body stored; sending it again stores the rest and counts duplicates.
    ///
    /// # Errors
    /// `argument_invalid` for the format; `batch_unreadable`; those of [`EventStore`](super::EventStore).
    pub fn ingest(&self, engine: &Engine, format: &str, body: &[u8]) -> Result<Verdict> {
        let mut verdict = Verdict::default();
        let mut events = Vec::new();
        for slot in split(Format::parse(format)?, body)? {
            let mut outcome = engine.process(slot, Some(&Stamp::now()));
            if outcome.status == Status::Accepted {
                match stored_event(&mut outcome, &self.tenant) {
                    Ok(event) => events.push(event),
                    Err(violation) => {
                        outcome.status = Status::Rejected;
                        outcome.violations.push(violation);
                    }
                }
            }
            verdict.add(&outcome);
        }
        verdict.duplicates = self.store.events.append(&self.tenant, &events)?.duplicates;
        Ok(verdict)
    }
}

/// Takes the record out of an accepted outcome.
fn stored_event(outcome: &mut Outcome, tenant: &Tenant) -> std::result::Result<StoredEvent, Violation> {
    // The engine wrote the text, so it is readable; were it not, one record must not fail its neighbours.
    let unstorable = || Violation::new("", Code::Type, "accepted, but its canonical text cannot be stored");
    let record = outcome.record.take().ok_or_else(unstorable)?;
    let head = Head::of(&record).ok_or_else(unstorable)?;
    if head.text("tenant_id").is_some_and(|id| id != tenant.as_str()) {
        return Err(Violation::new("/tenant_id", Code::Format, "differs from the tenant of the credentials"));
    }
    let id = outcome.id.as_deref().and_then(|id| Uuid::try_parse(id).ok()).ok_or_else(unstorable)?;
    let time = head.text("timestamp").as_deref().and_then(Timestamp::parse).ok_or_else(unstorable)?;
    let owned = |name: &str| head.text(name).map(Cow::into_owned);
    let (channel, event) = head.series();
    let event = StoredEvent {
        schema: head.kind.table().schema,
        id: id.into_bytes(),
        timestamp: time.microseconds(),
        channel: channel.into_owned(),
        event: event.into_owned(),
        user_id: owned("user_id"),
        session_id: owned("session_id"),
        trace_id: owned("trace_id").or_else(|| head.context("trace_id").map(Cow::into_owned)),
        sample_rate: head.text("sample_rate").and_then(|rate| rate.parse().ok()),
        actor_id: owned("actor_id"),
        record: String::new(),
    };
    drop(head);
    Ok(StoredEvent { record, ..event })
}
