//! Room, age and the faults of a disk.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use super::super::clock::tests::VirtualTime;
use super::super::{Failure, Losses, Options};
use super::simulated::{Fault, SimulatedDisk};
use super::{WEEK, append, drain, open, open_at, options, record, texts};

const DAY: Duration = Duration::from_hours(24);

#[test]
fn ten_times_the_bound_drops_the_oldest_and_keeps_the_bound() {
    let disk = SimulatedDisk::default();
    let small = Options { max_bytes: 20_000, segment_bytes: 2_000, ..options() };
    let log = open(&disk, &small).unwrap();
    let mut count = 0;
    while count * record(0).len() < 10 * 20_000 {
        append(&log, count..count + 1);
        count += 1;
        let bytes: usize = disk.names().iter().map(|name| disk.bytes(name).len()).sum();
        assert!(bytes <= 20_000 + 2_000, "{bytes}");
    }
    let lost = log.take_losses();
    let (read, corrupt, expired) = drain(&log);
    assert_eq!((lost.full + read.len() as u64, corrupt, expired), (count as u64, 0, 0));
    assert_eq!(read, texts(count - read.len()..count), "the newest stay");
}

#[test]
fn what_falls_to_the_bound_while_it_is_sent_is_counted_once() {
    let disk = SimulatedDisk::default();
    let small = Options { max_bytes: 6_000, segment_bytes: 1_000, ..options() };
    let log = open(&disk, &small).unwrap();
    append(&log, 0..10);
    let sent = log.read(4, usize::MAX).unwrap();
    append(&log, 10..200);
    assert_eq!(log.take_losses(), Losses::default(), "not while somebody reads");
    // Delivered after all.
    log.acknowledge(sent.end);
    log.persist(None).unwrap();
    let lost = log.take_losses().full;
    let again = log.read(4, usize::MAX).unwrap();
    append(&log, 200..400);
    // Not delivered: it is gone from the disk, too.
    log.release();
    drop(again);
    let lost = lost + log.take_losses().full;
    assert_eq!(4 + lost + drain(&log).0.len() as u64, 400);
}

#[test]
fn what_falls_to_the_bound_while_part_of_it_is_sent_is_counted_once() {
    let disk = SimulatedDisk::default();
    let small = Options { max_bytes: 6_000, segment_bytes: 1_000, ..options() };
    let log = open(&disk, &small).unwrap();
    append(&log, 0..10);
    let sent = log.read(4, usize::MAX).unwrap();
    let arrived = log.acknowledge(sent.ends[1]);
    append(&log, 10..200);
    assert_eq!(log.take_losses(), Losses::default(), "the other half is on its way");
    let arrived = arrived + log.acknowledge(sent.end);
    assert_eq!(arrived, 4);
    assert_eq!(arrived + log.take_losses().full + drain(&log).0.len() as u64, 200);
}

#[test]
fn what_others_keep_counts_against_the_bound() {
    let disk = SimulatedDisk::default();
    let shared = Options { max_bytes: 20_000, segment_bytes: 1_000, elsewhere: Some(Arc::new(|| 15_000)), ..options() };
    let log = open(&disk, &shared).unwrap();
    append(&log, 0..400);
    assert!(log.bytes() <= 6_000, "{}", log.bytes());
}

#[test]
fn the_smallest_segments_lose_nothing_over_many_turns() {
    let disk = SimulatedDisk::default();
    let log = open(&disk, &Options { segment_bytes: 1, ..options() }).unwrap();
    for turn in 0..300 {
        append(&log, turn * 3..turn * 3 + 3);
        assert_eq!(drain(&log), (texts(turn * 3..turn * 3 + 3), 0, 0));
    }
    assert!(disk.names().len() <= 2, "{:?}", disk.names());
}

#[test]
fn the_last_numbers_are_used_up_without_a_turn() {
    let disk = SimulatedDisk::default();
    let position = super::super::position::Position { acknowledged: u64::MAX - 2, note: None };
    disk.put("acknowledged.json", position.encode());
    let log = open(&disk, &options()).unwrap();
    append(&log, 0..2);
    assert_eq!(log.append(&[record(2)]), Err(Failure::Exhausted));
    assert_eq!(drain(&log).0, texts(0..2));
}

#[test]
fn what_is_too_old_is_never_read_also_where_nobody_looked_for_long() {
    let (disk, time) = (SimulatedDisk::default(), Arc::new(VirtualTime::new()));
    let log = open_at(&disk, &options(), &time).unwrap();
    append(&log, 0..3);
    time.pass(DAY);
    append(&log, 3..5);
    time.pass(6 * DAY);
    append(&log, 5..6);
    time.pass(Duration::from_secs(1));
    assert_eq!(drain(&log), (texts(3..6), 0, 3));
    append(&log, 6..9);
    std::mem::forget(log);
    time.pass(WEEK + DAY);
    assert_eq!(drain(&open_at(&disk, &options(), &time).unwrap()), (vec![], 0, 3));
}

#[test]
fn what_is_too_old_leaves_the_disk_without_being_read() {
    let (disk, time) = (SimulatedDisk::default(), Arc::new(VirtualTime::new()));
    let log = open_at(&disk, &Options { segment_bytes: 400, ..options() }, &time).unwrap();
    append(&log, 0..30);
    time.pass(WEEK + DAY);
    log.expire();
    assert_eq!((log.take_losses(), log.pending(), log.bytes()), (Losses { expired: 30, ..Losses::default() }, 0, 0));
    append(&log, 30..31);
    assert_eq!(drain(&log), (texts(30..31), 0, 0));
}

#[test]
fn a_clock_that_is_set_expires_nothing_in_a_living_process_and_a_day_costs_a_day() {
    for days in [-1_i64, 1, 10_000] {
        let (disk, time) = (SimulatedDisk::default(), Arc::new(VirtualTime::new()));
        let log = open_at(&disk, &options(), &time).unwrap();
        append(&log, 0..3);
        let wall = super::Time::wall_ms(time.as_ref());
        time.set_wall_ms(wall.saturating_add_signed(days * 86_400_000));
        log.expire();
        append(&log, 3..4);
        assert_eq!(drain(&log), (texts(0..4), 0, 0), "{days} days");
    }
    for days in [-1_i64, 1] {
        let (disk, time) = (SimulatedDisk::default(), Arc::new(VirtualTime::new()));
        let log = open_at(&disk, &options(), &time).unwrap();
        append(&log, 0..3);
        std::mem::forget(log);
        let wall = super::Time::wall_ms(time.as_ref());
        time.set_wall_ms(wall.saturating_add_signed(days * 86_400_000));
        assert_eq!(drain(&open_at(&disk, &options(), &time).unwrap()), (texts(0..3), 0, 0), "{days} days");
    }
}

#[test]
fn a_full_disk_costs_only_what_comes_while_it_is_full() {
    let disk = SimulatedDisk::default();
    let log = open(&disk, &options()).unwrap();
    append(&log, 0..5);
    let used: usize = disk.names().iter().map(|name| disk.bytes(name).len()).sum();
    for room in 0..200 {
        disk.inject(Some(Fault::Room(used + room)));
        let written = log.append(&[record(5), record(6), record(7), record(8)]);
        assert!(written == Err(Failure::Full) || room > 150, "{room}: {written:?}");
        if written.is_ok() {
            break;
        }
    }
    disk.inject(None);
    append(&log, 9..10);
    let read = drain(&log).0;
    assert_eq!((&read[..5], read.last()), (&texts(0..5)[..], Some(&record(9))));
}

#[test]
fn a_step_that_fails_is_reported_and_what_was_written_before_and_after_is_there() {
    for kind in [ErrorKind::Other, ErrorKind::StorageFull, ErrorKind::PermissionDenied] {
        for step in 1..14 {
            let disk = SimulatedDisk::default();
            let log = open(&disk, &Options { segment_bytes: 250, ..options() }).unwrap();
            append(&log, 0..2);
            disk.inject(Some(Fault::FailAt(disk.steps() + step, kind)));
            let told: Vec<usize> = (2..8).filter(|n| log.append(&[record(*n)]).is_ok()).collect();
            assert!(told.len() >= 5, "one step fails at most one append");
            std::mem::forget(log);
            for disk in [disk.after_death(), disk.after_power_loss(step as u64)] {
                let read = drain(&open(&disk, &options()).unwrap()).0;
                let told: Vec<String> = texts((0..2).chain(told.iter().copied()));
                assert!(told.iter().all(|record| read.contains(record)), "{step} {kind:?}: {read:?}");
            }
        }
    }
}

#[test]
fn an_append_that_cannot_be_one_frame_is_refused_and_harms_nobody() {
    let log = open(&SimulatedDisk::default(), &options()).unwrap();
    assert_eq!(log.append(&[vec![0; 9 << 20]]), Err(Failure::TooLarge));
    append(&log, 0..2);
    assert_eq!(drain(&log).0, texts(0..2));
}

#[test]
fn a_wipe_leaves_nothing_and_the_log_goes_on() {
    let disk = SimulatedDisk::default();
    let log = open(&disk, &Options { segment_bytes: 300, ..options() }).unwrap();
    append(&log, 0..20);
    disk.put("00000000000000000099.segment.quarantined", b"canary".to_vec());
    let read = log.read(3, usize::MAX).unwrap();
    log.wipe().unwrap();
    assert_eq!(disk.names(), ["acknowledged.json"]);
    assert_eq!(log.acknowledge(read.end), 0, "it is gone, not delivered");
    assert_eq!((log.take_losses().wiped, log.pending()), (20, 0));
    append(&log, 20..22);
    assert_eq!(drain(&log).0, texts(20..22));
}
