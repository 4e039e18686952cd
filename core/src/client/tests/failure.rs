//! Collectors that fail, in every way they do.

use super::server::{ACCEPTED, Answer, DEAD_ENDPOINT, Server};
use super::{PATIENCE, client, record, stats, track};

#[test]
fn an_overloaded_collector_is_asked_again() {
    for status in [429, 502, 503, 504] {
        let server = Server::start(move |n| if n == 0 { Answer::Status(status, "") } else { ACCEPTED });
        let client = client(&server.endpoint(), |_| {});
        track(&client, 0..3);
        assert!(client.flush(PATIENCE));
        let bodies: Vec<String> = server.rest().into_iter().map(|request| request.body).collect();
        assert_eq!((bodies.len(), &bodies[0]), (2, &bodies[1]), "the same ids, so that nothing is stored twice");
        let stats = stats(&client);
        assert_eq!([&stats["delivered"], &stats["requests"], &stats["retries"]], [3, 2, 1]);
        assert_eq!(stats["last_error"], format!("status {status}"));
    }
}

#[test]
fn a_collector_that_says_no_is_not_asked_again() {
    for status in [202, 301, 400, 401, 403, 404, 408, 500, 501] {
        let server = Server::start(move |_| Answer::Status(status, ""));
        let client = client(&server.endpoint(), |_| {});
        track(&client, 0..3);
        assert!(client.flush(PATIENCE));
        let stats = stats(&client);
        assert_eq!([&stats["dropped"]["export_failed"], &stats["requests"]], [3, 1], "{status}");
        assert_eq!(stats["last_error"], format!("status {status}"));
    }
}

#[test]
fn a_batch_is_given_up_after_its_tries() {
    let server = Server::start(|_| Answer::Status(503, "retry-after: 0\r\n"));
    let client = client(&server.endpoint(), |config| config.retry_max_attempts = 3);
    track(&client, 0..2);
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["dropped"]["export_failed"], &stats["requests"], &stats["retries"]], [2, 3, 2]);
}

#[test]
fn one_batch_given_up_does_not_stop_the_next() {
    let server = Server::start(|n| if n == 0 { Answer::Status(400, "") } else { ACCEPTED });
    let client = client(&server.endpoint(), |config| config.batch_max_items = 2);
    track(&client, 0..4);
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["delivered"], &stats["dropped"]["export_failed"]], [2, 2]);
}

#[test]
fn a_connection_that_breaks_is_tried_again() {
    let server = Server::start(|n| if n == 0 { Answer::HangUp } else { ACCEPTED });
    let client = client(&server.endpoint(), |_| {});
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["delivered"], &stats["retries"]], [1, 1]);
    assert_eq!(stats["last_error"], "connection lost");
}

#[test]
fn a_collector_that_wants_less_at_once_gets_halves() {
    let server = Server::start(|n| if n < 2 { Answer::Status(413, "") } else { ACCEPTED });
    let client = client(&server.endpoint(), |_| {});
    track(&client, 0..4);
    assert!(client.flush(PATIENCE));
    let sizes: Vec<usize> = server.rest().iter().map(|request| request.records().len()).collect();
    assert_eq!(sizes, [4, 2, 1, 1, 2]);
    assert_eq!([&stats(&client)["delivered"], &stats(&client)["retries"]], [4, 0]);
}

#[test]
fn a_single_record_that_is_too_much_is_given_up() {
    let server = Server::start(|_| Answer::Status(413, ""));
    let client = client(&server.endpoint(), |_| {});
    track(&client, 0..2);
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["dropped"]["export_failed"], &stats["requests"]], [2, 3]);
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(|_| ACCEPTED);
    let location: &'static str = format!("location: {}/\r\n", elsewhere.endpoint()).leak();
    for status in [301, 302, 303, 307, 308] {
        let server = Server::start(move |_| Answer::Status(status, location));
        let client = client(&server.endpoint(), |config| config.api_key = Some("k-123".to_owned()));
        track(&client, [1]);
        assert!(client.flush(PATIENCE));
        assert_eq!(stats(&client)["dropped"]["export_failed"], 1);
    }
    assert!(elsewhere.rest().is_empty());
}

#[test]
fn an_answer_that_is_no_verdict_counts_as_no_delivery() {
    for (body, reason) in [
        ("<html>Welcome to our wireless network</html>".to_owned(), "unreadable verdict"),
        (" ".repeat((4 << 20) + 1), "verdict too large"),
    ] {
        let server = Server::start(move |_| Answer::Body(body.clone()));
        let client = client(&server.endpoint(), |_| {});
        track(&client, [1]);
        assert!(client.flush(PATIENCE));
        let stats = stats(&client);
        assert_eq!([&stats["dropped"]["export_failed"], &stats["requests"]], [1, 1]);
        assert_eq!(stats["last_error"], reason);
    }
}

#[test]
fn a_dead_collector_costs_nothing_and_shows_in_the_statistics() {
    let client = client(DEAD_ENDPOINT, |config| config.retry_max_attempts = 2);
    track(&client, 0..10);
    assert!(client.flush(PATIENCE));
    track(&client, 10..20);
    let stats = stats(&client);
    assert_eq!([&stats["dropped"]["export_failed"], &stats["pending"]], [10, 10]);
    assert_eq!([&stats["requests"], &stats["retries"]], [2, 1]);
    assert_eq!(stats["last_error"], "connect failed");
}

#[test]
fn a_request_without_an_answer_ends_after_its_time() {
    let server = Server::start(|_| Answer::Silence);
    let client = client(&server.endpoint(), |config| {
        config.request_timeout_ms = 50;
        config.retry_max_attempts = 2;
    });
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["dropped"]["export_failed"], &stats["requests"]], [1, 2]);
    assert_eq!(stats["last_error"], "timeout");
}

#[test]
fn a_collector_without_tls_is_not_talked_to_in_clear_where_tls_is_asked_for() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint().replace("http:", "https:"), |config| config.retry_max_attempts = 1);
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    assert_eq!(stats(&client)["dropped"]["export_failed"], 1);
    assert!(server.rest().is_empty());
}

/// Nanoseconds of CPU time that a call takes this thread.
#[cfg(unix)]
fn cost_of_track(client: &super::super::Client) -> i64 {
    const CALLS: i64 = 5_000;
    let time = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        time.tv_sec * 1_000_000_000 + time.tv_nsec
    };
    let text = record(1);
    let start = time();
    (0..CALLS).for_each(|_| assert!(client.track(&text)));
    (time() - start) / CALLS
}

#[cfg(unix)]
#[test]
fn a_black_hole_costs_the_host_no_more_than_a_client_at_rest() {
    let server = Server::start(|_| Answer::Silence);
    let caught = client(&server.endpoint(), |config| {
        config.queue_max_items = 1_000;
        config.batch_max_items = 10;
    });
    track(&caught, 0..10);
    server.next();
    let resting = client(&server.endpoint(), |config| {
        config.queue_max_items = 1_000;
        config.upload_enabled = false;
    });
    // The best of some: other tests run beside this one.
    let best = |client| (0..5).map(|_| cost_of_track(client)).min().unwrap();
    let (in_black_hole, at_rest) = (best(&caught), best(&resting));
    assert!(in_black_hole < 4 * at_rest, "{in_black_hole} ns against {at_rest} ns a call");
    let since = std::time::Instant::now();
    assert!(!caught.shutdown(std::time::Duration::from_millis(300)));
    assert!(since.elapsed() < std::time::Duration::from_secs(1), "exit is bounded");
}
