//! The log on simulated and real disks.

mod bounds;
mod damage;
mod erasing;
mod golden;
mod groups;
mod places;
mod power;
mod simulated;
mod speed;

use std::sync::Arc;
use std::time::Duration;

use super::clock::tests::VirtualTime;
use super::disk::Disk;
use super::{Failure, Log, Options, Time};

const WEEK: Duration = Duration::from_hours(7 * 24);

fn options() -> Options {
    Options { segment_bytes: 4 << 10, max_bytes: 1 << 20, max_age: Some(WEEK), key: None, elsewhere: None }
}

fn open(disk: &(impl Disk + Clone + 'static), options: &Options) -> Result<Log, Failure> {
    open_at(disk, options, &Arc::new(VirtualTime::new()))
}

fn open_at(disk: &(impl Disk + Clone + 'static), options: &Options, time: &Arc<VirtualTime>) -> Result<Log, Failure> {
    Log::open(Arc::new(disk.clone()), Arc::clone(time) as Arc<dyn Time>, options.clone())
}

/// A record that tells which it is.
fn record(n: usize) -> String {
    format!(r#"{{"n":"{n:05}","pad":"{:016x}"}}"#, n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn append(log: &Log, numbers: std::ops::Range<usize>) {
    for n in numbers {
        log.append(&[record(n)]).unwrap();
    }
}

/// Everything that waits, read and acknowledged, with what was passed over: (texts, corrupt, expired).
fn drain(log: &Log) -> (Vec<String>, u64, u64) {
    let (mut texts, mut corrupt, mut expired) = (Vec::new(), 0, 0);
    while let Some(chunk) = log.read(7, usize::MAX) {
        texts.extend(chunk.records.into_iter().map(|record| String::from_utf8(record).unwrap()));
        corrupt += chunk.corrupt;
        expired += chunk.expired;
        log.acknowledge(chunk.end);
        log.persist(None).unwrap();
    }
    assert_eq!(log.pending(), 0);
    (texts, corrupt, expired)
}

fn texts(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(record).collect()
}
