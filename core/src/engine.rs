//! The engine: a pure function from a configuration and a record to an outcome.

mod agent;
mod answer;
mod captured;
mod fast;
#[cfg(test)]
mod tests;

use self::agent::{write_agent, write_top_agent};
pub use self::answer::{ScrubbedJson, ScrubbedText};
use self::fast::Fast;
#[cfg(feature = "twin")]
pub(crate) use self::fast::forget as forget_structures;
use crate::config::Config;
use crate::contain::contain;
use crate::error::{Error, Result};
use crate::explanation::{Decision, Explanation};
use crate::json::{Document, Kind};
use crate::outcome::{Code, Outcome, Redaction, Status, Violation};
use crate::record::limits::{MAX_BATCH_BYTES, MAX_RECORD_BYTES};
use crate::record::{Check, Reading, RecordKind, Slot};
use crate::schema::{Checked, Event, Plan, located};
use crate::scrub::{Change, Explained, Fields, LANES, Place, Rule, Scrubbed, Scrubber, Walk, is_redacted, len_before};
use crate::stamp::Stamp;

/// A compiled configuration. Shared by any number of threads; holds no state between records.
#[derive(Debug)]
pub struct Engine {
    scrubber: Scrubber,
    planned: Option<Planned>,
    /// Whether what becomes of a record's values depends on its structure and on each of them alone.
    may_be_fast: bool,
}

/// A tracking plan and what scrubs the fields that it keeps.
#[derive(Debug)]
struct Planned {
    plan: Plan,
    secrets: Scrubber,
}

impl Engine {
    /// Compiles `config`. The only place where a configuration can be refused.
    ///
    /// # Errors
    /// `config_invalid` with the place in the configuration.
    pub fn new(config: &Config) -> Result<Self> {
        config.check()?;
        let scrubber = Scrubber::new(&config.privacy)?;
        let planned = config.plan.clone().map(|plan| Planned::new(plan, &scrubber, config)).transpose()?;
        let may_be_fast = planned.is_none() && !scrubber.drops_free_text();
        Ok(Self { scrubber, planned, may_be_fast })
    }

    /// Reads, validates and scrubs one record. An absent id or timestamp is taken from `stamp`.
    ///
    /// Validation looks at the record as it came; scrubbing always runs, on rejected records too, so that dead
    /// letters are clean. Processing what this wrote once more changes nothing.
    ///
    /// A record in which the engine itself fails is dropped with the code `defect`; its neighbours are not touched.
    pub fn process(&self, record: &[u8], stamp: Option<&Stamp>) -> Outcome {
        contain(|| self.process_record(record, stamp)).unwrap_or_else(|| {
            let message = "a defect in the engine was contained; please report it";
            Outcome::unreadable(Status::Dropped, Violation::new("", Code::Defect, message))
        })
    }

    fn process_record(&self, record: &[u8], stamp: Option<&Stamp>) -> Outcome {
        #[cfg(test)]
        tests::fail_if_asked(record);
        if is_too_large(record) {
            return Outcome::unreadable(Status::Dropped, too_large());
        }
        let document = match Document::scanned_only(record, &LANES) {
            Ok(document) => document,
            Err(violation) => return Outcome::unreadable(Status::Rejected, violation),
        };
        if !self.may_be_fast {
            return self.process_scanned(document, stamp, |_, _| {});
        }
        let mut fast = Fast::of(&self.scrubber);
        let outcome = match fast.process(self, &document, stamp) {
            Some(outcome) => outcome,
            None => self.process_scanned(document, stamp, |engine, document| fast.learn(engine, document)),
        };
        fast.give_back();
        outcome
    }

    /// The ordinary way: of any record. `learn` is shown a document that was accepted as it stands.
    fn process_scanned(
        &self,
        document: Document<'_>,
        stamp: Option<&Stamp>,
        learn: impl FnOnce(&Self, &Document<'_>),
    ) -> Outcome {
        let document = match document.parsed() {
            Ok(document) => document,
            Err(violation) => return Outcome::unreadable(Status::Rejected, violation),
        };
        if document.node(0).kind != Kind::Object {
            let violation = Violation::new("", Code::NotObject, "a record is a JSON object");
            return Outcome::unreadable(Status::Rejected, violation);
        }
        let reading = Reading::of(&document, stamp);
        // What came in another spelling is rewritten and read once more; everything else costs nothing for it.
        let Some(rewritten) = reading.rewritten(&document) else {
            let outcome = self.scrub(&document, reading);
            if outcome.status == Status::Accepted {
                learn(self, &document);
            }
            return outcome;
        };
        drop(document);
        let document = match Document::read(rewritten.text.as_bytes(), &LANES) {
            Ok(document) => document,
            Err(violation) => return Outcome::unreadable(Status::Rejected, violation),
        };
        let mut reading = Reading::of(&document, stamp);
        reading.violations.splice(0..0, rewritten.conflicts);
        self.scrub(&document, reading)
    }

    /// Writes the record that was read, scrubbed and in canonical order.
    fn scrub<'e>(&'e self, document: &Document<'_>, mut reading: Reading) -> Outcome {
        let id = reading.id();
        if reading.is_opted_out {
            let violation = Violation::new("/opt_in", Code::OptedOut, "the user opted out; nothing is kept");
            return Outcome { id, ..Outcome::unreadable(Status::Dropped, violation) };
        }
        let mut violations = std::mem::take(&mut reading.violations);
        let capacity = document.input().len() + STAMPED_BYTES;
        let checked = self.checked(document, &reading);
        let of_record = |scrubber: &'e Scrubber| scrubber.of_record(|| reading.tenant(document), id.as_ref());
        let scrubber = of_record(&self.scrubber);
        let secrets = self.planned.as_ref().map(|planned| of_record(&planned.secrets));
        let mut walk = Walk::new(&scrubber, document, reading.intact.nodes(), capacity)
            .with_fields(Fields { actions: &checked.fields, secrets: secrets.as_deref() });
        Self::write_fields(&scrubber, document, &reading, &mut walk);
        for &name in &reading.unknown {
            walk.member(name);
            if reading.is_foreign(document, name) {
                let message = format!("no such member; put it into {}", reading.kind.table().room);
                violations.push(Violation::new(walk.pointer(), Code::UnknownField, message));
            }
        }
        walk.end();
        let (record, redactions) = walk.finish();
        // Rare, and told by the first engine rather than by the collector's.
        if is_too_large(record.as_bytes()) {
            return Outcome { id, ..Outcome::unreadable(Status::Dropped, too_large()) };
        }
        violations.extend(located(checked, document, &record));
        violations.truncate(MAX_VIOLATIONS);
        let status = if violations.is_empty() { Status::Accepted } else { Status::Rejected };
        Outcome { status, id, violations, redactions, record: Some(record) }
    }

    /// Opens the record and writes its fields.
    fn write_fields(scrubber: &Scrubber, document: &Document<'_>, reading: &Reading, walk: &mut Walk<'_>) {
        walk.begin(0, None);
        for (place, field) in reading.kind.fields().iter().enumerate() {
            match reading.slot(document, place, field) {
                Slot::Absent => {}
                Slot::Proven(value) => {
                    walk.field_name(value, field.name);
                    walk.proven(value);
                }
                Slot::Known(text) => walk.known(field.name, text),
                Slot::Cut(context, agent) => {
                    walk.known_name(field.name);
                    walk.begin(context, None);
                    for (name, value) in document.members(context) {
                        if value == agent {
                            walk.known_name("user_agent");
                            write_agent(scrubber, walk, &document.text(document.node(agent)));
                        } else {
                            walk.member(name);
                        }
                    }
                    walk.end();
                }
                Slot::Node(value) => {
                    walk.field_name(value, field.name);
                    match field.check {
                        Check::Agent => write_top_agent(scrubber, walk, document, value),
                        Check::Identifier | Check::NumberedIdentifier => {
                            walk.value(value, Some(Rule::Identifier), Place::Plain);
                        }
                        _ => walk.value(value, None, Place::Plain),
                    }
                }
            }
        }
    }

    /// What the plan says of the record, if there is a plan and it is an event.
    fn checked(&self, document: &Document<'_>, reading: &Reading) -> Checked {
        let check = |planned: &Planned| Some(planned.plan.check(document, &planned_event(document, reading)?));
        let mut checked = self.planned.as_ref().and_then(check).unwrap_or_default();
        self.scrubber.mark_free_text(document, reading, &mut checked);
        checked
    }

    /// Why [`process`](Self::process) changes what it changes in a record, and keeps what it keeps although a rule
    /// finds it. Never quotes a value. For people and reports: costs several times what processing does.
    pub fn explain(&self, record: &[u8], stamp: Option<&Stamp>) -> Explanation {
        let Outcome { status, violations, redactions, record, .. } = self.process(record, stamp);
        let decisions = record.map_or_else(Vec::new, |record| self.decisions(&record, redactions));
        Explanation { status, violations, decisions }
    }

    /// The decisions about the clean `record` that came with `redactions`.
    fn decisions(&self, record: &str, redactions: Vec<Redaction>) -> Vec<Decision> {
        // The engine wrote the record, so it is readable.
        let Ok(document) = Document::read(record.as_bytes(), &LANES) else { return Vec::new() };
        let reading = Reading::of(&document, None);
        let checked = self.checked(&document, &reading);
        let secrets = self.planned.as_ref().map_or(&self.scrubber, |planned| &planned.secrets);
        let explained = Explained {
            scrubber: &self.scrubber,
            secrets,
            document: &document,
            reading: &reading,
            fields: &checked.fields,
        };
        explained.decisions(redactions)
    }

    /// Scrubs free text.
    pub fn scrub_text(&self, text: &str) -> ScrubbedText {
        let Some(Scrubbed { text, changes }) = self.scrubber.of_record(|| None, None).scrub(text, Place::Plain) else {
            return ScrubbedText { text: text.to_owned(), redactions: Vec::new() };
        };
        let redaction = |(rule, action): Change| Redaction { path: String::new(), rule: rule.name(), action };
        ScrubbedText { text: text.into_owned(), redactions: changes.iter().copied().map(redaction).collect() }
    }

    /// Scrubs any JSON document, whatever its members mean.
    pub fn scrub_json(&self, document: &[u8]) -> ScrubbedJson {
        if document.len() > MAX_BATCH_BYTES {
            let message = format!("a document has at most {MAX_BATCH_BYTES} bytes");
            return ScrubbedJson::unreadable(Violation::new("", Code::RecordTooLarge, message));
        }
        match Document::read(document, &LANES) {
            Ok(read) => {
                let scrubber = self.scrubber.of_record(|| None, None);
                let mut walk = Walk::new(&scrubber, &read, &[], document.len());
                walk.value(0, None, Place::Plain);
                let (json, redactions) = walk.finish();
                ScrubbedJson { json: Some(json), violations: Vec::new(), redactions }
            }
            Err(violation) => ScrubbedJson::unreadable(violation),
        }
    }
}

impl Planned {
    fn new(plan: Plan, scrubber: &Scrubber, config: &Config) -> Result<Self> {
        check_names(&plan, scrubber).map_err(|e| Error::new(e.kind(), format!("/plan{}", e.path()), e.message()))?;
        Ok(Self { plan, secrets: Scrubber::of_secrets(&config.privacy)? })
    }
}

/// Refuses a plan with names that `scrubber` would rewrite.
pub(crate) fn check_names(plan: &Plan, scrubber: &Scrubber) -> Result<()> {
    plan.check_names(|name| scrubber.scrub(name, Place::Plain).is_none() && !is_redacted(name))
}

/// The event that a plan may have, where the record is one.
fn planned_event<'a>(document: &'a Document<'_>, reading: &Reading) -> Option<Event<'a>> {
    let node = |name, kind| reading.node(name).filter(|index| document.node(*index).kind == kind);
    let text = |name| Some(document.text(document.node(node(name, Kind::String)?)));
    let is_event = reading.kind == RecordKind::Event;
    is_event.then_some(())?;
    Some(Event { channel: text("channel")?, name: text("event")?, payload: node("payload", Kind::Object)? })
}

/// With what each record begins that an engine wrote.
pub(crate) const CANONICAL_HEAD: &[u8] = b"{\"schema\":\"";
/// What stamps, canonical names and defaults add to a record at the most.
const CANONICAL_BYTES: usize = 1 << 10;

/// Whether a record is over its limit. What an engine wrote may be longer by what it added, and by its tokens, which
/// count as one byte: what one engine accepts, the next accepts.
fn is_too_large(record: &[u8]) -> bool {
    let is_canonical = record.starts_with(CANONICAL_HEAD);
    record.len() > MAX_RECORD_BYTES && !(is_canonical && len_before(record) <= MAX_RECORD_BYTES + CANONICAL_BYTES)
}

fn too_large() -> Violation {
    let message = format!("a record has at most {MAX_RECORD_BYTES} bytes");
    Violation::new("", Code::RecordTooLarge, message)
}

/// What a stamp and an attached schema add to a record's text.
const STAMPED_BYTES: usize = 128;

/// Violations that an outcome lists: enough to mend a record, and a bound on what a hostile one can demand.
const MAX_VIOLATIONS: usize = 32;
