//! Durable records whose callers go on meanwhile.

use std::path::Path;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use serde_json::Value;
use tokio::runtime::Builder;

use super::super::Client;
use super::server::{ACCEPTED, Answer, DEAD_ENDPOINT, Request, Server};
use super::spool::{counts, durable, raw};
use super::{PATIENCE, client, record};
use crate::client::Form;
use crate::config::Purpose;

/// Captures records without waiting; what is told of them comes out of the channel.
fn ask(client: &Client, numbers: impl IntoIterator<Item = usize>) -> Receiver<bool> {
    let (tell, told) = channel();
    for n in numbers {
        let tell = tell.clone();
        client.capture_then(Form::Json, &record(n), move |is_kept| tell.send(is_kept).unwrap());
    }
    told
}

/// Each frame begins so; what is in it is packed.
const FRAME_MAGIC: &[u8] = b"SJFR";

fn frames(dir: &Path) -> usize {
    raw(dir).windows(FRAME_MAGIC.len()).filter(|window| *window == FRAME_MAGIC).count()
}

#[test]
fn callers_go_on_while_the_disk_works_and_those_who_wait_together_share_a_sync() {
    let dir = tempfile::tempdir().unwrap();
    let client = client(DEAD_ENDPOINT, |config| {
        durable(dir.path())(config);
        config.upload_enabled = false;
    });
    // The first use of the disk waits for an erasure that is under way.
    let erasure = client.0.erasure.lock();
    let told = ask(&client, 0..200);
    assert_eq!(told.try_recv(), Err(TryRecvError::Empty));
    drop(erasure);
    assert_eq!(told.iter().collect::<Vec<_>>(), [true; 200]);
    assert_eq!(counts(&client, ["accepted", "pending", "spooled", "queue_full"]), [200, 200, 200, 0]);
    assert!(frames(dir.path()) <= 2, "the first ones, and all that gathered behind them");
}

#[test]
fn a_future_is_done_when_its_record_is_on_the_disk_and_the_next_process_delivers_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = client(DEAD_ENDPOINT, durable(dir.path()));
    let runtime = Builder::new_current_thread().build().unwrap();
    let futures: Vec<_> = (0..50).map(|n| first.track_async(&record(n))).collect();
    for future in futures {
        assert!(runtime.block_on(future));
    }
    // What is on the disk needs no farewell.
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&dir.path().join("spool"), &copy.path().join("spool"));
    let server = Server::start(|_| ACCEPTED);
    let second = client(&server.endpoint(), durable(copy.path()));
    assert!(second.flush(PATIENCE));
    assert_eq!(server.rest().iter().flat_map(Request::events).count(), 50);
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy_folder(&path, &target) } else { _ = std::fs::copy(&path, &target).unwrap() }
    }
}

#[test]
fn flush_and_shutdown_wait_for_what_was_asked_for_before() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), durable(dir.path()));
    let told = ask(&client, 0..30);
    assert!(client.flush(PATIENCE));
    assert_eq!(server.rest().iter().flat_map(Request::events).count(), 30);
    assert_eq!(told.iter().filter(|is_kept| *is_kept).count(), 30);
    let told = ask(&client, 30..60);
    assert!(client.shutdown(PATIENCE));
    assert_eq!(told.iter().filter(|is_kept| *is_kept).count(), 30);
    assert_eq!(counts(&client, ["accepted", "delivered", "pending", "shutdown"]), [60, 60, 0, 0]);
    assert_eq!(ask(&client, [60]).recv(), Ok(false), "it is closed");
}

#[test]
fn an_opt_out_leaves_nothing_of_what_was_asked_for_before_and_who_agrees_again_sends_only_what_came_after() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| ACCEPTED);
    let client = client(&server.endpoint(), |config| {
        durable(dir.path())(config);
        config.state_dir = Some(dir.path().join("state").display().to_string());
    });
    client.opt_in(&Purpose::ALL, None, "test").unwrap();
    let told = ask(&client, 0..100);
    client.opt_out(&Purpose::ALL, "test").unwrap();
    // Each heard what became of it then: kept and erased, or refused.
    assert_eq!(told.iter().count(), 100);
    client.opt_in(&Purpose::ALL, None, "test").unwrap();
    assert_eq!(ask(&client, [100]).recv(), Ok(true));
    assert!(client.shutdown(PATIENCE));
    let arrived: Vec<String> = server.rest().iter().flat_map(Request::events).collect();
    assert_eq!(arrived, ["e0100"]);
    super::stats(&client);
}

#[test]
fn no_more_wait_for_the_disk_than_the_queue_may_hold_and_the_others_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let client = client(DEAD_ENDPOINT, |config| {
        durable(dir.path())(config);
        config.queue_max_items = 10;
        config.batch_max_items = 10;
    });
    let erasure = client.0.erasure.lock();
    let told = ask(&client, 0..100);
    drop(erasure);
    let kept = told.iter().filter(|is_kept| *is_kept).count() as u64;
    let [accepted, spooled, full, _] = counts(&client, ["accepted", "spooled", "queue_full", "delivered"]);
    assert!((10..=20).contains(&kept), "{kept}");
    assert_eq!((accepted, spooled, full), (100, kept, 100 - kept));
}

#[test]
fn what_the_engine_or_the_disk_refuses_is_told_as_track_would() {
    let dir = tempfile::tempdir().unwrap();
    let durable = durable(dir.path());
    let at_once = client(DEAD_ENDPOINT, |_| {});
    assert_eq!(ask(&at_once, [1]).try_recv(), Ok(true), "in memory: told before the call returns");
    let client = client(DEAD_ENDPOINT, durable);
    let (tell, told) = channel();
    client.capture_then(Form::Json, b"{}", move |is_kept| tell.send(is_kept).unwrap());
    assert_eq!(told.recv(), Ok(client.track(b"{}")));
    assert_eq!(counts(&client, ["accepted", "invalid", "spooled", "pending"]), [2, 2, 0, 0]);
    std::fs::remove_dir_all(dir.path().join("spool")).unwrap_or_default();
    std::fs::write(dir.path().join("spool"), "a file").unwrap();
    assert_eq!(ask(&client, [2]).recv(), Ok(false));
    assert_eq!(counts(&client, ["pending", "spooled", "accepted", "invalid"]), [1, 0, 3, 2], "in memory");
    let books: Value = serde_json::from_str(&client.stats()).unwrap();
    assert!(books["spool_error"].is_string(), "{books}");
}

#[test]
fn a_collector_that_never_answers_keeps_nobody_waiting_for_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Answer::Silence);
    let client = client(&server.endpoint(), |config| {
        durable(dir.path())(config);
        config.batch_max_items = 1;
    });
    assert_eq!(ask(&client, 0..5).iter().collect::<Vec<_>>(), [true; 5]);
    server.next();
    assert_eq!(ask(&client, 5..10).iter().collect::<Vec<_>>(), [true; 5]);
}
