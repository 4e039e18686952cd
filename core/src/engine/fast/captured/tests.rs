use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::capture::json_of;
use crate::engine::fast::forget;
use crate::stamp::Stamp;
use crate::{CapturedRecord, Config, Engine};

fn write(value: &Json, to: &mut CapturedRecord) {
    match value {
        Json::Null => _ = to.null(),
        Json::Bool(value) => _ = to.bool(*value),
        Json::Number(value) => match value.as_i64() {
            Some(value) => _ = to.int(value),
            None => _ = to.float(value.as_f64().unwrap()),
        },
        Json::String(value) => _ = to.text(value),
        Json::Array(values) => {
            to.begin_array();
            for value in values {
                write(value, to);
            }
            to.end();
        }
        Json::Object(members) => {
            to.begin_object();
            for (name, value) in members {
                write(value, to.name(name));
            }
            to.end();
        }
    }
}

fn captured(value: &Json) -> CapturedRecord {
    let mut record = CapturedRecord::new();
    write(value, &mut record);
    record
}

fn stamp() -> Stamp {
    Stamp::new("2026-01-02T03:04:05Z", [7; 10]).unwrap()
}

/// How many of the records were processed without their text, all of them to the outcome of their text.
fn same(engine: &Engine, records: &[Json]) -> usize {
    let mut fast = 0;
    forget();
    for _ in 0..4 {
        for record in records {
            let record = captured(record);
            let ours = engine.captured(record.as_bytes(), &stamp());
            let texts = engine.process(&json_of(record.as_bytes()).unwrap(), Some(&stamp()));
            fast += usize::from(ours.is_some());
            let mut lines = b"before".to_vec();
            let is_added = engine.add_captured_line(record.as_bytes(), &stamp(), &mut lines);
            let line = texts.record.iter().filter(|_| is_added).flat_map(|record| [record, "\n"]);
            assert_eq!(lines, ["before"].into_iter().chain(line).collect::<String>().into_bytes());
            assert!(is_added || ours.is_none());
            assert_eq!(
                *ours.as_ref().unwrap_or(&texts),
                texts,
                "{:?}",
                String::from_utf8(json_of(record.as_bytes()).unwrap())
            );
        }
    }
    fast
}

fn event(payload: &Json) -> Json {
    json!({"channel": "web", "event": "request", "payload": payload})
}

#[test]
fn a_plain_event_needs_no_text_from_the_second_time_on() {
    let engine = Engine::new(&Config::default()).unwrap();
    let payload = json!({"http.request.method": "GET", "http.route": "/api/v1/items/{id}", "ms": 1.5, "n": 200,
        "hit": true, "region": "eu-west-1", "list": [1, 2], "o": {"a": "b"}, "none": []});
    assert!(same(&engine, &[event(&payload)]) >= 2);
}

#[test]
fn what_is_not_plain_goes_the_way_of_its_text() {
    let engine = Engine::new(&Config::default()).unwrap();
    let learned = event(&json!({"to": "x", "n": 1.5, "ok": true}));
    for payload in [
        json!({"to": "ann@example.com", "n": 1.5, "ok": true}),
        json!({"to": "caf\u{e9}", "n": 1.5, "ok": true}),
        json!({"to": "a\"b", "n": 1.5, "ok": true}),
        json!({"to": "x", "n": 1e300, "ok": true}),
        json!({"to": "x", "n": "1", "ok": true}),
        json!({"to": "x", "n": 1.5, "ok": null}),
        json!({"to": "x", "n": 1.5}),
        json!({"to": "x", "n": 1.5, "ok": true, "more": 1}),
        json!({"to": {"deep": 1}, "n": 1.5, "ok": true}),
    ] {
        same(&engine, &[learned.clone(), event(&payload)]);
    }
    for record in
        [json!([]), json!(1), json!({}), json!({"payload": {}, "event": "e", "channel": "c"}), json!({"channel": ""})]
    {
        same(&engine, &[learned.clone(), record]);
    }
}

#[test]
fn a_value_that_was_not_there_before_is_no_reason_to_write_a_text() {
    let engine = Engine::new(&Config::default()).unwrap();
    let record =
        |n: u32| event(&json!({"n": n, "f": f64::from(n) * 0.37, "even": n.is_multiple_of(2), "region": "eu-west-1"}));
    let records: Vec<Json> = (0..100).map(record).collect();
    assert!(same(&engine, &records) >= 4 * 100 - 4);
}

#[test]
fn shapes_that_take_turns_are_told_apart() {
    let engine = Engine::new(&Config::default()).unwrap();
    let shape = |n: usize| match n % 3 {
        0 => event(&json!({"a": n, "b": "x"})),
        1 => event(&json!({"b": "x", "c": [n, n]})),
        _ => json!({"channel": "web", "event": "request", "payload": {"a": n}, "session_id": "s"}),
    };
    let records: Vec<Json> = (0..30).chain([1, 1, 1, 1, 1, 1, 1, 0, 3]).map(shape).collect();
    assert!(same(&engine, &records) > 0);
}

fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        (-1e9..1e9).prop_map(Json::from),
        any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(Json::from),
        prop::sample::select(vec![
            "x",
            "",
            "GET",
            "203.0.113.9",
            "ann@example.com",
            "a\nb",
            "caf\u{e9}",
            "/api/v1/items",
            "password=hunter2",
            "[email]"
        ])
        .prop_map(Json::from),
    ]
}

fn value() -> impl Strategy<Value = Json> {
    let name =
        prop::sample::select(vec!["a", "b", "email", "password", "name", "value", "phone", "url", "ok\"", "ann@x.io"]);
    leaf().prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
            prop::collection::btree_map(name.clone(), inner, 0..4)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn a_captured_record_has_the_outcome_of_its_text(
        payloads in prop::collection::vec(value(), 1..6),
        channel in prop::sample::select(vec!["app", "a b", "", "ann@example.com", "caf\u{e9}", "a.b", "x\u{7f}"]),
        privacy in prop::sample::select(vec![
            "{}",
            r#"{"mode":"strict"}"#,
            r#"{"mode":"minimal"}"#,
            r#"{"pii_fields":["a"],"rules":[{"name":"word","pattern":"x"}]}"#,
            r#"{"allow":{"paths":["/payload/email"]}}"#,
        ]),
    ) {
        let engine = Engine::new(&Config::from_json(&format!(r#"{{"privacy":{privacy}}}"#)).unwrap()).unwrap();
        let mut records: Vec<Json> = payloads.iter().map(event).collect();
        records.push(json!({"channel": channel, "event": "e", "payload": payloads[0], "user_id": "u1", "session_id": "s"}));
        records.push(json!({"schema": "telemetry_metric_v1", "name": "fps", "type": "gauge", "unit": "frames", "value": payloads[0]}));
        same(&engine, &records);
    }

    #[test]
    fn records_that_differ_in_values_alone_have_the_outcomes_of_their_texts(
        rows in prop::collection::vec((leaf(), leaf(), leaf(), leaf()), 1..12),
    ) {
        let engine = Engine::new(&Config::default()).unwrap();
        let records: Vec<Json> = rows
            .iter()
            .map(|(a, b, c, d)| event(&json!({"a": a, "list": [b, c], "o": {"n": 7, "d": d}, "z": "eu-west-1"})))
            .collect();
        same(&engine, &records);
    }

    #[test]
    fn bytes_that_were_cut_or_changed_are_told_from_those_of_a_template(
        at in any::<prop::sample::Index>(),
        byte: u8,
        end in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let engine = Engine::new(&Config::default()).unwrap();
        let record = captured(&event(&json!({"m": "GET", "n": 200, "f": 1.5, "ok": true, "o": {}, "list": ["x", 1]})));
        let whole = record.as_bytes();
        forget();
        (0..4).for_each(|_| _ = engine.process_captured(whole, Some(&stamp())));
        prop_assert!(engine.captured(whole, &stamp()).is_some());
        let mut bytes = whole.to_vec();
        bytes[at.index(whole.len())] = byte;
        bytes.truncate(end.map_or(whole.len(), |end| end.index(whole.len())));
        if let Some(outcome) = engine.captured(&bytes, &stamp()) {
            prop_assert_eq!(outcome, engine.process(&json_of(&bytes).unwrap(), Some(&stamp())));
        }
        prop_assert!(engine.captured(&[whole, &[byte]].concat(), &stamp()).is_none());
    }
}
