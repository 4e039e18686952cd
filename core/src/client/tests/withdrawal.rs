//! One purpose is withdrawn, and others are not: what belongs to it goes, wherever it is, and the rest arrives.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::super::Client;
use super::super::switch::World;
use super::server::{ACCEPTED, Answer, DEAD_ENDPOINT, Request, Server};
use super::{PATIENCE, config, stats};
use crate::config::{ClientConfig, Purpose};

const ANALYTICS: [Purpose; 1] = [Purpose::Analytics];

/// An event, which serves analytics, and a log record, which serves diagnostics. What they say is found by raw search.
fn analytics(n: usize) -> Vec<u8> {
    let record = r#"{"channel":"app","event":"CANARY","timestamp":"2026-01-02T03:04:05Z","payload":{}}"#;
    record.replace("CANARY", &format!("canary{n:04}")).into()
}

fn diagnostics(n: usize) -> Vec<u8> {
    let record = r#"{"schema":"telemetry_log_v1","component":"db","level":"info","message":"M","event_type":"t","feature_flag_context":{}}"#;
    record.replace('M', &format!("stays{n:04}")).into()
}

/// A client whose consent and spool are in `home`.
fn at(home: &TempDir, endpoint: &str, change: impl FnOnce(&mut ClientConfig)) -> Client {
    let config = config(endpoint, |client| {
        client.state_dir = Some(home.path().join("state").display().to_string());
        client.retry_max_attempts = 1;
        // What was put off waits until somebody asks.
        client.retry_max_ms = 3_600_000;
        change(client);
    });
    let client = Client::with_world(&config, &World::of(&|_| None)).unwrap();
    client.opt_in(&Purpose::ALL, None, "test").unwrap();
    client
}

fn durable(home: &TempDir) -> impl FnOnce(&mut ClientConfig) + use<> {
    let dir = home.path().join("spool").display().to_string();
    move |client| {
        client.spool.dir = Some(dir);
        client.durable = true;
    }
}

fn track_both(client: &Client, numbers: impl Iterator<Item = usize>) {
    for n in numbers {
        assert!(client.track(&analytics(n)) && client.track(&diagnostics(n)));
    }
}

fn texts(requests: &[Request]) -> Vec<String> {
    let records = requests.iter().flat_map(Request::records);
    let text = |record: &Value| record["event"].as_str().or(record["message"].as_str()).unwrap().to_owned();
    records.map(|record| text(&record)).collect()
}

fn stay(numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|n| format!("stays{n:04}")).collect()
}

/// Whether a word is anywhere in a folder: in any file's bytes, or in what they say after decompression.
fn is_found(folder: &Path, word: &str) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    let unpacked = |bytes: &[u8]| {
        let starts = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
        starts
            .filter_map(|at| {
                let length = zstd::zstd_safe::find_frame_compressed_size(&bytes[at..]).ok()?;
                zstd::bulk::decompress(&bytes[at..at + length], 8 << 20).ok()
            })
            .any(|plain| holds(&plain))
    };
    fs::read_dir(folder).unwrap().filter_map(Result::ok).any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return is_found(&path, word);
        }
        // Another client may erase the file meanwhile.
        fs::read(&path).is_ok_and(|bytes| holds(&bytes) || unpacked(&bytes))
    })
}

#[test]
fn what_waits_in_memory_for_another_purpose_is_sent() {
    let (home, server) = (tempfile::tempdir().unwrap(), Server::start(|_| ACCEPTED));
    let client = at(&home, &server.endpoint(), |_| {});
    track_both(&client, 0..3);
    client.opt_out(&ANALYTICS, "test").unwrap();
    assert_eq!(stats(&client)["dropped"]["consent"], 3);
    // Who agrees again does not bring them back.
    client.opt_in(&ANALYTICS, None, "test").unwrap();
    assert!(client.flush(PATIENCE));
    assert_eq!(texts(&server.rest()), stay(0..3));
    assert_eq!(stats(&client)["delivered"], 3);
}

#[test]
fn a_request_in_flight_is_cancelled_and_what_was_not_withdrawn_is_sent_again() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(|n| if n == 0 { Answer::Silence } else { ACCEPTED });
    let client = at(&home, &server.endpoint(), |client| client.batch_max_items = 4);
    track_both(&client, 0..4);
    server.next();
    client.opt_out(&ANALYTICS, "test").unwrap();
    assert_eq!(stats(&client)["dropped"]["consent"], 4);
    assert!(client.flush(PATIENCE));
    server.wait_for_cancelled();
    assert_eq!(texts(&server.rest()), stay(0..4));
}

#[test]
fn no_word_of_it_is_on_the_disk_and_the_rest_arrives_under_the_same_ids() {
    let (home, server) =
        (tempfile::tempdir().unwrap(), Server::start(|n| if n == 0 { Answer::Status(503, "") } else { ACCEPTED }));
    let client = at(&home, &server.endpoint(), durable(&home));
    track_both(&client, 0..20);
    assert!(!client.flush(PATIENCE));
    let ids = |request: &Request| -> Vec<Value> {
        let records = request.records().into_iter().filter(|record| record["message"].is_string());
        records.map(|record| record["id"].clone()).collect()
    };
    let tried = ids(&server.next());
    assert!(is_found(home.path(), "canary"), "the search finds what is there");
    client.opt_out(&ANALYTICS, "test").unwrap();
    assert!(!is_found(home.path(), "canary") && is_found(home.path(), "stays"));
    let books = stats(&client);
    assert_eq!([&books["spooled"], &books["dropped"]["consent"], &books["dropped"]["corrupt"]], [20, 20, 0]);
    assert!(client.flush(PATIENCE));
    let requests = server.rest();
    assert_eq!(texts(&requests), stay(0..20));
    assert_eq!(requests.iter().flat_map(ids).collect::<Vec<_>>(), tried);
    assert_eq!(stats(&client)["pending"], 0);
}

#[test]
fn what_another_process_left_goes_too_and_what_a_living_one_holds_within_a_second() {
    let home = tempfile::tempdir().unwrap();
    let (one, other) = (at(&home, DEAD_ENDPOINT, durable(&home)), at(&home, DEAD_ENDPOINT, durable(&home)));
    let left = at(&home, DEAD_ENDPOINT, durable(&home));
    for client in [&one, &other, &left] {
        track_both(client, 0..5);
    }
    assert!(left.shutdown(PATIENCE));
    drop(left);
    one.opt_out(&ANALYTICS, "test").unwrap();
    let since = Instant::now();
    while is_found(home.path(), "canary") || stats(&other)["dropped"]["consent"] != 5 {
        assert!(since.elapsed() < Duration::from_secs(1), "{}", other.stats());
        std::thread::yield_now();
    }
    assert!(is_found(home.path(), "stays"));
}

#[test]
fn what_was_withdrawn_while_nobody_ran_is_erased_before_the_first_request() {
    let (home, server) = (tempfile::tempdir().unwrap(), Server::start(|_| ACCEPTED));
    let left = at(&home, DEAD_ENDPOINT, durable(&home));
    track_both(&left, 0..5);
    assert!(left.shutdown(PATIENCE));
    drop(left);
    let register = crate::consent::Register::new(home.path().join("state"), None);
    register.withdraw(&ANALYTICS, "another program").unwrap();
    let client = at(&home, &server.endpoint(), durable(&home));
    assert!(client.flush(PATIENCE));
    assert_eq!(texts(&server.rest()), stay(0..5));
    assert!(!is_found(home.path(), "canary"));
}

#[test]
fn a_sealed_spool_is_freed_too_and_one_with_another_key_goes_whole() {
    let home = tempfile::tempdir().unwrap();
    let sealed = |letter: &str| {
        let key = format!("{}=", letter.repeat(43));
        let durable = durable(&home);
        let config = config(DEAD_ENDPOINT, |client| {
            client.state_dir = Some(home.path().join("state").display().to_string());
            durable(client);
        });
        let lookup = move |name: &str| (name == "TELEMETRY_SPOOL_KEY").then(|| key.clone());
        let client = Client::with_world(&config, &World::of(&lookup)).unwrap();
        client.opt_in(&Purpose::ALL, None, "test").unwrap();
        client
    };
    let theirs = sealed("A");
    track_both(&theirs, 0..5);
    assert!(theirs.shutdown(PATIENCE));
    drop(theirs);
    let ours = sealed("E");
    track_both(&ours, 0..5);
    ours.opt_out(&ANALYTICS, "test").unwrap();
    let books = stats(&ours);
    assert_eq!([&books["spooled"], &books["dropped"]["consent"]], [5, 5]);
    assert_eq!(stats(&sealed("A"))["pending"], 0);
}
