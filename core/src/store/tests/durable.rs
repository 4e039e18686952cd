//! What was acknowledged is kept, whatever happens, and once.

use super::*;

/// A store with its ingest log.
fn logged() -> Bench {
    let mut bench = Bench::new();
    bench.store.close();
    bench.store = open(&bench, LOGGED).unwrap();
    bench
}

const LOGGED: &str = r#"{"max_past_days":36500}"#;

fn open(bench: &Bench, options: &str) -> crate::error::Result<Store> {
    Store::open(bench.folder.path().to_str().unwrap(), options)
}

fn some(range: std::ops::Range<u64>) -> Value {
    json!(range.map(|n| record(n, "2026-01-02T00:00:00Z", &json!({"n": n}))).collect::<Vec<_>>())
}

fn now(spec: Value) -> Value {
    with(spec, &json!({"consistency": "now"}))
}

#[test]
fn a_reader_who_asks_for_now_sees_what_was_acknowledged() {
    let bench = logged();
    for n in 0..5 {
        bench.ingest("acme", &some(n..n + 1));
        assert_eq!(numbers(&bench.query("acme", &now(whole()))).len() as u64, n + 1);
    }
    let spec = json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-03-01T00:00:00Z", "consistency": "now"});
    assert_eq!(bench.aggregate("acme", &spec)["buckets"][0]["count"], 5);
}

#[test]
fn a_repetition_is_noticed_at_once_and_stored_once() {
    let bench = logged();
    assert_eq!(bench.ingest("acme", &some(0..3))["duplicates"], 0);
    assert_eq!(bench.ingest("acme", &some(1..4))["duplicates"], 2);
    let twice = json!([record(9, "2026-01-02T00:00:00Z", &json!({})), record(9, "2026-01-02T00:00:00Z", &json!({}))]);
    assert_eq!(bench.ingest("acme", &twice)["duplicates"], 1);
    bench.store.settle().unwrap();
    assert_eq!(bench.stats()["records"], 5);
    assert_eq!(bench.stats()["ingest_log"]["pending"], 0);
}

#[test]
fn a_repetition_after_a_restart_is_stored_once() {
    let mut bench = logged();
    bench.ingest("acme", &some(0..3));
    bench.store.close();
    bench.store = open(&bench, LOGGED).unwrap();
    bench.ingest("acme", &some(0..4));
    bench.store.settle().unwrap();
    assert_eq!(bench.stats()["records"], 4);
}

#[test]
fn a_second_process_is_told_who_has_the_log_and_may_work_beside_it() {
    let bench = logged();
    let error = open(&bench, "{}").err().unwrap();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable);
    assert!(error.message().contains(&std::process::id().to_string()), "{error}");
    bench.ingest("acme", &some(0..1));
    bench.store.settle().unwrap();
    let beside = open(&bench, DIRECT).unwrap();
    let found: Value = serde_json::from_str(&beside.query("acme", &whole().to_string()).unwrap()).unwrap();
    assert_eq!(numbers(&found), [0]);
}

#[test]
fn a_torn_tail_of_the_log_costs_only_what_was_not_acknowledged() {
    let mut bench = logged();
    // What stands in the way of the indexer keeps records in the log.
    std::fs::create_dir(bench.folder.path().join("events/2026-01-02.db")).unwrap();
    bench.ingest("acme", &some(0..10));
    bench.store.close();
    let segment = std::fs::read_dir(bench.folder.path().join("ingest-log")).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.into_iter().find(|path| path.extension().is_some_and(|e| e == "seg" || e == "segment"));
    let mut bytes = std::fs::read(segment.as_ref().unwrap()).unwrap();
    let torn = bytes[40..90].to_vec();
    bytes.extend(torn);
    std::fs::write(segment.unwrap(), bytes).unwrap();
    std::fs::remove_dir(bench.folder.path().join("events/2026-01-02.db")).unwrap();
    bench.store = open(&bench, LOGGED).unwrap();
    bench.store.settle().unwrap();
    assert_eq!(bench.stats()["records"], 10);
}

#[test]
fn an_indexer_that_cannot_write_says_so_and_goes_on_when_it_can() {
    let bench = logged();
    let obstacle = bench.folder.path().join("events/2026-01-02.db");
    std::fs::create_dir(&obstacle).unwrap();
    // Acknowledged all the same: the log has them.
    assert_eq!(bench.ingest("acme", &some(0..10))["accepted"], 10);
    assert_eq!(bench.store.settle().unwrap_err().kind(), ErrorKind::StoreUnavailable);
    std::fs::remove_dir(obstacle).unwrap();
    bench.store.settle().unwrap();
    assert_eq!(bench.stats()["records"], 10);
    assert_eq!(bench.stats()["ingest_log"]["error"], json!(null));
}

#[test]
fn a_log_that_is_full_refuses_and_loses_nothing() {
    let mut bench = logged();
    bench.store.close();
    bench.store = open(&bench, r#"{"max_past_days":36500,"max_log_bytes":1}"#).unwrap();
    let obstacle = bench.folder.path().join("events/2026-01-02.db");
    std::fs::create_dir(&obstacle).unwrap();
    assert_eq!(bench.ingest("acme", &some(0..3))["accepted"], 3);
    assert_eq!(bench.ingest_text("acme", "batch", &some(3..6).to_string()), Err(ErrorKind::StoreUnavailable));
    std::fs::remove_dir(obstacle).unwrap();
    bench.store.settle().unwrap();
    assert_eq!(numbers(&bench.query("acme", &whole())), [0, 1, 2]);
}

#[test]
fn concurrent_requests_share_the_log() {
    let bench = logged();
    std::thread::scope(|scope| {
        for thread in 0..8_u64 {
            let bench = &bench;
            scope.spawn(move || {
                for round in 0..10 {
                    let first = thread * 1_000 + round * 10;
                    assert_eq!(bench.ingest("acme", &some(first..first + 10))["accepted"], 10);
                }
            });
        }
    });
    bench.store.settle().unwrap();
    assert_eq!(bench.stats()["records"], 800);
}

#[cfg(feature = "encryption")]
#[test]
fn a_sealed_log_shows_nothing_and_opens_with_its_key_alone() {
    let mut bench = Bench::new();
    bench.store.close();
    bench.folder = tempfile::tempdir().unwrap();
    let key = |c: &str| format!(r#"{{"max_past_days":36500,"encryption_key":"{}="}}"#, c.repeat(43));
    bench.store = open(&bench, &key("A")).unwrap();
    std::fs::create_dir(bench.folder.path().join("events/2026-01-02.db")).unwrap();
    bench.ingest("acme", &json!([record(1, "2026-01-02T00:00:00Z", &json!({"note": "quokkaquartz"}))]));
    let holds = |bytes: &[u8]| bytes.windows(12).any(|window| window == b"quokkaquartz");
    assert!(bench.files().iter().all(|(_, bytes)| !holds(bytes)));
    bench.store.close();
    assert_eq!(open(&bench, &key("E")).err().map(|e| e.kind()), Some(ErrorKind::StoreUnavailable));
    std::fs::remove_dir(bench.folder.path().join("events/2026-01-02.db")).unwrap();
    bench.store = open(&bench, &key("A")).unwrap();
    bench.store.settle().unwrap();
    assert_eq!(bench.stats()["records"], 1);
}

#[test]
fn closing_empties_the_log() {
    let mut bench = logged();
    bench.ingest("acme", &some(0..5));
    bench.store.close();
    assert_eq!(bench.ingest_text("acme", "batch", &some(5..6).to_string()), Err(ErrorKind::Closed));
    assert_eq!(bench.store.settle().unwrap_err().kind(), ErrorKind::Closed);
    bench.reopen();
    assert_eq!(bench.stats()["records"], 5);
}
