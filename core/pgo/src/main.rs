//! What programs mostly do with the crate, for a compiler that learns from it which code is often run (`core/pgo`).
//!
//! `train VECTORS` takes the folder of the vectors. Usual work comes most often. What is rare comes too, all of the vectors and
//! every attack among it: code that no training has run is made small, not fast.

#![allow(clippy::unwrap_used, dead_code, reason = "a tool that may fail loudly, and shares modules that have more")]

#[path = "../../benches/support/corpus.rs"]
mod corpus;
#[path = "../../benches/support/discard.rs"]
mod discard;
#[path = "../../tests/hostile/mod.rs"]
mod hostile;
#[path = "../../benches/support/sizes.rs"]
mod sizes;

use std::fs;
use std::path::{Path, PathBuf};

use scrubjay_core::twin::force_portable;
use scrubjay_core::{CapturedRecord, ffi};
use serde_json::{Value, json};

/// What the benchmarks do not see: they begin at the first event.
const SKIPPED: usize = 8_000;
const EVENTS: usize = 4_000;
/// Records of one request.
const BATCH: usize = 100;
/// Events that are tracked, as one line of a program does.
const TRACKED: usize = 20_000;
/// Bytes of an attack: enough for each loop, and no more than a hundred events' work in all.
const HOSTILE_BYTES: usize = 400;
const PATIENCE_MS: u64 = 60_000;

const STAMP: &str = r#"{"now":"2026-03-01T10:00:00Z","random":"07070707070707070707"}"#;

fn main() {
    let vectors = PathBuf::from(std::env::args().nth(1).unwrap());
    let events = &corpus::events(SKIPPED + EVENTS)[SKIPPED..];
    let folder = tempfile::tempdir().unwrap();
    process(events);
    rare(&vectors, events);
    track(events);
    archive(events);
    store(&folder.path().join("store"), events);
    etl(folder.path(), events);
    receive(events);
}

/// A request's body.
fn body_of(events: &[Vec<u8>]) -> Vec<u8> {
    [b"[", &events.join(&b","[..])[..], b"]"].concat()
}

fn engine(config: &str) -> ffi::Engine {
    ffi::Engine::new(config).unwrap()
}

/// Records as they come from clients.
fn process(events: &[Vec<u8>]) {
    let engine = engine("{}");
    for pass in 0..3 {
        // Processors without the vector instructions.
        force_portable(pass == 2);
        events.iter().for_each(|event| drop(engine.process(event, None).unwrap()));
    }
    force_portable(false);
    // As many bytes again in records of 60 KB.
    let large = sizes::large(&events.iter().collect::<Vec<_>>());
    large.iter().for_each(|record| drop(engine.process(record, None).unwrap()));
}

/// Other configurations and forms, broken records and attacks.
fn rare(vectors: &Path, events: &[Vec<u8>]) {
    for file in json_files(vectors) {
        let file: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let config = file["config"].as_str().map_or_else(|| file["config"].to_string(), str::to_owned);
        let engine = engine(&config);
        for case in file["cases"].as_array().unwrap() {
            let Some(input) = case["input"].as_str() else { continue };
            drop(engine.process(input.as_bytes(), Some(STAMP)).unwrap());
            drop(engine.scrub_text(input).unwrap());
        }
    }
    let default = engine("{}");
    for attack in hostile::WORST.iter().flat_map(|(_, attacks)| *attacks) {
        let text = attack.text(HOSTILE_BYTES);
        let value = if attack.is_document() { text } else { Value::from(text).to_string() };
        let record = format!(r#"{{"channel":"a","event":"b","payload":{{"x":{value}}}}}"#);
        drop(default.process(record.as_bytes(), Some(STAMP)).unwrap());
    }
    let strict = engine(r#"{"privacy":{"mode":"strict"}}"#);
    for event in &events[..events.len() / 4] {
        drop(strict.process(event, None).unwrap());
        drop(default.explain(event, None).unwrap());
        let value: Value = serde_json::from_slice(event).unwrap();
        drop(default.process(serde_json::to_string_pretty(&value).unwrap().as_bytes(), None).unwrap());
    }
}

/// The event of a line of a program; its values differ from call to call.
fn write(record: &mut CapturedRecord, n: usize) {
    record.clear().begin_object().name("channel").text("web").name("event").text("request");
    record.name("payload").begin_object();
    record.name("method").text(if n.is_multiple_of(3) { "GET" } else { "POST" });
    record.name("route").text("/api/v2/orders/{id}");
    record.name("status").int(i64::try_from(200 + n % 5).unwrap());
    record.name("seconds").float(f64::from(u32::try_from(n).unwrap()) * 0.37);
    record.name("is_cached").bool(n.is_multiple_of(2));
    record.name("message").text(if n.is_multiple_of(7) { "mail to ann@example.com failed" } else { "done" });
    record.end().end();
}

fn track(events: &[Vec<u8>]) {
    let endpoint = discard::Discard::start().endpoint();
    let config = json!({"client": {"enabled": true, "endpoint": endpoint, "queue_max_items": TRACKED}}).to_string();
    let client = ffi::Client::new(&config).unwrap();
    let mut record = CapturedRecord::new();
    for n in 0..TRACKED {
        write(&mut record, n);
        client.track_captured(record.as_bytes());
        if n.is_multiple_of(10) {
            client.track_captured_checked(record.as_bytes()).unwrap();
        }
    }
    for event in events {
        client.track(event);
    }
    assert!(client.flush(PATIENCE_MS) && client.shutdown(PATIENCE_MS));
}

fn archive(events: &[Vec<u8>]) {
    let engine = ffi::ArchiveEngine::new(engine("{}"));
    let (mut record, mut lines) = (CapturedRecord::new(), Vec::new());
    for n in 0..events.len() {
        write(&mut record, n);
        lines.clear();
        engine.process(record.as_bytes(), ffi::microseconds_now(), &mut lines).unwrap();
    }
}

fn store(folder: &Path, events: &[Vec<u8>]) {
    let engine = engine("{}");
    let store = ffi::Store::open(folder.to_str().unwrap(), r#"{"max_past_days":36500}"#).unwrap();
    for batch in events.chunks(BATCH) {
        store.ingest(&engine, "acme", "batch", &body_of(batch), "{}").unwrap();
    }
    store.settle().unwrap();
    let aggregate = r#"{"channel":"web","event":"click","field":"/duration_ms","aggregations":["count","avg","p95"]}"#;
    // What a question may say is the store's to know; one that it refuses has trained less.
    drop(store.aggregate("acme", aggregate));
    drop(store.query("acme", r#"{"limit":100}"#));
    store.close();
}

fn etl(folder: &Path, events: &[Vec<u8>]) {
    let archive = folder.join("archive.jsonl");
    fs::write(&archive, events.join(&b"\n"[..])).unwrap();
    let options = json!({"archives": [archive], "target": folder.join("out"), "format": "parquet"}).to_string();
    ffi::etl("{}", &options, &mut |_| true).unwrap();
}

fn receive(events: &[Vec<u8>]) {
    let engine = engine("{}");
    for batch in events.chunks(BATCH) {
        ffi::check(&engine, "batch", &body_of(batch)).unwrap();
        ffi::check(&engine, "ndjson", &batch.join(&b"\n"[..])).unwrap();
    }
    let record = |n: usize| {
        let attributes = json!([{"key": "n", "value": {"intValue": n.to_string()}}]);
        json!({"timeUnixNano": "1790812800000000000", "body": {"stringValue": "done"}, "attributes": attributes})
    };
    let records: Vec<Value> = (0..BATCH).map(record).collect();
    let request = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).to_string();
    for _ in 0..10 {
        drop(ffi::otlp_records("logs", "json", request.as_bytes()).unwrap());
    }
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { json_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    // A folder is listed in another order on every file system.
    files.sort();
    files
}
