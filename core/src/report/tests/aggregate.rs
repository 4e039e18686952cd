//! What a report counts.

use super::super::Report;
use super::super::aggregate::Added;
use super::{KINDS, line};
use crate::engine::Engine;

fn engine() -> Engine {
    Engine::new(&crate::Config::default()).unwrap()
}

fn json_of(report: &Report) -> serde_json::Value {
    serde_json::from_str(&report.to_json()).unwrap()
}

#[test]
fn lines_are_counted_by_what_they_are() {
    let mut report = Report::default();
    let lines = concat!(
        r#"{"timestamp":"2026-01-02T23:30:00-01:00","channel":"app","event":"login","payload":{"a":"x@y.io"}}"#,
        "\r\n\n",
        r#"{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"login","payload":{}}"#,
        "\n{\"channel\":1,\n",
        r#"{"channel":1}"#,
    );
    let added = report.add_lines(&engine(), lines.as_bytes());
    assert_eq!(added, Added { read: 4, accepted: 2, rejected: 2, dropped: 0 });
    let json = json_of(&report);
    assert_eq!(json["schema"], "telemetry_report_v1");
    assert_eq!(json["by_event"]["app.login"], 2);
    assert_eq!(json["by_day"]["2026-01-03"], 1);
    assert_eq!(json["by_hour"]["2026-01-03T00"], 1);
    assert_eq!(json["violations"]["json_invalid"], 1);
    assert_eq!(json["redactions"]["email"], 1);
    assert_eq!(json["first_timestamp"], "2026-01-02T03:04:05.000000Z");
}

#[test]
fn kinds_without_a_channel_are_counted_under_their_own_names() {
    let mut report = Report::default();
    assert_eq!(report.add_lines(&engine(), KINDS.join("\n").as_bytes()).accepted, 7);
    let json = json_of(&report);
    assert_eq!(json["by_schema"]["telemetry_trace_v1"], 1);
    assert_eq!(json["by_event"]["metric.render.fps"], 1);
    assert_eq!(json["by_event"]["trace.auth.login.attempt"], 1);
    let log = json["events"].as_array().unwrap().iter().find(|event| event["channel"] == "log").unwrap();
    let latency = log["fields"].as_array().unwrap().iter().find(|field| field["path"] == "/latency_ms").unwrap();
    assert_eq!(latency["quantiles"]["p50"], 3.5);
}

#[test]
fn an_inventory_lists_fields_with_types_and_quantiles() {
    let mut report = Report::default();
    for (ms, inner) in [(10, "1"), (20, "\"x\""), (30, "null")] {
        let line = format!(
            r#"{{"timestamp":"2026-01-02T03:04:05Z","channel":"a","event":"b","payload":{{"ms":{ms},"o":{{"x/y":{inner}}},"l":[1]}}}}"#
        );
        report.add_lines(&engine(), line.as_bytes());
    }
    let fields = &json_of(&report)["events"][0]["fields"];
    let paths: Vec<_> = fields.as_array().unwrap().iter().map(|field| field["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/l", "/ms", "/o", "/o/x~1y"]);
    assert_eq!(fields[3]["types"], serde_json::json!({"null": 1, "number": 1, "string": 1}));
    assert_eq!(fields[1]["quantiles"]["count"], 3);
    assert_eq!(
        (fields[1]["quantiles"]["min"].as_f64(), fields[1]["quantiles"]["mean"].as_f64()),
        (Some(10.0), Some(20.0))
    );
}

#[test]
fn reports_of_parts_add_up_to_the_report_of_the_whole() {
    let engine = engine();
    let lines: Vec<String> = (0..600).map(|i| line(1 + i % 5, ["a", "b"][i as usize % 2], "e", i)).collect();
    let mut whole = Report::default();
    whole.add_lines(&engine, lines.concat().as_bytes());
    let mut merged = Report::default();
    for part in lines.chunks(97).rev() {
        let mut report = Report::default();
        report.add_lines(&engine, part.concat().as_bytes());
        // Through the form in which it is kept between runs.
        let kept: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        merged.merge(&kept);
    }
    assert_eq!(whole.to_json(), merged.to_json());
}

#[test]
fn names_without_end_do_not_make_a_report_without_end() {
    let engine = engine();
    let mut report = Report::default();
    let lines: String = (0..12_000).map(|i| line(1, &format!("c{i}"), "e", i)).collect();
    report.add_lines(&engine, lines.as_bytes());
    let json = json_of(&report);
    assert_eq!(json["by_channel"]["(other)"], 2_000);
    assert_eq!(json["by_event"]["(other)"], 2_000);
    assert_eq!(json["events"].as_array().unwrap().len(), 10_001);
    let keys: String = (0..500).map(|i| format!(",\"k{i}\":{i}")).collect();
    let wide = format!(r#"{{"timestamp":"2026-01-02T03:04:05Z","channel":"w","event":"w","payload":{{"a":1{keys}}}}}"#);
    let mut report = Report::default();
    report.add_lines(&engine, wide.as_bytes());
    let event = &json_of(&report)["events"][0];
    assert_eq!((event["fields"].as_array().unwrap().len(), event["uncounted_fields"].as_u64()), (200, Some(301)));
}

#[test]
fn fields_are_told_apart_however_their_names_are_written() {
    // The second name reads as the first one is written, and the third begins as a lookalike of its end.
    let lines = [
        r#"{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"e","payload":{"a\\":1,"b":2}}"#,
        r#"{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"e","payload":{"a\\":2,"b":{"c":1}}}"#,
        r#"{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"e","payload":{"a\":b":3,"a":{},"b":4}}"#,
        r#"{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"e","payload":{"b":5,"a\\":"x","a":{"b":1}}}"#,
    ];
    let mut report = Report::default();
    let added = report.add_lines(&engine(), lines.join("\n").as_bytes());
    assert_eq!(added.accepted, 4);
    let report = json_of(&report);
    let counts: Vec<(&str, u64)> = report["events"][0]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["path"].as_str().unwrap(), field["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(counts, [("/a", 2), ("/a\":b", 1), ("/a/b", 1), ("/a\\", 3), ("/b", 4), ("/b/c", 1)]);
}
