//! Some records are erased, and the others stay, whatever happens on the way.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::super::clock::tests::VirtualTime;
use super::super::erase::Erased;
use super::simulated::{Fault, SimulatedDisk};
use super::{WEEK, append, drain, open, open_at, options, record, texts};

fn is_even(text: &[u8]) -> bool {
    let digits = &text[br#"{"n":""#.len()..][..5];
    digits.last().is_some_and(|digit| digit.is_multiple_of(2))
}

fn odd_is_nowhere(disk: &SimulatedDisk, numbers: std::ops::Range<usize>) {
    let bytes: Vec<u8> = disk.names().iter().flat_map(|name| disk.bytes(name)).collect();
    for n in numbers.filter(|n| n % 2 == 1) {
        let text = record(n);
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{n}");
    }
}

#[test]
fn what_goes_is_nowhere_and_the_rest_is_read_in_order_once() {
    let disk = SimulatedDisk::default();
    let log = open(&disk, &options()).unwrap();
    append(&log, 0..100);
    let chunk = log.read(10, usize::MAX).unwrap();
    log.acknowledge(chunk.end);
    let (result, erased) = log.erase(&is_even);
    result.unwrap();
    assert_eq!(erased, Erased { gone: 45, moved: 45, corrupt: 0 });
    odd_is_nowhere(&disk, 0..100);
    append(&log, 100..103);
    assert_eq!(log.pending(), 48);
    drop(log);
    let log = open(&disk, &options()).unwrap();
    assert_eq!(drain(&log), (texts((10..100).step_by(2).chain(100..103)), 0, 0));
}

#[test]
fn what_was_read_and_not_acknowledged_is_read_again() {
    let disk = SimulatedDisk::default();
    let log = open(&disk, &options()).unwrap();
    append(&log, 0..20);
    let chunk = log.read(10, usize::MAX).unwrap();
    log.erase(&is_even).0.unwrap();
    assert_eq!(log.acknowledge(chunk.end), 0, "it has another number now");
    assert_eq!(drain(&log).0, texts((0..20).step_by(2)));
}

#[test]
fn the_rest_keeps_its_age() {
    let (disk, time) = (SimulatedDisk::default(), Arc::new(VirtualTime::new()));
    let log = open_at(&disk, &options(), &time).unwrap();
    append(&log, 0..10);
    time.pass(WEEK / 2);
    append(&log, 10..20);
    log.erase(&is_even).0.unwrap();
    time.pass(WEEK / 2 + Duration::from_secs(1));
    assert_eq!(drain(&log), (texts((10..20).step_by(2)), 0, 5));
}

#[test]
fn a_death_or_a_power_loss_at_any_step_loses_nothing_that_stays() {
    let filled = || {
        let disk = SimulatedDisk::default();
        append(&open(&disk, &options()).unwrap(), 0..100);
        disk
    };
    let all = {
        let disk = filled();
        let before = disk.steps();
        open(&disk, &options()).unwrap().erase(&is_even).0.unwrap();
        disk.steps() - before
    };
    assert!(all > 10);
    for step in 0..=all {
        for power in [None, Some(1), Some(2), Some(3)] {
            let disk = filled();
            disk.inject(Some(Fault::DeathAt(disk.steps() + step)));
            if let Ok(log) = open(&disk, &options()) {
                let _ = log.erase(&is_even);
            }
            let disk = power.map_or_else(|| disk.after_death(), |seed| disk.after_power_loss(seed));
            let log = open(&disk, &options()).unwrap();
            log.erase(&is_even).0.unwrap();
            odd_is_nowhere(&disk, 0..100);
            let (read, corrupt, expired) = drain(&log);
            // Some may be there twice; their ids are the same.
            let read: BTreeSet<String> = read.into_iter().collect();
            let stay: BTreeSet<String> = texts((0..100).step_by(2)).into_iter().collect();
            assert_eq!((read, corrupt, expired), (stay, 0, 0), "step {step}, power {power:?}");
        }
    }
}
