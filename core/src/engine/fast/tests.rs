//! The fast way against the ordinary one: whatever a thread has learned, an outcome is the same.

use proptest::prelude::*;
use serde_json::Value;

use super::{Fast, forget};
use crate::engine::Engine;
use crate::outcome::Outcome;
use crate::stamp::Stamp;
use crate::{Config, Status};

/// What each record is without anything learned.
fn cold(engine: &Engine, records: &[Vec<u8>], stamp: Option<&Stamp>) -> Vec<Outcome> {
    let one = |record: &Vec<u8>| {
        forget();
        engine.process(record, stamp)
    };
    records.iter().map(one).collect()
}

/// First while learning, then along the tree, then along a trail.
fn assert_same(engine: &Engine, records: &[Vec<u8>], stamp: Option<&Stamp>) {
    let expected = cold(engine, records, stamp);
    forget();
    for round in 0..3 {
        for (record, expected) in records.iter().zip(&expected) {
            let outcome = engine.process(record, stamp);
            assert_eq!(&outcome, expected, "round {round}: {}", String::from_utf8_lossy(record));
        }
    }
}

/// Whether the thread would process `record` on the fast way.
fn is_fast(engine: &Engine, record: &[u8]) -> bool {
    let document = crate::json::Document::scanned_only(record, &crate::scrub::LANES).unwrap();
    let mut fast = Fast::of(&engine.scrubber);
    let is_fast = fast.process(engine, &document, None).is_some();
    fast.give_back();
    is_fast
}

fn event(payload: &str) -> Vec<u8> {
    format!(r#"{{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"login","payload":{payload}}}"#)
        .into_bytes()
}

/// An engine whose pseudonyms depend on the record's tenant.
fn keyed(mode: &str) -> Engine {
    let config = format!(
        r#"{{"privacy":{{"mode":"{mode}","hash_identifiers":true,"pseudonym_key":"0123456789abcdef0123456789abcdef"}}}}"#
    );
    Engine::new(&Config::from_json(&config).unwrap()).unwrap()
}

fn engine() -> Engine {
    Engine::new(&Config::default()).unwrap()
}

#[test]
fn a_record_of_a_structure_that_was_seen_is_fast_whatever_its_values_say() {
    let engine = engine();
    forget();
    assert_eq!(
        engine.process(&event(r#"{"to":"x","n":1,"ok":true,"list":[{"a":"b"}]}"#), None).status,
        Status::Accepted
    );
    for payload in [
        r#"{"to":"ann@example.com","n":-1.5,"ok":false,"list":[]}"#,
        r#"{"to":"\u0061nn@example.com\n\ud83d\ude00","n":0,"ok":true,"list":[{"a":"x\/y"}]}"#,
        r#"{"to":"","n":0,"ok":true,"list":[{"a":"4111 1111 1111 1111"},{"a":"203.0.113.9"}]}"#,
    ] {
        assert!(is_fast(&engine, &event(payload)), "{payload}");
        assert_same(&engine, &[event(r#"{"to":"x","n":1,"ok":true,"list":[{"a":"b"}]}"#), event(payload)], None);
    }
}

/// Whether the thread would read `record` along a trail.
fn is_on_trail(engine: &Engine, record: &[u8]) -> bool {
    let document = crate::json::Document::scanned_only(record, &crate::scrub::LANES).unwrap();
    let mut fast = Fast::of(&engine.scrubber);
    let known = fast.trails.len();
    let Fast { followed, tree, trails, credit, .. } = &mut *fast;
    let is_on_trail = followed.follow(tree, trails, credit, &document).is_some() && trails.len() == known;
    fast.give_back();
    is_on_trail
}

#[test]
fn a_trail_is_kept_from_the_second_record_on_and_goes_round_in_lists() {
    let engine = engine();
    forget();
    let learned = [
        event(r#"{"n":1,"ok":true,"list":["a","b"],"o":{"p":{}},"last":[]}"#),
        event(r#"{"n":1,"ok":false,"list":["a"],"o":{"p":{}},"last":[]}"#),
    ];
    for record in learned.iter().chain(&learned) {
        engine.process(record, None);
    }
    for (payload, is_known) in [
        (r#"{"n":-27.5,"ok":true,"list":["a"],"o":{"p":{}},"last":[]}"#, true),
        (r#"{"n":0,"ok":false,"list":["a","ann@example.com","c","d"],"o":{"p":{}},"last":[]}"#, true),
        (r#"{"n":0,"ok":false,"list":["a\n","b"],"o":{"p":{}},"last":[]}"#, true),
        (r#"{"n":0,"ok":null,"list":["a","b"],"o":{"p":{}},"last":[]}"#, false),
        (r#"{"n":00,"ok":true,"list":["a","b"],"o":{"p":{}},"last":[]}"#, false),
        (r#"{"n":0,"ok":true,"list":[],"o":{"p":{}},"last":[]}"#, false),
        (r#"{"n":0,"ok":true,"list":["a",],"o":{"p":{}},"last":[]}"#, false),
        (r#"{"n":0,"ok":true,"list":["a","b"],"o":{"p":{}},"last":[]},"#, false),
        (r#"{"n":0,"ok":true,"list":["a","b"],"o":{"p":{}},"last":["#, false),
        (r#"{"n":[0],"ok":true,"list":["a"],"o":{"p":{}},"last":[]}"#, false),
        (r#"{"n":0","ok":true,"list":["a","b"],"o":{"p":{}},"last":[]}"#, false),
        (r#"{"n":0,"ok":true","list":["a","b"],"o":{"p":{}},"last":[]}"#, false),
        (r#"{"n":0,"ok":true,"list":["a"",b"],"o":{"p":{}},"last":[]}"#, false),
    ] {
        assert_eq!(is_on_trail(&engine, &event(payload)), is_known, "{payload}");
    }
    let records: Vec<_> = learned.into_iter().chain([event(r#"{"list":["x",["ann@example.com"]]}"#)]).collect();
    assert_same(&engine, &records, None);
}

#[test]
fn a_record_as_large_as_allowed_keeps_to_a_trail_and_says_where_in_its_lists_a_finding_stands() {
    let engine = engine();
    forget();
    let element = |i: usize| match i % 3 {
        0 => format!(r#"{{"to":"a{i}@b.co","all":[["x","a@b.co"],[],["203.0.113.{}"]]}}"#, 1 + i % 250),
        1 => r#"{"to":"x","all":[[]],"more":{"n":[1,2,[3,"a@b.co"]]}}"#.to_owned(),
        _ => r#"{"to":"x","all":[],"ok":true}"#.to_owned(),
    };
    let list = |from: usize| (from..from + 1_000).map(element).collect::<Vec<_>>().join(",");
    let records: Vec<_> = (0..3).map(|from| event(&format!(r#"{{"list":[{}]}}"#, list(from)))).collect();
    assert!(records[0].len() > 40_000);
    assert_same(&engine, &records, None);
    for record in &records {
        assert!(is_on_trail(&engine, record));
    }
    let paths: Vec<_> =
        engine.process(&records[0], None).redactions.into_iter().take(4).map(|redaction| redaction.path).collect();
    assert_eq!(
        paths,
        ["/payload/list/0/to", "/payload/list/0/all/0/1", "/payload/list/0/all/2/0", "/payload/list/1/more/n/2/1"]
    );
}

#[test]
fn names_of_a_map_are_not_learned_and_do_not_push_out_what_was() {
    let (engine, usual) = (engine(), event(r#"{"a":1}"#));
    let members = |names: std::ops::Range<usize>| names.map(|i| format!(r#""n{i}":1"#)).collect::<Vec<_>>();
    let map = event(&format!("{{{}}}", members(0..1_000).join(",")));
    // Objects in one list with a name of its own each.
    let objects = |names| {
        let objects: Vec<_> = members(names).iter().map(|member| format!("{{{member}}}")).collect();
        event(&format!(r#"{{"list":[{}]}}"#, objects.join(",")))
    };
    let elements: Vec<_> = (0..10).map(|i| objects(i * 20..i * 20 + 1)).collect();
    forget();
    for record in [&usual, &usual, &map, &map].into_iter().chain(&elements) {
        assert_eq!(engine.process(record, None).status, Status::Accepted);
    }
    assert!(is_fast(&engine, &usual) && !is_fast(&engine, &map));
    assert!(is_fast(&engine, &elements[0]));
    let many: Vec<_> = (0..100).map(|i| objects(i..i + 1)).collect();
    for record in &many {
        assert_eq!(engine.process(record, None).status, Status::Accepted);
    }
    assert!(is_fast(&engine, &many[20]) && !is_fast(&engine, &many[99]));
    assert_same(&engine, &[usual, map], None);
}

#[test]
fn what_is_not_as_it_was_learned_takes_the_ordinary_way() {
    let engine = engine();
    forget();
    let learned = event(r#"{"a":"x","b":{"c":1}}"#);
    engine.process(&learned, None);
    assert!(is_fast(&engine, &learned));
    for payload in [
        r#"{"a":"x"}"#,
        r#"{"a":1,"b":{"c":1}}"#,
        r#"{"a":"x","b":{"c":1,"c":2}}"#,
        r#"{"a":"x","b":{"c":01}}"#,
        r#"{"a":"\x61","b":{"c":1}}"#,
        r#"{"a":"\ud800","b":{"c":1}}"#,
        r#"{"a":"x", "b":{"c":1}}"#,
        r#"{"b":{"c":1},"a":"x"}"#,
        r#"{"a":"x","b":{"c":1}},"#,
        r#"{"a":"x","b":{}}"#,
    ] {
        assert!(!is_fast(&engine, &event(payload)), "{payload}");
    }
}

#[test]
fn records_that_an_envelope_makes_wrong_are_so_on_both_ways() {
    let at = "2026-01-02T03:04:05Z";
    let id = "019dfc1d-8fa8-7707-8707-0707070707af";
    let records: Vec<Vec<u8>> = [
        format!(r#"{{"id":"{id}","timestamp":"{at}","channel":"a","event":"e","opt_in":true,"tenant_id":"t"}}"#),
        format!(r#"{{"id":"{id}","timestamp":"{at}","channel":"a","event":"e","opt_in":false,"tenant_id":"t"}}"#),
        format!(r#"{{"id":"no","timestamp":"{at}","channel":"a","event":"e","opt_in":true,"tenant_id":"t"}}"#),
        format!(r#"{{"id":"{id}","timestamp":"yesterday","channel":"a","event":"e","opt_in":true,"tenant_id":"t"}}"#),
        format!(r#"{{"id":"{id}","timestamp":"{at}","channel":"","event":"e","opt_in":true,"tenant_id":"t"}}"#),
        format!(r#"{{"id":"{id}","timestamp":"{at}","channel":"a","event":"e","opt_in":true,"tenant_id":"t t"}}"#),
        r#"{"event":"e","channel":"a","timestamp":"2026-01-02T05:04:05+02:00"}"#.to_owned(),
        format!(r#"{{"event":"e","channel":"a","timestamp":"{at}","user_id":null}}"#),
        format!(r#"{{"event":"e","channel":"a","timestamp":"{at}","user_id":"u1"}}"#),
        format!(r#"{{"event":"e","channel":"a","timestamp":"{at}","context":{{"user_agent":"{}"}}}}"#, "x".repeat(20)),
        format!(r#"{{"event":"e","channel":"a","timestamp":"{at}","context":{{"user_agent":"{}"}}}}"#, "x".repeat(300)),
        format!(r#"{{"event":"e","channel":"a","timestamp":"{at}","context":{{"trace_id":"{}"}}}}"#, "0a".repeat(16)),
        format!(r#"{{"event":"e","channel":"a","timestamp":"{at}","context":{{"trace_id":"{}"}}}}"#, "0A".repeat(16)),
        format!(r#"{{"event":"e","channel":"a","timestamp":"{at}","context":{{"trace_id":"{}"}}}}"#, "0a".repeat(15)),
        r#"{"event":"e","channel":"a"}"#.to_owned(),
    ]
    .map(String::into_bytes)
    .into();
    let stamp = Stamp::new("2026-01-02T03:04:05Z", [7; 10]).unwrap();
    for stamp in [None, Some(&stamp)] {
        assert_same(&engine(), &records, stamp);
        let backwards: Vec<_> = records.iter().rev().cloned().collect();
        assert_same(&engine(), &backwards, stamp);
    }
}

#[test]
fn every_vector_has_one_outcome_on_both_ways() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
    let mut records = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "json") {
                let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
                collect(&vectors, &mut records);
            }
        }
    }
    assert!(records.len() > 1_000, "{}", records.len());
    assert_same(&engine(), &records, None);
    for mode in ["minimal", "strict"] {
        assert_same(&keyed(mode), &records, None);
    }
}

/// All texts in `vectors` that may be records.
fn collect(vectors: &Value, records: &mut Vec<Vec<u8>>) {
    match vectors {
        Value::String(text) if text.starts_with('{') => records.push(text.clone().into_bytes()),
        Value::Array(all) => all.iter().for_each(|one| collect(one, records)),
        Value::Object(members) => {
            if members.contains_key("timestamp") || members.contains_key("channel") || members.contains_key("schema") {
                records.push(vectors.to_string().into_bytes());
            }
            members.values().for_each(|one| collect(one, records));
        }
        _ => {}
    }
}

/// Values of all sorts, clean and not.
fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        (-1_000_000i64..1_000_000).prop_map(|value| value.to_string()),
        Just("1e3".to_owned()),
        Just("4111111111111111".to_owned()),
        prop::sample::select(vec![
            "ann@example.com",
            "203.0.113.9",
            "GET /a?token=abcdefgh12345678 200",
            "Ann Berg",
            "{\\\"password\\\":\\\"hunter2\\\"}",
            "caf\u{e9}",
            "a\\nb",
            "",
            "plain",
            "Bearer abcdefghijklmnopqrstuvwxyz012345",
            "[email]",
        ])
        .prop_map(|text| format!("\"{text}\"")),
    ]
}

fn value() -> impl Strategy<Value = String> {
    let name =
        prop::sample::select(vec!["a", "email", "password", "name", "value", "key", "phone", "x y", "url", "ann@x.io"]);
    scalar().prop_recursive(3, 12, 4, move |inner| {
        let members = prop::collection::vec((name.clone(), inner.clone()), 0..4).prop_map(|members| {
            let members: Vec<_> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(","))
        });
        let elements = prop::collection::vec(inner, 0..3).prop_map(|elements| format!("[{}]", elements.join(",")));
        prop_oneof![members, elements]
    })
}

proptest! {
    #[test]
    fn what_was_learned_changes_no_outcome(payloads in prop::collection::vec(value(), 1..12)) {
        let records: Vec<_> = payloads.iter().map(|payload| event(payload)).collect();
        assert_same(&engine(), &records, None);
    }
}

#[test]
fn metrics_are_fast_by_their_name_and_the_catalog_still_decides() {
    let metric = |name: &str, unit: &str, value: &str| {
        format!(
            r#"{{"schema":"telemetry_metric_v1","timestamp":"2026-01-02T03:04:05Z","name":"{name}","type":"gauge","unit":"{unit}","value":{value}}}"#
        )
        .into_bytes()
    };
    let engine = engine();
    let schema = crate::record::RecordKind::Metric.table().schema;
    assert!(String::from_utf8(metric("a", "1", "1")).unwrap().contains(schema), "{schema}");
    forget();
    engine.process(&metric("app.load", "1", "0.5"), None);
    assert!(is_fast(&engine, &metric("app.load", "1", "0.75")));
    assert!(!is_fast(&engine, &metric("app.other", "1", "0.75")));
    let records: Vec<_> =
        [("app.load", "1"), ("fps", "1"), ("fps", "frames"), ("frame_time", "ms"), ("ann@example.com", "1")]
            .iter()
            .flat_map(|(name, unit)| [metric(name, unit, "1"), metric(name, unit, "\"x\""), metric(name, unit, "2")])
            .collect();
    assert_same(&engine, &records, None);
}

#[test]
fn a_value_that_the_member_beside_it_names_is_never_fast() {
    // Each pair of kinds by itself says nothing of the value; the last does.
    for first in ["name", "key"] {
        let records: Vec<_> = [
            format!(r#"{{"{first}":5,"value":"x"}}"#),
            format!(r#"{{"{first}":"password","value":3}}"#),
            format!(r#"{{"{first}":"password"}}"#),
            r#"{"value":"x"}"#.to_owned(),
            format!(r#"{{"{first}":"password","value":"hunter2"}}"#),
            format!(r#"{{"value":3,"{first}":"password"}}"#),
            format!(r#"{{"value":"hunter2","{first}":"password"}}"#),
            format!(r#"{{"{first}":"password","value":{{"stringValue":"hunter2"}}}}"#),
            format!(r#"[{{"{first}":1,"value":"a"}},{{"{first}":"password","value":"hunter2"}}]"#),
        ]
        .iter()
        .map(|payload| event(&format!(r#"{{"x":{payload}}}"#)))
        .collect();
        assert_same(&engine(), &records, None);
        let last = engine().process(records.last().unwrap(), None).record.unwrap();
        assert!(!last.contains("hunter2"), "{last}");
    }
}

#[test]
fn more_ids_than_the_ordinary_way_trusts_are_looked_at_on_both() {
    let span = |links: usize| {
        let link = r#"{"trace_id":"41111111111111114111111111111111","span_id":"4111111111111111"}"#;
        format!(
            r#"{{"schema":"telemetry_span_v1","timestamp":"2026-01-02T03:04:05Z","trace_id":"0123456789abcdef0123456789abcdef","span_id":"0123456789abcdef","name":"x","start_time_unix_nano":"1","end_time_unix_nano":"2","links":[{}]}}"#,
            vec![link; links].join(",")
        )
        .into_bytes()
    };
    let records = [span(1), span(2), span(100), span(126), span(127), span(128), span(140), span(300)];
    assert_eq!(engine().process(&records[1], None).status, Status::Accepted);
    assert_same(&engine(), &records, None);
}

#[test]
fn a_tenant_that_was_scrubbed_has_no_key_of_its_own_on_either_way() {
    let record = |tenant: &str| {
        format!(
            r#"{{"timestamp":"2026-01-02T03:04:05Z","tenant_id":"{tenant}","user_id":"u1","channel":"a","event":"e"}}"#
        )
        .into_bytes()
    };
    assert_same(&keyed("balanced"), &[record("acme"), record("[identifier]"), record("other")], None);
}
