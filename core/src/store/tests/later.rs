//! Callers who do not wait for the disk.

use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::error::Result;

const LOGGED: &str = r#"{"max_past_days":36500}"#;

fn logged(options: &str) -> Bench {
    let mut bench = Bench::new();
    bench.store.close();
    bench.store = Store::open(bench.folder.path().to_str().unwrap(), options).unwrap();
    bench
}

fn some(range: std::ops::Range<u64>) -> String {
    json!(range.map(|n| record(n, "2026-01-02T00:00:00Z", &json!({"n": n}))).collect::<Vec<_>>()).to_string()
}

impl Bench {
    /// Begins with a body; what comes of it is received.
    fn begin(&self, format: &str, body: &str) -> Receiver<Result<String>> {
        let (tell, told) = channel();
        let said = move |said| tell.send(said).unwrap();
        self.store.ingest_then(&self.engine, "acme", format, body.as_bytes(), "{}", said);
        told
    }
}

fn kind(told: &Receiver<Result<String>>) -> ErrorKind {
    told.recv().unwrap().unwrap_err().kind()
}

#[test]
fn a_caller_who_does_not_wait_hears_the_verdict_that_one_who_waits_gets() {
    let bodies = [
        ("batch", some(0..3)),
        ("batch", some(1..5)),
        ("batch", format!("[{},{{\"schema\":\"none\"}},7]", record(9, "2026-01-02T00:00:00Z", &json!({"ip": "::1"})))),
        ("ndjson", String::new()),
        ("record", "{".to_owned()),
    ];
    for options in [LOGGED, DIRECT] {
        let (waiting, going_on) = (logged(options), logged(options));
        for (format, body) in &bodies {
            let expected = waiting.store.ingest(&waiting.engine, "acme", format, body.as_bytes(), "{}");
            let told = going_on.begin(format, body).recv().unwrap();
            // Ids that were stamped are random.
            let without_ids = |text: String| {
                let mut verdict: Value = serde_json::from_str(&text).unwrap();
                for result in verdict["results"].as_array_mut().unwrap() {
                    result["id"] = Value::Null;
                }
                verdict
            };
            assert_eq!(told.map(without_ids).unwrap(), expected.map(without_ids).unwrap());
        }
        going_on.store.settle().unwrap();
        assert_eq!(going_on.stats()["records"], 6);
    }
}

#[test]
fn a_body_that_cannot_be_taken_is_told_as_its_error() {
    let bench = logged(LOGGED);
    assert_eq!(kind(&bench.begin("batch", "[1")), ErrorKind::BatchUnreadable);
    assert_eq!(kind(&bench.begin("xml", "[]")), ErrorKind::ArgumentInvalid);
}

#[test]
fn what_was_told_is_in_the_log_before_it_is_indexed() {
    let mut bench = logged(LOGGED);
    // What stands in the way of the indexer keeps records in the log.
    let obstacle = bench.folder.path().join("events/2026-01-02.db");
    std::fs::create_dir(&obstacle).unwrap();
    let told: Vec<_> = (0..20).map(|n| bench.begin("batch", &some(n * 10..n * 10 + 10))).collect();
    for told in told {
        assert!(told.recv().unwrap().is_ok());
    }
    bench.store.close();
    std::fs::remove_dir(obstacle).unwrap();
    bench.store = Store::open(bench.folder.path().to_str().unwrap(), LOGGED).unwrap();
    bench.store.settle().unwrap();
    assert_eq!(bench.stats()["records"], 200);
}

#[test]
fn a_store_that_closes_keeps_what_was_handed_over_and_takes_no_more() {
    let mut bench = logged(LOGGED);
    let told: Vec<_> = (0..20).map(|n| bench.begin("batch", &some(n * 10..n * 10 + 10))).collect();
    bench.store.close();
    for told in told {
        assert!(told.recv().unwrap().is_ok());
    }
    assert_eq!(kind(&bench.begin("batch", &some(900..901))), ErrorKind::Closed);
    bench.reopen();
    assert_eq!(bench.stats()["records"], 200);
}

#[test]
fn a_log_that_is_full_refuses_callers_who_do_not_wait() {
    let bench = logged(r#"{"max_past_days":36500,"max_log_bytes":1}"#);
    let obstacle = bench.folder.path().join("events/2026-01-02.db");
    std::fs::create_dir(&obstacle).unwrap();
    assert!(bench.begin("batch", &some(0..3)).recv().unwrap().is_ok());
    assert_eq!(kind(&bench.begin("batch", &some(3..6))), ErrorKind::StoreUnavailable);
    std::fs::remove_dir(obstacle).unwrap();
    bench.store.settle().unwrap();
    assert_eq!(numbers(&bench.query("acme", &whole())), [0, 1, 2]);
}

#[test]
fn a_repetition_that_comes_after_the_answer_is_a_duplicate() {
    let bench = logged(LOGGED);
    assert!(bench.begin("batch", &some(0..3)).recv().unwrap().is_ok());
    let told = bench.begin("batch", &some(0..4)).recv().unwrap().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["duplicates"], 3);
}

#[test]
fn a_caller_that_panics_costs_nobody_else_an_answer() {
    let bench = logged(LOGGED);
    bench.store.ingest_then(&bench.engine, "acme", "batch", some(0..1).as_bytes(), "{}", |_| panic!("on purpose"));
    assert!(bench.begin("batch", &some(1..2)).recv().unwrap().is_ok());
    bench.store.settle().unwrap();
    assert_eq!(bench.stats()["records"], 2);
}
