//! The bounded queue between capture and worker, and what the worker has taken from it.
//!
//! Both bounds cover queued and in-flight records together: memory does not grow while a request hangs. When
//! full, the oldest queued record goes; what is in flight stays.

use std::collections::VecDeque;
use std::time::Instant;

use crate::client::settings::Bounds;
use crate::stamp::Stamp;

/// A captured record.
pub(crate) enum Content {
    /// As the host wrote it, with the moment of capture; leaves memory only through the engine.
    Raw(Box<[u8]>, Stamp),
    /// Already through the engine: canonical text.
    Scrubbed(Box<str>),
}

impl Content {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Raw(record, _) => record.len(),
            Self::Scrubbed(record) => record.len(),
        }
    }
}

/// A record on its way.
pub(crate) struct Item {
    /// Position in the order of capture.
    pub(crate) seq: u64,
    /// When it was captured.
    pub(crate) since: Instant,
    pub(crate) content: Content,
}

/// How much of something there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
}

/// See the module's words.
pub(crate) struct Queue {
    waiting: VecDeque<Item>,
    waiting_bytes: usize,
    in_flight: Load,
    /// `seq` of the oldest record of what was taken last.
    in_flight_from: u64,
    bounds: Bounds,
}

impl Queue {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { waiting: VecDeque::new(), waiting_bytes: 0, in_flight: Load::default(), in_flight_from: 0, bounds }
    }

    /// Appends a record and returns how many had to go for it: the oldest, or the new one itself where even an
    /// empty queue has no room for it beside what is in flight.
    pub(crate) fn push(&mut self, item: Item) -> u64 {
        let bytes = item.content.bytes();
        if self.in_flight.items >= self.bounds.items || self.in_flight.bytes + bytes > self.bounds.bytes {
            return 1;
        }
        let mut gone = 0;
        while self.waiting.len() + self.in_flight.items >= self.bounds.items
            || self.waiting_bytes + self.in_flight.bytes + bytes > self.bounds.bytes
        {
            let Some(oldest) = self.waiting.pop_front() else { break };
            self.waiting_bytes -= oldest.content.bytes();
            gone += 1;
        }
        self.waiting_bytes += bytes;
        self.waiting.push_back(item);
        gone
    }

    /// Moves the oldest records, one batch at most and at least one, into flight.
    pub(crate) fn take(&mut self, batch: Bounds) -> Vec<Item> {
        let mut taken = Vec::with_capacity(self.waiting.len().min(batch.items));
        let mut room = batch.bytes;
        while let Some(item) = self.waiting.pop_front_if(|item| taken.is_empty() || item.content.bytes() <= room) {
            let bytes = item.content.bytes();
            room = room.saturating_sub(bytes);
            self.waiting_bytes -= bytes;
            self.in_flight.items += 1;
            self.in_flight.bytes += bytes;
            taken.push(item);
            if taken.len() >= batch.items {
                break;
            }
        }
        if let Some(first) = taken.first() {
            self.in_flight_from = first.seq;
        }
        taken
    }

    /// Takes note that records in flight came to their end.
    pub(crate) fn settle(&mut self, load: Load) {
        self.in_flight.items = self.in_flight.items.saturating_sub(load.items);
        self.in_flight.bytes = self.in_flight.bytes.saturating_sub(load.bytes);
    }

    /// Gives up what is in flight and returns how many records that were.
    pub(crate) fn forfeit(&mut self) -> u64 {
        std::mem::take(&mut self.in_flight).items as u64
    }

    /// Forgets what waits and returns how many records that were; what is in flight stays.
    pub(crate) fn discard_waiting(&mut self) -> u64 {
        self.waiting_bytes = 0;
        std::mem::take(&mut self.waiting).len() as u64
    }

    /// Whether records were taken and did not come to their end.
    pub(crate) fn has_in_flight(&self) -> bool {
        self.in_flight.items > 0
    }

    /// Gives up everything and returns how many records that were.
    pub(crate) fn clear(&mut self) -> u64 {
        self.discard_waiting() + self.forfeit()
    }

    /// Whether every record before `seq` came to its end.
    pub(crate) fn settled_before(&self, seq: u64) -> bool {
        let in_flight = (self.in_flight.items > 0).then_some(self.in_flight_from);
        in_flight.or_else(|| self.oldest().map(|item| item.seq)).is_none_or(|oldest| oldest >= seq)
    }

    /// What waits, oldest first.
    pub(crate) fn each(&self) -> impl Iterator<Item = &Content> {
        self.waiting.iter().map(|item| &item.content)
    }

    /// The record that waits longest.
    pub(crate) fn oldest(&self) -> Option<&Item> {
        self.waiting.front()
    }

    /// What waits to be taken.
    pub(crate) fn waiting(&self) -> Load {
        Load { items: self.waiting.len(), bytes: self.waiting_bytes }
    }

    /// Records that have not come to their end: waiting or in flight.
    pub(crate) fn pending(&self) -> u64 {
        (self.waiting.len() + self.in_flight.items) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(items: usize, bytes: usize) -> Queue {
        Queue::new(Bounds { items, bytes })
    }

    fn item(seq: u64, bytes: usize) -> Item {
        Item { seq, since: Instant::now(), content: Content::Scrubbed("x".repeat(bytes).into()) }
    }

    fn waiting(queue: &Queue) -> Vec<u64> {
        queue.waiting.iter().map(|item| item.seq).collect()
    }

    #[test]
    fn the_oldest_goes_when_there_are_too_many() {
        let mut queue = queue(3, 1_000);
        let gone: Vec<u64> = (0..5).map(|seq| queue.push(item(seq, 1))).collect();
        assert_eq!((gone, waiting(&queue)), (vec![0, 0, 0, 1, 1], vec![2, 3, 4]));
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_bytes() {
        let mut queue = queue(100, 10);
        (0..3).for_each(|seq| assert_eq!(queue.push(item(seq, 3)), 0));
        assert_eq!(queue.push(item(3, 6)), 2);
        assert_eq!((waiting(&queue), queue.waiting()), (vec![2, 3], Load { items: 2, bytes: 9 }));
    }

    #[test]
    fn a_record_larger_than_the_queue_displaces_nobody() {
        let mut queue = queue(100, 10);
        queue.push(item(0, 5));
        assert_eq!(queue.push(item(1, 11)), 1);
        assert_eq!(waiting(&queue), [0]);
    }

    #[test]
    fn what_is_in_flight_counts_against_both_bounds_and_stays() {
        let mut queue = queue(4, 10);
        (0..2).for_each(|seq| assert_eq!(queue.push(item(seq, 4)), 0));
        assert_eq!(queue.take(Bounds { items: 2, bytes: 100 }).len(), 2);
        assert_eq!(queue.push(item(2, 2)), 0);
        assert_eq!(queue.push(item(3, 1)), 1);
        assert_eq!(queue.push(item(4, 3)), 1);
        assert_eq!((waiting(&queue), queue.pending()), (vec![3], 3));
        queue.settle(Load { items: 2, bytes: 8 });
        assert_eq!((queue.push(item(5, 9)), queue.pending()), (0, 2));
    }

    #[test]
    fn a_batch_ends_at_its_bytes_but_is_never_empty() {
        let mut queue = queue(100, 1_000);
        [50, 4, 4, 4].iter().zip(0..).for_each(|(bytes, seq)| assert_eq!(queue.push(item(seq, *bytes)), 0));
        let batch = Bounds { items: 10, bytes: 10 };
        let lengths: Vec<usize> = std::iter::repeat_with(|| queue.take(batch).len()).take(4).collect();
        assert_eq!(lengths, [1, 2, 1, 0]);
    }

    #[test]
    fn a_record_is_settled_only_when_it_left_queue_and_flight() {
        let mut queue = queue(100, 1_000);
        (0..4).for_each(|seq| assert_eq!(queue.push(item(seq, 1)), 0));
        assert!(!queue.settled_before(2));
        queue.take(Bounds { items: 2, bytes: 100 });
        assert!(!queue.settled_before(2));
        queue.settle(Load { items: 2, bytes: 2 });
        assert!(queue.settled_before(2) && !queue.settled_before(3));
        assert_eq!(queue.clear(), 2);
        assert!(queue.settled_before(u64::MAX));
    }
}
