//! On, off, start and end.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::outcome::Status;

use super::super::Client;
use super::super::switch::World;
use super::server::{ACCEPTED, Answer, DEAD_ENDPOINT, Server};
use super::{PATIENCE, client, config, record, stats, track};

/// Longer than anything that is not waited for, shorter than anyone's patience.
const PROMPTLY: Duration = Duration::from_secs(5);

fn has_worker(client: &Client) -> bool {
    client.0.here().state.lock().has_worker
}

#[test]
fn a_client_can_be_shared_by_all_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Client>();
}

#[test]
fn do_not_track_beats_code() {
    let config = config(DEAD_ENDPOINT, |_| {});
    let client =
        Client::with_world(&config, &World::of(&|name| (name == "DO_NOT_TRACK").then(|| "1".to_owned()))).unwrap();
    assert!(!client.track(&record(1)));
    let stats = stats(&client);
    assert_eq!([&stats["accepted"], &stats["not_captured"]], [0, 1]);
    assert_eq!((&stats["enabled"], &stats["disabled_by"]), (&false.into(), &"DO_NOT_TRACK".into()));
}

#[test]
fn a_client_that_is_off_checks_but_captures_nothing() {
    let client = Client::with_world(&crate::Config::default(), &World::of(&|_| None)).unwrap();
    assert_eq!(client.track_checked(&record(1)).status, Status::Accepted);
    assert_eq!(client.track_checked(b"{}").status, Status::Rejected);
    assert!(client.flush(Duration::ZERO) && client.shutdown(Duration::ZERO));
    let stats = stats(&client);
    assert_eq!([&stats["accepted"], &stats["not_captured"]], [0, 2]);
    assert_eq!(stats["violations"], serde_json::json!({}));
    assert!(!has_worker(&client));
}

/// Runs alone in a process of its own: only there can threads be counted, and the environment be given.
#[cfg(target_os = "linux")]
#[test]
fn nothing_starts_before_the_first_record() {
    const NAME: &str = "client::tests::lifecycle::nothing_starts_before_the_first_record";
    const ALONE: &str = "SCRUBJAY_TEST_ALONE";
    let Some(endpoint) = std::env::var_os(ALONE) else {
        let server = Server::start(|_| ACCEPTED);
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--test-threads=1"])
            .env_clear()
            .env(ALONE, server.endpoint())
            .env("TELEMETRY_ENABLED", "true")
            .env("TELEMETRY_ENDPOINT", server.endpoint())
            .output()
            .unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
        assert_eq!(server.next().events(), ["e0001"]);
        return;
    };
    assert!(!endpoint.is_empty());
    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap());
        names.map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    };
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = (threads(), descriptors());
    let client = Client::new(&crate::Config::default()).unwrap();
    assert_eq!(stats(&client)["enabled"], true);
    assert!(client.flush(Duration::ZERO));
    assert_eq!((threads(), descriptors()), before);
    assert!(client.track(&record(1)));
    assert!(client.flush(PATIENCE));
    assert_eq!(threads().iter().filter(|name| *name == "scrubjay").count(), 1);
    assert_eq!(threads().len(), before.0.len() + 1);
}

#[test]
fn a_flush_that_runs_out_of_time_says_so() {
    let server = Server::start(|_| Answer::Silence);
    let client = client(&server.endpoint(), |_| {});
    track(&client, [1]);
    assert!(!client.flush(Duration::from_millis(20)));
    assert_eq!(stats(&client)["pending"], 1);
}

#[test]
fn waiting_for_ever_is_no_overflow() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    track(&client, [1]);
    assert!(client.flush(Duration::MAX));
    assert!(client.shutdown(Duration::MAX));
}

#[test]
fn a_shutdown_delivers_the_rest_and_ends_the_worker() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    track(&client, 0..3);
    assert!(client.shutdown(PATIENCE));
    assert_eq!(server.next().events().len(), 3);
    assert!(!has_worker(&client));
    assert_eq!(stats(&client)["delivered"], 3);
}

#[test]
fn nothing_is_captured_after_a_shutdown() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    assert!(client.shutdown(PATIENCE) && client.shutdown(Duration::ZERO));
    assert!(!client.track(&record(1)) && !client.track(&vec![b' '; 100_000]));
    assert_eq!(client.track_checked(&record(2)).status, Status::Accepted);
    assert!(client.flush(Duration::ZERO));
    let stats = stats(&client);
    assert_eq!([&stats["accepted"], &stats["not_captured"]], [0, 3]);
    assert!(!has_worker(&client));
}

#[test]
fn a_shutdown_is_bounded_where_the_collector_never_answers() {
    let server = Server::start(|_| Answer::Silence);
    let client = client(&server.endpoint(), |config| config.batch_max_items = 2);
    track(&client, 0..5);
    server.next();
    let start = Instant::now();
    assert!(!client.shutdown(Duration::from_millis(50)));
    assert!(start.elapsed() < PROMPTLY, "{:?}", start.elapsed());
    let stats = stats(&client);
    assert_eq!([&stats["pending"], &stats["dropped"]["shutdown"]], [0, 5]);
    assert!(!client.shutdown(Duration::from_millis(50)), "the same answer again");
    // The request in flight is cancelled, not left to its own timeout.
    server.wait_for_cancelled();
}

#[test]
fn a_shutdown_does_not_wait_for_a_dead_collector() {
    let client = client(DEAD_ENDPOINT, |config| (config.retry_initial_ms, config.retry_max_ms) = (30_000, 30_000));
    track(&client, 0..5);
    let start = Instant::now();
    assert!(!client.shutdown(PATIENCE));
    assert!(start.elapsed() < PROMPTLY, "{:?}", start.elapsed());
    assert_eq!(stats(&client)["dropped"]["shutdown"], 5);
}

#[test]
fn a_shutdown_waits_for_an_overloaded_collector_within_its_time() {
    let server = Server::start(|n| if n == 0 { Answer::Status(503, "retry-after: 0\r\n") } else { ACCEPTED });
    let client = client(&server.endpoint(), |_| {});
    track(&client, 0..3);
    assert!(client.shutdown(PATIENCE));
    assert_eq!(stats(&client)["delivered"], 3);
}

#[test]
fn a_shutdown_does_not_sit_out_a_wait_that_ends_after_it() {
    let server = Server::start(|_| Answer::Status(503, "retry-after: 3600\r\n"));
    let client = client(&server.endpoint(), |config| {
        config.retry_max_ms = 3_600_000;
        config.batch_max_items = 2;
    });
    track(&client, 0..3);
    server.next();
    let start = Instant::now();
    assert!(!client.shutdown(PATIENCE));
    assert!(start.elapsed() < PROMPTLY, "{:?}", start.elapsed());
    assert_eq!(stats(&client)["dropped"]["shutdown"], 3);
}

#[test]
fn a_dropped_client_waits_for_nobody_and_its_records_still_go() {
    let (release, signal) = mpsc::channel();
    let mut signal = Some(signal);
    let server = Server::start(move |_| signal.take().map_or(ACCEPTED, Answer::After));
    let client = client(&server.endpoint(), |config| config.batch_max_items = 2);
    track(&client, 0..3);
    assert_eq!(server.next().events(), ["e0000", "e0001"]);
    drop(client);
    drop(release);
    assert_eq!(server.next().events(), ["e0002"]);
}
