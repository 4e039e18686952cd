//! Every record of the conformance vectors, and random ones, against a mapping written apart: over trees, without the
//! encoder's reader.

use std::fs;
use std::path::Path;

use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value as Any};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{attributes, logs, metrics, spans};
use crate::export::Signal;
use crate::{Config, Engine, PrivacyConfig};

/// A value as JSON; whole numbers as strings, as in OTLP's own JSON.
pub(super) fn json(value: &AnyValue) -> Value {
    match &value.value {
        None => Value::Null,
        Some(Any::StringValue(text)) => text.as_str().into(),
        Some(Any::BoolValue(value)) => (*value).into(),
        Some(Any::IntValue(value)) => value.to_string().into(),
        Some(Any::DoubleValue(value)) => (*value).into(),
        Some(Any::ArrayValue(list)) => list.values.iter().map(json).collect(),
        Some(Any::KvlistValue(list)) => attributes(&list.values).into(),
        Some(other) => panic!("{other:?}"),
    }
}

/// A record's value as the mapping should make it.
fn expected(value: &Value) -> Value {
    match value {
        Value::Number(number) if !number.is_f64() => number.to_string().into(),
        Value::Array(list) => list.iter().map(expected).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), expected(value))).collect(),
        other => other.clone(),
    }
}

/// Where a member of envelope, context or kind should be found among the attributes of a log record.
fn attribute_of(name: &str) -> String {
    match name {
        "id" => "log.record.uid".into(),
        "tenant_id" => "tenant.id".into(),
        "user_id" => "user.id".into(),
        "session_id" => "session.id".into(),
        "route_name" => "http.route".into(),
        "ip_address" => "client.address".into(),
        "user_agent" => "user_agent.original".into(),
        other => format!("scrubjay.{other}"),
    }
}

/// Every canonical record of a signal in the vectors.
fn records(of: Signal) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let mut records = Vec::new();
    for file in fs::read_dir(folder).unwrap().flat_map(|group| fs::read_dir(group.unwrap().path()).unwrap()) {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let vectors: Value = serde_json::from_str(&text).unwrap();
        for case in vectors["cases"].as_array().unwrap() {
            // The text itself: a tree would sort its members.
            let outcome = case["outcome"].as_str().unwrap_or_default();
            if let Some((_, record)) = outcome.split_once(r#","record":"#)
                && outcome.starts_with(r#"{"status":"accepted""#)
            {
                records.push(record.strip_suffix('}').unwrap().to_owned());
            }
        }
    }
    records.retain(|record| record.starts_with('{') && Signal::of(record) == of);
    // The oracle's tree rounds whole numbers beyond 64 bits; `fields` has one.
    let is_exact = |value: &Value| !value.as_f64().is_some_and(|number| value.is_f64() && number.abs() >= TWO_TO_64);
    records.retain(|record| {
        tree(record).get("payload").and_then(Value::as_object).is_none_or(|p| p.values().all(is_exact))
    });
    assert!(records.len() > 10, "{of:?}: {}", records.len());
    records
}

const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;

fn tree(record: &str) -> Map<String, Value> {
    serde_json::from_str(record).unwrap()
}

/// Members that are fields of a log record rather than attributes.
const FIELDS: [&str; 10] =
    ["timestamp", "context", "event", "event_key", "severity", "level", "message", "event_type", "trace_id", "payload"];

fn check_log(record: &str) {
    let log = logs(&[record]).remove(0);
    let found = attributes(&log.attributes);
    let tree = tree(record);
    let context = tree.get("context").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut count = 0;
    for (name, value) in tree.iter().filter(|(name, _)| !FIELDS.contains(&name.as_str()) && *name != "metadata") {
        let attribute = attribute_of(name);
        let other = format!("scrubjay.record.{name}");
        let found = if context.contains_key(name) { found.get(&other) } else { found.get(&attribute) };
        assert_eq!(found, Some(&expected(value)), "{name} of {record}");
        count += 1;
    }
    for (name, value) in &context {
        let is_id = matches!(name.as_str(), "trace_id" | "span_id") && !value.as_str().unwrap().contains('[');
        let known =
            ["request_id", "route_name", "ip_address", "user_agent", "trace_id", "span_id"].contains(&name.as_str());
        let attribute = if known { attribute_of(name) } else { format!("scrubjay.context.{name}") };
        if !is_id {
            assert_eq!(found.get(&attribute), Some(&expected(value)), "{name} of {record}");
            count += 1;
        }
    }
    let room = tree.get("payload").or_else(|| tree.get("metadata")).and_then(Value::as_object).cloned();
    for (name, value) in room.unwrap_or_default() {
        let prefixed = format!("scrubjay.payload.{name}");
        let found = found.get(&prefixed).or_else(|| found.get(&name));
        assert_eq!(found, Some(&expected(&value)), "{name} of {record}");
        count += 1;
    }
    assert_eq!(found.len(), count, "nothing else in {found:?} of {record}");
    let event = match (&tree.get("channel"), &tree.get("event")) {
        (Some(channel), Some(event)) => format!("{}.{}", channel.as_str().unwrap(), event.as_str().unwrap()),
        _ => tree.get("event_key").or(tree.get("event_type")).and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    if event.is_empty() {
        assert!(tree["schema"].as_str().unwrap().starts_with(&log.event_name));
    } else {
        assert_eq!(log.event_name, event);
    }
    assert_eq!(log.severity_text, tree.get("severity").or(tree.get("level")).and_then(Value::as_str).unwrap_or(""));
    assert_eq!(log.body.as_ref().map(json), tree.get("message").cloned());
}

#[test]
fn every_log_of_the_vectors_arrives_whole() {
    for record in records(Signal::Logs) {
        check_log(&record);
    }
}

#[test]
fn every_metric_of_the_vectors_arrives() {
    for record in records(Signal::Metrics) {
        let metric = metrics(&[&record]).remove(0);
        assert_eq!(metric.name, tree(&record)["name"].as_str().unwrap());
    }
}

#[test]
fn every_span_of_the_vectors_with_ids_arrives() {
    let arrived = records(Signal::Traces).into_iter().filter(|record| {
        let span = spans(&[record]).pop();
        span.is_some_and(|span| span.name == tree(record)["name"].as_str().unwrap())
    });
    assert!(arrived.count() > 5);
}

#[test]
fn all_records_of_a_signal_travel_together() {
    let records = records(Signal::Logs);
    let texts: Vec<&str> = records.iter().map(String::as_str).collect();
    assert_eq!(logs(&texts).len(), records.len());
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1.0e9_f64..1.0e9).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{1,6}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_payload_arrives_whole(payload in prop::collection::btree_map("[a-z.]{1,12}|.{1,5}", json_value(), 0..6)) {
        let config = Config { privacy: PrivacyConfig::default(), ..Config::default() };
        let record = serde_json::json!({"schema": "telemetry_event_v1", "timestamp": "2026-01-02T03:04:05.000006Z",
            "user_id": "u1", "channel": "app", "event": "e", "payload": payload});
        let outcome = Engine::new(&config).unwrap().process(record.to_string().as_bytes(), None);
        if let Some(record) = outcome.record.filter(|_| outcome.status == crate::Status::Accepted) {
            check_log(&record);
        }
    }
}
