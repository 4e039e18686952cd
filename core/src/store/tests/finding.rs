//! What is asked for is found: all of it, once, in order, and nobody else's.

use super::*;

/// 50 records over three days, out of order, some at the same moment.
fn spread(bench: &Bench) {
    let records: Vec<_> = (0..50_u64)
        .map(|n| {
            let place = n * 37 % 50;
            let timestamp = format!("2026-01-{:02}T{:02}:00:00Z", 2 + place / 20, place % 20 / 2);
            with(record(n, &timestamp, &json!({})), &json!({"event": if n % 2 == 0 { "load" } else { "save" }}))
        })
        .collect();
    bench.ingest("acme", &json!(records));
}

#[test]
fn pages_cover_every_record_exactly_once_in_order() {
    let bench = Bench::new();
    spread(&bench);
    let all = bench.query("acme", &whole());
    assert_eq!(all["next"], json!(null));
    let times: Vec<_> =
        all["records"].as_array().unwrap().iter().map(|record| record["timestamp"].to_string()).collect();
    assert!(times.is_sorted());
    for limit in [1, 3, 7, 49, 50] {
        let mut seen = Vec::new();
        let mut spec = with(whole(), &json!({"limit": limit}));
        loop {
            let page = bench.query("acme", &spec);
            assert!(page["records"].as_array().unwrap().len() <= limit);
            seen.extend(numbers(&page));
            if page["next"].is_null() {
                break;
            }
            spec["cursor"] = page["next"].clone();
        }
        assert_eq!(seen, numbers(&all), "limit {limit}");
        assert_eq!(seen.len(), 50);
    }
}

#[test]
fn a_range_holds_its_start_and_not_its_end() {
    let bench = Bench::new();
    for (n, second) in [(1, 0), (2, 1), (3, 2)] {
        bench.ingest("acme", &json!([record(n, &format!("2026-01-02T23:59:5{second}Z"), &json!({}))]));
    }
    bench.ingest("acme", &json!([record(4, "2026-01-03T00:00:00Z", &json!({}))]));
    let between =
        |start: &str, end: &str| numbers(&bench.query("acme", &json!({"start_time": start, "end_time": end})));
    assert_eq!(between("2026-01-02T23:59:50Z", "2026-01-02T23:59:52Z"), [1, 2]);
    assert_eq!(between("2026-01-02T23:59:52Z", "2026-01-03T00:00:00Z"), [3]);
    assert_eq!(between("2026-01-03T00:59:52+01:00", "2026-01-03T00:00:00.000001Z"), [3, 4]);
    assert!(between("2026-01-02T23:59:50Z", "2026-01-02T23:59:50Z").is_empty());
}

#[test]
fn channel_event_and_user_select() {
    let bench = Bench::new();
    let named = |n, channel, event, user: Value| {
        let names = json!({"channel": channel, "event": event, "user_id": user});
        with(record(n, "2026-01-02T00:00:00Z", &json!({})), &names)
    };
    bench.ingest(
        "acme",
        &json!([
            named(1, "app", "load", json!("ann")),
            named(2, "app", "save", json!("bob")),
            named(3, "web", "load", json!("ann")),
            // Another place with the same name `a.b.c`.
            named(4, "a", "b.c", json!(null)),
            named(5, "a.b", "c", json!(null)),
        ]),
    );
    let found = |spec: Value| numbers(&bench.query("acme", &with(whole(), &spec)));
    assert_eq!(found(json!({"channel": "app"})), [1, 2]);
    assert_eq!(found(json!({"event": "load"})), [1, 3]);
    assert_eq!(found(json!({"channel": "app", "event": "load"})), [1]);
    assert_eq!(found(json!({"channel": "a", "event": "b.c"})), [4]);
    assert_eq!(found(json!({"channel": "a.b"})), [5]);
    assert_eq!(found(json!({"user_id": "ann"})), [1, 3]);
    assert_eq!(found(json!({"user_id": "ann", "channel": "web"})), [3]);
    assert_eq!(found(json!({"user_id": "' OR 1=1 --"})), [0; 0]);
}

#[test]
fn tenants_never_see_each_other() {
    let bench = Bench::new();
    // The same record, byte for byte, in both.
    let records = json!([with(record(1, "2026-01-02T00:00:00Z", &json!({"n": 1})), &json!({"user_id": "ann"}))]);
    bench.ingest("acme", &records);
    assert_eq!(bench.ingest("other", &records)["duplicates"], 0);
    bench.ingest("other", &json!([record(2, "2026-01-02T00:00:00Z", &json!({"n": 1}))]));
    assert_eq!(numbers(&bench.query("acme", &whole())), [1]);
    assert_eq!(numbers(&bench.query("other", &whole())), [1, 2]);
    assert_eq!(numbers(&bench.query("acm", &whole())), [0; 0]);
    assert_eq!(bench.aggregate("acme", &whole())["buckets"][0]["count"], 1);
    assert_eq!(bench.stats()["tenants"], 2);
}

#[test]
fn a_wrong_specification_is_refused_at_its_key() {
    let bench = Bench::new();
    for (spec, path) in [
        ("[]", ""),
        ("nonsense", ""),
        (r#"{"start":"2026-01-02T00:00:00Z"}"#, "/start"),
        (r#"{"start_time":"yesterday"}"#, "/start_time"),
        (r#"{"end_time":"2026-01-02T00:00:00"}"#, "/end_time"),
        (r#"{"start_time":"2026-01-03T00:00:00Z","end_time":"2026-01-02T00:00:00Z"}"#, "/start_time"),
        (r#"{"channel":1}"#, "/channel"),
        (r#"{"limit":0}"#, "/limit"),
        (r#"{"limit":1001}"#, "/limit"),
        (r#"{"limit":1.5}"#, "/limit"),
        (r#"{"cursor":"zz"}"#, "/cursor"),
        (r#"{"cursor":"00"}"#, "/cursor"),
        (r#"{"interval":"1h"}"#, "/interval"),
    ] {
        let error = bench.store.query("acme", spec).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, path), "{spec}");
    }
    for (spec, path) in [
        (r#"{"cursor":"00"}"#, "/cursor"),
        (r#"{"interval":"2h"}"#, "/interval"),
        (r#"{"aggregations":["median"]}"#, "/aggregations/0"),
        (r#"{"aggregations":"count"}"#, "/aggregations"),
        (r#"{"aggregations":["count","avg"]}"#, "/field"),
        (r#"{"order_by":"users"}"#, "/order_by"),
        (r#"{"top":0}"#, "/top"),
        (r#"{"consistency":"soon"}"#, "/consistency"),
        (r#"{"trace_id":"7"}"#, "/trace_id"),
        (r#"{"field":"payload.n"}"#, "/field"),
        (r#"{"field":"/payload/~2"}"#, "/field"),
        (r#"{"group_by":["tenant"]}"#, "/group_by/0"),
        (r#"{"group_by":["/a","/b","/c","/d","/e"]}"#, "/group_by"),
        (r#"{"limit":20001}"#, "/limit"),
    ] {
        let error = bench.store.aggregate("acme", spec).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, path), "{spec}");
    }
}

#[test]
fn an_unknown_key_is_told_the_known_ones() {
    let bench = Bench::new();
    let error = bench.store.query("acme", r#"{"from":"2026-01-02T00:00:00Z"}"#).unwrap_err();
    assert_eq!(error.path(), "/from");
    assert!(
        error.message().contains(
            "start_time end_time schema channel event name user_id trace_id request_id consistency limit cursor"
        ),
        "{error}"
    );
}

#[test]
fn records_of_a_request_are_found_wherever_they_name_it() {
    let bench = Bench::new();
    let trace = |n: u64, request: &str| {
        json!({"schema": "telemetry_trace_v1", "id": format!("01890000-0000-7000-8000-{n:012x}"), "event_key": "auth.login",
               "timestamp": "2026-01-02T00:00:00Z", "request_id": request})
    };
    let of = |n, request: &str| {
        with(record(n, "2026-01-02T00:00:01Z", &json!({})), &json!({"context": {"request_id": request}}))
    };
    bench.ingest("acme", &json!([trace(1, "r-1"), trace(2, "r-2"), of(3, "r-1"), of(4, "r-2")]));
    bench.ingest("other", &json!([trace(5, "r-1")]));
    let asked = |more: Value| with(with(whole(), &json!({"request_id": "r-1"})), &more);
    assert_eq!(numbers(&bench.query("acme", &asked(json!({})))), [1, 3]);
    assert_eq!(numbers(&bench.query("acme", &asked(json!({"schema": "telemetry_trace_v1"})))), [1]);
    assert_eq!(numbers(&bench.query("acme", &asked(json!({"schema": "telemetry_event_v1", "event": "load"})))), [3]);
    assert!(numbers(&bench.query("acme", &asked(json!({"request_id": "r"})))).is_empty());
    let count = bench.aggregate("acme", &asked(json!({"group_by": ["schema"]})));
    assert_eq!(count["buckets"].as_array().unwrap().len(), 2, "{count}");
}
