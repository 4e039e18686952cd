//! Measurements until they arrive.

use serde_json::Value;

use super::server::{ACCEPTED, Server};
use super::{PATIENCE, client, stats, track};
use crate::client::Client;
use crate::{Measurement, MetricKind};

fn count(client: &Client, value: f64, attributes: &str) -> bool {
    client.measure(&Measurement { name: "jobs", kind: MetricKind::Counter, unit: "1", value, attributes })
}

fn values(records: &[Value]) -> Vec<(String, f64)> {
    records.iter().map(|r| (r["attributes"].to_string(), r["value"].as_f64().unwrap())).collect()
}

#[test]
fn a_thousand_measurements_arrive_as_one_record_at_a_flush() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    assert!((0..1_000).all(|_| count(&client, 1.0, r#"{"queue":"mail"}"#)));
    assert!(client.flush(PATIENCE));
    assert_eq!(values(&server.next().records()), [(r#"{"queue":"mail"}"#.to_owned(), 1_000.0)]);
    assert_eq!([&stats(&client)["accepted"], &stats(&client)["delivered"]], [1, 1]);
    assert!(client.flush(PATIENCE));
    assert!(server.rest().is_empty(), "delta: nothing new, nothing sent");
}

#[test]
fn measurements_leave_after_their_interval_without_a_flush() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| {
        config.metrics.interval_ms = 1;
        config.flush_interval_ms = 1;
    });
    assert!(count(&client, 2.0, ""));
    assert_eq!(values(&server.next().records()), [("null".to_owned(), 2.0)]);
    // The worker sleeps between: a measurement after the first interval begins another one.
    assert!(count(&client, 3.0, ""));
    assert_eq!(values(&server.next().records()), [("null".to_owned(), 3.0)]);
}

#[test]
fn the_last_interval_is_not_lost_at_shutdown() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    track(&client, [1]);
    count(&client, 4.0, "");
    drop(client.timer("work", ""));
    assert!(client.shutdown(PATIENCE));
    let records = server.next().records();
    let names: Vec<_> = records.iter().map(|record| record["name"].as_str().unwrap_or("event")).collect();
    assert_eq!(names, ["event", "jobs", "work"]);
    assert_eq!([&records[2]["type"], &records[2]["unit"]], ["histogram", "ms"]);
    assert_eq!(records[2]["count"], 1);
    assert!(!count(&client, 1.0, ""), "closed");
}

#[test]
fn personal_data_in_attributes_does_not_leave() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    count(&client, 1.0, r#"{"user":"ann.canary@example.com"}"#);
    assert!(client.flush(PATIENCE));
    let body = server.next().body;
    assert!(!body.contains("ann.canary") && body.contains("[email]"), "{body}");
}

#[test]
fn what_is_no_measurement_is_refused_and_a_client_that_is_off_measures_nothing() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    assert!(!count(&client, -1.0, "") && !count(&client, 1.0, "[]"));
    let off = Client::with_world(&crate::Config::default(), &crate::client::switch::World::of(&|_| None)).unwrap();
    assert!(!count(&off, 1.0, ""));
    assert!(client.flush(PATIENCE) && off.flush(PATIENCE));
    assert!(server.rest().is_empty());
}
