//! A client for a long time among faults that a seed chooses: the books balance and nothing grows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::server::{ACCEPTED, Answer, Server};
use super::{PATIENCE, client, record, stats};

/// How long; `make soak` sets it.
const SECONDS: &str = "SCRUBJAY_TEST_SOAK_SECONDS";
/// Where the faults begin; printed, so that a run can be had again.
const SEED: &str = "SCRUBJAY_TEST_SOAK_SEED";

/// As long as it takes to see every fault many times.
const SHORT: u64 = 20;

/// Memory may grow by this beyond what the first seconds used: the queue and what the allocator keeps.
#[cfg(target_os = "linux")]
const MAX_GROWTH: u64 = 16 << 20;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Resident bytes and open files.
#[cfg(target_os = "linux")]
fn usage() -> (u64, u64) {
    let pages: u64 = std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    (pages * 4_096, std::fs::read_dir("/proc/self/fd").unwrap().count() as u64)
}

#[test]
fn the_books_balance_over_restarts_and_outages() {
    let (seconds, seed) = (number(SECONDS, SHORT), number(SEED, 2_026));
    println!("soak: {seconds} s, seed {seed}");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("spool").to_str().unwrap().to_owned();
    let dice = Arc::new(Mutex::new(Dice(seed)));
    let outage = Arc::new(AtomicU64::new(0));
    let server = {
        let (dice, outage) = (Arc::clone(&dice), Arc::clone(&outage));
        Server::start(move |_| {
            if outage.load(Ordering::SeqCst) == 1 {
                return Answer::Status(503, "");
            }
            match dice.lock().unwrap().below(20) {
                0 => Answer::HangUp,
                1 => Answer::Status(503, "retry-after: 0\r\n"),
                2 => Answer::Status(400, ""),
                3 => Answer::Status(413, ""),
                4 => Answer::Refusing(1),
                5 => Answer::Body("<html>".to_owned()),
                _ => ACCEPTED,
            }
        })
    };
    let open = |durable| {
        client(&server.endpoint(), |config| {
            config.spool.dir = Some(folder.clone());
            config.spool.max_bytes = 256 << 10;
            config.durable = durable;
            config.flush_interval_ms = 20;
            config.retry_max_attempts = 2;
            config.queue_max_items = 500;
        })
    };
    let begin = Instant::now();
    let until = begin + Duration::from_secs(seconds);
    let (mut total, mut made, mut lives): (BTreeMap<String, u64>, u64, u64) = (BTreeMap::new(), 0, 0);
    #[cfg(target_os = "linux")]
    let mut first = None;
    let (mut left, mut before, mut late) = (0, Value::Null, 0);
    while Instant::now() < until {
        let durable = dice.lock().unwrap().below(2) == 0;
        let life = open(durable);
        let rounds = 5 + dice.lock().unwrap().below(40);
        for _ in 0..rounds {
            outage.store(u64::from(dice.lock().unwrap().below(4) == 0), Ordering::SeqCst);
            let burst = dice.lock().unwrap().below(if durable { 60 } else { 900 });
            for _ in 0..burst {
                life.track(&record(usize::try_from(made % 10_000).unwrap()));
                made += 1;
            }
            if dice.lock().unwrap().below(3) == 0 {
                life.flush(Duration::from_millis(30));
            }
            stats(&life);
            server.rest();
        }
        let (ending, time) = (Instant::now(), Duration::from_secs(2));
        let is_all_kept = life.shutdown(time);
        assert!(is_all_kept || ending.elapsed() >= time, "nothing is given up while there is time");
        // On a busy disk it may have given up waiting: what the worker does until it ends is in the books then.
        life.shutdown(PATIENCE);
        let books = stats(&life);
        let count = |name: &str| books[name].as_u64().unwrap();
        let given_up = books["dropped"]["shutdown"].as_u64().unwrap();
        assert_eq!(is_all_kept, given_up == 0, "who is told that all is kept finds all: {books}");
        // What was given up and reached the disk all the same is found as well.
        let found = count("recovered").checked_sub(left).filter(|found| *found <= given_up);
        let found = found.unwrap_or_else(|| panic!("what one life left the next one finds: {before} then {books}"));
        late += found;
        left = count("pending");
        assert_eq!(count("spooled"), left);
        for (name, count) in flat(&books) {
            *total.entry(name).or_default() += count;
        }
        before = books;
        lives += 1;
        drop(life);
        #[cfg(target_os = "linux")]
        if begin.elapsed() > Duration::from_secs(seconds / 4) && first.is_none() {
            first = Some(usage());
        }
    }
    outage.store(0, Ordering::SeqCst);
    let last = open(false);
    // The faults go on: what is retried comes through in the end.
    while !last.flush(PATIENCE) {}
    for (name, count) in flat(&stats(&last)) {
        *total.entry(name).or_default() += count;
    }
    assert!(last.shutdown(PATIENCE));
    let of = |name: &str| total.get(name).copied().unwrap_or(0);
    let dropped: u64 = total.iter().filter(|(name, _)| name.starts_with("dropped.")).map(|(_, count)| count).sum();
    println!("soak: {lives} lives, {made} records, {late} kept late: {total:?}");
    assert_eq!(of("accepted") - of("recovered"), made, "every record is accounted for");
    assert_eq!(made + late, of("delivered") + dropped, "those kept late were given up first, and delivered then");
    assert_eq!(of("dropped.corrupt"), 0);
    #[cfg(target_os = "linux")]
    if let Some((bytes, files)) = first {
        let now = usage();
        println!("soak: {} KiB resident, {} files; a quarter in {} KiB, {files}", now.0 >> 10, now.1, bytes >> 10);
        // Other tests of this process have their part in both, unless it runs alone.
        assert!(seconds <= SHORT || (now.0 < bytes + MAX_GROWTH && now.1 <= files + 8));
    }
}

/// The counts of the books, those of reasons under their section's name.
fn flat(books: &Value) -> Vec<(String, u64)> {
    let of = |value: &Value, prefix: &str| -> Vec<(String, u64)> {
        let members = value.as_object().unwrap().iter();
        members.filter_map(|(name, count)| Some((format!("{prefix}{name}"), count.as_u64()?))).collect()
    };
    let mut all = of(&books["dropped"], "dropped.");
    all.extend(of(books, "").into_iter().filter(|(name, _)| name != "pending" && name != "spooled"));
    all
}

/// As many records as a busy service makes.
#[cfg(target_os = "linux")]
const PER_SECOND: u64 = 1_000;

#[cfg(target_os = "linux")]
#[test]
fn an_outage_costs_neither_memory_nor_more_disk_than_is_allowed() {
    const CAP: u64 = 4 << 20;
    /// A segment is a sixteenth of the cap, and one is written while another goes.
    const ROOM: u64 = CAP / 8;
    let seconds = if std::env::var_os(SECONDS).is_some() { number(SECONDS, SHORT) } else { 2 };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_| Answer::Silence);
    let client = client(&server.endpoint(), |config| {
        config.spool.dir = Some(folder.path().join("spool").to_str().unwrap().to_owned());
        config.spool.max_bytes = u32::try_from(CAP).unwrap();
        config.request_timeout_ms = 500;
        config.retry_max_attempts = 2;
        config.flush_interval_ms = 1_000;
    });
    let (begin, length) = (Instant::now(), Duration::from_secs(seconds));
    let (mut made, mut first) = (0, None);
    while begin.elapsed() < length {
        let due = u64::try_from(begin.elapsed().as_millis()).unwrap() * PER_SECOND / 1_000;
        while made < due {
            // Text that does not compress well, so that the cap is reached.
            let noise = (0..12).map(|n| format!("{:016x}", (made + n).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            let text = format!(
                r#"{{"channel":"app","event":"e","timestamp":"2026-01-02T03:04:05Z","payload":{{"noise":"{}"}}}}"#,
                noise.collect::<Vec<_>>().join(" ")
            );
            assert!(client.track(text.as_bytes()));
            made += 1;
        }
        server.rest();
        if begin.elapsed() > length / 4 && first.is_none() {
            first = Some(usage());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let (before, after) = (first.unwrap(), usage());
    let books = stats(&client);
    let on_disk: u64 = walk(folder.path());
    println!("soak: outage of {seconds} s, {made} records: {} MiB on disk, {books}", on_disk >> 20);
    println!("soak: {} KiB resident; a quarter in {} KiB", after.0 >> 10, before.0 >> 10);
    assert_eq!(books["accepted"], made);
    assert!(on_disk <= CAP + ROOM, "{on_disk}");
    assert!(seconds <= SHORT || after.0 < before.0 + MAX_GROWTH);
    let since = Instant::now();
    client.shutdown(Duration::from_secs(1));
    // A busy machine may schedule this thread late.
    assert!(since.elapsed() < Duration::from_millis(1_500), "{:?}", since.elapsed());
}

/// Bytes of all files below a folder.
#[cfg(target_os = "linux")]
fn walk(folder: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { walk(&path) } else { path.metadata().map_or(0, |data| data.len()) }).sum()
}
