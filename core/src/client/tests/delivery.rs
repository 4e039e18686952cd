//! What arrives, and in which form.

use crate::outcome::Status;

use super::server::{ACCEPTED, Answer, Server};
use super::{PATIENCE, client, record, stats, track};

#[test]
fn a_tracked_record_arrives_canonical_and_stamped() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    assert!(client.track(br#"{"channel":"app","event":"login","timestamp":"2026-01-02T03:04:05Z","payload":{}}"#));
    assert!(client.flush(PATIENCE));
    let records = server.next().records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["event"], "login");
    assert_eq!(records[0]["id"].as_str().map(str::len), Some(36));
    let stats = stats(&client);
    assert_eq!([&stats["accepted"], &stats["delivered"], &stats["requests"], &stats["retries"]], [1, 1, 1, 0]);
    assert!(stats["last_error"].is_null());
}

#[test]
fn a_request_has_the_collectors_route_and_headers() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| config.api_key = Some("k-123".to_owned()));
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    let head = server.next().head;
    assert!(head.starts_with("post /api/v1/telemetry/events/batch http/1.1\r\n"), "{head}");
    for line in [
        "content-type: application/json",
        "content-encoding: gzip",
        "authorization: bearer k-123",
        concat!("user-agent: scrubjay/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(head.lines().any(|header| header == line), "{line} in {head}");
    }
}

#[test]
fn a_full_batch_goes_without_a_flush() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| config.batch_max_items = 3);
    track(&client, 0..3);
    assert_eq!(server.next().events(), ["e0000", "e0001", "e0002"]);
}

#[test]
fn a_single_record_goes_when_its_interval_is_over() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| config.flush_interval_ms = 1);
    track(&client, [7]);
    assert_eq!(server.next().events(), ["e0007"]);
}

#[test]
fn batches_hold_at_most_their_count_in_order_of_capture() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| config.batch_max_items = 100);
    track(&client, 0..250);
    assert!(client.flush(PATIENCE));
    let batches: Vec<Vec<String>> = server.rest().iter().map(super::server::Request::events).collect();
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
    assert_eq!(batches.concat(), (0..250).map(|n| format!("e{n:04}")).collect::<Vec<_>>());
}

#[test]
fn batches_hold_at_most_their_bytes() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| config.batch_max_bytes = 1_000);
    track(&client, 0..50);
    assert!(client.flush(PATIENCE));
    let requests = server.rest();
    assert!(requests.len() >= 5, "{}", requests.len());
    // Brackets and commas come on top of the records' bytes.
    assert!(requests.iter().all(|request| request.body.len() <= 1_000 + request.records().len() + 1));
    assert_eq!(stats(&client)["delivered"], 50);
}

#[test]
fn an_invalid_record_is_counted_and_never_sent() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    for record in [&record(1)[..], b"not json", br#"{"channel":"app","payload":{}}"#, &record(2)] {
        assert!(client.track(record));
    }
    assert!(client.flush(PATIENCE));
    assert_eq!(server.next().events(), ["e0001", "e0002"]);
    let stats = stats(&client);
    assert_eq!([&stats["accepted"], &stats["delivered"], &stats["dropped"]["invalid"]], [4, 2, 2]);
    assert_eq!([&stats["violations"]["json_invalid"], &stats["violations"]["required"]], [1, 1]);
}

#[test]
fn nothing_is_requested_where_nothing_is_valid() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    assert!(client.track(b"{}"));
    assert!(client.flush(PATIENCE));
    assert_eq!(stats(&client)["requests"], 0);
}

#[test]
fn personal_data_and_secrets_never_reach_the_wire() {
    let canaries = ["ann.canary@example.com", "4111 1111 1111 1111", "hunter2canary", "203.0.113.77"];
    let tracked = format!(
        r#"{{"channel":"app","event":"login","timestamp":"2026-01-02T03:04:05Z","payload":
            {{"to":"{}","note":"card {} from {}","password":"{}"}}}}"#,
        canaries[0], canaries[1], canaries[3], canaries[2]
    );
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    assert!(client.track(tracked.as_bytes()));
    assert_eq!(client.track_checked(tracked.as_bytes()).status, Status::Accepted);
    assert!(client.flush(PATIENCE));
    let body = server.next().body;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap().as_array().map(Vec::len), Some(2));
    for canary in canaries {
        assert!(!body.contains(canary), "{canary} in {body}");
    }
    assert_eq!(stats(&client)["redactions"]["email"], 2);
}

#[test]
fn what_the_collector_refuses_is_counted_with_its_codes() {
    let server = Server::start(|_| Answer::Refusing(2));
    let client = client(&server.endpoint(), |_| {});
    track(&client, 0..5);
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["delivered"], &stats["dropped"]["rejected"], &stats["requests"]], [3, 2, 1]);
    assert_eq!(stats["violations"]["unknown_field"], 2);
}

#[test]
fn a_checked_record_is_sent_as_it_was_returned() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    let outcome = client.track_checked(&record(1));
    assert!(client.flush(PATIENCE));
    assert_eq!(server.next().body, format!("[{}]", outcome.record.unwrap()));
}

#[test]
fn a_checked_record_leaves_the_same_books_as_a_tracked_one() {
    let server = Server::start(|_| ACCEPTED);
    let (checked, tracked) = (client(&server.endpoint(), |_| {}), client(&server.endpoint(), |_| {}));
    let too_large = format!(r#"{{"event":"{}"}}"#, "x".repeat(70_000));
    for record in [&record(1)[..], b"not json", br#"{"payload":{"to":"ann@example.com"}}"#, too_large.as_bytes()] {
        assert!(tracked.track(record));
        checked.track_checked(record);
    }
    assert!(checked.flush(PATIENCE) && tracked.flush(PATIENCE));
    let (checked, tracked) = (stats(&checked), stats(&tracked));
    for name in ["accepted", "delivered", "pending", "dropped", "redactions"] {
        assert_eq!(checked[name], tracked[name], "{name}");
    }
}
