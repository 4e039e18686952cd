//! What a store is opened with.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::cipher::{self, Cipher};
use super::spec::invalid;
use super::table::Table;
use crate::config::Purpose;
use crate::error::Result;
use crate::segment::SealKey;

/// Days that records are kept for, unless told otherwise (design, section 7).
const RETENTION_DAYS: u32 = 30;
/// The shortest and longest that they may be kept (R1).
pub(super) const RETENTION_RANGE: std::ops::RangeInclusive<u32> = 1..=90;
/// Bytes that may wait to be indexed, unless told otherwise: some seven million records, a minute's worth and more.
const MAX_LOG_BYTES: u64 = 1 << 30;

/// How a [`Store`](super::Store) keeps what it is given.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Whether a request is acknowledged when its records are in the segment log, and indexed later. One process at a
    /// time has the log. Without it, records go straight into the day files, which many processes share.
    pub ingest_log: bool,
    /// Days that each table keeps its records for.
    pub retention_days: Retention,
    /// Encrypts what is kept: the segment log, day files and `meta.db`.
    pub(super) key: Option<SealKey>,
    /// Purposes of channels that have another one than analytics, as in `client.purposes`.
    pub purposes: BTreeMap<String, Purpose>,
    /// Records with an older stamp are taken for those of a clock that was never set.
    pub max_past_days: u32,
    /// Bytes that may wait to be indexed. Beyond, requests are refused until the indexer has caught up.
    pub max_log_bytes: u64,
}

/// Days that records are kept for, 1 to 90, by table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Events, performance samples, replay inconsistencies.
    pub events: u32,
    /// Metrics.
    pub metrics: u32,
    /// Traces and spans.
    pub traces: u32,
    /// Logs.
    pub logs: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { events: RETENTION_DAYS, metrics: RETENTION_DAYS, traces: RETENTION_DAYS, logs: RETENTION_DAYS }
    }
}

impl Retention {
    /// Of one table.
    pub(super) fn of(&self, table: Table) -> u32 {
        match table {
            Table::Events => self.events,
            Table::Metrics => self.metrics,
            Table::Traces => self.traces,
            Table::Logs => self.logs,
        }
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            ingest_log: true,
            retention_days: Retention::default(),
            key: None,
            purposes: BTreeMap::new(),
            max_past_days: *RETENTION_RANGE.end(),
            max_log_bytes: MAX_LOG_BYTES,
        }
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    ingest_log: bool,
    retention_days: Retention,
    encryption_key: Option<String>,
    purposes: BTreeMap<String, Purpose>,
    max_past_days: u32,
    max_log_bytes: u64,
}

impl Default for Written {
    fn default() -> Self {
        let StoreOptions { ingest_log, retention_days, purposes, max_past_days, max_log_bytes, .. } =
            StoreOptions::default();
        Self { ingest_log, retention_days, encryption_key: None, purposes, max_past_days, max_log_bytes }
    }
}

/// A key as it is written: 32 bytes of base64.
///
/// # Errors
/// `argument_invalid` where it is none, or where this build cannot encrypt.
pub(super) fn key(path: &str, text: &str) -> Result<SealKey> {
    let expected = "expected 32 bytes of base64, such as `openssl rand -base64 32` makes";
    let key = SealKey::from_base64(text).ok_or_else(|| invalid(path, expected))?;
    cipher::refuse_unless(cipher::IS_BUILT_IN, path)?;
    Ok(key)
}

/// The variable by which all tests of a store are run again with a key.
#[cfg(test)]
pub(super) const TEST_KEY: &str = "SCRUBJAY_TEST_STORE_KEY";

#[cfg(test)]
fn test_key() -> Option<SealKey> {
    std::env::var(TEST_KEY).ok().and_then(|text| SealKey::from_base64(&text))
}

impl StoreOptions {
    /// What opens the files.
    pub(super) fn cipher(&self) -> Cipher {
        Cipher::new(self.key.as_ref())
    }

    /// Reads `{"ingest_log","retention_days":{"events","metrics","traces","logs"},"encryption_key","purposes",
    /// "max_past_days","max_log_bytes"}`; every key may be absent.
    ///
    /// # Errors
    /// `argument_invalid` with the key.
    pub fn from_json(text: &str) -> Result<Self> {
        if !text.trim_start().starts_with('{') {
            return Err(invalid("", "expected a JSON object"));
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let written: Written = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." { String::new() } else { format!("/{}", path.replace('.', "/")) };
            let expected = "expected {\"ingest_log\":bool,\"retention_days\":{\"events\",\"metrics\",\"traces\",\"logs\":\
                            1 to 90},\"encryption_key\":base64,\"purposes\":{channel:purpose},\"max_past_days\":n,\
                            \"max_log_bytes\":n}, and nothing else";
            invalid(path, expected)
        })?;
        for (name, table) in
            [("events", Table::Events), ("metrics", Table::Metrics), ("traces", Table::Traces), ("logs", Table::Logs)]
        {
            if !RETENTION_RANGE.contains(&written.retention_days.of(table)) {
                return Err(invalid(format!("/retention_days/{name}"), "expected 1 to 90 days"));
            }
        }
        let key = written.encryption_key.as_deref().map(|text| key("/encryption_key", text)).transpose()?;
        #[cfg(test)]
        let key = key.or_else(test_key);
        Ok(Self {
            ingest_log: written.ingest_log,
            retention_days: written.retention_days,
            key,
            purposes: written.purposes,
            max_past_days: written.max_past_days,
            max_log_bytes: written.max_log_bytes,
        })
    }
}
