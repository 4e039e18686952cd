//! The user's word: nothing before it, nothing after it was taken back.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::Client;
use super::super::switch::World;
use super::server::{ACCEPTED, Answer, DEAD_ENDPOINT, Server};
use super::{PATIENCE, config, record, stats, track};
use crate::config::{ClientConfig, Purpose};
use crate::consent::Register;

/// Within which another process has to be silent.
const A_SECOND: Duration = Duration::from_secs(1);

/// A client whose consent is kept in `home`.
fn at(home: &TempDir, endpoint: &str, change: impl FnOnce(&mut ClientConfig)) -> Client {
    let config = config(endpoint, |client| {
        client.state_dir = Some(home.path().join("state").display().to_string());
        change(client);
    });
    Client::with_world(&config, &World::of(&|_| None)).unwrap()
}

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn register(home: &TempDir) -> Register {
    Register::new(home.path().join("state"), None)
}

fn disabled_by(client: &Client) -> Value {
    stats(client)["disabled_by"].clone()
}

/// Tracks until the client's answer is as expected; fails after a second.
fn answers_within_a_second(client: &Client, expected: bool) {
    let start = Instant::now();
    while client.track(&record(9_999)) != expected {
        assert!(start.elapsed() < A_SECOND, "still {}", !expected);
        std::thread::yield_now();
    }
}

#[test]
fn without_the_required_consent_nothing_is_captured_made_or_started() {
    let home = home();
    let client = at(&home, DEAD_ENDPOINT, |client| client.require_consent = true);
    assert!(!client.track(&record(1)));
    assert!(client.flush(Duration::ZERO));
    assert_eq!(disabled_by(&client), "consent");
    assert!(!client.0.here().state.lock().has_worker);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_grant_starts_collection_and_stands_in_the_trail() {
    let (home, server) = (home(), Server::start(|_| ACCEPTED));
    let client = at(&home, &server.endpoint(), |client| {
        client.require_consent = true;
        client.notice_version = Some("2026-03".to_owned());
    });
    assert!(client.opt_in(&Purpose::ALL, None, "settings").unwrap());
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    assert_eq!(server.next().events(), ["e0001"]);
    let history: Value = serde_json::from_str(&client.consent_history().unwrap()).unwrap();
    let entry = json!(["granted", "2026-03", "settings"]);
    assert_eq!(json!([history[0]["event"], history[0]["notice_version"], history[0]["source"]]), entry);
    assert!(client.consent_verify().unwrap().contains(r#""broken_at":null"#));
}

#[test]
fn a_users_no_beats_code_and_a_yes_is_enough_where_code_is_silent() {
    let (home, server) = (home(), Server::start(|_| ACCEPTED));
    register(&home).withdraw(&Purpose::ALL, "test").unwrap();
    assert_eq!(disabled_by(&at(&home, &server.endpoint(), |_| {})), "consent");
    let silent = |client: &mut ClientConfig| client.enabled = None;
    assert_eq!(disabled_by(&at(&home, &server.endpoint(), silent)), "consent");
    register(&home).grant(&Purpose::ALL, None, "test").unwrap();
    assert_eq!(disabled_by(&at(&home, &server.endpoint(), silent)), Value::Null);
    assert_eq!(disabled_by(&at(&home, &server.endpoint(), |client| client.enabled = Some(false))), "configuration");
}

#[test]
fn a_damaged_file_and_an_older_notice_turn_collection_off() {
    let home = home();
    register(&home).grant(&Purpose::ALL, Some("1"), "test").unwrap();
    let newer = at(&home, DEAD_ENDPOINT, |client| client.notice_version = Some("2".to_owned()));
    assert_eq!(disabled_by(&newer), "notice_version");
    fs::write(home.path().join("state/consent.json"), "{").unwrap();
    assert_eq!(disabled_by(&at(&home, DEAD_ENDPOINT, |_| {})), "consent_unreadable");
}

#[test]
fn what_is_queued_is_forgotten_and_booked() {
    let (home, server) = (home(), Server::start(|_| ACCEPTED));
    let client = at(&home, &server.endpoint(), |_| {});
    track(&client, 0..3);
    client.opt_out(&Purpose::ALL, "test").unwrap();
    assert!(!client.track(&record(4)) && client.flush(PATIENCE) && client.shutdown(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["pending"], &stats["dropped"]["consent"], &stats["requests"]], [0, 3, 0]);
    assert_eq!(stats["disabled_by"], "consent");
    assert!(server.rest().is_empty());
}

#[test]
fn a_request_in_flight_is_cancelled_before_the_call_returns() {
    let (home, server) = (home(), Server::start(|_| Answer::Silence));
    let client = at(&home, &server.endpoint(), |client| client.batch_max_items = 2);
    track(&client, 0..5);
    server.next();
    client.opt_out(&Purpose::ALL, "test").unwrap();
    let stats = stats(&client);
    assert_eq!([&stats["pending"], &stats["dropped"]["consent"], &stats["requests"]], [0, 5, 1]);
    server.wait_for_cancelled();
    assert!(client.shutdown(PATIENCE) && server.rest().is_empty());
}

#[test]
fn a_batch_that_waits_for_another_try_is_forgotten() {
    let (home, server) = (home(), Server::start(|_| Answer::Status(503, "retry-after: 3600\r\n")));
    let client = at(&home, &server.endpoint(), |client| {
        client.batch_max_items = 2;
        client.retry_max_ms = 3_600_000;
    });
    track(&client, 0..2);
    server.next();
    client.opt_out(&Purpose::ALL, "test").unwrap();
    let stats = stats(&client);
    assert_eq!([&stats["pending"], &stats["dropped"]["consent"], &stats["requests"]], [0, 2, 1]);
    assert!(client.shutdown(PATIENCE) && server.rest().is_empty());
}

#[test]
fn who_agrees_again_sends_only_what_came_after() {
    let (home, server) = (home(), Server::start(|_| ACCEPTED));
    let client = at(&home, &server.endpoint(), |_| {});
    track(&client, [1]);
    client.opt_out(&Purpose::ALL, "test").unwrap();
    assert!(!client.track(&record(2)));
    assert!(client.opt_in(&Purpose::ALL, None, "test").unwrap());
    track(&client, [3]);
    assert!(client.flush(PATIENCE) && client.shutdown(PATIENCE));
    let sent: Vec<String> = server.rest().iter().flat_map(super::server::Request::events).collect();
    assert_eq!(sent, ["e0003"]);
}

#[test]
fn another_client_follows_within_a_second_both_ways() {
    let (home, server) = (home(), Server::start(|_| Answer::Silence));
    let (one, other) =
        (at(&home, DEAD_ENDPOINT, |_| {}), at(&home, &server.endpoint(), |client| client.batch_max_items = 2));
    track(&other, 0..5);
    server.next();
    one.opt_out(&Purpose::ALL, "test").unwrap();
    let start = Instant::now();
    server.wait_for_cancelled();
    assert!(start.elapsed() < A_SECOND, "{:?}", start.elapsed());
    answers_within_a_second(&other, false);
    // The connection is gone a moment before its records are booked.
    assert!(other.flush(PATIENCE));
    assert_eq!(stats(&other)["dropped"]["consent"], 5);
    other.opt_in(&Purpose::ALL, None, "test").unwrap();
    answers_within_a_second(&other, true);
    answers_within_a_second(&one, true);
}

#[test]
fn a_client_that_holds_nothing_does_not_send_what_it_captures_after_a_withdrawal() {
    let (home, server) = (home(), Server::start(|_| ACCEPTED));
    let client = at(&home, &server.endpoint(), |client| client.batch_max_items = 1);
    register(&home).withdraw(&Purpose::ALL, "another process").unwrap();
    // Not seen yet, perhaps; the worker looks before it sends.
    let captured = client.track(&record(1));
    assert!(client.flush(PATIENCE));
    assert!(client.shutdown(PATIENCE) && server.rest().is_empty());
    assert_eq!(stats(&client)["dropped"]["consent"], u64::from(captured));
}

#[test]
fn only_records_of_granted_purposes_leave() {
    let (home, server) = (home(), Server::start(|_| ACCEPTED));
    let client = at(&home, &server.endpoint(), |client| {
        client.purposes.insert("app".to_owned(), Purpose::Diagnostics);
    });
    client.opt_in(&[Purpose::Diagnostics], None, "test").unwrap();
    track(&client, [1]);
    let other = record(2);
    assert!(client.track(String::from_utf8(other).unwrap().replace("app", "shop").as_bytes()));
    assert!(client.flush(PATIENCE));
    assert_eq!(server.next().events(), ["e0001"]);
    assert_eq!(stats(&client)["dropped"]["consent"], 1);
}

#[test]
fn who_turned_collection_on_without_asking_a_user_is_noted_once() {
    let (home, server) = (home(), Server::start(|_| ACCEPTED));
    for _ in 0..2 {
        let client = at(&home, &server.endpoint(), |_| {});
        track(&client, [1]);
        assert!(client.flush(PATIENCE) && client.shutdown(PATIENCE));
    }
    let history: Value = serde_json::from_str(&register(&home).history().unwrap()).unwrap();
    let noted: Vec<&Value> = history.as_array().unwrap().iter().map(|entry| &entry["event"]).collect();
    assert_eq!((noted, &history[0]["source"]), (vec![&json!("enabled_by_operator")], &json!("code")));
}

fn spool(home: &TempDir) -> std::path::PathBuf {
    home.path().join("spool")
}

fn spooling(home: &TempDir) -> impl FnOnce(&mut ClientConfig) + use<> {
    let dir = spool(home).to_str().unwrap().to_owned();
    move |config| {
        config.spool.dir = Some(dir);
        config.retry_max_attempts = 1;
        // What was put off waits until somebody asks.
        config.retry_max_ms = 3_600_000;
    }
}

/// Every file of a folder that holds records.
fn segments(folder: &Path) -> usize {
    let Ok(slots) = fs::read_dir(folder) else { return 0 };
    let files = slots.filter_map(|slot| fs::read_dir(slot.unwrap().path()).ok()).flatten();
    files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|end| end == "segment")).count()
}

#[test]
fn what_is_on_disk_is_erased_before_the_call_returns() {
    let home = home();
    let client = at(&home, DEAD_ENDPOINT, spooling(&home));
    client.opt_in(&Purpose::ALL, None, "test").unwrap();
    track(&client, 0..3);
    assert!(!client.flush(PATIENCE), "it waits on the disk");
    assert!(segments(&spool(&home)) > 0);
    client.opt_out(&Purpose::ALL, "test").unwrap();
    assert_eq!(segments(&spool(&home)), 0);
    assert_eq!(stats(&client)["dropped"]["consent"], 3);
}

#[test]
fn a_record_that_is_durable_is_erased_too_and_none_is_written_afterwards() {
    let home = home();
    let spooling = spooling(&home);
    let client = at(&home, DEAD_ENDPOINT, |config| {
        spooling(config);
        config.durable = true;
    });
    client.opt_in(&Purpose::ALL, None, "test").unwrap();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let client = &client;
            scope.spawn(move || (0..usize::MAX).take_while(|i| client.track(&record(100 * n + i))).count());
        }
        while stats(&client)["spooled"].as_u64().unwrap() < 8 {
            std::thread::yield_now();
        }
        client.opt_out(&Purpose::ALL, "test").unwrap();
        assert_eq!(segments(&spool(&home)), 0);
    });
    assert_eq!(segments(&spool(&home)), 0);
    let stats = stats(&client);
    assert_eq!((&stats["delivered"], &stats["pending"]), (&json!(0), &json!(0)), "{stats}");
}

#[test]
fn what_was_left_on_disk_by_a_withdrawal_is_erased_before_the_first_request() {
    let home = home();
    {
        let client = at(&home, DEAD_ENDPOINT, spooling(&home));
        client.opt_in(&Purpose::ALL, None, "test").unwrap();
        track(&client, 0..3);
        assert!(client.shutdown(PATIENCE));
    }
    assert!(segments(&spool(&home)) > 0);
    // As a process that was killed between writing the file and erasing leaves it.
    register(&home).withdraw(&Purpose::ALL, "killed").unwrap();
    register(&home).grant(&Purpose::ALL, None, "test").unwrap();
    let server = Server::start(|_| ACCEPTED);
    let client = at(&home, &server.endpoint(), spooling(&home));
    track(&client, [7]);
    assert!(client.flush(PATIENCE));
    assert_eq!(server.rest().iter().flat_map(super::server::Request::events).collect::<Vec<_>>(), ["e0007"]);
}

#[test]
fn what_waits_on_disk_for_a_purpose_that_is_no_longer_granted_is_not_sent() {
    let home = home();
    let server = Server::start(|n| if n == 0 { Answer::Status(503, "") } else { ACCEPTED });
    let client = at(&home, &server.endpoint(), spooling(&home));
    client.opt_in(&[Purpose::Analytics, Purpose::Diagnostics], None, "test").unwrap();
    track(&client, 0..2);
    assert!(!client.flush(PATIENCE));
    client.opt_out(&[Purpose::Analytics], "test").unwrap();
    assert!(client.flush(PATIENCE));
    server.next();
    assert!(server.rest().is_empty());
    assert_eq!(stats(&client)["dropped"]["consent"], 2);
}

#[test]
fn without_a_folder_a_withdrawal_holds_for_the_process_and_says_so() {
    let (server, home) = (Server::start(|_| ACCEPTED), home());
    drop(home);
    let client = super::client(&server.endpoint(), |_| {});
    track(&client, [1]);
    let error = client.opt_out(&Purpose::ALL, "test").unwrap_err();
    assert_eq!(error.kind().code(), "consent_unavailable");
    assert!(!client.track(&record(2)) && client.shutdown(PATIENCE) && server.rest().is_empty());
    assert_eq!(stats(&client)["dropped"]["consent"], 1);
}
