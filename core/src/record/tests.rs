//! What holds for every record kind and every spelling: over the vectors, and over random mixtures of them.

use std::collections::HashSet;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;

use super::RecordKind;
use crate::ffi::Engine;

/// `(configuration, case, outcome)` of every vector about records.
fn vectors() -> &'static [(String, String, Value)] {
    static VECTORS: LazyLock<Vec<(String, String, Value)>> = LazyLock::new(read_vectors);
    &VECTORS
}

fn read_vectors() -> Vec<(String, String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/record");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        for case in file["cases"].as_array().unwrap() {
            if let Some(outcome) = case["outcome"].as_str() {
                let outcome = serde_json::from_str(outcome).unwrap();
                found.push((file["config"].to_string(), case["name"].to_string(), outcome));
            }
        }
    }
    assert!(found.len() > 400, "the vectors are there");
    found
}

#[test]
fn reading_what_was_written_changes_nothing() {
    for (config, name, outcome) in vectors() {
        if outcome["status"] == "accepted" {
            let record = outcome["record"].to_string();
            let again: Value =
                serde_json::from_str(&Engine::new(config).unwrap().process(record.as_bytes(), None).unwrap()).unwrap();
            assert_eq!(again["record"], outcome["record"], "{name}");
            assert_eq!(again["redactions"], serde_json::json!([]), "{name}");
        }
    }
}

#[test]
fn accepted_records_have_only_members_of_their_published_schema_and_all_that_it_requires() {
    let schemas: Value = serde_json::from_str(&crate::ffi::schemas()).unwrap();
    for (_, name, outcome) in vectors() {
        if outcome["status"] == "accepted" {
            let record = outcome["record"].as_object().unwrap();
            let schema = &schemas[record["schema"].as_str().unwrap()];
            let missing = |required: &&Value| !record.contains_key(required.as_str().unwrap());
            assert_eq!(schema["required"].as_array().unwrap().iter().find(missing), None, "{name}");
            assert!(record.keys().all(|member| schema["properties"].get(member).is_some()), "{name}");
        }
    }
}

#[test]
fn every_kind_has_accepted_and_rejected_vectors() {
    let seen: HashSet<_> = vectors()
        .iter()
        .map(|(_, _, outcome)| (outcome["status"].to_string(), outcome["record"]["schema"].to_string()))
        .collect();
    for kind in RecordKind::ALL {
        for status in ["accepted", "rejected"] {
            assert!(seen.contains(&(format!("\"{status}\""), format!("\"{}\"", kind.table().schema))));
        }
    }
}

/// Every spelling of every field, and names that nobody knows.
fn name() -> impl Strategy<Value = String> {
    let fields = RecordKind::ALL.iter().flat_map(|kind| kind.fields());
    let mut names: Vec<_> =
        fields.flat_map(|field| field.aliases.iter().chain([&field.name])).map(|name| (*name).to_owned()).collect();
    names.extend(["surprise", "ip", "timeUnixNano", "a\\u002eb", "x y"].map(str::to_owned));
    prop::sample::select(names)
}

fn value() -> impl Strategy<Value = String> {
    let fixed = [
        "null",
        "true",
        "false",
        "7",
        "-1",
        "1767323045006",
        "\"2026-01-02T03:04:05Z\"",
        "\"018f3c4e-7b1a-7c3d-8e4f-1234567890ab\"",
        "\"0AF7651916CD43DD8448EB211C80319C\"",
        "\"b7ad6b7169203331\"",
        "\"1767323045000000000\"",
        "\"info\"",
        "\"WARN\"",
        "\"gauge\"",
        "\"macOS\"",
        "\"render.fps\"",
        "\"fps\"",
        "\"ann@example.com\"",
        "\"203.0.113.77\"",
        "\"\"",
        "{}",
        "{ }",
        "{\"surprise\":7,\"ip\":null}",
        "[\"a\"]",
        "[{\"timeUnixNano\":5,\"name\":\"e\",\"time_unix_nano\":\"5\"},{}]",
        "{\"ip\":\"203.0.113.77\",\"sessionId\":\"s-1\",\"user_id\":\"u\",\"userAgent\":null}",
        "{\"ip_address\":null,\"ip\":\"203.0.113.77\",\"traceId\":\"0AF7651916CD43DD8448EB211C80319C\"}",
        "{\"code\":2,\"message\":\"x\"}",
    ];
    prop::sample::select(fixed.to_vec()).prop_map(str::to_owned)
}

/// A vector's input with further members in front, some of which contradict it.
fn record() -> impl Strategy<Value = String> {
    let inputs: Vec<String> = vectors().iter().map(|(_, _, outcome)| outcome["record"].to_string()).collect();
    let bases: Vec<String> = inputs.into_iter().filter(|text| text.len() > 4).collect();
    let more = prop::collection::btree_map(name(), value(), 0..6);
    (prop::sample::select(bases), more, prop::collection::vec(name(), 0..3)).prop_map(|(base, more, without)| {
        let base: serde_json::Map<String, Value> = serde_json::from_str(&base).unwrap();
        let mut members: Vec<_> = more.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        for (name, value) in base {
            if !without.contains(&name) && !more.contains_key(&name) {
                members.push(format!("{}:{value}", Value::from(name)));
            }
        }
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #[test]
    fn any_mixture_of_spellings_has_one_canonical_form(record in record()) {
        let engine = Engine::new(r#"{"privacy":{"hash_identifiers":false}}"#).unwrap();
        let text = engine.process(record.as_bytes(), None).unwrap();
        let outcome: Value = serde_json::from_str(&text).unwrap();
        prop_assert!(!text.contains("\"json_"), "{record} {text}");
        if outcome["status"] == "accepted" {
            let canonical = &text[text.find("\"record\":").unwrap() + 9..text.len() - 1];
            let again: Value = serde_json::from_str(&engine.process(canonical.as_bytes(), None).unwrap()).unwrap();
            prop_assert_eq!(&again["status"], "accepted", "{} {} {}", record, text, again);
            prop_assert_eq!(&again["record"], &outcome["record"]);
            prop_assert_eq!(&again["redactions"], &serde_json::json!([]), "{}", record);
        }
    }

    /// Each member of a legacy shape is told apart by its value, and each value comes out.
    #[test]
    fn no_member_of_a_legacy_shape_gets_lost(kind in prop::sample::select(RecordKind::ALL.to_vec()), chosen: [bool; 32]) {
        let base = vectors().iter().map(|(_, _, outcome)| outcome).find(|outcome| {
            outcome["status"] == "accepted" && outcome["record"]["schema"] == kind.table().schema
        });
        let mut base = base.unwrap()["record"].clone();
        let members = base.as_object_mut().unwrap();
        let mut expected = Vec::new();
        for (field, chosen) in kind.fields().iter().zip(chosen) {
            let value = match field.check {
                super::Check::Text(_) | super::Check::Prose | super::Check::Key | super::Check::Identifier => {
                    Value::from(format!("kept-{}", field.name.replace('_', "-")))
                }
                _ => continue,
            };
            let name = field.aliases.first().filter(|_| chosen).unwrap_or(&field.name);
            members.remove(field.name);
            members.insert((*name).to_owned(), value.clone());
            expected.push(value);
        }
        members.remove("timestamp");
        members.insert("occurred_at".to_owned(), "2026-01-02T03:04:05Z".into());
        members.insert("surprise".to_owned(), "kept-surprise".into());
        expected.push("kept-surprise".into());
        let engine = Engine::new(r#"{"privacy":{"hash_identifiers":false}}"#).unwrap();
        let text = engine.process(base.to_string().as_bytes(), None).unwrap();
        prop_assert!(text.starts_with("{\"status\":\"accepted\""), "{base} {text}");
        for value in expected {
            prop_assert!(text.contains(&value.to_string()), "{value} {text}");
        }
    }
}
