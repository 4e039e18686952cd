//! What the store gets through, for `make bench`: rows on standard output.
//!
//! Compared in the same run with the conventional design: one SQLite table with four indexes, rows inserted in batches
//! of 1,000. A million events over 30 days, 50 series, 10,000 users, some 200 bytes of properties each.
//!
//! With the arguments `sqlite FILE` it inserts the lines of a file into that table and prints what an event cost, for the
//! collector's comparison.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unchecked_time_subtraction,
    missing_docs,
    reason = "a benchmark may fail loudly"
)]

mod support {
    pub(crate) mod row;
}

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use scrubjay_core::{AggregateSpec, Config, Day, Engine, IngestOptions, Store, StoreOptions, StoredEvent, Tenant};

use support::row::row;

const EVENTS: u64 = 1_000_000;
const DAYS: u64 = 30;
const SERIES: u64 = 50;
const USERS: u64 = 10_000;
/// What the indexer commits at once, and what the naive table does.
const BATCH: u64 = 10_000;
const NAIVE_BATCH: u64 = 1_000;
/// Events of the comparison of acknowledgements.
const DURABLE: u64 = 100_000;
/// Records of one request, and requests at a time.
const REQUEST: u64 = 100;
const CLIENTS: u64 = 4;
/// 2026-10-01T00:00:00Z in microseconds.
const START: i64 = 1_790_812_800_000_000;
const DAY: i64 = 86_400_000_000;
/// Odd, so that the median is a round that happened.
const ROUNDS: usize = 11;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "sqlite") {
        return insert_lines(Path::new(&arguments[at + 1]));
    }
    let events = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(EVENTS);
    durable_against_sqlite();
    questions(events);
}

/// A number that looks random.
fn mixed(n: u64) -> u64 {
    (n ^ (n >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

fn timestamp(n: u64, of: u64) -> i64 {
    START + i64::try_from(n * DAYS * 86_400 / of).unwrap() * 1_000_000 + i64::try_from(n % 1_000).unwrap()
}

fn text(n: u64, of: u64) -> String {
    let (user, series) = (mixed(n) % USERS, mixed(n + 7) % SERIES);
    let at = timestamp(n, of);
    let (seconds, micros) = (at.div_euclid(1_000_000), at.rem_euclid(1_000_000));
    let days = seconds.div_euclid(86_400) - START / 1_000_000 / 86_400;
    let rest = seconds.rem_euclid(86_400);
    let time = format!("{:02}:{:02}:{:02}.{micros:06}", rest / 3_600, rest / 60 % 60, rest % 60);
    let path = format!("/api/v1/items/{}", mixed(n + 3) % 1_000);
    format!(
        r#"{{"schema":"telemetry_event_v1","id":"{:08x}-{:04x}-7000-8000-{n:012x}","timestamp":"2026-10-{:02}T{time}Z","user_id":"[hash:{:032x}]","channel":"web","event":"request_{series}","payload":{{"http.request.method":"GET","http.route":"/api/v1/items/{{id}}","url.path":"{path}","http.response.status_code":200,"duration_ms":{},"cache.hit":true,"cloud.region":"eu-west-1","app.version":"4.12.{}"}}}}"#,
        at / 65_536_000,
        at / 1_000 % 65_536,
        days + 1,
        u128::from(user) * 0x0123_4567_89ab_cdef_0123_4567_89ab,
        mixed(n + 1) % 5_000,
        n % 9,
    )
}

/// The event as the indexer has it.
fn event(tenant: &Tenant, n: u64, of: u64) -> StoredEvent {
    let record = text(n, of);
    let at = timestamp(n, of);
    let user = mixed(n) % USERS;
    let mut id = [0; 16];
    id[..4].copy_from_slice(&((at / 65_536_000) as u32).to_be_bytes());
    id[4..6].copy_from_slice(&((at / 1_000 % 65_536) as u16).to_be_bytes());
    id[6] = 0x70;
    id[8] = 0x80;
    id[10..].copy_from_slice(&n.to_be_bytes()[2..]);
    StoredEvent {
        tenant: tenant.clone(),
        schema: "telemetry_event_v1",
        id,
        timestamp: at,
        channel: "web".to_owned(),
        event: format!("request_{}", mixed(n + 7) % SERIES),
        user_id: Some(format!("[hash:{:032x}]", u128::from(user) * 0x0123_4567_89ab_cdef_0123_4567_89ab)),
        session_id: None,
        trace_id: None,
        request_id: None,
        sample_rate: None,
        actor_id: None,
        original_timestamp: None,
        record,
    }
}

fn store(folder: &Path, options: &str) -> Store {
    Store::open(folder, StoreOptions::from_json(options).unwrap()).unwrap()
}

/// CPU time of the calling thread, the system's share included: other processes distort it less than wall time, and
/// waiting for the disk is no part of it.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// Events a second of CPU time until they are acknowledged, validation and scrubbing among it, by four callers at a time;
/// the other side inserts rows that are ready. Wall time goes to standard error.
fn durable_against_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(store(folder.path(), r#"{"max_past_days":36500}"#));
    let engine = Arc::new(Engine::new(&Config::default()).unwrap());
    let bodies: Vec<String> = (0..DURABLE)
        .step_by(REQUEST as usize)
        .map(|first| {
            let records: Vec<String> = (first..first + REQUEST).map(|n| text(n, DURABLE)).collect();
            format!("[{}]", records.join(","))
        })
        .collect();
    let start = Instant::now();
    let took: Duration = std::thread::scope(|scope| {
        let client = |client: usize| {
            let (store, engine, bodies) = (&store, &engine, &bodies);
            scope.spawn(move || {
                for body in bodies.iter().skip(client).step_by(CLIENTS as usize) {
                    let tenant = store.tenant("acme").unwrap();
                    let options = IngestOptions::default();
                    assert_eq!(tenant.ingest(engine, "batch", body.as_bytes(), options).unwrap().accepted, REQUEST);
                }
                cpu()
            })
        };
        let clients: Vec<_> = (0..CLIENTS as usize).map(client).collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    let (ours, wall) = (DURABLE as f64 / took.as_secs_f64(), DURABLE as f64 / start.elapsed().as_secs_f64());
    store.settle().unwrap();
    assert_eq!(store.stats().unwrap().days.iter().map(|day| day.records).sum::<u64>(), DURABLE);

    let naive = Naive::new(folder.path());
    let (start, before) = (Instant::now(), cpu());
    naive.fill(DURABLE);
    let theirs = DURABLE as f64 / (cpu() - before).as_secs_f64();
    eprintln!("wall time: {wall:.0} events/s against {:.0}", DURABLE as f64 / start.elapsed().as_secs_f64());
    row("acknowledge_vs_sqlite", ours / theirs, ours, theirs, "events/s");
}

/// Microseconds of CPU time for each event of a file, whose columns were taken apart before.
fn insert_lines(file: &Path) {
    let tenant = Tenant::new("acme").unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let events: Vec<StoredEvent> = text.lines().enumerate().map(|(n, line)| of_line(&tenant, n, line)).collect();
    let folder = tempfile::tempdir().unwrap();
    let naive = Naive::new(folder.path());
    let before = cpu();
    for batch in events.chunks(NAIVE_BATCH as usize) {
        naive.insert(batch);
    }
    let took = (cpu() - before).as_secs_f64() * 1e6 / events.len() as f64;
    println!("{}", serde_json::json!({"us_per_event": took}));
}

fn of_line(tenant: &Tenant, n: usize, line: &str) -> StoredEvent {
    let record: serde_json::Value = serde_json::from_str(line).unwrap();
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let id = u128::from_str_radix(&text("id").replace('-', ""), 16).unwrap().to_be_bytes();
    let session = record["session_id"].as_str().map(str::to_owned);
    StoredEvent {
        id,
        timestamp: START + i64::try_from(n).unwrap() * 1_000,
        channel: text("channel"),
        event: text("event"),
        user_id: session,
        record: line.to_owned(),
        ..event(tenant, 0, 1)
    }
}

/// The conventional design.
struct Naive(Connection);

impl Naive {
    fn new(folder: &Path) -> Self {
        let connection = Connection::open(folder.join("naive.db")).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;
                 CREATE TABLE events (id TEXT PRIMARY KEY, tenant TEXT, ts INTEGER, channel TEXT, event TEXT, user_id TEXT,
                     record TEXT);
                 CREATE INDEX by_time ON events (tenant, ts);
                 CREATE INDEX by_name ON events (tenant, event, ts);
                 CREATE INDEX by_user ON events (tenant, user_id);",
            )
            .unwrap();
        Self(connection)
    }

    fn fill(&self, count: u64) {
        let tenant = Tenant::new("acme").unwrap();
        for first in (0..count).step_by(NAIVE_BATCH as usize) {
            let events: Vec<_> = (first..(first + NAIVE_BATCH).min(count)).map(|n| event(&tenant, n, count)).collect();
            self.insert(&events);
        }
    }

    fn insert(&self, events: &[StoredEvent]) {
        let transaction = self.0.unchecked_transaction().unwrap();
        let mut insert = transaction.prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)").unwrap();
        for event in events {
            let id = format!("{:032x}", u128::from_be_bytes(event.id));
            let row = params![id, "acme", event.timestamp, event.channel, event.event, event.user_id, event.record];
            insert.execute(row).unwrap();
        }
        drop(insert);
        transaction.commit().unwrap();
    }
}

/// A million events: how fast they come in, what they take, and how fast questions about them are answered.
fn questions(count: u64) {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path(), r#"{"ingest_log":false,"max_past_days":36500}"#);
    let tenant = Tenant::new("acme").unwrap();
    let (mut took, mut wall) = (Duration::ZERO, Duration::ZERO);
    for first in (0..count).step_by(BATCH as usize) {
        let events: Vec<_> = (first..(first + BATCH).min(count)).map(|n| event(&tenant, n, count)).collect();
        let (start, before) = (Instant::now(), cpu());
        store.events().append(&events).unwrap();
        took += cpu() - before;
        wall += start.elapsed();
    }
    eprintln!("wall time: {:.0} rows/s", count as f64 / wall.as_secs_f64());
    let per_second = count as f64 / took.as_secs_f64();
    row("indexer_rows_per_s", per_second, per_second, 1.0, "rows/s");
    store.events().vacuum().unwrap();
    let bytes: u64 = store.stats().unwrap().days.iter().map(|day| day.bytes).sum();
    let a_row = bytes as f64 / count as f64;
    row("bytes_per_row", a_row, a_row, text(1, count).len() as f64, "bytes");

    let naive = Naive::new(folder.path());
    naive.fill(count);
    let range = r#""start_time":"2026-10-01T00:00:00Z","end_time":"2026-11-01T00:00:00Z""#;
    let figures = r#""field":"/payload/duration_ms","aggregations":["avg","p95"],"interval":"1h""#;
    let one = format!(r#"{{{range},{figures},"event":"request_7"}}"#);
    let ours = milliseconds(ROUNDS, || write_to_every_day(&store), || drop(aggregate(&store, &one)));
    let sql = "SELECT ts / 3600000000 AS hour, avg(record ->> '$.payload.duration_ms') FROM events
               WHERE tenant = 'acme' AND event = 'request_7' GROUP BY hour";
    // Averages only: SQLite as it is built has no percentile.
    let theirs = milliseconds(3, || (), || assert!(rows(&naive.0, sql) > 0));
    row("aggregate_1m", ours, ours, theirs, "ms");

    let all = format!(r#"{{{range},{figures},"group_by":["event"],"limit":20000}}"#);
    let ours = milliseconds(3, || write_to_every_day(&store), || drop(aggregate(&store, &all)));
    let again = milliseconds(3, || (), || drop(aggregate(&store, &all)));
    let sql = "SELECT event, ts / 3600000000 AS hour, avg(record ->> '$.payload.duration_ms') FROM events
               WHERE tenant = 'acme' GROUP BY event, hour";
    let theirs = milliseconds(1, || (), || assert!(rows(&naive.0, sql) > 0));
    row("aggregate_1m_all_series", ours, ours, theirs, "ms");
    row("aggregate_1m_asked_again", again, again, ours, "ms");

    let mut n = 0_u64;
    let mut name = || {
        n += 1;
        let user = mixed(n) % USERS;
        format!("[hash:{:032x}]", u128::from(user) * 0x0123_4567_89ab_cdef_0123_4567_89ab)
    };
    let ours = milliseconds(3, || (), || assert!(store.events().delete_user(&tenant, &[name()]).unwrap() > 0));
    let theirs = milliseconds(
        3,
        || (),
        || {
            assert!(
                naive.0.execute("DELETE FROM events WHERE tenant = 'acme' AND user_id = ?1", [name()]).unwrap() > 0
            );
        },
    );
    row("delete_user", ours, ours, theirs, "ms");

    let start = Instant::now();
    assert_eq!(store.events().drop_before(Day::parse("2026-10-02").unwrap()).unwrap(), 1);
    let ours = start.elapsed().as_secs_f64() * 1e3;
    let start = Instant::now();
    naive.0.execute("DELETE FROM events WHERE ts < ?1", [START + DAY]).unwrap();
    row("drop_day", ours, ours, start.elapsed().as_secs_f64() * 1e3, "ms");
}

/// Ends whatever the store remembers of its days' answers.
fn write_to_every_day(store: &Store) {
    /// More than anybody writes into a day here.
    const A_DAY: u64 = 1_000;
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let (tenant, n) = (Tenant::new("another").unwrap(), WRITTEN.fetch_add(1, Ordering::Relaxed));
    let events: Vec<_> = (0..DAYS).map(|day| event(&tenant, day * A_DAY + n, DAYS * A_DAY)).collect();
    store.events().append(&events).unwrap();
}

fn aggregate(store: &Store, spec: &str) -> String {
    let answer = store.tenant("acme").unwrap().aggregate(&AggregateSpec::from_json(spec).unwrap()).unwrap();
    assert!(!answer.buckets.is_empty());
    answer.to_json()
}

fn rows(connection: &Connection, sql: &str) -> usize {
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut count = 0;
    while rows.next().unwrap().is_some() {
        count += 1;
    }
    count
}

/// The median of some rounds, each of which is prepared first.
fn milliseconds(rounds: usize, prepare: impl Fn(), mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            prepare();
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}
