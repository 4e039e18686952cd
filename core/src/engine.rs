//! The engine: a pure function from a configuration and a record to an outcome.

use crate::config::Config;
use crate::error::Result;
use crate::json::{Document, Kind, write_string};
use crate::outcome::{Code, Outcome, Redaction, Status, Violation, write_redactions, write_violations};
use crate::record::limits::{MAX_BATCH_BYTES, MAX_RECORD_BYTES};
use crate::record::{Field, Reading, Slot};
use crate::scrub::{Change, LANES, Place, Rule, Scrubbed, Scrubber, Walk};
use crate::stamp::Stamp;

/// A compiled configuration. Shared by any number of threads; holds no state between records.
#[derive(Debug)]
pub struct Engine {
    scrubber: Scrubber,
}

impl Engine {
    /// Compiles `config`. The only place where a configuration can be refused.
    ///
    /// # Errors
    /// `config_invalid` with the place in the configuration.
    pub fn new(config: &Config) -> Result<Self> {
        config.check()?;
        Ok(Self { scrubber: Scrubber::new(&config.privacy) })
    }

    /// Reads, validates and scrubs one record. An absent id or timestamp is taken from `stamp`.
    ///
    /// Validation looks at the record as it came; scrubbing always runs, on rejected records too, so that dead
    /// letters are clean. Processing what this wrote once more changes nothing.
    pub fn process(&self, record: &[u8], stamp: Option<&Stamp>) -> Outcome {
        if record.len() > MAX_RECORD_BYTES {
            let message = format!("a record has at most {MAX_RECORD_BYTES} bytes");
            return Outcome::unreadable(Status::Dropped, Violation::new("", Code::RecordTooLarge, message));
        }
        let document = match Document::read(record, &LANES) {
            Ok(document) => document,
            Err(violation) => return Outcome::unreadable(Status::Rejected, violation),
        };
        if document.node(0).kind != Kind::Object {
            let violation = Violation::new("", Code::NotObject, "a record is a JSON object");
            return Outcome::unreadable(Status::Rejected, violation);
        }
        let reading = Reading::of(&document, stamp);
        let mut violations = reading.violations;
        let mut walk = Walk::new(&self.scrubber, &document, &reading.intact, record.len() + STAMPED_BYTES);
        walk.begin(0, None);
        for field in Field::ALL {
            match reading.slots.get(field) {
                Slot::Absent => {}
                Slot::Proven(text) => {
                    walk.known_name(field.name());
                    walk.known_text(text);
                }
                Slot::Node(value) => {
                    walk.known_name(field.name());
                    let identifies = matches!(field, Field::UserId | Field::SessionId);
                    walk.value(*value, identifies.then_some(Rule::Identifier), Place::Plain);
                }
            }
        }
        for name in reading.unknown {
            walk.member(name);
            violations.push(Violation::new(walk.pointer(), Code::UnknownField, "no such member; put it into payload"));
        }
        walk.end();
        violations.truncate(MAX_VIOLATIONS);
        let (record, redactions) = walk.finish();
        let status = if violations.is_empty() { Status::Accepted } else { Status::Rejected };
        let id = reading.slots.proven(Field::Id).map(str::to_owned);
        Outcome { status, id, violations, redactions, record: Some(record) }
    }

    /// Scrubs free text.
    pub fn scrub_text(&self, text: &str) -> ScrubbedText {
        let Some(Scrubbed { text, changes }) = self.scrubber.scrub(text, Place::Plain) else {
            return ScrubbedText { text: text.to_owned(), redactions: Vec::new() };
        };
        let redaction = |(rule, action): Change| Redaction { path: String::new(), rule: rule.name(), action };
        ScrubbedText { text, redactions: changes.into_iter().map(redaction).collect() }
    }

    /// Scrubs any JSON document, whatever its members mean.
    pub fn scrub_json(&self, document: &[u8]) -> ScrubbedJson {
        if document.len() > MAX_BATCH_BYTES {
            let message = format!("a document has at most {MAX_BATCH_BYTES} bytes");
            return ScrubbedJson::unreadable(Violation::new("", Code::RecordTooLarge, message));
        }
        match Document::read(document, &LANES) {
            Ok(read) => {
                let mut walk = Walk::new(&self.scrubber, &read, &[], document.len());
                walk.value(0, None, Place::Plain);
                let (json, redactions) = walk.finish();
                ScrubbedJson { json: Some(json), violations: Vec::new(), redactions }
            }
            Err(violation) => ScrubbedJson::unreadable(violation),
        }
    }
}

/// What a stamp and an attached schema add to a record's text.
const STAMPED_BYTES: usize = 128;

/// Violations that an outcome lists: enough to mend a record, and a bound on what a hostile one can demand.
const MAX_VIOLATIONS: usize = 32;

/// Free text after scrubbing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrubbedText {
    /// The clean text.
    pub text: String,
    /// What was changed, one entry a rule; paths are empty.
    pub redactions: Vec<Redaction>,
}

impl ScrubbedText {
    /// `{"redactions":[…],"text":…}`.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 32);
        out.push('{');
        write_redactions(&self.redactions, &mut out);
        out.push_str(",\"text\":");
        write_string(&self.text, &mut out);
        out.push('}');
        out
    }
}

/// A JSON document after scrubbing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrubbedJson {
    /// The clean document in canonical form, or nothing where it could not be read.
    pub json: Option<String>,
    /// Why it could not be read.
    pub violations: Vec<Violation>,
    /// What was changed, in document order.
    pub redactions: Vec<Redaction>,
}

impl ScrubbedJson {
    fn unreadable(violation: Violation) -> Self {
        Self { json: None, violations: vec![violation], redactions: Vec::new() }
    }

    /// `{"violations":[…],"redactions":[…],"json":…}`.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.json.as_ref().map_or(4, String::len) + 48);
        out.push('{');
        write_violations(&self.violations, &mut out);
        out.push(',');
        write_redactions(&self.redactions, &mut out);
        out.push_str(",\"json\":");
        out.push_str(self.json.as_deref().unwrap_or("null"));
        out.push('}');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> Engine {
        Engine::new(&Config::default()).unwrap()
    }

    fn event(payload: &str) -> String {
        format!(r#"{{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"login","payload":{payload}}}"#)
    }

    #[test]
    fn an_event_is_accepted_and_written_in_canonical_order() {
        let outcome = engine().process(event(r#"{"b": 1.50, "a": "\u00e9"}"#).as_bytes(), None);
        assert_eq!(outcome.status, Status::Accepted);
        assert_eq!(
            outcome.record.unwrap(),
            r#"{"schema":"telemetry_event_v1","timestamp":"2026-01-02T03:04:05.000000Z","channel":"app","event":"login","payload":{"b":1.50,"a":"é"}}"#
        );
    }

    #[test]
    fn rejected_records_are_still_scrubbed() {
        let outcome = engine().process(br#"{"channel":7,"payload":{"mail":"ann@example.com"}}"#, None);
        assert_eq!(outcome.status, Status::Rejected);
        assert!(outcome.record.unwrap().contains(r#""mail":"[email]""#));
    }

    #[test]
    fn a_name_that_is_personal_data_appears_nowhere_in_the_outcome() {
        let text = r#"{"ann@example.com":1,"payload":{"bob@example.com":{"bob@example.org":["x@example.com"]}}}"#;
        let outcome = engine().process(text.as_bytes(), None).to_json();
        assert!(!outcome.contains("example"), "{outcome}");
        assert!(outcome.contains(r#""path":"/[email]","code":"unknown_field""#), "{outcome}");
        assert!(outcome.contains(r#""path":"/payload/[email]/[email]/0""#), "{outcome}");
    }

    #[test]
    fn rewritten_names_stay_apart() {
        let payload = r#"{"[email:2]":0,"a@x.io":1,"b@x.io":2,"c@x.io":3}"#;
        let record = engine().process(event(payload).as_bytes(), None).record.unwrap();
        assert!(record.contains(r#"{"[email:2]":0,"[email]":1,"[email:3]":2,"[email:4]":3}"#), "{record}");
    }

    #[test]
    fn a_stamp_fills_what_is_absent_and_nothing_else() {
        let stamp = Stamp::new("2026-05-06T07:08:09Z", [7; 10]).unwrap();
        let outcome = engine().process(br#"{"channel":"a","event":"b","payload":{}}"#, Some(&stamp));
        assert_eq!(outcome.id.as_deref(), Some("019dfc1d-8fa8-7707-8707-070707070707"));
        assert!(outcome.record.unwrap().contains(r#""timestamp":"2026-05-06T07:08:09.000000Z""#));
        let dated = engine().process(event("{}").as_bytes(), Some(&stamp));
        assert!(dated.record.unwrap().contains("2026-01-02"));
    }
}
