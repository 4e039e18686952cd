//! Tracking plans against records: the sample plan, and what holds for every plan.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may fail loudly")]

use proptest::prelude::*;
use scrubjay_core::{Config, Engine, Plan, Status};
use serde_json::json;

const SAMPLE: &str = include_str!("../../docs/tracking-plan.json");

fn engine(plan: &str, privacy: &str) -> Engine {
    Engine::new(&Config::from_json(&format!(r#"{{"plan":{plan},"privacy":{privacy}}}"#)).unwrap()).unwrap()
}

fn record(channel: &str, event: &str, payload: &serde_json::Value) -> String {
    json!({"timestamp": "2026-01-02T03:04:05Z", "channel": channel, "event": event, "payload": payload}).to_string()
}

/// Codes and paths of what `plan` says of a record.
fn verdict(engine: &Engine, record: &str) -> Vec<String> {
    let outcome = engine.process(record.as_bytes(), None);
    outcome.violations.into_iter().map(|violation| format!("{} {}", violation.path, violation.code.as_str())).collect()
}

#[test]
fn the_sample_plan_accepts_what_it_is_meant_for() {
    let engine = engine(SAMPLE, "{}");
    let order = json!({
        "order_id": "4111111111111111", "currency": "eur", "total": 12.5, "placed_at": "2026-01-02T03:04:05+01:00",
        "lines": [{"sku": "tea-1", "count": 2}], "delivery": {"name": "Ann", "city": "Ulm"},
        "customer_reference": "for my aunt Bea", "coupon": "x"
    });
    let outcome = engine.process(record("shop", "checkout", &order).as_bytes(), None);
    assert_eq!((outcome.status, outcome.violations), (Status::Accepted, vec![]));
    let text = outcome.record.unwrap();
    assert!(text.contains(r#""order_id":"4111111111111111""#), "{text}");
    assert!(!text.contains("Ann") && !text.contains("Ulm") && !text.contains("aunt"), "{text}");
    assert_eq!(verdict(&engine, &text), Vec::<String>::new());
    assert!(verdict(&engine, &record("shop", "search", &json!({"query": "tea", "results": 3, "page": 1}))).is_empty());
    assert!(verdict(&engine, &record("app", "started", &json!({"anything": []}))).is_empty());
}

#[test]
fn the_sample_plan_refuses_what_it_is_meant_against() {
    let engine = engine(SAMPLE, "{}");
    let order = json!({
        "order_id": "A-1", "currency": "EUR", "total": -1, "lines": [{"sku": "t", "count": 0.5}, {"sku": "tea"}], "ip": 1
    });
    assert_eq!(
        verdict(&engine, &record("shop", "checkout", &order)),
        [
            "/payload/currency enum",
            "/payload/ip unknown_field",
            "/payload/lines/0/count type",
            "/payload/lines/0/sku length",
            "/payload/lines/1/count required",
            "/payload/order_id pattern",
            "/payload/total range",
        ]
    );
    assert_eq!(verdict(&engine, &record("shop", "chekout", &json!({}))), ["/event unplanned"]);
    let search = json!({"query": "tea", "results": 3, "page": "one"});
    assert_eq!(verdict(&engine, &record("shop", "search", &search)), ["/payload/page type"]);
}

#[test]
fn a_plan_differs_from_itself_in_nothing() {
    let plan = Plan::from_json(SAMPLE).unwrap();
    assert_eq!(plan.diff(&plan.clone()).changes, []);
    assert_eq!(plan.events().collect::<Vec<_>>(), ["app.started", "shop.checkout", "shop.search"]);
}

/// A message goes into logs: it may quote the plan, never the record.
#[test]
fn no_violation_quotes_the_record() {
    let schemas = [
        json!({"type": "integer"}),
        json!({"enum": ["a", 1, null]}),
        json!({"pattern": "^x$"}),
        json!({"format": "date"}),
        json!({"minLength": 90, "format": "uuid"}),
        json!({"maxLength": 1}),
        json!({"type": "number", "maximum": 1}),
        json!(false),
    ];
    for schema in schemas {
        let plan = json!({"events": {"a.b": {"properties": {"x": schema}, "additionalProperties": false}}});
        for value in [json!("canary"), json!(["canary"]), json!({"canary": 1}), json!(737_373)] {
            let outcome = engine(&plan.to_string(), "{}")
                .process(record("a", "b", &json!({"x": value, "y": "canary"})).as_bytes(), None);
            for violation in outcome.violations {
                let said = format!("{} {}", violation.path, violation.message);
                assert!(!said.contains("canary") && !said.contains("737373"), "{said}");
            }
        }
    }
}

/// Patterns that backtracking would take forever over, and one of the largest that are accepted.
#[test]
fn a_pattern_costs_no_more_than_its_size_times_the_text() {
    for pattern in ["(a|aa)+$", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "a{0,200}b"] {
        let plan = json!({"events": {"a.b": {"properties": {"x": {"pattern": pattern}}}}});
        let engine = engine(&plan.to_string(), "{}");
        let time = |size: usize| {
            let record = record("a", "b", &json!({"x": "a".repeat(size)}));
            let start = std::time::Instant::now();
            engine.process(record.as_bytes(), None);
            start.elapsed()
        };
        time(100);
        let (short, long) = (time(1_500), time(6_000));
        // Four times the text; generous, because machines are busy. A square would be sixteen.
        assert!(long < short * 10 + std::time::Duration::from_millis(50), "{pattern}: {short:?} {long:?}");
    }
}

/// Texts that detectors change, in part or whole, beside plain ones.
fn leaf() -> impl Strategy<Value = serde_json::Value> {
    let texts = [
        "x",
        "",
        "[email]",
        "to [card] now",
        "ann@example.com",
        "mail ann@example.com",
        "203.0.113.77",
        "at 203.0.113.77",
        "4111 1111 1111 1111",
        "::1",
        "2001:db8::7",
        "password=hunter2x9",
        "+14155550132",
        "2026-01-02",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
        "{\"email\":\"ann@example.com\"}",
        "key",
    ];
    prop_oneof![
        4 => prop::sample::select(texts.to_vec()).prop_map(serde_json::Value::from),
        1 => any::<i64>().prop_map(serde_json::Value::from),
        1 => any::<bool>().prop_map(serde_json::Value::from),
        1 => Just(serde_json::Value::Null),
        1 => Just(json!(4_111_111_111_111_111_i64)),
    ]
}

const NAMES: [&str; 6] = ["a", "email", "phone", "password", "key", "b"];

fn payload() -> impl Strategy<Value = serde_json::Value> {
    let name = prop_oneof![4 => prop::sample::select(NAMES.to_vec()), 1 => Just("ann@example.com")];
    let value = leaf().prop_recursive(2, 12, 3, move |inner| {
        let name = prop_oneof![4 => prop::sample::select(NAMES.to_vec()), 1 => Just("ann@example.com")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
            prop::collection::btree_map(name.prop_map(str::to_owned), inner, 0..3)
                .prop_map(serde_json::Value::from_iter),
        ]
    });
    prop::collection::btree_map(name.prop_map(str::to_owned), value, 0..4).prop_map(serde_json::Value::from_iter)
}

fn schema() -> impl Strategy<Value = serde_json::Value> {
    let pii = prop::sample::select(vec!["remove", "replace", "mask", "hash", "keep"]);
    let leaf = prop_oneof![
        Just(json!(true)),
        Just(json!({"type": ["string", "null"]})),
        Just(json!({"type": "integer"})),
        Just(json!({"maxLength": 12})),
        Just(json!({"minLength": 9})),
        Just(json!({"pattern": "^[a-z0-9@. :]*$"})),
        Just(json!({"enum": ["x", "203.0.113.77", "ann@example.com", "::1", 4_111_111_111_111_111_i64]})),
        Just(json!({"format": "email"})),
        Just(json!({"format": "ipv6"})),
        pii.prop_map(|pii| json!({"pii": pii})),
    ];
    leaf.prop_recursive(2, 10, 3, |inner| {
        let name = prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned);
        let members = prop::collection::btree_map(name, inner.clone(), 0..4);
        prop_oneof![
            (members, inner.clone(), prop::option::of("remove|hash|keep")).prop_map(
                |(members, others, pii)| match pii {
                    Some(pii) => json!({"properties": members, "additionalProperties": others, "pii": pii}),
                    None => json!({"properties": members, "additionalProperties": others}),
                }
            ),
            inner.prop_map(|items| json!({"items": items})),
        ]
    })
}

proptest! {
    /// The collector, with the same plan, accepts what the client sent and changes nothing.
    #[test]
    fn a_second_pass_with_the_same_plan_agrees(
        members in prop::collection::btree_map(prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), schema(), 0..5),
        payload in payload(),
        mode in "strict|balanced|minimal",
    ) {
        let plan = json!({"events": {"a.b": {"properties": members}}}).to_string();
        let engine = engine(&plan, &format!(r#"{{"mode":"{mode}","pseudonym_key":"0123456789abcdef"}}"#));
        let once = engine.process(record("a", "b", &payload).as_bytes(), None);
        let text = once.record.unwrap();
        let twice = engine.process(text.as_bytes(), None);
        prop_assert_eq!(twice.record.unwrap(), text);
        prop_assert_eq!(twice.redactions, vec![]);
        if once.status == Status::Accepted {
            prop_assert_eq!(twice.violations, vec![]);
        }
    }

    /// What one plan accepts is accepted by the other where their difference is not breaking.
    #[test]
    fn a_change_that_is_not_breaking_breaks_nothing(old in schema(), new in schema(), payload in payload()) {
        let plan = |schema: &serde_json::Value| json!({"events": {"a.b": {"properties": {"a": schema}}}}).to_string();
        let (old, new) = (plan(&old), plan(&new));
        let is_breaking = Plan::from_json(&old).unwrap().diff(&Plan::from_json(&new).unwrap()).is_breaking();
        let status = |plan: &str| {
            let engine = engine(plan, r#"{"pseudonym_key":"0123456789abcdef"}"#);
            engine.process(record("a", "b", &payload).as_bytes(), None).status
        };
        if !is_breaking && status(&old) == Status::Accepted {
            prop_assert_eq!(status(&new), Status::Accepted);
        }
    }
}
