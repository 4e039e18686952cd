//! What a client leaves on the disk when it ends, and what the next one finds.

use std::time::{Duration, Instant};

use crate::config::ClientConfig;

use super::super::Client;
use super::super::state::Phase;
use super::server::{ACCEPTED, Answer, DEAD_ENDPOINT, Server};
use super::spool::{counts, durable, raw, spooling};
use super::{PATIENCE, client, record, track};

/// Zstd frames in some bytes: in a spool, one for each write.
fn writes(bytes: &[u8]) -> usize {
    bytes.windows(4).filter(|window| *window == [0x28, 0xb5, 0x2f, 0xfd]).count()
}

/// Ends a client that has no time left for the collector, and all of it for the disk.
fn end(client: &Client) {
    client.0.here().book(|state| state.close(Instant::now()));
    assert!(client.shutdown(PATIENCE));
}

#[test]
fn what_is_left_at_the_end_goes_to_the_disk_in_few_writes() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Answer::Silence);
    let client = client(&server.endpoint(), spooling(dir.path()));
    track(&client, 0..100);
    server.next();
    track(&client, 100..1_100);
    end(&client);
    assert_eq!(counts(&client, ["pending", "spooled", "recovered", "shutdown"]), [1_100, 1_100, 0, 0]);
    assert!(writes(&raw(dir.path())) <= 3, "{}", writes(&raw(dir.path())));
}

#[test]
fn what_falls_to_the_bound_during_a_request_is_in_the_books_and_the_next_client_finds_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Answer::Silence);
    let small = |config: &mut ClientConfig| {
        durable(dir.path())(config);
        config.spool.max_bytes = 64 << 10;
        config.batch_max_items = 10;
    };
    let first = client(&server.endpoint(), small);
    track(&first, 0..10);
    // From here on the oldest are on their way.
    server.next();
    track(&first, 10..600);
    end(&first);
    let [left, lost, pending, accepted] = counts(&first, ["spooled", "spool_full", "pending", "accepted"]);
    assert_eq!((left, left + lost), (pending, accepted));
    drop(first);
    let server = Server::start(|_| ACCEPTED);
    let second = client(&server.endpoint(), small);
    assert!(second.flush(PATIENCE));
    assert_eq!(counts(&second, ["recovered", "delivered", "pending", "corrupt"]), [left, left, 0, 0]);
}

#[test]
fn a_client_ends_after_whoever_writes_so_that_the_next_one_finds_all() {
    const MOMENT: Duration = Duration::from_millis(200);
    let dir = tempfile::tempdir().unwrap();
    let first = client(DEAD_ENDPOINT, durable(dir.path()));
    track(&first, 0..3);
    let shared = first.0.here();
    // A thread that is on its way to the disk.
    shared.book(|state| {
        state.ledger.accept_spooled();
        state.writers += 1;
    });
    std::thread::scope(|scope| {
        let ending = scope.spawn(|| first.shutdown(PATIENCE));
        let mut state = shared.state.lock();
        while state.phase != Phase::Closed {
            assert!(!shared.settled.wait_for(&mut state, PATIENCE).timed_out());
        }
        // Time enough to end too early.
        while state.has_worker && !shared.settled.wait_for(&mut state, MOMENT).timed_out() {}
        assert!(state.has_worker, "it holds the folder until then");
        drop(state);
        let (written, recovered, _) = shared.spool.append(&[record(3)]);
        assert!(written.is_ok() && recovered == 0, "what this client wrote before is nothing new to it");
        shared.book(|state| {
            state.ledger.appended();
            state.writers -= 1;
        });
        assert!(ending.join().unwrap());
    });
    assert_eq!(counts(&first, ["accepted", "pending", "spooled", "recovered"]), [4, 4, 4, 0]);
    let second = client(DEAD_ENDPOINT, durable(dir.path()));
    assert!(!second.flush(PATIENCE));
    assert_eq!(counts(&second, ["accepted", "pending", "spooled", "recovered"]), [4, 4, 4, 4]);
}
