use super::*;

const BATCH: Bounds = Bounds { items: 100, bytes: 1_000 };

fn queue(items: usize, bytes: usize) -> Queue {
    Queue::new(Bounds { items, bytes })
}

fn push_in(queue: &mut Queue, seq: u64, bytes: usize, batch: Bounds) -> u64 {
    let text = "x".repeat(bytes);
    // The time of capture stands for the record's position.
    let record = Captured { form: Form::Compact, at: i64::try_from(seq).unwrap(), bytes: text.as_bytes() };
    queue.push(seq, record, Instant::now, batch)
}

fn push(queue: &mut Queue, seq: u64, bytes: usize) -> u64 {
    push_in(queue, seq, bytes, BATCH)
}

fn items(chunks: &[Chunk]) -> usize {
    chunks.iter().map(|chunk| chunk.records().count()).sum()
}

fn waiting(queue: &Queue) -> Vec<i64> {
    queue.chunks.iter().flat_map(Chunk::records).map(|(record, _)| record.at).collect()
}

#[test]
fn a_record_comes_out_as_it_went_in() {
    let mut queue = queue(100, 1_000);
    let long = [7; 300];
    let records = [
        Captured { form: Form::Json, at: -1, bytes: b"{}" },
        Captured { form: Form::Compact, at: i64::MAX, bytes: &long },
        Captured { form: Form::Scrubbed, at: 0, bytes: b"" },
    ];
    for (seq, record) in (0..).zip(records) {
        assert_eq!(queue.push(seq, record, Instant::now, BATCH), 0);
    }
    let taken = queue.take(BATCH);
    assert_eq!(taken.iter().flat_map(Chunk::records).map(|(record, _)| record).collect::<Vec<_>>(), records);
}

#[test]
fn the_oldest_goes_when_there_are_too_many() {
    let mut queue = queue(3, 1_000);
    let gone: Vec<u64> = (0..5).map(|seq| push(&mut queue, seq, 1)).collect();
    assert_eq!((gone, waiting(&queue)), (vec![0, 0, 0, 1, 1], vec![2, 3, 4]));
}

#[test]
fn the_oldest_go_when_there_are_too_many_bytes() {
    let mut queue = queue(100, 10);
    (0..3).for_each(|seq| assert_eq!(push(&mut queue, seq, 3), 0));
    assert_eq!(push(&mut queue, 3, 6), 2);
    assert_eq!((waiting(&queue), queue.waiting()), (vec![2, 3], Load { items: 2, bytes: 9 }));
}

#[test]
fn a_record_larger_than_the_queue_displaces_nobody() {
    let mut queue = queue(100, 10);
    push(&mut queue, 0, 5);
    assert_eq!(push(&mut queue, 1, 11), 1);
    assert_eq!(waiting(&queue), [0]);
}

#[test]
fn what_is_in_flight_counts_against_both_bounds_and_stays() {
    let mut queue = queue(4, 10);
    (0..2).for_each(|seq| assert_eq!(push(&mut queue, seq, 4), 0));
    assert_eq!(items(&queue.take(BATCH)), 2);
    assert_eq!(push(&mut queue, 2, 2), 0);
    assert_eq!(push(&mut queue, 3, 1), 1);
    assert_eq!(push(&mut queue, 4, 3), 1);
    assert_eq!((waiting(&queue), queue.pending()), (vec![3], 3));
    queue.settle(Load { items: 2, bytes: 8 });
    assert_eq!((push(&mut queue, 5, 9), queue.pending()), (0, 2));
}

#[test]
fn a_batch_ends_at_its_bytes_but_is_never_empty() {
    let batch = Bounds { items: 10, bytes: 10 };
    let mut queue = queue(100, 1_000);
    [50, 4, 4, 4].iter().zip(0..).for_each(|(bytes, seq)| assert_eq!(push_in(&mut queue, seq, *bytes, batch), 0));
    let lengths: Vec<usize> = std::iter::repeat_with(|| items(&queue.take(batch))).take(4).collect();
    assert_eq!(lengths, [1, 2, 1, 0]);
}

#[test]
fn a_batch_is_many_chunks_where_a_chunk_is_less_than_a_batch() {
    let batch = Bounds { items: 100, bytes: 4 * CHUNK_BYTES };
    let mut queue = queue(100, 100 * CHUNK_BYTES);
    (0..8).for_each(|seq| assert_eq!(push_in(&mut queue, seq, CHUNK_BYTES - 1, batch), 0));
    assert_eq!([items(&queue.take(batch)), items(&queue.take(batch))], [4, 4]);
}

#[test]
fn memory_is_used_again_and_does_not_grow_while_the_oldest_go() {
    let mut queue = queue(50, 1 << 20);
    (0..100_000).for_each(|seq| _ = push(&mut queue, seq, 10));
    let held: usize = queue.chunks.iter().map(|chunk| chunk.bytes.capacity()).sum();
    assert_eq!(waiting(&queue), (99_950..100_000).collect::<Vec<_>>());
    assert!(held < 3 * CHUNK_BYTES && queue.spare_bytes <= SPARE_BYTES, "{held}");
}

#[test]
fn a_record_is_settled_only_when_it_left_queue_and_flight() {
    let mut queue = queue(100, 1_000);
    let batch = Bounds { items: 2, bytes: 100 };
    (0..4).for_each(|seq| assert_eq!(push_in(&mut queue, seq, 1, batch), 0));
    assert!(!queue.settled_before(2));
    queue.take(batch);
    assert!(!queue.settled_before(2));
    queue.settle(Load { items: 2, bytes: 2 });
    assert!(queue.settled_before(2) && !queue.settled_before(3));
    assert_eq!(queue.clear(), 2);
    assert!(queue.settled_before(u64::MAX));
}
