//! Aggregation on virtual time, and its records through the engine.

use super::*;
use crate::{Config, Engine, Status};

fn limits() -> Limits {
    Limits { cardinality: 2_000, temporality: Temporality::Delta, bounds: Arc::default() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_milliseconds(1_767_323_045_000 + second * 1_000).unwrap()
}

fn of(name: &'static str, kind: MetricKind, value: f64, attributes: &'static str) -> Measurement<'static> {
    Measurement { name, kind, unit: "", value, attributes }
}

/// What the engine makes of the records; it must accept them as they are.
fn collected(aggregator: &mut Aggregator, second: i64) -> Vec<Value> {
    let engine = Engine::new(&Config::default()).unwrap();
    let records = aggregator.collect(at(second));
    let mut trees = Vec::new();
    for record in records {
        let outcome = engine.process(record.as_bytes(), None);
        assert_eq!((outcome.status, outcome.violations.len()), (Status::Accepted, 0), "{outcome:?}");
        assert_eq!(outcome.record.as_deref(), Some(record.as_str()), "canonical as it is made");
        trees.push(serde_json::from_str(&record).unwrap());
    }
    trees
}

#[test]
fn counters_add_up_by_name_and_attributes() {
    let mut aggregator = Aggregator::new(limits());
    for (value, attributes) in [(1.0, ""), (2.0, r#"{"b":1,"a":"x"}"#), (3.0, r#"{"a":"x", "b":1}"#), (4.0, "{}")] {
        assert!(aggregator.add(&of("req", MetricKind::Counter, value, attributes), at(0)));
    }
    let records = collected(&mut aggregator, 60);
    let values: Vec<_> = records.iter().map(|r| (r["attributes"].to_string(), r["value"].clone())).collect();
    assert_eq!(values, [("null".into(), Value::from(5)), (r#"{"a":"x","b":1}"#.into(), Value::from(5))]);
    assert_eq!(records[0]["start_time_unix_nano"], "1767323045000000000");
    assert_eq!(records[0]["timestamp"], "2026-01-02T03:05:05.000000Z");
    assert_eq!(records[0]["aggregation_temporality"], "delta");
}

#[test]
fn with_delta_each_interval_begins_anew_and_with_cumulative_none_does() {
    for (temporality, second_value, start) in
        [(Temporality::Delta, 2, "1767323115000000000"), (Temporality::Cumulative, 3, "1767323045000000000")]
    {
        let mut aggregator = Aggregator::new(Limits { temporality, ..limits() });
        aggregator.add(&of("req", MetricKind::Counter, 1.0, ""), at(0));
        assert_eq!(collected(&mut aggregator, 60)[0]["value"], 1);
        aggregator.add(&of("req", MetricKind::Counter, 2.0, ""), at(70));
        let second = collected(&mut aggregator, 120);
        assert_eq!(
            [&second[0]["value"], &second[0]["start_time_unix_nano"]],
            [&Value::from(second_value), &start.into()]
        );
        assert_eq!(collected(&mut aggregator, 180).len(), usize::from(temporality == Temporality::Cumulative));
    }
}

#[test]
fn a_gauge_keeps_its_last_value_and_an_updowncounter_may_fall() {
    let mut aggregator = Aggregator::new(limits());
    for value in [5.0, 2.5, -1.0] {
        aggregator.add(&of("temp", MetricKind::Gauge, value, ""), at(0));
        aggregator.add(&of("open", MetricKind::UpDownCounter, value, ""), at(0));
    }
    let records = collected(&mut aggregator, 60);
    assert_eq!([&records[0]["name"], &records[0]["value"]], [&Value::from("open"), &Value::from(6.5)]);
    assert_eq!([&records[1]["name"], &records[1]["value"]], [&Value::from("temp"), &Value::from(-1)]);
    assert_eq!(records[1].get("aggregation_temporality"), None, "a gauge covers no interval");
}

#[test]
fn a_histogram_has_buckets_and_what_they_add_up_to() {
    let mut aggregator = Aggregator::new(limits());
    for value in [1.0, 2.0, 80.0] {
        aggregator.add(&Measurement { unit: "ms", ..of("latency", MetricKind::Histogram, value, "") }, at(0));
    }
    let record = collected(&mut aggregator, 60).remove(0);
    let expected = serde_json::json!({
        "schema": "telemetry_metric_v1", "timestamp": "2026-01-02T03:05:05.000000Z", "name": "latency",
        "type": "histogram", "unit": "ms", "value": 83.0 / 3.0, "aggregation_temporality": "delta",
        "start_time_unix_nano": "1767323045000000000", "count": 3, "sum": 83, "min": 1, "max": 80,
        "bucket_counts": [0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "explicit_bounds": [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000],
    });
    assert_eq!(record, expected);
}

#[test]
fn what_is_beyond_the_limit_goes_into_one_series() {
    let mut aggregator = Aggregator::new(Limits { cardinality: 3, ..limits() });
    for id in 0..1_000 {
        let attributes = format!(r#"{{"id":{id}}}"#);
        let measurement = Measurement { attributes: &attributes, ..of("req", MetricKind::Counter, 1.0, "") };
        assert!(aggregator.add(&measurement, at(0)));
    }
    let records = collected(&mut aggregator, 60);
    let values: Vec<_> = records.iter().map(|r| (r["attributes"].to_string(), r["value"].as_u64())).collect();
    let overflow = (OVERFLOW.to_owned(), Some(998));
    assert_eq!(values, [(r#"{"id":0}"#.to_owned(), Some(1)), (r#"{"id":1}"#.to_owned(), Some(1)), overflow]);
}

#[test]
fn memory_is_bounded_by_names_and_by_ways_to_write_attributes() {
    let mut aggregator = Aggregator::new(Limits { cardinality: 10, ..limits() });
    let added = (0..2_000).filter(|n| {
        let name = format!("m{n}");
        aggregator.add(&Measurement { name: &name, ..of("", MetricKind::Counter, 1.0, "") }, at(0))
    });
    assert_eq!(added.count(), MAX_INSTRUMENTS);
    for spaces in 0..1_000 {
        let attributes = format!("{{{}}}", " ".repeat(spaces));
        assert!(
            aggregator.add(&Measurement { attributes: &attributes, ..of("m0", MetricKind::Counter, 1.0, "") }, at(0))
        );
    }
    assert!(aggregator.instruments["m0"].places.len() <= 20);
    assert_eq!(aggregator.instruments["m0"].series.len(), 1);
}

#[test]
fn what_is_no_measurement_is_refused() {
    let mut aggregator = Aggregator::new(limits());
    assert!(aggregator.add(&of("req", MetricKind::Counter, 1.0, ""), at(0)));
    for refused in [
        of("req", MetricKind::Counter, -1.0, ""),
        of("req", MetricKind::Counter, f64::NAN, ""),
        of("req", MetricKind::Counter, f64::INFINITY, ""),
        of("req", MetricKind::Gauge, 1.0, ""),
        of("req", MetricKind::Counter, 1.0, "[]"),
        of("req", MetricKind::Counter, 1.0, "{"),
    ] {
        assert!(!aggregator.add(&refused, at(0)), "{refused:?}");
    }
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_ATTRIBUTES_BYTES));
    assert!(!aggregator.add(&Measurement { attributes: &large, ..of("req", MetricKind::Counter, 1.0, "") }, at(0)));
    assert_eq!(collected(&mut aggregator, 60)[0]["value"], 1);
}

#[test]
fn a_sum_that_overflows_stays_a_number() {
    let mut aggregator = Aggregator::new(limits());
    for _ in 0..3 {
        aggregator.add(&of("big", MetricKind::Counter, f64::MAX, ""), at(0));
        aggregator.add(&of("odd", MetricKind::UpDownCounter, -0.0, ""), at(0));
    }
    let records = collected(&mut aggregator, 60);
    assert_eq!([records[0]["value"].as_f64(), records[1]["value"].as_f64()], [Some(f64::MAX), Some(0.0)]);
}

#[test]
fn a_histogram_has_the_boundaries_that_are_configured_for_its_name() {
    let bounds = Arc::new(BTreeMap::from([("size".to_owned(), vec![1.5, 10.0])]));
    let mut aggregator = Aggregator::new(Limits { bounds, ..limits() });
    for name in ["size", "time"] {
        let measurement = Measurement { name, kind: MetricKind::Histogram, unit: "", value: 2.0, attributes: "" };
        assert!(aggregator.add(&measurement, Timestamp::now()));
    }
    let records = aggregator.collect(Timestamp::now());
    assert!(records[0].contains(r#""bucket_counts":[0,1,0],"explicit_bounds":[1.5,10]"#), "{}", records[0]);
    assert!(records[1].contains(r#""explicit_bounds":[0,5,10,25,"#), "{}", records[1]);
}
