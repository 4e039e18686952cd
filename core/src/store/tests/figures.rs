//! Figures against values worked out by hand.

use super::*;

/// Durations 10, 20, 30, 40 in the first hour and 100, 300 in the second, of which the last is on the web.
fn durations(bench: &Bench) {
    let at = |n: u64, time: &str, channel: &str, duration: Value| {
        let payload = json!({"duration_ms": duration, "tier": if n.is_multiple_of(2) { "free" } else { "paid" }});
        with(record(n, &format!("2026-01-02T{time}Z"), &payload), &json!({"channel": channel}))
    };
    bench.ingest(
        "acme",
        &json!([
            at(1, "10:00:00", "app", json!(10)),
            at(2, "10:15:00", "app", json!(20)),
            at(3, "10:30:00", "app", json!(30)),
            at(4, "10:59:59.999999", "app", json!(40)),
            at(5, "11:00:00", "app", json!(100)),
            at(6, "11:30:00", "web", json!(300)),
            // Without a number: counted, but in no other figure.
            at(7, "11:45:00", "web", json!("slow")),
        ]),
    );
}

fn asked(more: &Value) -> Value {
    with(json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-03-01T00:00:00Z"}), more)
}

#[test]
fn all_figures_of_one_field() {
    let bench = Bench::new();
    durations(&bench);
    let spec = asked(&json!({
        "field": "/payload/duration_ms",
        "aggregations": ["count", "sum", "avg", "min", "max", "p50", "p95", "p99"],
    }));
    // Six numbers: ranks 2.5, 4.75, 4.95 of 10 20 30 40 100 300.
    assert_eq!(
        bench.aggregate("acme", &spec),
        json!({"buckets": [{"group": {}, "count": 7, "sum": 500.0, "avg": 500.0 / 6.0, "min": 10.0, "max": 300.0,
                            "p50": 35.0, "p95": 250.0, "p99": 290.0}], "truncated": false})
    );
}

#[test]
fn buckets_are_hours_of_utc_by_start_then_group() {
    let bench = Bench::new();
    durations(&bench);
    let spec = asked(&json!({
        "field": "/payload/duration_ms", "aggregations": ["count", "avg", "p95"],
        "group_by": ["channel"], "interval": "1h",
    }));
    let bucket = |hour: &str, channel: &str, count: u64, avg: f64, p95: f64| {
        let start = format!("2026-01-02T{hour}:00:00.000000Z");
        json!({"start": start, "group": {"channel": channel}, "count": count, "avg": avg, "p95": p95})
    };
    assert_eq!(
        bench.aggregate("acme", &spec)["buckets"],
        json!([
            bucket("10", "app", 4, 25.0, 38.5),
            bucket("11", "app", 1, 100.0, 100.0),
            bucket("11", "web", 2, 300.0, 300.0),
        ])
    );
}

#[test]
fn groups_are_scalars_of_the_record_and_their_absence() {
    let bench = Bench::new();
    durations(&bench);
    bench.ingest("acme", &json!([record(8, "2026-01-02T12:00:00Z", &json!({"tier": ["free"]}))]));
    let spec = asked(&json!({"group_by": ["/payload/tier", "user_id"]}));
    let bucket = |tier: Value, count| json!({"group": {"/payload/tier": tier, "user_id": null}, "count": count});
    let expected = json!([bucket(json!("free"), 3), bucket(json!("paid"), 4), bucket(json!(null), 1)]);
    assert_eq!(bench.aggregate("acme", &spec)["buckets"], expected);
}

#[test]
fn figures_span_days() {
    let bench = Bench::new();
    let on = |n: u64, day: u64| record(n, &format!("2026-02-{day:02}T12:00:00Z"), &json!({"n": n}));
    bench.ingest("acme", &json!((1..=28).map(|day| on(day, day)).collect::<Vec<_>>()));
    let spec = asked(&json!({"field": "/payload/n", "aggregations": ["p50", "sum"]}));
    assert_eq!(bench.aggregate("acme", &spec)["buckets"], json!([{"group": {}, "p50": 14.5, "sum": 406.0}]));
    let daily = bench.aggregate("acme", &asked(&json!({"interval": "1d"})));
    assert_eq!(daily["buckets"].as_array().unwrap().len(), 28);
    assert_eq!(daily["buckets"][27], json!({"start": "2026-02-28T00:00:00.000000Z", "group": {}, "count": 1}));
}

#[test]
fn what_was_asked_before_is_answered_with_what_came_and_went_since() {
    let bench = Bench::new();
    let spec = asked(&json!({"field": "/payload/n", "aggregations": ["count", "sum", "p99", "users"]}));
    let of = |n: u64, day: u64, user: &str| {
        with(record(n, &format!("2026-02-{day:02}T12:00:00Z"), &json!({"n": n})), &json!({"user_id": user}))
    };
    let answer = |count: u64, sum: f64, p99: f64, users: u64| json!([{"group": {}, "count": count, "sum": sum, "p99": p99, "users": users}]);
    bench.ingest("acme", &json!((1..=9).map(|day| of(day, day, "ann")).collect::<Vec<_>>()));
    for _ in 0..2 {
        assert_eq!(bench.aggregate("acme", &spec)["buckets"], answer(9, 45.0, 8.92, 1));
    }
    // Written by this process, and by another.
    bench.ingest("acme", &json!([of(10, 3, "bob")]));
    assert_eq!(bench.aggregate("acme", &spec)["buckets"], answer(10, 55.0, 9.91, 2));
    let other = Store::open(bench.folder.path().to_str().unwrap(), DIRECT).unwrap();
    let batch = json!([of(11, 4, "bob")]).to_string();
    other.ingest(&bench.engine, "acme", "batch", batch.as_bytes(), "{}").unwrap();
    assert_eq!(bench.aggregate("acme", &spec)["buckets"], answer(11, 66.0, 10.9, 2));
    other.delete_user(&bench.engine, "acme", "bob", "{}").unwrap();
    assert_eq!(bench.aggregate("acme", &spec)["buckets"], answer(9, 45.0, 8.92, 1));
    bench.delete_user("acme", "ann");
    assert_eq!(bench.aggregate("acme", &spec)["buckets"], json!([]));
}

#[test]
fn what_one_tenant_asked_is_no_answer_for_another() {
    let bench = Bench::new();
    bench.ingest("acme", &json!([record(1, "2026-02-01T12:00:00Z", &json!({}))]));
    bench.ingest("other", &json!((2..=4).map(|n| record(n, "2026-02-01T12:00:00Z", &json!({}))).collect::<Vec<_>>()));
    for (tenant, count) in [("acme", 1), ("other", 3), ("acme", 1)] {
        assert_eq!(bench.aggregate(tenant, &asked(&json!({})))["buckets"], json!([{"group": {}, "count": count}]));
    }
}

#[test]
fn a_range_that_cuts_a_day_is_no_answer_for_the_whole_day() {
    let bench = Bench::new();
    let at = |n: u64, hour: u64| record(n, &format!("2026-02-01T{hour:02}:00:00Z"), &json!({}));
    bench.ingest("acme", &json!([at(1, 1), at(2, 12), at(3, 20)]));
    let count = |start: &str, end: &str| {
        let spec = asked(&json!({"start_time": start, "end_time": end}));
        bench.aggregate("acme", &spec)["buckets"][0]["count"].clone()
    };
    for (start, end, records) in [
        ("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", 3),
        ("2026-02-01T12:00:00Z", "2026-02-02T00:00:00Z", 2),
        ("2026-02-01T00:00:00Z", "2026-02-01T12:00:00Z", 1),
        ("2026-01-01T00:00:00Z", "2026-02-03T00:00:00Z", 3),
    ] {
        assert_eq!(count(start, end), records, "{start}");
    }
}

#[test]
fn where_nothing_is_there_is_no_bucket_and_without_a_number_no_figure() {
    let bench = Bench::new();
    assert_eq!(bench.aggregate("acme", &asked(&json!({}))), json!({"buckets": [], "truncated": false}));
    durations(&bench);
    let spec = asked(&json!({"field": "/payload/absent", "aggregations": ["count", "sum", "avg", "min", "p99"]}));
    let expected = json!([{"group": {}, "count": 7, "sum": null, "avg": null, "min": null, "p99": null}]);
    assert_eq!(bench.aggregate("acme", &spec)["buckets"], expected);
}

#[test]
fn a_limit_that_cuts_buckets_off_says_so() {
    let bench = Bench::new();
    durations(&bench);
    let cut = bench.aggregate("acme", &asked(&json!({"interval": "1m", "limit": 2})));
    assert_eq!((cut["buckets"].as_array().unwrap().len(), &cut["truncated"]), (2, &json!(true)));
    assert_eq!(cut["buckets"][0]["start"], "2026-01-02T10:00:00.000000Z");
    let whole = bench.aggregate("acme", &asked(&json!({"interval": "1m", "limit": 7})));
    assert_eq!(whole["truncated"], json!(false));
}

#[test]
fn names_in_groups_are_escaped_in_the_answer() {
    let bench = Bench::new();
    bench.ingest("acme", &json!([record(1, "2026-01-02T00:00:00Z", &json!({"a\"b": "c\"\\\n"}))]));
    let answer = bench.aggregate("acme", &asked(&json!({"group_by": ["/payload/a\"b"]})));
    assert_eq!(answer["buckets"], json!([{"group": {"/payload/a\"b": "c\"\\\n"}, "count": 1}]));
}
