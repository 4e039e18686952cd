//! Records that shells write value by value, and which of them are kept.

use crate::capture::{CapturedRecord, MAX_CAPTURED_BYTES};
use crate::client::Client;

use super::server::{ACCEPTED, Server};
use super::{PATIENCE, client, config, stats};

fn captured(n: i64) -> CapturedRecord {
    let mut record = CapturedRecord::new();
    record.begin_object().name("channel").text("app").name("event").text("step");
    record.name("session_id").text(&format!("s{n}"));
    record.name("payload").begin_object().name("n").int(n).end().end();
    record
}

/// A slab as a shell hands it over; no bytes stand for a record that is too large.
fn frames(records: &[Option<&[u8]>]) -> Vec<u8> {
    let mut frames = Vec::new();
    for record in records {
        let length = record.map_or(u32::MAX, |record| u32::try_from(record.len()).unwrap());
        frames.extend(length.to_le_bytes());
        frames.extend(1_767_323_045_006.0_f64.to_le_bytes());
        frames.extend(record.unwrap_or_default());
    }
    frames
}

#[test]
fn a_captured_record_arrives_as_its_text_would() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    assert!(client.track_captured(&captured(7)));
    assert_eq!(client.track_captured_checked(&captured(8)).violations, []);
    assert!(client.flush(PATIENCE));
    let records = server.next().records();
    assert_eq!(records.iter().map(|record| &record["payload"]["n"]).collect::<Vec<_>>(), [7, 8]);
    assert_eq!(records[0]["session_id"], "[identifier]");
}

#[test]
fn what_a_shell_collected_is_captured_in_order_with_its_times() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    let (one, two) = (captured(1), captured(2));
    let frames = frames(&[Some(one.as_bytes()), None, Some(b""), Some(two.as_bytes())]);
    assert!(client.track_framed(&frames));
    // What is cut off is left out.
    assert!(client.track_framed(&frames[..frames.len() - 1]));
    assert!(client.flush(PATIENCE));
    let records = server.next().records();
    assert_eq!(records.iter().map(|record| &record["payload"]["n"]).collect::<Vec<_>>(), [1, 2, 1]);
    assert_eq!(records[0]["timestamp"], "2026-01-02T03:04:05.006000Z");
    let stats = stats(&client);
    assert_eq!([&stats["accepted"], &stats["dropped"]["too_large"], &stats["dropped"]["invalid"]], [7, 2, 2]);
    assert!(client.shutdown(PATIENCE));
    assert!(!client.track_framed(&frames));
    assert_eq!(super::stats(&client)["not_captured"], 4);
}

#[test]
fn a_captured_record_beyond_the_limit_is_counted_and_not_kept() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    let mut large = CapturedRecord::new();
    large.text(&"x".repeat(2 * MAX_CAPTURED_BYTES));
    assert!(client.track_captured(&large));
    assert_eq!(client.track_captured_checked(&large).violations[0].code.as_str(), "record_too_large");
    let stats = stats(&client);
    assert_eq!([&stats["pending"], &stats["dropped"]["too_large"]], [0, 2]);
}

#[test]
fn what_is_sampled_out_is_counted_and_the_books_balance() {
    let server = Server::start(|_| ACCEPTED);
    let config = config(&server.endpoint(), |_| {});
    let rate = |name: &str| (name == "TELEMETRY_SAMPLING_RATE").then(|| "0.5".to_owned());
    let client = Client::with_world(&config, &crate::client::switch::World::of(&rate)).unwrap();
    (0..100).for_each(|n| assert!(client.track_captured(&captured(n))));
    (100..200).for_each(|n| assert_eq!(client.track_captured_checked(&captured(n)).violations, []));
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    let sampled = stats["dropped"]["sampled"].as_u64().unwrap();
    assert!((60..140).contains(&sampled), "{stats}");
    assert_eq!((stats["accepted"].as_u64(), stats["delivered"].as_u64()), (Some(200), Some(200 - sampled)));
    let records: Vec<_> = server.rest().iter().flat_map(super::server::Request::records).collect();
    assert!(records.iter().all(|record| record["sample_rate"] == 0.5));
}
