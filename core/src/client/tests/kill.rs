//! Processes that are killed, and many that share one folder. Real processes: this test binary, run again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::Client;
use super::server::{ACCEPTED, DEAD_ENDPOINT, Server};
use super::{PATIENCE, client, stats};

const CHILD: &str = "client::tests::kill::child";
const FOLDER: &str = "SCRUBJAY_TEST_FOLDER";
const ENDPOINT: &str = "SCRUBJAY_TEST_ENDPOINT";
const NAME: &str = "SCRUBJAY_TEST_NAME";
/// After so many records the child ends by itself.
const RECORDS: &str = "SCRUBJAY_TEST_RECORDS";
/// Kills of the sweep; more of them for a long run.
const KILLS: &str = "SCRUBJAY_TEST_KILLS";

fn durable(folder: &str, endpoint: &str) -> Client {
    client(endpoint, |config| {
        config.spool.dir = Some(folder.to_owned());
        config.durable = true;
        config.batch_max_items = 7;
        config.retry_max_attempts = 1;
    })
}

/// What a killed process runs: it tracks, says so, and never ends. Does nothing unless it is told a folder.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let (endpoint, name) = (std::env::var(ENDPOINT).unwrap(), std::env::var(NAME).unwrap());
    let client = durable(&folder, &endpoint);
    let mut out = std::io::stdout().lock();
    let most = std::env::var(RECORDS).map_or(usize::MAX, |most| most.parse().unwrap());
    for n in 0..most {
        let event = format!("{name}-{n}");
        let record = format!(
            r#"{{"channel":"app","event":"{event}","timestamp":"2026-01-02T03:04:05Z","payload":{{"n":{n}}}}}"#
        );
        if client.track(record.as_bytes()) {
            // One write, so that a kill leaves no half of a line.
            out.write_all(format!("told {event}\n").as_bytes()).unwrap();
        }
    }
    client.shutdown(PATIENCE);
}

fn spawn(folder: &Path, endpoint: &str, name: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--nocapture", "--test-threads=1"])
        .env_clear()
        .env(FOLDER, folder)
        .env(ENDPOINT, endpoint)
        .env(NAME, name)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills a process when it told of so many records and a moment passed; returns all that it told of.
fn kill_after(mut child: Child, records: usize, moment: Duration) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told: Vec<String> = Vec::new();
    let mut hear = |line: std::io::Result<String>| {
        if let Some((_, event)) = line.unwrap().rsplit_once("told ") {
            told.push(event.to_owned());
        }
    };
    lines.by_ref().take(records + 4).for_each(&mut hear);
    let until = Instant::now() + moment;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    lines.for_each(&mut hear);
    told
}

fn arrived(server: &Server, seen: &mut BTreeMap<String, BTreeSet<String>>) {
    for request in server.rest() {
        for record in request.records() {
            let text = |name: &str| record[name].as_str().unwrap().to_owned();
            seen.entry(text("event")).or_default().insert(text("id"));
        }
    }
}

#[test]
fn whatever_was_tracked_before_a_kill_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool");
    let server = Server::start(|_| ACCEPTED);
    let kills: u64 = std::env::var(KILLS).ok().map_or(100, |kills| kills.parse().unwrap());
    let (mut told, mut seen) = (Vec::new(), BTreeMap::new());
    let mut random = 0x2026_1121_u64;
    for n in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (records, moment) = (random >> 60, Duration::from_micros(random >> 20 & 0x7ff));
        let child = spawn(&folder, &server.endpoint(), &format!("kill{n}"));
        told.extend(kill_after(child, usize::try_from(records).unwrap(), moment));
        arrived(&server, &mut seen);
    }
    let last = durable(folder.to_str().unwrap(), &server.endpoint());
    // Each batch costs two syncs: a long sweep leaves more than a slow disk settles in one flush.
    let mut delivered = 0;
    while !last.flush(PATIENCE) {
        let now = stats(&last)["delivered"].as_u64().unwrap();
        assert!(now > delivered, "{}", last.stats());
        delivered = now;
    }
    assert_eq!(stats(&last)["dropped"]["corrupt"], 0);
    arrived(&server, &mut seen);
    let missing: Vec<&String> = told.iter().filter(|event| !seen.contains_key(*event)).collect();
    assert!(missing.is_empty(), "{} of {} are lost: {missing:?}", missing.len(), told.len());
    assert!(told.len() as u64 > kills);
    assert!(seen.values().all(|ids| ids.len() == 1), "a record that is sent again has the same id");
    println!("{kills} kills, {} records told, {} arrived, none lost", told.len(), seen.len());
}

#[test]
fn eight_processes_share_a_folder_and_what_they_leave_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool");
    let children: Vec<Child> = (0..8).map(|n| spawn(&folder, DEAD_ENDPOINT, &format!("p{n}"))).collect();
    let told: Vec<String> = children.into_iter().flat_map(|child| kill_after(child, 20, Duration::ZERO)).collect();
    let server = Server::start(|_| ACCEPTED);
    let last = durable(folder.to_str().unwrap(), &server.endpoint());
    assert!(last.flush(PATIENCE), "{}", last.stats());
    let mut seen = BTreeMap::new();
    arrived(&server, &mut seen);
    for event in &told {
        assert_eq!(seen.get(event).map(BTreeSet::len), Some(1), "{event}");
    }
    let stats = stats(&last);
    assert_eq!([&stats["pending"], &stats["dropped"]["corrupt"]], [0, 0]);
    assert!((0..8).all(|n| told.iter().any(|event| event.starts_with(&format!("p{n}-")))));
}

/// The system calls by which files and names change.
#[cfg(target_os = "linux")]
const CHANGES: &str =
    "write,pwrite64,writev,fsync,fdatasync,?rename,renameat,?renameat2,?unlink,unlinkat,ftruncate,?mkdir,mkdirat";

/// By `strace`, which kills each thread of the child at its call number n, for every n that there is. CI has strace.
#[cfg(target_os = "linux")]
#[test]
fn a_kill_at_any_write_sync_rename_or_removal_loses_nothing_that_was_told() {
    if Command::new("strace").arg("-V").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "CI has to install strace");
        return println!("no strace here: not tried");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool");
    let server = Server::start(|_| ACCEPTED);
    let (mut told, mut seen, mut kills) = (Vec::new(), BTreeMap::new(), 0);
    for n in 1.. {
        let traced = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={CHANGES}")])
            .args(["-e", &format!("inject={CHANGES}:signal=KILL:when={n}")])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", CHILD, "--nocapture", "--test-threads=1"])
            .env_remove("RUST_BACKTRACE")
            .envs([(FOLDER, folder.to_str().unwrap()), (ENDPOINT, &server.endpoint())])
            .envs([(NAME, format!("call{n}").as_str()), (RECORDS, "6")])
            .output()
            .unwrap();
        let out = String::from_utf8(traced.stdout).unwrap();
        told.extend(out.lines().filter_map(|line| Some(line.rsplit_once("told ")?.1.to_owned())));
        arrived(&server, &mut seen);
        if traced.status.success() {
            break;
        }
        kills += 1;
    }
    let last = durable(folder.to_str().unwrap(), &server.endpoint());
    assert!(last.flush(PATIENCE), "{}", last.stats());
    assert_eq!(stats(&last)["dropped"]["corrupt"], 0);
    arrived(&server, &mut seen);
    let missing: Vec<&String> = told.iter().filter(|event| !seen.contains_key(*event)).collect();
    assert!(missing.is_empty(), "{} of {} are lost: {missing:?}", missing.len(), told.len());
    assert!(seen.values().all(|ids| ids.len() == 1), "a record that is sent again has the same id");
    assert!(kills > 8, "{kills}");
    println!("{kills} kills at system calls, {} records told, none lost", told.len());
}
