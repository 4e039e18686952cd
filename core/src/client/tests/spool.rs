//! What waits on the disk: in an outage, over an exit, in durable mode.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::config::ClientConfig;

use super::super::Client;
use super::server::{ACCEPTED, Answer, DEAD_ENDPOINT, Request, Server};
use super::{PATIENCE, client, record, stats, track};

pub(super) fn spooling(dir: &Path) -> impl FnOnce(&mut ClientConfig) + use<> {
    let dir = dir.join("spool").to_str().unwrap().to_owned();
    move |config| {
        config.spool.dir = Some(dir);
        config.retry_max_attempts = 2;
    }
}

pub(super) fn durable(dir: &Path) -> impl FnOnce(&mut ClientConfig) + use<> {
    let spooling = spooling(dir);
    move |config| {
        spooling(config);
        config.durable = true;
    }
}

pub(super) fn counts(client: &Client, names: [&str; 4]) -> [u64; 4] {
    let stats = stats(client);
    names.map(|name| stats[name].as_u64().or_else(|| stats["dropped"][name].as_u64()).unwrap())
}

fn events(server: &Server) -> Vec<String> {
    server.rest().iter().flat_map(Request::events).collect()
}

fn names(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("e{n:04}")).collect()
}

/// Every byte in every file of a folder.
pub(super) fn raw(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { raw(&path) } else { fs::read(&path).unwrap() });
    }
    bytes
}

#[test]
fn an_outage_costs_nothing_and_the_same_ids_arrive_when_it_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|n| if n < 2 { Answer::Status(503, "") } else { ACCEPTED });
    let client = client(&server.endpoint(), spooling(dir.path()));
    track(&client, 0..5);
    assert!(!client.flush(PATIENCE), "it waits on the disk, and nobody waits for it");
    assert_eq!(counts(&client, ["spooled", "pending", "delivered", "export_failed"]), [5, 5, 0, 0]);
    let tried = server.next().body;
    server.rest();
    track(&client, 5..7);
    assert!(client.flush(PATIENCE));
    let requests = server.rest();
    assert_eq!(requests[0].body, tried, "the oldest first, as it was");
    assert_eq!(requests[1].events(), names(5..7));
    assert_eq!(counts(&client, ["spooled", "pending", "delivered", "accepted"]), [0, 0, 7, 7]);
}

#[test]
fn in_an_outage_new_batches_go_to_the_disk_without_asking() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Answer::Status(503, ""));
    let spooling = spooling(dir.path());
    let client = client(&server.endpoint(), |config| {
        spooling(config);
        config.batch_max_items = 10;
        config.retry_max_ms = 3_600_000;
    });
    track(&client, 0..200);
    assert!(!client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["spooled"], &stats["requests"]], [200, 2]);
}

#[test]
fn what_is_left_at_the_end_the_next_process_delivers() {
    let dir = tempfile::tempdir().unwrap();
    let first = client(DEAD_ENDPOINT, spooling(dir.path()));
    track(&first, 0..250);
    assert!(first.shutdown(PATIENCE), "nothing is left behind: it is on the disk");
    assert_eq!(counts(&first, ["accepted", "pending", "spooled", "shutdown"]), [250, 250, 250, 0]);
    drop(first);
    let server = Server::start(|_| ACCEPTED);
    let second = client(&server.endpoint(), spooling(dir.path()));
    track(&second, [999]);
    assert!(second.flush(PATIENCE));
    let arrived = events(&server);
    assert_eq!((arrived.len(), &arrived[..250]), (251, &names(0..250)[..]), "the oldest first");
    assert_eq!(counts(&second, ["accepted", "recovered", "delivered", "pending"]), [251, 250, 251, 0]);
}

#[test]
fn a_flush_alone_delivers_what_an_earlier_process_left() {
    let dir = tempfile::tempdir().unwrap();
    let first = client(DEAD_ENDPOINT, spooling(dir.path()));
    track(&first, 0..3);
    assert!(first.shutdown(PATIENCE));
    drop(first);
    let server = Server::start(|_| ACCEPTED);
    let second = client(&server.endpoint(), spooling(dir.path()));
    assert!(second.flush(PATIENCE));
    assert_eq!(events(&server), names(0..3));
}

#[test]
fn a_flush_never_says_yes_of_records_that_were_put_off_to_the_disk() {
    // Each is a race between who waits and the worker that books.
    const ROUNDS: usize = 60;
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|n| if n % 2 == 0 { Answer::Status(503, "") } else { ACCEPTED });
    let client = client(&server.endpoint(), |config| {
        spooling(dir.path())(config);
        config.retry_max_attempts = 1;
    });
    for n in 0..ROUNDS {
        track(&client, [n]);
        assert!(!client.flush(PATIENCE), "round {n}");
        assert!(client.flush(PATIENCE), "round {n}");
    }
    assert_eq!(counts(&client, ["accepted", "pending", "spooled", "delivered"]), [60, 0, 0, 60]);
}

#[test]
fn a_client_that_was_shut_down_without_a_worker_leaves_its_place_although_it_lives() {
    let dir = tempfile::tempdir().unwrap();
    let first = client(DEAD_ENDPOINT, |config| {
        durable(dir.path())(config);
        config.upload_enabled = false;
    });
    track(&first, 0..3);
    first.shutdown(PATIENCE);
    let server = Server::start(|_| ACCEPTED);
    let second = client(&server.endpoint(), durable(dir.path()));
    assert!(second.flush(PATIENCE));
    assert_eq!(events(&server), names(0..3));
    assert_eq!(counts(&first, ["accepted", "pending", "spooled", "shutdown"]), [3, 3, 3, 0]);
}

#[test]
fn a_shutdown_during_a_request_that_hangs_keeps_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Answer::Silence);
    let spooling = spooling(dir.path());
    let client = client(&server.endpoint(), |config| {
        spooling(config);
        config.batch_max_items = 2;
    });
    track(&client, 0..7);
    server.next();
    // Long enough for a disk that is kept busy by others: it has two seconds of these.
    assert!(client.shutdown(Duration::from_secs(5)));
    assert_eq!(counts(&client, ["pending", "spooled", "delivered", "shutdown"]), [7, 7, 0, 0]);
}

#[test]
fn a_batch_that_is_always_refused_goes_once_and_the_rest_moves_on() {
    let dir = tempfile::tempdir().unwrap();
    let first = client(DEAD_ENDPOINT, spooling(dir.path()));
    track(&first, 0..4);
    assert!(first.shutdown(PATIENCE));
    drop(first);
    let server = Server::start(|n| if n == 0 { Answer::Status(400, "") } else { ACCEPTED });
    let spooling = spooling(dir.path());
    let second = client(&server.endpoint(), |config| {
        spooling(config);
        config.batch_max_items = 2;
    });
    assert!(second.flush(PATIENCE));
    assert_eq!(events(&server), names(0..4));
    assert_eq!(counts(&second, ["delivered", "export_failed", "pending", "accepted"]), [2, 2, 0, 4]);
}

#[test]
fn the_collectors_verdicts_and_its_wish_for_less_hold_for_the_spool_too() {
    let dir = tempfile::tempdir().unwrap();
    let first = client(DEAD_ENDPOINT, spooling(dir.path()));
    track(&first, 0..4);
    assert!(first.shutdown(PATIENCE));
    drop(first);
    let server = Server::start(|n| if n == 0 { Answer::Status(413, "") } else { Answer::Refusing(1) });
    let second = client(&server.endpoint(), spooling(dir.path()));
    assert!(second.flush(PATIENCE));
    let sizes: Vec<usize> = server.rest().iter().map(|request| request.records().len()).collect();
    assert_eq!(sizes, [4, 2, 2]);
    assert_eq!(counts(&second, ["delivered", "rejected", "pending", "accepted"]), [2, 2, 0, 4]);
}

#[test]
fn a_durable_record_is_on_the_disk_when_track_returns_and_outlives_its_client() {
    let dir = tempfile::tempdir().unwrap();
    let first = client(DEAD_ENDPOINT, durable(dir.path()));
    track(&first, 0..20);
    assert!(!raw(dir.path()).is_empty());
    assert!(first.track_checked(&record(20)).record.is_some());
    assert_eq!(counts(&first, ["accepted", "pending", "spooled", "queue_full"]), [21, 21, 21, 0]);
    // As if it were killed: nothing more is written.
    let copy = dir.path().join("copy");
    fs::create_dir_all(copy.join("spool/slot-000")).unwrap();
    for file in fs::read_dir(dir.path().join("spool/slot-000")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), copy.join("spool/slot-000").join(file.file_name())).unwrap();
    }
    let server = Server::start(|_| ACCEPTED);
    let second = client(&server.endpoint(), durable(&copy));
    assert!(second.flush(PATIENCE));
    assert_eq!(events(&server), names(0..21));
    assert!(first.shutdown(PATIENCE));
}

#[test]
fn durable_records_are_delivered_in_batches_and_leave_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| ACCEPTED);
    let durable = durable(dir.path());
    let client = client(&server.endpoint(), |config| {
        durable(config);
        config.batch_max_items = 10;
    });
    track(&client, 0..95);
    assert!(client.flush(PATIENCE));
    let batches: Vec<usize> = server.rest().iter().map(|request| request.records().len()).collect();
    assert_eq!(batches.iter().sum::<usize>(), 95);
    assert!(batches.len() <= 30, "{batches:?}");
    assert!(client.shutdown(PATIENCE));
    assert_eq!(counts(&client, ["delivered", "pending", "spooled", "accepted"]), [95, 0, 0, 95]);
}

#[test]
fn only_what_was_scrubbed_reaches_the_disk_and_what_is_invalid_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let client = client(DEAD_ENDPOINT, durable(dir.path()));
    let canary =
        br#"{"channel":"a","event":"e","timestamp":"2026-01-02T03:04:05Z","payload":{"to":"canary@example.com"}}"#;
    assert!(client.track(canary) && client.track(br#"{"channel":"canary"}"#));
    let bytes = raw(dir.path());
    let holds = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    assert!(holds("acknowledged.json") || !holds("canary"));
    let (frame, _) = zstd_frames(&bytes);
    assert!(frame.contains("[email]") && !frame.contains("canary"), "{frame}");
    assert_eq!(counts(&client, ["accepted", "spooled", "invalid", "pending"]), [2, 1, 1, 1]);
}

/// The text of the first zstd frame in some bytes, and what follows.
fn zstd_frames(bytes: &[u8]) -> (String, &[u8]) {
    let start = bytes.windows(4).position(|window| window == [0x28, 0xb5, 0x2f, 0xfd]).unwrap();
    let text = zstd::bulk::decompress(&bytes[start..], 1 << 20).or_else(|_| {
        let length = zstd::zstd_safe::find_frame_compressed_size(&bytes[start..]).unwrap();
        zstd::bulk::decompress(&bytes[start..start + length], 1 << 20)
    });
    (String::from_utf8_lossy(&text.unwrap()).into_owned(), &bytes[start..])
}

#[test]
fn a_disk_that_refuses_is_told_once_and_records_go_on_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    // Where the folder should be there is a file.
    fs::write(dir.path().join("spool"), "precious").unwrap();
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), durable(dir.path()));
    let (tell, told) = std::sync::mpsc::channel();
    client.on_warning(move |line| drop(tell.send(line.to_owned())));
    for n in 0..5 {
        assert!(!client.track(&record(n)), "not on the disk");
    }
    assert!(client.flush(PATIENCE));
    assert_eq!(events(&server), names(0..5));
    assert_eq!(counts(&client, ["accepted", "delivered", "pending", "spooled"]), [5, 5, 0, 0]);
    assert!(stats(&client)["spool_error"].is_string());
    assert!(told.recv_timeout(PATIENCE).unwrap().contains("records wait in memory"));
    assert!(client.shutdown(PATIENCE));
    assert_eq!(told.try_iter().count(), 0, "once");
    assert_eq!(fs::read_to_string(dir.path().join("spool")).unwrap(), "precious");
}

#[test]
fn a_folder_that_vanishes_is_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Answer::Status(503, ""));
    let client = client(&server.endpoint(), durable(dir.path()));
    track(&client, 0..3);
    fs::remove_dir_all(dir.path().join("spool")).unwrap();
    assert!(!client.track(&record(3)), "gone with the folder; kept in memory");
    client.0.spool.ask_the_disk_again();
    track(&client, 4..6);
    assert!(client.shutdown(PATIENCE));
    let books = stats(&client);
    assert_eq!([&books["accepted"], &books["delivered"], &books["pending"]], [6, 0, 3], "{books}");
    assert_eq!(books["dropped"]["corrupt"], 3, "what was in the folder is gone with it: {books}");
    let server = Server::start(|_| ACCEPTED);
    let next = super::client(&server.endpoint(), spooling(dir.path()));
    assert!(next.flush(PATIENCE));
    let mut arrived = events(&server);
    arrived.sort();
    assert_eq!(arrived, names(3..6));
}

#[test]
fn a_wipe_leaves_no_record_on_the_disk_and_books_them() {
    let dir = tempfile::tempdir().unwrap();
    let client = client(DEAD_ENDPOINT, durable(dir.path()));
    track(&client, 0..30);
    client.wipe_spool().unwrap();
    let bytes = raw(dir.path());
    assert!(!bytes.windows(4).any(|window| window == [0x28, 0xb5, 0x2f, 0xfd]));
    assert_eq!(counts(&client, ["accepted", "consent", "pending", "spooled"]), [30, 30, 0, 0]);
    track(&client, 30..31);
    assert_eq!(counts(&client, ["accepted", "consent", "pending", "spooled"]), [31, 30, 1, 1]);
}

#[test]
fn a_spool_keeps_its_bound_and_counts_the_oldest_that_go() {
    let dir = tempfile::tempdir().unwrap();
    let durable = durable(dir.path());
    let client = client(DEAD_ENDPOINT, |config| {
        durable(config);
        config.spool.max_bytes = 64 << 10;
    });
    track(&client, 0..600);
    assert!(raw(dir.path()).len() < (64 << 10) + (8 << 10));
    assert!(client.shutdown(PATIENCE));
    let stats = stats(&client);
    assert!(stats["dropped"]["spool_full"].as_u64().unwrap() > 100, "{stats}");
}

#[test]
fn the_books_go_out_as_metrics_where_that_is_wanted() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| config.self_metrics = true);
    track(&client, 0..1);
    assert!(client.flush(PATIENCE) && client.flush(PATIENCE));
    let names: Vec<String> = server
        .rest()
        .iter()
        .flat_map(Request::records)
        .filter_map(|record| record["name"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(names, ["scrubjay.client.pending"]);
}

#[test]
fn durable_without_a_folder_and_a_bad_key_are_errors_that_say_how_to_mend_them() {
    let refused = |dir: Option<&str>, key: &str| {
        let config = super::config(DEAD_ENDPOINT, |config| {
            config.durable = true;
            config.spool.dir = dir.map(str::to_owned);
        });
        Client::with_world(
            &config,
            &crate::client::switch::World::of(&|name| (name == "TELEMETRY_SPOOL_KEY").then(|| key.to_owned())),
        )
        .err()
        .unwrap()
    };
    assert_eq!(refused(None, "").path(), "/client/durable");
    let error = refused(Some("/nowhere"), "hunter2");
    assert!(error.message().contains("TELEMETRY_SPOOL_KEY") && !error.to_string().contains("hunter2"), "{error}");
}
