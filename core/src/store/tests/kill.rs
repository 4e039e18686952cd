//! Processes that are killed, and disks that are full. Real processes: this test binary, run again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;

const CHILD: &str = "store::tests::kill::child";
const FOLDER: &str = "SCRUBJAY_TEST_FOLDER";
const FIRST: &str = "SCRUBJAY_TEST_FIRST";
/// Records of one request.
const BATCH: u64 = 20;
const LOGGED: &str = r#"{"max_past_days":36500}"#;

fn batch(first: u64) -> Value {
    json!((first..first + BATCH).map(|n| record(n, "2026-01-02T00:00:00Z", &json!({"n": n}))).collect::<Vec<_>>())
}

/// What a killed process runs: it ingests, says so, and ends with the first error. Does nothing unless it is told a
/// folder.
#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let engine = Engine::new("{}").unwrap();
    let store = Store::open(&folder, LOGGED).unwrap();
    let mut out = std::io::stdout().lock();
    for n in (first..).step_by(usize::try_from(BATCH).unwrap()) {
        // One write a line, so that a kill leaves no half of one.
        match store.ingest(&engine, "acme", "batch", batch(n).to_string().as_bytes(), "{}") {
            Ok(_) => out.write_all(format!("told {}\n", n + BATCH).as_bytes()).unwrap(),
            Err(error) => return out.write_all(format!("failed {error}\n").as_bytes()).unwrap(),
        }
    }
}

/// `before` is what a shell does first, such as setting a limit.
fn spawn(folder: &Path, first: u64, before: &str) -> Child {
    let program = std::env::current_exe().unwrap();
    Command::new("sh")
        .args(["-c", &format!("{before} exec \"$0\" \"$@\"")])
        .arg(program)
        .args(["--exact", CHILD, "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The number behind the last record that was told of, and the error that ended the child.
fn told(lines: impl Iterator<Item = std::io::Result<String>>) -> (Option<u64>, Option<String>) {
    let (mut last, mut failed) = (None, None);
    for line in lines.map(Result::unwrap) {
        if let Some((_, n)) = line.rsplit_once("told ") {
            last = n.parse().ok().or(last);
        }
        if let Some((_, error)) = line.split_once("failed ") {
            failed = Some(error.to_owned());
        }
    }
    (last, failed)
}

/// Every record that was told of is there once, and at most one batch beside them.
fn assert_kept(folder: &Path, acknowledged: u64) -> u64 {
    let store = Store::open(folder.to_str().unwrap(), LOGGED).unwrap();
    store.settle().unwrap();
    let mut found = Vec::new();
    let mut spec = whole();
    loop {
        let page: Value = serde_json::from_str(&store.query("acme", &spec.to_string()).unwrap()).unwrap();
        found.extend(numbers(&page));
        if page["next"].is_null() {
            break;
        }
        spec["cursor"] = page["next"].clone();
    }
    let stats: Value = serde_json::from_str(&store.stats().unwrap()).unwrap();
    assert_eq!(stats["records"], found.len());
    assert_eq!(stats["ingest_log"]["lost"], 0);
    let count = found.len() as u64;
    assert!(acknowledged <= count && count <= acknowledged + BATCH, "{acknowledged} told, {count} there");
    assert!(found.iter().copied().eq(0..count), "each once, in order");
    count
}

#[test]
fn a_killed_process_lost_nothing_that_it_acknowledged_and_stored_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut next = 0;
    // From within the first second, when nothing is indexed, to behind the first batches of the indexer.
    for moment in [0, 40, 400, 1_150, 1_300] {
        let mut child = spawn(folder.path(), next, "");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last = told(lines.by_ref().take(6)).0;
        // When a process dies is what is tested; no event tells it.
        std::thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        child.wait().unwrap();
        last = told(lines).0.or(last);
        next = assert_kept(folder.path(), last.unwrap());
    }
    assert!(next >= 5 * BATCH);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_requests_and_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    // Files may have 200 KiB, in units of 512 bytes: the log fails first, and the day's file soon after.
    let mut child = spawn(folder.path(), 0, "trap '' XFSZ; ulimit -f 400;");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (last, failed) = told(lines);
    child.wait().unwrap();
    assert!(failed.as_ref().is_some_and(|error| error.starts_with("store_unavailable")), "{failed:?}");
    assert_kept(folder.path(), last.unwrap());
}
