//! Every kind of record is kept and found.

use super::super::migrate::{DAY, migrate};
use super::*;

const TIME: &str = "2026-01-02T03:04:05Z";

/// One record of each kind with the name that it is found by.
fn kinds() -> Vec<(Value, &'static str, &'static str)> {
    let kind = |n: u64, schema: &str, own: Value| {
        with(
            json!({"schema": schema, "id": format!("01890000-0000-7000-8000-{n:012x}"), "timestamp": TIME, "user_id": "u-1"}),
            &own,
        )
    };
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    vec![
        (record(1, TIME, &json!({})), "app", "load"),
        (
            kind(2, "telemetry_trace_v1", json!({"event_key": "auth.login", "actor_id": 17, "user_id": null})),
            "trace",
            "auth.login",
        ),
        (
            kind(
                3,
                "telemetry_log_v1",
                json!({"component": "c", "level": "info", "message": "m", "event_type": "Saved",
                       "feature_flag_context": {}}),
            ),
            "log",
            "Saved",
        ),
        (kind(4, "telemetry_metric_v1", json!({"name": "render.fps", "value": 60})), "metric", "render.fps"),
        (
            kind(
                5,
                "telemetry_span_v1",
                json!({"trace_id": trace_id, "span_id": "b7ad6b7169203331", "name": "GET /",
                       "start_time_unix_nano": "1", "end_time_unix_nano": "2"}),
            ),
            "span",
            "GET /",
        ),
        (
            kind(
                6,
                "perf_sample_v1",
                json!({"fps": 60, "frame_time_ms": 16, "event_replay_rate": 1, "sampling_interval_ms": 100,
                       "platform": "macos", "opt_in": true}),
            ),
            "perf_sample",
            "macos",
        ),
        (
            kind(
                7,
                "replay_inconsistency_v1",
                json!({"document_id": "d", "state_hash_before": "a", "state_hash_after": "b",
                       "client_version": "1.4.2"}),
            ),
            "replay_inconsistency",
            "1.4.2",
        ),
    ]
}

fn ingested(bench: &Bench) {
    let records: Vec<_> = kinds().into_iter().map(|(record, _, _)| record).collect();
    let verdict = bench.ingest("acme", &json!(records));
    assert_eq!(verdict["accepted"], 7, "{verdict}");
}

fn of_kind(record: &Value) -> Value {
    let schema = record["schema"].as_str().unwrap_or("telemetry_event_v1");
    with(whole(), &json!({"schema": schema}))
}

#[test]
fn a_record_of_any_kind_is_found_by_its_name() {
    let bench = Bench::new();
    ingested(&bench);
    for (n, (record, channel, event)) in (1..).zip(kinds()) {
        let spec = with(of_kind(&record), &json!({"channel": channel, "event": event}));
        assert_eq!(numbers(&bench.query("acme", &spec)), [n], "{channel}.{event}");
        assert_eq!(numbers(&bench.query("acme", &of_kind(&record))), [n], "{channel}");
        let buckets = bench.aggregate("acme", &with(of_kind(&record), &json!({"group_by": ["channel", "event"]})));
        let group = json!([{"group": {"channel": channel, "event": event}, "count": 1}]);
        assert_eq!(buckets["buckets"], group);
    }
    assert_eq!(bench.stats()["records"], 7);
}

#[test]
fn a_question_that_names_no_kind_is_about_events() {
    let bench = Bench::new();
    ingested(&bench);
    assert_eq!(numbers(&bench.query("acme", &whole())), [1]);
    let spec = with(whole(), &json!({"schema": "telemetry_metric_v2"}));
    let error = bench.store.query("acme", &spec.to_string()).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, "/schema"));
}

#[test]
fn figures_are_made_of_metrics() {
    let bench = Bench::new();
    let metric = |n: u64, value: u64| {
        json!({"schema": "telemetry_metric_v1", "id": format!("01890000-0000-7000-8000-{n:012x}"),
               "timestamp": TIME, "name": "render.fps", "value": value})
    };
    bench.ingest("acme", &json!([metric(1, 30), metric(2, 60)]));
    let spec =
        json!({"schema": "telemetry_metric_v1", "event": "render.fps", "field": "/value", "aggregations": ["avg"]});
    let spec = with(with(whole(), &json!({"limit": 10})), &spec);
    assert_eq!(bench.aggregate("acme", &spec)["buckets"], json!([{"group": {}, "avg": 45.0}]));
}

#[test]
fn a_repeated_record_of_any_kind_is_stored_once() {
    let bench = Bench::new();
    ingested(&bench);
    let records: Vec<_> = kinds().into_iter().map(|(record, _, _)| record).collect();
    assert_eq!(bench.ingest("acme", &json!(records))["duplicates"], 7);
    assert_eq!(bench.stats()["records"], 7);
}

#[test]
fn a_user_is_erased_from_every_table_also_as_an_actor() {
    let bench = Bench::new();
    ingested(&bench);
    let tenant = |user| bench.delete_user("acme", user);
    // All but the event, which names nobody, and the trace, which names an actor.
    assert_eq!(tenant("u-1"), 5);
    assert_eq!(tenant("17"), 1);
    assert_eq!(bench.stats()["records"], 1);
}

#[test]
fn who_opted_out_is_not_stored() {
    let bench = Bench::new();
    let (sample, _, _) = kinds().remove(5);
    let verdict = bench.ingest("acme", &json!([with(sample, &json!({"opt_in": false}))]));
    assert_eq!((&verdict["accepted"], &verdict["opted_out"]), (&json!(0), &json!(1)));
    assert_eq!(verdict["results"][0]["status"], "accepted");
    assert_eq!(bench.stats()["records"], 0);
}

#[test]
fn legacy_shapes_are_stored_in_canonical_spelling() {
    let bench = Bench::new();
    bench.ingest("acme", &json!([{"event_type": "auth.login", "actor_type": "admin", "occurred_at": TIME}]));
    let page = bench.query("acme", &with(whole(), &json!({"schema": "telemetry_trace_v1"})));
    assert_eq!(page["records"][0]["event_key"], "auth.login");
}

#[test]
fn a_day_of_an_earlier_version_keeps_its_events_and_takes_other_kinds() {
    let bench = Bench::new();
    let day = bench.folder.path().join("events/2026-01-02.db");
    let mut old = raw(&day);
    migrate(&mut old, &DAY[..1], "old").unwrap();
    let text = with(record(9, "2026-01-02T03:04:05.000000Z", &json!({})), &json!({"schema": "telemetry_event_v1"}));
    old.execute(
        "INSERT INTO telemetry_events (tenant, name, ts, id, channel, event, record)
         VALUES ('acme', 'app.load', 1767323045000000, x'0189000000007000800000000000ffff', 'app', 'load', ?1)",
        [text.to_string()],
    )
    .unwrap();
    old.execute("INSERT INTO telemetry_totals (tenant, records) VALUES ('acme', 1)", []).unwrap();
    drop(old);
    ingested(&bench);
    let page = bench.query("acme", &whole());
    let mut found = numbers(&page);
    found.sort_unstable();
    assert_eq!(found, [1, 9]);
    assert_eq!(bench.stats()["records"], 8);
}
