//! Many threads at once.

use std::collections::BTreeSet;
use std::thread;

use super::simulated::SimulatedDisk;
use super::{drain, open, options, record, texts};

#[test]
fn threads_that_append_at_once_share_syncs_and_lose_nothing() {
    let disk = SimulatedDisk::default();
    let log = open(&disk, &options()).unwrap();
    let (threads, each) = (8, 200);
    let sequence: BTreeSet<u64> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|t| {
                let log = &log;
                scope.spawn(move || (0..each).map(|i| log.append(&[record(t * each + i)]).unwrap()).collect::<Vec<_>>())
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    assert_eq!(sequence, (1..=(threads * each) as u64).collect(), "each record has a number of its own");
    let read: BTreeSet<String> = drain(&log).0.into_iter().collect();
    assert_eq!(read, texts(0..threads * each).into_iter().collect());
}

#[test]
fn a_reader_beside_writers_sees_each_record_once() {
    let log = open(&SimulatedDisk::default(), &options()).unwrap();
    thread::scope(|scope| {
        for t in 0..4 {
            let log = &log;
            scope.spawn(move || (0..300).for_each(|i| assert!(log.append(&[record(t * 300 + i)]).is_ok())));
        }
        let mut seen = Vec::new();
        while seen.len() < 1_200 {
            if let Some(chunk) = log.read(50, usize::MAX) {
                assert_eq!(chunk.corrupt, 0);
                seen.extend(chunk.records.iter().map(|record| String::from_utf8(record.clone()).unwrap()));
                log.acknowledge(chunk.end);
                log.persist(None).unwrap();
            }
        }
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!((distinct.len(), distinct), (1_200, texts(0..1_200).into_iter().collect()));
    });
}

#[test]
fn a_chunk_ends_at_its_count_or_bytes_and_can_be_acknowledged_in_part() {
    let log = open(&SimulatedDisk::default(), &options()).unwrap();
    let batch: Vec<String> = texts(0..10);
    log.append(&batch).unwrap();
    let chunk = log.read(4, usize::MAX).unwrap();
    assert_eq!((chunk.records.len(), &chunk.ends[..], chunk.end), (4, &[2, 3, 4, 5][..], 5));
    log.acknowledge(chunk.ends[1]);
    log.persist(None).unwrap();
    let chunk = log.read(100, 1).unwrap();
    assert_eq!(chunk.records, [record(2).into_bytes()], "at least one");
    log.release();
    assert_eq!(log.read(100, usize::MAX).unwrap().records.len(), 8);
}

#[test]
fn a_record_in_parts_comes_back_as_one() {
    let log = open(&SimulatedDisk::default(), &options()).unwrap();
    let records: [[&[u8]; 3]; 2] = [[b"a", b"\n", b"bc"], [b"", b"d", b""]];
    assert_eq!(log.append_in_parts(records.into_iter()), Ok(1));
    assert_eq!(drain(&log).0, ["a\nbc", "d"]);
}
