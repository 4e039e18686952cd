//! Memory is bounded, and the books balance, whatever producers do.

use std::sync::mpsc;
use std::thread;

use super::server::{ACCEPTED, Answer, Server};
use super::{PATIENCE, client, record, stats, track};

#[test]
fn the_oldest_waiting_records_go_when_the_queue_is_full() {
    let (release, signal) = mpsc::channel();
    let mut signal = Some(signal);
    let server = Server::start(move |_| signal.take().map_or(ACCEPTED, Answer::After));
    let client = client(&server.endpoint(), |config| {
        config.queue_max_items = 10;
        config.batch_max_items = 2;
    });
    track(&client, 0..2);
    assert_eq!(server.next().events(), ["e0000", "e0001"]);
    // Two in flight leave room for eight.
    track(&client, 2..14);
    let held = stats(&client);
    assert_eq!([&held["pending"], &held["dropped"]["queue_full"]], [10, 4]);
    drop(release);
    assert!(client.flush(PATIENCE));
    let arrived: Vec<String> = server.rest().iter().flat_map(super::server::Request::events).collect();
    assert_eq!(arrived, (6..14).map(|n| format!("e{n:04}")).collect::<Vec<_>>());
    assert_eq!(stats(&client)["delivered"], 10);
}

#[test]
fn bytes_in_flight_count_against_the_queue() {
    let server = Server::start(|_| Answer::Silence);
    let size = record(0).len();
    let client = client(&server.endpoint(), |config| {
        config.queue_max_bytes = u32::try_from(5 * size).unwrap();
        config.batch_max_items = 3;
    });
    track(&client, 0..3);
    server.next();
    track(&client, 3..6);
    let stats = stats(&client);
    assert_eq!([&stats["pending"], &stats["dropped"]["queue_full"]], [5, 1]);
}

#[test]
fn a_record_beyond_the_limit_is_counted_and_not_kept() {
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |_| {});
    assert!(client.track(&vec![b' '; crate::limits::MAX_RECORD_BYTES + 1]));
    let stats = stats(&client);
    assert_eq!([&stats["accepted"], &stats["pending"], &stats["dropped"]["too_large"]], [1, 0, 1]);
}

#[test]
fn the_books_balance_at_every_moment_under_concurrent_producers() {
    const PRODUCERS: usize = 4;
    const RECORDS: usize = 500;
    let server = Server::start(|n| match n % 4 {
        1 => Answer::Status(503, ""),
        2 => Answer::Refusing(1),
        3 => Answer::Status(400, ""),
        _ => ACCEPTED,
    });
    let client = client(&server.endpoint(), |config| {
        config.queue_max_items = 64;
        config.batch_max_items = 8;
    });
    thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|_| {
                scope.spawn(|| {
                    for n in 0..RECORDS {
                        let record = if n % 10 == 0 { b"{}".to_vec() } else { record(n) };
                        assert!(client.track(&record));
                    }
                })
            })
            .collect();
        while !producers.iter().all(thread::ScopedJoinHandle::is_finished) {
            stats(&client);
        }
    });
    assert!(client.flush(PATIENCE));
    let stats = stats(&client);
    assert_eq!([&stats["accepted"], &stats["pending"]], [PRODUCERS * RECORDS, 0]);
    let requests = server.rest();
    assert_eq!(stats["requests"], requests.len());
}
