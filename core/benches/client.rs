//! What a client costs those who call it, and what its worker gets through, for `make bench`: rows on standard output.
//!
//! One event with six attributes, against OpenTelemetry's own logs on their batch processor with an exporter that does
//! nothing. Ours sends to a server on the loopback interface that counts and forgets. Both are drained between rounds,
//! outside of the time that is measured, so that no contender takes the cheap way out of a full queue.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    missing_docs,
    reason = "a benchmark may fail loudly"
)]

mod support {
    pub(crate) mod discard;
    pub(crate) mod row;
}

use std::hint::black_box;
use std::time::{Duration, Instant};

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{BatchLogProcessor, LogBatch, LogExporter, SdkLogger, SdkLoggerProvider};
use scrubjay_core::{CapturedRecord, Client, Config};

use support::discard::Discard;
use support::row::row;

/// Below both queues (2,048), so that nothing is dropped, and some 100 µs, which the clock resolves.
const EVENTS: usize = 1_000;
/// Odd, so that the median is a round that happened.
const ROUNDS: usize = 201;
/// What the worker is given at once.
const BACKLOG: usize = 200_000;
const PATIENCE: Duration = Duration::from_mins(1);

fn main() {
    // First, while nothing else has made the process large.
    idle_memory();
    first_track();
    track_against_otel();
    worker();
    hurried_producer();
}

fn client(server: &Discard, section: &str) -> Client {
    let endpoint = server.endpoint();
    let text = format!(r#"{{"client":{{"enabled":true,"endpoint":"{endpoint}"{section}}}}}"#);
    Client::new(&Config::from_json(&text).unwrap()).unwrap()
}

/// The event; its values differ from call to call, as an application's do.
fn write(record: &mut CapturedRecord, n: usize) {
    record.clear().begin_object().name("channel").text("web").name("event").text("request");
    record.name("payload").begin_object();
    record.name("http.request.method").text(if n.is_multiple_of(3) { "GET" } else { "POST" });
    record.name("http.route").text("/api/v1/items/{id}");
    record.name("http.response.status_code").int(200 + (n % 5) as i64);
    record.name("duration_ms").float(n as f64 * 0.37);
    record.name("cache.hit").bool(n.is_multiple_of(2));
    record.name("cloud.region").text("eu-west-1");
    record.end().end();
}

fn track(client: &Client, record: &mut CapturedRecord, n: usize) {
    write(record, n);
    black_box(client.track_captured(record));
}

/// Takes batches and does nothing with them.
#[derive(Debug)]
struct Nowhere;

impl LogExporter for Nowhere {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        black_box(batch.iter().count());
        Ok(())
    }
}

fn emit(logger: &SdkLogger, n: usize) {
    let mut record = logger.create_log_record();
    record.set_event_name("request");
    record.set_severity_number(Severity::Info);
    record.set_timestamp(std::time::SystemTime::now());
    record.add_attribute("http.request.method", if n.is_multiple_of(3) { "GET" } else { "POST" });
    record.add_attribute("http.route", "/api/v1/items/{id}");
    record.add_attribute("http.response.status_code", 200 + (n % 5) as i64);
    record.add_attribute("duration_ms", n as f64 * 0.37);
    record.add_attribute("cache.hit", AnyValue::Boolean(n.is_multiple_of(2)));
    record.add_attribute("cloud.region", "eu-west-1");
    logger.emit(record);
}

fn track_against_otel() {
    let server = Discard::start();
    let ours = client(&server, "");
    let provider = SdkLoggerProvider::builder().with_log_processor(BatchLogProcessor::builder(Nowhere).build()).build();
    let logger = provider.logger("bench");
    let mut record = CapturedRecord::new();
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    // The first round warms caches and starts both workers.
    for round in 0..=ROUNDS {
        let start = cpu_time();
        (0..EVENTS).for_each(|n| track(&ours, &mut record, n));
        let our_time = cpu_time() - start;
        assert!(ours.flush(PATIENCE));
        let start = cpu_time();
        (0..EVENTS).for_each(|n| emit(&logger, n));
        let their_time = cpu_time() - start;
        provider.force_flush().unwrap();
        if round > 0 {
            our_times.push(our_time / EVENTS as f64);
            their_times.push(their_time / EVENTS as f64);
        }
    }
    let (ours, theirs) = (median(our_times), median(their_times));
    row("rust_track_vs_otel", theirs / ours, ours, theirs, "ns/event");
}

/// Reads, validates, scrubs, compresses and sends what was captured: the CPU time of the worker's own thread.
fn worker() {
    /// What the bar is about.
    const BAR: f64 = 300_000.0;
    let server = Discard::start();
    let limits = r#","queue_max_items":1000000,"queue_max_bytes":1000000000,"batch_max_items":1000"#;
    // The threads of clients before it end by themselves.
    while worker_time().is_some() {
        std::thread::yield_now();
    }
    let client = client(&server, limits);
    let mut record = CapturedRecord::new();
    let mut rates = Vec::new();
    for round in 0..4 {
        let before = worker_time();
        let start = Instant::now();
        (0..BACKLOG).for_each(|n| track(&client, &mut record, n));
        assert!(client.flush(PATIENCE));
        let time = match (worker_time(), before) {
            (Some(after), Some(before)) => after - before,
            (Some(after), None) => after,
            // A system that does not tell threads apart: wall time then.
            (None, _) => start.elapsed().as_secs_f64(),
        };
        if round > 0 {
            rates.push(BACKLOG as f64 / time);
        }
    }
    let rate = median(rates);
    row("worker_records_per_s", rate / BAR, rate, BAR, "records/s");
}

/// A producer that never pauses, into a queue that stays full: what a single call may cost at worst.
fn hurried_producer() {
    const CALLS: usize = 500_000;
    let server = Discard::start();
    let client = client(&server, "");
    let mut record = CapturedRecord::new();
    let mut times: Vec<u64> = (0..CALLS)
        .map(|n| {
            let start = Instant::now();
            track(&client, &mut record, n);
            u64::try_from(start.elapsed().as_nanos()).unwrap()
        })
        .collect();
    times.sort_unstable();
    let (half, most) = (times[CALLS / 2] as f64, times[CALLS / 100 * 99] as f64);
    row("client_track_p99", most / half, most, half, "ns, p99 and p50");
}

/// From nothing to the first record captured.
fn first_track() {
    const BAR_MS: f64 = 5.0;
    let server = Discard::start();
    let times = (0..21).map(|_| {
        let start = Instant::now();
        let client = client(&server, "");
        let mut record = CapturedRecord::new();
        track(&client, &mut record, 1);
        let time = start.elapsed().as_secs_f64() * 1e3;
        client.shutdown(PATIENCE);
        time
    });
    // The slowest is the one that counts: a program does it once, with cold caches.
    let slowest = times.fold(0.0, f64::max);
    row("client_first_track", slowest / BAR_MS, slowest, BAR_MS, "ms, slowest");
}

/// What a client that sent a record and waits for the next adds to the process.
fn idle_memory() {
    const BAR_MB: f64 = 8.0;
    let server = Discard::start();
    let Some(before) = resident_mb() else { return };
    let client = client(&server, "");
    let mut record = CapturedRecord::new();
    track(&client, &mut record, 1);
    assert!(client.flush(PATIENCE));
    let idle = resident_mb().unwrap() - before;
    row("client_idle_memory", idle / BAR_MB, idle, BAR_MB, "MB resident");
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Nanoseconds of CPU time that this thread has had.
#[cfg(unix)]
fn cpu_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

#[cfg(not(unix))]
fn cpu_time() -> f64 {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1e9
}

/// Seconds of CPU time of the client's thread; Linux tells threads apart by name.
fn worker_time() -> Option<f64> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    tasks.filter_map(Result::ok).find_map(|task| {
        let is_worker = std::fs::read_to_string(task.path().join("comm")).ok()?.trim() == "scrubjay";
        let statistics = std::fs::read_to_string(task.path().join("schedstat")).ok().filter(|_| is_worker)?;
        Some(statistics.split(' ').next()?.parse::<f64>().ok()? / 1e9)
    })
}

/// Megabytes of memory that the process has, on Linux.
fn resident_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes: f64 =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().split(' ').next()?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
