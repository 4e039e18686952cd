//! When the worker delivers the spool. Pure: time is handed in.

use std::time::{Duration, Instant};

use crate::client::settings::Bounds;

/// When the spool is delivered. Part of the client's state.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// When the oldest record that nobody tried to send came in.
    since: Option<Instant>,
    /// What came in before this place does not wait for its batch to fill.
    hurry_before: u64,
    /// The collector is left alone until then.
    down_until: Option<Instant>,
    /// How often delivery was put off.
    pub(crate) stalls: u64,
    /// Whether the worker looked what is on the disk.
    pub(crate) is_known: bool,
}

/// What the spool asks of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpoolNext {
    Nothing,
    Deliver,
    At(Instant),
}

impl Waiting {
    /// Takes note that records came in at `now`; whether the worker should look.
    pub(crate) fn came_in(&mut self, now: Instant, waiting: u64, batch: Bounds) -> bool {
        let is_first = self.since.is_none();
        self.since.get_or_insert(now);
        is_first || waiting.is_multiple_of(batch.items.max(1) as u64)
    }

    /// Takes note that nothing came in that was not tried.
    pub(crate) fn went_out(&mut self, waiting: u64, now: Instant) {
        self.since = (waiting > 0).then_some(now);
    }

    /// Everything that came in before `place` waits for no batch to fill.
    pub(crate) fn hurry(&mut self, place: u64) {
        self.hurry_before = self.hurry_before.max(place);
    }

    /// Delivery is put off until then.
    pub(crate) fn stall(&mut self, until: Instant) {
        self.down_until = Some(until);
        self.stalls += 1;
    }

    /// The collector answers, or somebody wants it to be asked.
    pub(crate) fn is_back(&mut self) {
        self.down_until = None;
    }

    pub(crate) fn is_down(&self, now: Instant) -> bool {
        self.down_until.is_some_and(|until| now < until)
    }

    /// What to do at `now`, where `waiting` records wait and `ended` came to their end.
    pub(crate) fn next(
        &self,
        now: Instant,
        waiting: u64,
        ended: u64,
        batch: Bounds,
        flush_interval: Duration,
    ) -> SpoolNext {
        if waiting == 0 {
            return SpoolNext::Nothing;
        }
        if let Some(until) = self.down_until.filter(|until| now < *until) {
            return SpoolNext::At(until);
        }
        let due = self.since.map_or(now, |since| since + flush_interval);
        if ended < self.hurry_before || waiting >= batch.items as u64 || due <= now {
            SpoolNext::Deliver
        } else {
            SpoolNext::At(due)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: Bounds = Bounds { items: 3, bytes: 100 };
    const INTERVAL: Duration = Duration::from_secs(5);

    #[test]
    fn the_spool_is_delivered_when_a_batch_is_full_or_old_or_asked_for() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        let next = |waiting: &Waiting, count, ended, now| waiting.next(now, count, ended, BATCH, INTERVAL);
        assert_eq!(next(&waiting, 0, 0, now), SpoolNext::Nothing);
        assert_eq!(next(&waiting, 1, 0, now), SpoolNext::Deliver, "what an earlier process left");
        assert!(waiting.came_in(now, 1, BATCH) && !waiting.came_in(now, 2, BATCH) && waiting.came_in(now, 3, BATCH));
        assert_eq!(next(&waiting, 1, 0, now), SpoolNext::At(now + INTERVAL));
        assert_eq!(next(&waiting, 1, 0, now + INTERVAL), SpoolNext::Deliver);
        assert_eq!(next(&waiting, 3, 0, now), SpoolNext::Deliver);
        waiting.hurry(2);
        assert_eq!(next(&waiting, 1, 1, now), SpoolNext::Deliver);
        assert_eq!(next(&waiting, 1, 2, now), SpoolNext::At(now + INTERVAL));
    }

    #[test]
    fn a_collector_that_is_down_is_left_alone_unless_somebody_asks() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        waiting.stall(now + INTERVAL);
        assert_eq!(waiting.next(now, 9, 0, BATCH, INTERVAL), SpoolNext::At(now + INTERVAL));
        assert!(waiting.is_down(now) && !waiting.is_down(now + INTERVAL));
        waiting.is_back();
        assert_eq!(waiting.next(now, 9, 0, BATCH, INTERVAL), SpoolNext::Deliver);
    }
}
