//! The store as callers meet it: the real engine, real files.

mod durable;
#[cfg(feature = "encryption")]
mod encrypted;
mod erasing;
mod figures;
mod finding;
mod keeping;
mod kill;
mod kinds;
mod later;
mod meta;
mod rights;
mod timing;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::error::ErrorKind;
use crate::ffi::{Engine, Store};

/// Records are in the day files when `ingest` returns, and times of any year are taken as they are.
const DIRECT: &str = r#"{"ingest_log":false,"max_past_days":36500}"#;

/// What opens the files of the stores that tests make: nothing, or a key where they are run again with one.
fn cipher() -> super::cipher::Cipher {
    super::StoreOptions::from_json("{}").unwrap().cipher()
}

/// A file of a store, opened beside it.
fn raw(path: &std::path::Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    cipher().unlock(&connection, path).unwrap();
    connection
}

/// A store in a folder that vanishes with the test.
struct Bench {
    folder: TempDir,
    engine: Engine,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), DIRECT).unwrap();
        // Identifiers stay as they are, so that tests can tell users apart.
        let engine = Engine::new(r#"{"privacy":{"hash_identifiers":false}}"#).unwrap();
        Self { folder, engine, store }
    }

    fn reopen(&mut self) {
        self.store = Store::open(self.folder.path().to_str().unwrap(), DIRECT).unwrap();
    }

    /// Ingests an array of records for a tenant and returns the verdict.
    fn ingest(&self, tenant: &str, records: &Value) -> Value {
        self.ingest_text(tenant, "batch", &records.to_string()).unwrap()
    }

    fn ingest_text(&self, tenant: &str, format: &str, body: &str) -> Result<Value, ErrorKind> {
        let verdict = self.store.ingest(&self.engine, tenant, format, body.as_bytes(), "{}").map_err(|e| e.kind())?;
        Ok(serde_json::from_str(&verdict).unwrap())
    }

    /// Erases a user and returns how many records they had.
    fn delete_user(&self, tenant: &str, user: &str) -> u64 {
        let receipt = self.store.delete_user(&self.engine, tenant, user, "{}").unwrap();
        serde_json::from_str::<Value>(&receipt).unwrap()["records"].as_u64().unwrap()
    }

    fn query(&self, tenant: &str, spec: &Value) -> Value {
        serde_json::from_str(&self.store.query(tenant, &spec.to_string()).unwrap()).unwrap()
    }

    fn aggregate(&self, tenant: &str, spec: &Value) -> Value {
        serde_json::from_str(&self.store.aggregate(tenant, &spec.to_string()).unwrap()).unwrap()
    }

    fn stats(&self) -> Value {
        serde_json::from_str(&self.store.stats().unwrap()).unwrap()
    }

    /// Bytes of every file in the folder, with the file's name.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        for folder in ["", "events", "ingest-log"].map(|name| self.folder.path().join(name)) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    files.push((name, std::fs::read(path).unwrap()));
                }
            }
        }
        files
    }
}

/// A record with a number, at a time, with an id made of `n`.
fn record(n: u64, timestamp: &str, payload: &Value) -> Value {
    json!({
        "id": format!("01890000-0000-7000-8000-{n:012x}"),
        "timestamp": timestamp,
        "channel": "app",
        "event": "load",
        "payload": payload,
    })
}

/// The range that every test's times lie in.
fn whole() -> Value {
    json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-03-01T00:00:00Z", "limit": 1000})
}

/// `base` with the members of `more`.
fn with(mut base: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        base[name] = value.clone();
    }
    base
}

/// The ids of a query's records, each as the number it was made of.
fn numbers(page: &Value) -> Vec<u64> {
    let ids = page["records"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned());
    ids.map(|id| u64::from_str_radix(&id[24..], 16).unwrap()).collect()
}
