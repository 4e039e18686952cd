//! The report, the files and the job, on real folders.

#![allow(clippy::format_collect, clippy::needless_pass_by_value, reason = "tests are read, not timed")]

mod aggregate;
mod etl;
mod page;
mod parquet;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::etl::Options;
use super::run;

/// One good record of each kind.
pub(super) const KINDS: [&str; 7] = [
    r#"{"timestamp":"2026-01-02T03:04:05Z","id":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b","channel":"app","event":"login","payload":{"ms":12,"to":"ann@example.com"},"sample_rate":0.5,"context":{"route_name":"home"}}"#,
    r#"{"event_key":"auth.login.attempt","created_at":"2026-01-02T03:04:05Z","metadata":{"n":1}}"#,
    r#"{"schema":"telemetry_log_v1","timestamp":"2026-01-02T03:04:05Z","component":"db","level":"info","message":"ok","event_type":"query","feature_flag_context":{},"latency_ms":3.5}"#,
    r#"{"name":"render.fps","value":60,"schema":"telemetry_metric_v1","timestamp":"2026-01-02T03:04:05Z"}"#,
    r#"{"schema":"telemetry_span_v1","timestamp":"2026-01-02T03:04:05Z","name":"GET /","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","start_time_unix_nano":"1","end_time_unix_nano":"2"}"#,
    r#"{"schema":"perf_sample_v1","timestamp":"2026-01-02T03:04:05Z","opt_in":true,"platform":"web","fps":60,"frame_time_ms":16,"event_replay_rate":1,"sampling_interval_ms":1000}"#,
    r#"{"schema":"replay_inconsistency_v1","timestamp":"2026-01-02T03:04:05Z","document_id":"d","state_hash_before":"a","state_hash_after":"b","client_version":"1.2.3"}"#,
];

/// A line of an event with a number.
pub(super) fn line(day: u32, channel: &str, event: &str, ms: u32) -> String {
    format!(
        "{{\"timestamp\":\"2026-01-{day:02}T03:04:05Z\",\"channel\":{},\"event\":{},\"payload\":{{\"ms\":{ms}}}}}\n",
        json!(channel),
        json!(event)
    )
}

/// Archives and results in a folder that goes with it.
pub(super) struct Job {
    folder: tempfile::TempDir,
}

impl Job {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn archive(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(super) fn out(&self) -> PathBuf {
        self.path("out")
    }

    pub(super) fn options(&self, archives: &[&Path], more: Value) -> Options {
        let mut options = json!({"archives": archives, "target": self.out()});
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(options).unwrap()
    }

    pub(super) fn try_run(&self, archives: &[&Path], more: Value) -> crate::Result<Value> {
        let summary = run("{}", self.options(archives, more), &mut |_| true)?;
        Ok(serde_json::to_value(&summary).unwrap())
    }

    pub(super) fn run(&self, archives: &[&Path], more: Value) -> Value {
        self.try_run(archives, more).unwrap()
    }

    pub(super) fn report(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.out().join("telemetry_report.json")).unwrap()).unwrap()
    }

    /// Places of all files below the results, but for the ETL's own.
    pub(super) fn files(&self) -> Vec<String> {
        fn below(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    below(&path, root, found);
                } else {
                    found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        let mut found = Vec::new();
        below(&self.out(), &self.out(), &mut found);
        found.retain(|place| !place.starts_with(".etl"));
        found.sort();
        found
    }
}
