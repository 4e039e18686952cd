//! Breaker, redirects within a host, files.

use super::server::{ACCEPTED, Answer, DEAD_ENDPOINT, Server};
use super::{PATIENCE, client, stats, track};
use crate::config::ExporterKind;

#[test]
fn after_failures_in_a_row_nothing_is_sent_until_a_probe_succeeds() {
    let server = Server::start(|n| if n < 3 { Answer::Status(503, "") } else { ACCEPTED });
    let client = client(&server.endpoint(), |config| {
        config.export.breaker_failures = 3;
        config.export.breaker_reset_ms = 50;
        config.retry_max_attempts = 9;
    });
    track(&client, 0..4);
    let before = std::time::Instant::now();
    assert!(client.flush(PATIENCE));
    assert!(before.elapsed() >= std::time::Duration::from_millis(50), "waited for the probe");
    assert_eq!([&stats(&client)["delivered"], &stats(&client)["requests"]], [4, 4]);
}

#[test]
fn while_the_breaker_is_open_records_wait_and_a_closing_client_does_not() {
    let client = client(DEAD_ENDPOINT, |config| {
        config.export.breaker_failures = 2;
        config.retry_max_attempts = 2;
    });
    track(&client, [1]);
    assert!(client.flush(PATIENCE), "given up after its tries");
    track(&client, [2]);
    assert!(!client.flush(PATIENCE), "waits behind the breaker, and no flush waits with it");
    assert_eq!([&stats(&client)["requests"], &stats(&client)["pending"]], [2, 1]);
    let before = std::time::Instant::now();
    assert!(!client.shutdown(PATIENCE));
    assert!(before.elapsed() < PATIENCE / 2, "a closing client does not wait a minute");
    assert_eq!(stats(&client)["dropped"]["shutdown"], 1);
}

#[test]
fn a_redirect_within_the_host_repeats_the_request_where_it_should() {
    for (status, delivered, requests) in [(307, 1, 2), (308, 1, 2), (301, 0, 1), (302, 0, 1), (303, 0, 1)] {
        let location = "location: /elsewhere\r\n";
        let server = Server::start(move |n| if n == 0 { Answer::Status(status, location) } else { ACCEPTED });
        let client = client(&server.endpoint(), |config| config.api_key = Some("k-123".to_owned()));
        track(&client, [1]);
        assert!(client.flush(PATIENCE));
        let seen = server.rest();
        assert_eq!((stats(&client)["delivered"].as_u64(), seen.len()), (Some(delivered), requests), "{status}");
        if let [first, second] = seen.as_slice() {
            assert!(second.head.starts_with("post /elsewhere ") && second.head.contains("bearer k-123"));
            assert_eq!(first.body, second.body);
        }
    }
}

#[test]
fn redirects_in_a_circle_end() {
    let server = Server::start(|_| Answer::Status(307, "location: /again\r\n"));
    let client = client(&server.endpoint(), |_| {});
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    assert_eq!(stats(&client)["dropped"]["export_failed"], 1);
    assert_eq!(server.rest().len(), 4, "the request and three redirects");
}

#[test]
fn an_answer_that_comes_byte_by_byte_ends_after_the_requests_time() {
    let server = Server::start(|_| Answer::Trickle);
    let client = client(&server.endpoint(), |config| {
        config.request_timeout_ms = 100;
        config.retry_max_attempts = 1;
    });
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    assert_eq!(stats(&client)["last_error"], "timeout");
}

#[test]
fn a_name_that_nobody_knows_costs_no_more_than_a_dead_collector() {
    let client = client("http://collector.invalid:4000", |config| config.retry_max_attempts = 2);
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    assert_eq!([&stats(&client)["requests"], &stats(&client)["dropped"]["export_failed"]], [2, 1]);
}

#[test]
fn an_endless_answer_is_cut_at_the_limit() {
    let server = Server::start(|_| Answer::Endless);
    let client = client(&server.endpoint(), |_| {});
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    assert_eq!(stats(&client)["last_error"], "verdict too large");
}

#[test]
fn the_file_exporter_writes_the_scrubbed_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("telemetry.jsonl");
    let client = client("http://unused", |config| {
        config.export.exporter = ExporterKind::File;
        config.export.file = Some(path.to_string_lossy().into_owned());
    });
    track(&client, 0..3);
    assert!(client.track(br#"{"channel":"app","event":"e","payload":{"to":"ann.canary@example.com"}}"#));
    assert!(client.flush(PATIENCE));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 4);
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    assert!(text.contains("[email]") && !text.contains("ann.canary"), "{text}");
    assert_eq!(stats(&client)["delivered"], 4);
}
