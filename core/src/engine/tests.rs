//! The engine as a whole; vectors have the rest.

use super::*;
use crate::explanation::Reason;
use crate::outcome::Action;

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
fn an_explanation_tells_what_was_changed_and_what_was_kept_in_document_order() {
    let payload = r#"{"phone":"iPhone 15","to":"ann@example.com","seen":["x",{"password":"hunter2"}]}"#;
    let explanation = engine().explain(event(payload).as_bytes(), None);
    let told: Vec<_> =
        explanation.decisions.iter().map(|told| (told.path.as_str(), told.action, told.reason)).collect();
    assert_eq!(
        told,
        [
            ("/payload/phone", Action::Keep, Reason::Form),
            ("/payload/to", Action::Replace, Reason::Mode),
            ("/payload/seen/1/password", Action::Replace, Reason::Secret),
        ]
    );
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
fn rewritten_names_of_several_forms_stay_apart() {
    let payload = r#"{"a@x.io":0,"\u005bemail:2]\u200b b@x.io":1,"c@x.io":2,"1.2.3.4":3,"1.2.3.0":4,"1.2.3.5":5,"d@x.io e@x.io":6,"f@x.io g@x.io":7}"#;
    let record = engine().process(event(payload).as_bytes(), None).record.unwrap();
    let read: std::collections::BTreeMap<String, serde_json::Value> =
        serde_json::from_value(serde_json::from_str::<serde_json::Value>(&record).unwrap()["payload"].clone()).unwrap();
    assert_eq!(read.len(), 8, "{record}");
}

/// In tests, the text that makes the engine panic.
const FAULT: &[u8] = b"inject a fault";

pub(super) fn fail_if_asked(record: &[u8]) {
    assert!(record != FAULT, "injected");
}

#[test]
fn a_panic_inside_drops_the_record_and_nothing_else() {
    let engine = engine();
    let outcome = engine.process(FAULT, None);
    assert_eq!((outcome.status, outcome.record), (Status::Dropped, None));
    assert_eq!(outcome.violations[0].code, Code::Defect);
    assert_eq!(engine.process(event("{}").as_bytes(), None).status, Status::Accepted);
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
