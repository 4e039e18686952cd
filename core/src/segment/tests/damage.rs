//! Bytes that changed, ends that are missing, files that are none of ours.

use super::super::format::QUARANTINED;
use super::super::{Failure, Options, SealKey};
use super::simulated::SimulatedDisk;
use super::{append, drain, open, options, texts};

/// A disk with `count` records in frames of one record, all in one segment.
fn written(count: usize) -> (SimulatedDisk, String) {
    let disk = SimulatedDisk::default();
    let log = open(&disk, &options()).unwrap();
    append(&log, 0..count);
    std::mem::forget(log);
    let name = disk.names().into_iter().find(|name| name.ends_with(".segment")).unwrap();
    (disk, name)
}

fn with(disk: &SimulatedDisk, name: &str, bytes: Vec<u8>) -> SimulatedDisk {
    let disk = disk.after_death();
    disk.put(name, bytes);
    disk
}

#[test]
fn a_changed_byte_costs_the_record_in_which_it_stands_and_is_counted() {
    let (disk, name) = written(5);
    let bytes = disk.bytes(&name);
    let frame = (bytes.len() - 40) / 5;
    for i in 40..bytes.len() {
        let mut changed = bytes.clone();
        changed[i] ^= 0x41;
        let log = open(&with(&disk, &name, changed), &options()).unwrap();
        let bad = (i - 40) / frame;
        let (read, corrupt, _) = drain(&log);
        assert_eq!(read, texts((0..5).filter(|n| *n != bad)), "byte {i}");
        // Behind the last whole frame nothing says how much there was.
        assert_eq!(corrupt, u64::from(bad < 4), "byte {i}");
        assert_eq!(log.found.torn_bytes > 0, bad == 4, "byte {i}");
    }
}

#[test]
fn a_file_cut_at_any_length_keeps_what_is_whole_and_can_be_appended_to() {
    let (disk, name) = written(5);
    let bytes = disk.bytes(&name);
    let frame = (bytes.len() - 40) / 5;
    for length in 0..=bytes.len() {
        let cut = with(&disk, &name, bytes[..length].to_vec());
        let log = open(&cut, &options()).unwrap();
        let whole = length.saturating_sub(40) / frame;
        assert_eq!(log.pending(), whole as u64, "cut at {length}");
        append(&log, 7..8);
        drop(log);
        let log = open(&cut, &options()).unwrap();
        assert_eq!((log.found.torn_bytes, drain(&log)), (0, (texts((0..whole).chain([7])), 0, 0)), "cut at {length}");
    }
}

#[test]
fn a_hole_over_many_frames_costs_those_and_no_other() {
    let (disk, name) = written(20);
    let mut bytes = disk.bytes(&name);
    let frame = (bytes.len() - 40) / 20;
    bytes[40 + 3 * frame + 5..40 + 9 * frame + 5].fill(0);
    let log = open(&with(&disk, &name, bytes), &options()).unwrap();
    assert_eq!(drain(&log), (texts((0..3).chain(10..20)), 7, 0));
}

#[test]
fn a_segment_that_vanished_is_counted() {
    let disk = SimulatedDisk::default();
    let small = Options { segment_bytes: 600, ..options() };
    let log = open(&disk, &small).unwrap();
    append(&log, 0..30);
    std::mem::forget(log);
    let names: Vec<String> = disk.names().into_iter().filter(|name| name.ends_with(".segment")).collect();
    assert!(names.len() > 3);
    let disk = disk.after_death();
    super::super::disk::Disk::remove(&disk, &names[1]).unwrap();
    let log = open(&disk, &small).unwrap();
    let (read, corrupt, _) = drain(&log);
    assert_eq!(read.len() as u64 + corrupt, 30);
    assert!(corrupt > 1 && read.contains(&super::record(0)) && read.contains(&super::record(29)));
}

#[test]
fn a_file_that_is_no_segment_or_of_a_newer_format_is_set_aside_and_the_start_goes_on() {
    let (disk, name) = written(3);
    let mut newer = disk.bytes(&name);
    newer[8] = 9;
    let crc = crc32fast::hash(&newer[..36]);
    newer[36..40].copy_from_slice(&crc.to_le_bytes());
    let mut foreign = vec![b'x'; 100];
    foreign[..8].copy_from_slice(b"SQLite f");
    for (content, aside) in [(Vec::new(), 0), (foreign, 1), (newer, 1)] {
        let other = with(&disk, "00000000000000000099.segment", content.clone());
        let log = open(&other, &options()).unwrap();
        assert_eq!((log.found.quarantined, drain(&log).0), (aside, texts(0..3)));
        let kept: Vec<String> = other.names().into_iter().filter(|name| name.ends_with(QUARANTINED)).collect();
        assert_eq!(kept.len() as u64, aside);
        assert!(kept.iter().all(|kept| other.bytes(kept) == content), "kept as it was");
    }
}

#[test]
fn a_file_set_aside_never_takes_the_place_of_another() {
    let (disk, name) = written(1);
    let aside = format!("{name}{QUARANTINED}");
    disk.put(&aside, b"first".to_vec());
    let disk = with(&disk, &name, vec![b'x'; 50]);
    open(&disk, &options()).unwrap();
    assert_eq!(disk.bytes(&aside), b"first");
    assert_eq!(disk.names().iter().filter(|name| name.ends_with(QUARANTINED)).count(), 2);
}

#[test]
fn a_lost_position_means_that_records_are_read_once_more() {
    let (disk, _) = written(5);
    let log = open(&disk, &options()).unwrap();
    assert_eq!(log.read(2, usize::MAX).unwrap().records.len(), 2);
    log.acknowledge(3);
    log.persist(None).unwrap();
    std::mem::forget(log);
    assert_eq!(drain(&open(&disk.after_death(), &options()).unwrap()).0, texts(2..5));
    let lost = with(&disk, "acknowledged.json", b"{}".to_vec());
    assert_eq!(drain(&open(&lost, &options()).unwrap()).0, texts(0..5));
}

#[test]
fn what_is_sealed_is_read_with_its_key_only_and_waits_for_it_untouched() {
    let key = |c: &str| SealKey::from_base64(&format!("{}=", c.repeat(43)));
    let sealed = |key| Options { key, ..options() };
    let disk = SimulatedDisk::default();
    let log = open(&disk, &sealed(key("E"))).unwrap();
    append(&log, 0..3);
    std::mem::forget(log);
    let before = disk.names();
    for other in [None, key("I")] {
        assert_eq!(open(&disk, &sealed(other)).err(), Some(Failure::OtherKey));
    }
    assert_eq!(disk.names(), before);
    assert!(before.iter().all(|name| !disk.bytes(name).windows(4).any(|window| window == b"\"n\":")));
    assert_eq!(drain(&open(&disk, &sealed(key("E"))).unwrap()).0, texts(0..3));
}

#[test]
fn a_key_can_be_introduced_where_records_wait_in_the_clear() {
    let (disk, _) = written(3);
    let key = SealKey::from_base64(&format!("{}=", "E".repeat(43)));
    let log = open(&disk, &Options { key, ..options() }).unwrap();
    append(&log, 3..5);
    assert_eq!(drain(&log).0, texts(0..5));
}
