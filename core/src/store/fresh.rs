//! Records that were just acknowledged, in memory, so that the indexer need not read them again from the log.

use std::collections::BTreeMap;

use super::model::StoredEvent;

/// Bytes that are kept, about. What comes beyond is read from the log.
const MAX_BYTES: usize = 32 << 20;
/// What an event takes beside its record, about: its names, and what the allocator adds.
const EVENT_BYTES: usize = 512;

/// Runs of records by the number that the first of each has in the log.
#[derive(Default)]
pub(super) struct Fresh {
    runs: BTreeMap<u64, Vec<StoredEvent>>,
    bytes: usize,
}

impl Fresh {
    /// Keeps a run for the indexer, which is at number `indexed_end`.
    pub(super) fn add(&mut self, first: u64, run: Vec<StoredEvent>, indexed_end: u64) {
        let bytes = size(&run);
        // What the indexer has passed it has read from the log.
        if first >= indexed_end && self.bytes + bytes <= MAX_BYTES {
            self.bytes += bytes;
            self.runs.insert(first, run);
        }
    }

    /// Takes the runs that follow each other from `start` on, until they have so many records or bytes.
    pub(super) fn take(&mut self, start: u64, records: usize, bytes: usize) -> Vec<StoredEvent> {
        let (mut taken, mut size_taken) = (Vec::new(), 0);
        while taken.len() < records && size_taken < bytes {
            let Some(run) = self.runs.remove(&(start + taken.len() as u64)) else { break };
            size_taken += size(&run);
            taken.extend(run);
        }
        self.bytes -= size_taken;
        taken
    }

    /// The number with which the first run begins.
    pub(super) fn first(&self) -> Option<u64> {
        self.runs.keys().next().copied()
    }

    /// Forgets what begins before `end`.
    pub(super) fn forget(&mut self, end: u64) {
        let rest = self.runs.split_off(&end);
        let gone = std::mem::replace(&mut self.runs, rest);
        self.bytes -= gone.values().map(|run| size(run)).sum::<usize>();
    }
}

fn size(run: &[StoredEvent]) -> usize {
    run.iter().map(|event| event.record.len() + EVENT_BYTES).sum()
}

#[cfg(test)]
mod tests {
    use super::super::model::Tenant;
    use super::*;

    fn run(count: usize, record: &str) -> Vec<StoredEvent> {
        let event = StoredEvent {
            tenant: Tenant::new("acme").unwrap(),
            schema: "telemetry_event_v1",
            id: [0; 16],
            timestamp: 0,
            channel: String::new(),
            event: String::new(),
            user_id: None,
            session_id: None,
            trace_id: None,
            request_id: None,
            sample_rate: None,
            actor_id: None,
            original_timestamp: None,
            record: record.to_owned(),
        };
        vec![event; count]
    }

    #[test]
    fn runs_are_taken_in_order_up_to_the_first_gap() {
        let mut fresh = Fresh::default();
        fresh.add(13, run(2, "c"), 10);
        fresh.add(10, run(3, "a"), 10);
        fresh.add(20, run(1, "d"), 10);
        let taken: String = fresh.take(10, 100, 1 << 20).into_iter().map(|event| event.record).collect();
        assert_eq!(taken, "aaacc");
        assert!(fresh.take(15, 100, 1 << 20).is_empty());
        assert_eq!(fresh.first(), Some(20));
        fresh.forget(21);
        assert_eq!((fresh.first(), fresh.bytes), (None, 0));
    }

    #[test]
    fn what_was_indexed_meanwhile_and_what_has_no_room_is_not_kept() {
        let mut fresh = Fresh::default();
        fresh.add(9, run(1, "late"), 10);
        assert_eq!(fresh.first(), None);
        let large = "x".repeat(1 << 20);
        for n in 0..100 {
            fresh.add(10 + n, run(1, &large), 10);
        }
        assert!(fresh.bytes <= MAX_BYTES);
        let taken = fresh.take(10, 5, 1 << 30);
        assert_eq!(taken.len(), 5);
        assert!(fresh.take(15, 100, 2 << 20).len() <= 2);
    }
}
