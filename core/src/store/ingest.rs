//! From a request body to stored records: divide, process, keep what is accepted.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use uuid::Uuid;

use super::clamp;
use super::later::{Promised, promised};
use super::model::{StoredEvent, Tenant};
use super::spec::object;
use super::{Shared, Sifted, TenantStore};
use crate::config::Purpose;
use crate::engine::Engine;
use crate::error::Result;
use crate::outcome::{Code, Outcome, Status, USUAL_VERDICT_BYTES, Violation};
use crate::record::Head;
use crate::record::batch::{Format, split};
use crate::record::time::Timestamp;
use crate::stamp::Stamp;

/// How a body is taken in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestOptions {
    /// Whether consent decides: records of users who said no to their purpose are stored nowhere (R4).
    pub opt_out_enforce: bool,
    /// Whether the verdict says which records were withheld, though their senders see them accepted: for whoever passes
    /// the rest on, and nobody else.
    pub tell_withheld: bool,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self { opt_out_enforce: true, tell_withheld: false }
    }
}

impl IngestOptions {
    /// Reads `{"opt_out_enforce":bool,"tell_withheld":bool}`; the defaults are true and false.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn from_json(text: &str) -> Result<Self> {
        object("", text, r#"{"opt_out_enforce":bool,"tell_withheld":bool}"#)
    }
}

/// What became of a body. Each record counts as one of accepted, rejected, dropped, opted out and refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Records that are kept, whether now or earlier.
    pub accepted: u64,
    /// Records that break their schema.
    pub rejected: u64,
    /// Records beyond a processing budget.
    pub dropped: u64,
    /// Records whose user said no. Nothing of them is kept; their senders see them accepted and forget them.
    pub opted_out: u64,
    /// Records from before their user was erased. As above.
    pub refused: u64,
    /// Of the accepted, those that are known to have been kept earlier, or came twice.
    pub duplicates: u64,
    /// Of the accepted, those whose time could not be right: see `context.original_timestamp`.
    pub clamped: u64,
    /// What scrubbing changed, by rule, over all records of the body.
    pub redactions: BTreeMap<&'static str, u64>,
    /// Places in the body of the records that were opted out or refused, where they are to be told.
    pub withheld: Vec<usize>,
    /// `{"status":…,"id":…,"violations":[…]}` a record, joined by commas.
    results: String,
}

impl Verdict {
    /// `{"accepted":n,"rejected":n,"dropped":n,"opted_out":n,"refused":n,"duplicates":n,"clamped":n,"results":[…],
    /// "redactions":{"rule":n}}`; results stand in the order of the body. Behind it `"withheld":[place…]`, where any
    /// are to be told.
    pub fn to_json(&self) -> String {
        let Self { accepted, rejected, dropped, opted_out, refused, duplicates, clamped, .. } = self;
        let Self { redactions, withheld, results, .. } = self;
        let withheld = withheld.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        let withheld = if withheld.is_empty() { withheld } else { format!(",\"withheld\":[{withheld}]") };
        let redactions = redactions.iter().map(|(rule, count)| format!("\"{rule}\":{count}")).collect::<Vec<_>>();
        format!(
            "{{\"accepted\":{accepted},\"rejected\":{rejected},\"dropped\":{dropped},\"opted_out\":{opted_out},\
             \"refused\":{refused},\"duplicates\":{duplicates},\"clamped\":{clamped},\"results\":[{results}],\
             \"redactions\":{{{}}}{withheld}}}",
            redactions.join(",")
        )
    }

    fn add(&mut self, outcome: &Outcome) {
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

/// What is done with a record.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are kept; a box for each would be an allocation and a copy more"
)]
enum Fate {
    Kept(StoredEvent, bool),
    OptedOut,
    /// By the tombstone of this subject.
    Refused(String),
    Not,
}

impl TenantStore<'_> {
    /// Divides a body (`format`: `record`, `batch` or `ndjson`), runs each record through `engine`, which stamps
    /// an absent id or timestamp from the clock, and keeps what is accepted. It is on disk when this returns.
    ///
    /// A record that names another tenant is rejected. Where there is no ingest log, days are committed one after the
    /// other, so an error may leave some of the body stored; sending it again stores the rest and counts duplicates.
    ///
    /// # Errors
    /// `argument_invalid` for the format; `batch_unreadable`; those of [`EventStore`](super::EventStore).
    pub fn ingest(&self, engine: &Engine, format: &str, body: &[u8], options: IngestOptions) -> Result<Verdict> {
        let (mut verdict, events) = self.judge(engine, format, body, options)?;
        let kept = self.store.keep(events)?;
        verdict.duplicates = kept.duplicates;
        // Erased between the look at them and the commit.
        verdict.accepted -= kept.refused;
        verdict.refused += kept.refused;
        Ok(verdict)
    }

    /// [`ingest`](Self::ingest) for callers who do not wait for the disk: `judged` hears the verdict's JSON once what was
    /// accepted is durable, on a thread of the store. Where there is no ingest log, it is waited for all the same.
    pub(crate) fn ingest_later(
        &self,
        engine: &Engine,
        format: &str,
        body: &[u8],
        options: IngestOptions,
        judged: Promised<String>,
    ) {
        let Some(log) = &self.store.log else {
            return judged.resolve(self.ingest(engine, format, body, options).map(|verdict| verdict.to_json()));
        };
        match self.judge(engine, format, body, options) {
            Ok((mut verdict, events)) => {
                let Sifted { fresh, keys, duplicates } = self.store.sift(events);
                verdict.duplicates = duplicates;
                let (text, shared) = (verdict.to_json(), Arc::clone(&self.store.shared));
                let written = move |written: Result<()>| {
                    judged.resolve(written.map(|()| {
                        shared.recent.add(&keys);
                        text
                    }));
                };
                log.append_later(fresh, promised(written));
            }
            Err(error) => judged.resolve(Err(error)),
        }
    }

    /// The verdict on a body but for its duplicates, and what is to be kept of it.
    fn judge(
        &self,
        engine: &Engine,
        format: &str,
        body: &[u8],
        options: IngestOptions,
    ) -> Result<(Verdict, Vec<StoredEvent>)> {
        let slots = split(Format::parse(format)?, body)?;
        let shared = &self.store.shared;
        shared.refresh()?;
        let mut verdict = Verdict::default();
        let mut events = Vec::with_capacity(slots.len());
        let mut refused: HashMap<String, u64> = HashMap::new();
        verdict.results.reserve(slots.len() * USUAL_VERDICT_BYTES);
        let stamps = Stamp::for_each_of(slots.len());
        for (place, (slot, stamp)) in slots.into_iter().zip(stamps).enumerate() {
            let mut outcome = engine.process(slot, Some(&stamp));
            let fate = shared.fate(engine, &self.tenant, &mut outcome, stamp.now.microseconds(), options);
            if options.tell_withheld && matches!(fate, Fate::OptedOut | Fate::Refused(_)) {
                verdict.withheld.push(place);
            }
            match fate {
                Fate::Kept(event, is_clamped) => {
                    verdict.accepted += 1;
                    verdict.clamped += u64::from(is_clamped);
                    events.push(event);
                }
                Fate::OptedOut => verdict.opted_out += 1,
                Fate::Refused(subject) => {
                    verdict.refused += 1;
                    *refused.entry(subject).or_default() += 1;
                }
                Fate::Not if outcome.status == Status::Dropped => verdict.dropped += 1,
                Fate::Not => verdict.rejected += 1,
            }
            if matches!(fate_shape(&outcome), Some(Code::OptedOut)) && options.opt_out_enforce {
                // R4: the sender is told nothing but that it may forget the record.
                outcome.status = Status::Accepted;
                outcome.violations.clear();
            }
            verdict.add(&outcome);
        }
        shared.count_refused(&self.tenant, &refused)?;
        Ok((verdict, events))
    }
}

fn fate_shape(outcome: &Outcome) -> Option<Code> {
    outcome.violations.first().map(|violation| violation.code).filter(|_| outcome.status == Status::Dropped)
}

impl Shared {
    fn fate(&self, engine: &Engine, tenant: &Tenant, outcome: &mut Outcome, now: i64, options: IngestOptions) -> Fate {
        if fate_shape(outcome) == Some(Code::OptedOut) && options.opt_out_enforce {
            return Fate::OptedOut;
        }
        if outcome.status != Status::Accepted {
            return Fate::Not;
        }
        let record = outcome.record.take().unwrap_or_default();
        let event = event_of(tenant, record).and_then(|event| self.clamped(engine, event, now));
        let event = match event {
            Ok(event) => event,
            Err(violation) => {
                outcome.status = Status::Rejected;
                outcome.violations.push(violation);
                return Fate::Not;
            }
        };
        let known = self.known.read();
        if options.opt_out_enforce {
            let purpose = self.purpose(&event);
            let mut users = event.user_id.iter().chain(&event.actor_id);
            if users.any(|user| known.subjects.has_refused(tenant, user, purpose)) {
                return Fate::OptedOut;
            }
        }
        if let Some(subject) = known.erased(&event) {
            return Fate::Refused(subject);
        }
        let is_clamped = event.original_timestamp.is_some();
        Fate::Kept(event, is_clamped)
    }

    /// The event, under `now` where its time cannot be right.
    fn clamped(&self, engine: &Engine, event: StoredEvent, now: i64) -> std::result::Result<StoredEvent, Violation> {
        if clamp::is_plausible(event.timestamp, now, self.options.max_past_days) {
            return Ok(event);
        }
        let expected = "far from the present, and the record has no room to say so; set the clock";
        let clamped = clamp::clamped(engine, &event.record, event.timestamp, now).and_then(|outcome| outcome.record);
        event_of(&event.tenant, clamped.ok_or_else(|| Violation::new("/timestamp", Code::Range, expected))?)
    }

    /// What a record is collected for; the same as clients decide, with the channels of the store's options.
    fn purpose(&self, event: &StoredEvent) -> &'static str {
        let purpose = match event.schema {
            "telemetry_log_v1" | "telemetry_trace_v1" | "replay_inconsistency_v1" => Purpose::Diagnostics,
            "telemetry_metric_v1" | "telemetry_span_v1" | "perf_sample_v1" => Purpose::Performance,
            _ => self.options.purposes.get(&event.channel).copied().unwrap_or(Purpose::Analytics),
        };
        purpose.as_str()
    }
}

/// An accepted record as it is kept.
pub(super) fn event_of(tenant: &Tenant, record: String) -> std::result::Result<StoredEvent, Violation> {
    // The engine wrote the text, so it is readable; were it not, one record must not fail its neighbours.
    let unstorable = || Violation::new("", Code::Type, "accepted, but its canonical text cannot be stored");
    let head = Head::of(&record).ok_or_else(unstorable)?;
    if head.text("tenant_id").is_some_and(|id| id != tenant.as_str()) {
        return Err(Violation::new("/tenant_id", Code::Format, "differs from the tenant of the credentials"));
    }
    let id = head.text("id").and_then(|id| Uuid::try_parse(&id).ok()).ok_or_else(unstorable)?;
    let time = head.text("timestamp").as_deref().and_then(Timestamp::of_canonical).ok_or_else(unstorable)?;
    let owned = |name: &str| head.text(name).map(Cow::into_owned);
    let anywhere = |name: &str| owned(name).or_else(|| head.context(name).map(Cow::into_owned));
    let (channel, event) = head.series();
    let event = StoredEvent {
        tenant: tenant.clone(),
        schema: head.kind.table().schema,
        id: id.into_bytes(),
        timestamp: time.microseconds(),
        channel: channel.into_owned(),
        event: event.into_owned(),
        user_id: owned("user_id"),
        session_id: owned("session_id"),
        trace_id: anywhere("trace_id"),
        request_id: anywhere("request_id"),
        sample_rate: head.text("sample_rate").and_then(|rate| rate.parse().ok()),
        actor_id: owned("actor_id"),
        original_timestamp: clamp::original(&head),
        record: String::new(),
    };
    drop(head);
    Ok(StoredEvent { record, ..event })
}
