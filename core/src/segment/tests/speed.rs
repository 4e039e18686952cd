//! How fast the log is on this machine's disk. Prints; asserts nothing, for disks differ by a thousand times.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::super::{MachineTime, Options, Time, claim};
use super::options;

/// A record as long as an event is (400 to 900 bytes), and as compressible.
fn event(n: usize) -> String {
    format!(
        r#"{{"schema":"telemetry_event_v1","id":"0198c0de-{:04x}-7abc-8def-{n:012x}","timestamp":"2026-11-21T16:{:02}:{:02}.{:06}Z","channel":"checkout","event":"order.{}","session_id":"[hash:{:016x}]","context":{{"request_id":"{:032x}","route_name":"/api/v1/orders","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}},"payload":{{"amount_ms":{},"mail":"[email]","country":"de","items":{},"path":"/api/v1/orders/{}","ok":true}}}}"#,
        n & 0xffff,
        n / 60 % 60,
        n % 60,
        n % 1_000_000,
        n % 7,
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        n.wrapping_mul(0x2545_f491_4f6c_dd1d),
        n % 977,
        n % 13,
        n % 5_003
    )
}

#[test]
#[ignore = "measures: make soak runs it"]
fn append_throughput_and_latency() {
    let options = Options { segment_bytes: 64 << 20, max_bytes: 4 << 30, max_age: None, ..options() };
    for (threads, batch, appends) in
        [(1, 1, 300), (8, 1, 300), (64, 1, 60), (1, 100, 200), (1, 1_000, 100), (4, 1_000, 50)]
    {
        let root = tempfile::Builder::new().prefix("speed").tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let time: Arc<dyn Time> = Arc::new(MachineTime::new());
        let (log, _) = claim(&root.path().join("log"), &time, &options).unwrap();
        let records: Vec<String> = (0..batch).map(event).collect();
        let begin = Instant::now();
        let mut waits: Vec<Duration> = thread::scope(|scope| {
            let handles: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let measured = (0..appends).map(|_| {
                            let begin = Instant::now();
                            log.append(&records).unwrap();
                            begin.elapsed()
                        });
                        measured.collect::<Vec<_>>()
                    })
                })
                .collect();
            handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
        });
        let took = begin.elapsed();
        waits.sort_unstable();
        let records_per_s = 1_000_000 * (threads * appends * batch) as u128 / took.as_micros();
        let plain = (threads * appends * records.iter().map(String::len).sum::<usize>()) as u64;
        println!(
            "{threads:2} threads x {batch:4} records of {} bytes: {records_per_s:9} records/s, p50 {:?}, p99 {:?}, {} % of the size",
            records[0].len(),
            waits[waits.len() / 2],
            waits[waits.len() * 99 / 100],
            100 * log.bytes() / plain,
        );
    }
}
