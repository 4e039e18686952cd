//! The log's own clock, by which ages are counted: it never goes back and never jumps while a process lives.
//!
//! Wall clocks are set, by a day or by decades, and a log that believed them would lose everything at once. So the
//! log's clock begins where the last frame left it, adds what the wall clock says has passed since, and then
//! follows the monotonic clock. A wall clock that went back adds nothing, and one that was never set is not asked.

use std::time::{Duration, Instant};

/// 2026-01-01T00:00:00Z in milliseconds: a wall clock before this software existed was never set.
const FIRST_PLAUSIBLE_MS: u64 = 1_767_225_600_000;

/// Where time comes from. Injected, so that tests need not wait a week.
pub(crate) trait Time: Send + Sync {
    /// Milliseconds since 1970, as the machine believes.
    fn wall_ms(&self) -> u64;
    /// Time since some moment; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
pub(crate) struct MachineTime(Instant);

impl MachineTime {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Time for MachineTime {
    fn wall_ms(&self) -> u64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        millis(since)
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A moment in both clocks, in milliseconds, as frames keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at_ms: u64,
    pub(super) wall_ms: u64,
}

/// See the module's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogClock {
    start_ms: u64,
    since: Duration,
}

impl LogClock {
    /// The clock of a log whose last frame was written at `last`; a new log begins with the wall clock.
    pub(super) fn resume(last: Option<Moment>, time: &dyn Time) -> Self {
        let wall_ms = time.wall_ms();
        let start_ms = last.map_or(wall_ms, |last| {
            let is_known = last.wall_ms >= FIRST_PLAUSIBLE_MS && wall_ms >= FIRST_PLAUSIBLE_MS;
            let passed = if is_known { wall_ms.saturating_sub(last.wall_ms) } else { 0 };
            last.at_ms.saturating_add(passed)
        });
        Self { start_ms, since: time.monotonic() }
    }

    pub(super) fn now(&self, time: &dyn Time) -> Moment {
        let passed = millis(time.monotonic().saturating_sub(self.since));
        Moment { at_ms: self.start_ms.saturating_add(passed), wall_ms: time.wall_ms() }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const DAY_MS: u64 = 24 * 3_600_000;
    const NOW_MS: u64 = FIRST_PLAUSIBLE_MS + 1_000 * DAY_MS;

    /// Clocks that a test turns.
    pub(crate) struct VirtualTime {
        wall_ms: AtomicU64,
        monotonic_ms: AtomicU64,
    }

    impl VirtualTime {
        pub(crate) fn new() -> Self {
            Self { wall_ms: AtomicU64::new(NOW_MS), monotonic_ms: AtomicU64::new(0) }
        }

        /// Time passes.
        pub(crate) fn pass(&self, time: Duration) {
            self.wall_ms.fetch_add(millis(time), Ordering::Relaxed);
            self.monotonic_ms.fetch_add(millis(time), Ordering::Relaxed);
        }

        /// Somebody sets the wall clock.
        pub(crate) fn set_wall_ms(&self, wall_ms: u64) {
            self.wall_ms.store(wall_ms, Ordering::Relaxed);
        }
    }

    impl Time for VirtualTime {
        fn wall_ms(&self) -> u64 {
            self.wall_ms.load(Ordering::Relaxed)
        }

        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.monotonic_ms.load(Ordering::Relaxed))
        }
    }

    fn passed_when_wall_goes(from: u64, to: u64) -> u64 {
        let time = VirtualTime::new();
        time.set_wall_ms(to);
        LogClock::resume(Some(Moment { at_ms: 1_000, wall_ms: from }), &time).now(&time).at_ms - 1_000
    }

    #[test]
    fn what_passed_while_nobody_looked_is_what_the_wall_clock_says() {
        assert_eq!(passed_when_wall_goes(NOW_MS, NOW_MS + 3 * DAY_MS), 3 * DAY_MS);
    }

    #[test]
    fn a_wall_clock_that_went_back_adds_nothing() {
        assert_eq!(passed_when_wall_goes(NOW_MS, NOW_MS - DAY_MS), 0);
    }

    #[test]
    fn a_wall_clock_that_was_never_set_is_not_asked() {
        assert_eq!(passed_when_wall_goes(0, NOW_MS), 0);
        assert_eq!(passed_when_wall_goes(NOW_MS, 0), 0);
    }

    #[test]
    fn a_wall_clock_that_is_set_while_the_process_lives_changes_nothing() {
        let time = VirtualTime::new();
        let clock = LogClock::resume(None, &time);
        time.set_wall_ms(NOW_MS + DAY_MS);
        time.pass(Duration::from_secs(1));
        assert_eq!(clock.now(&time), Moment { at_ms: NOW_MS + 1_000, wall_ms: NOW_MS + DAY_MS + 1_000 });
    }

    #[test]
    fn time_at_its_limits_does_not_overflow() {
        assert_eq!(passed_when_wall_goes(NOW_MS, u64::MAX), u64::MAX - NOW_MS);
        let time = VirtualTime::new();
        let last = Moment { at_ms: u64::MAX, wall_ms: NOW_MS };
        time.pass(Duration::from_secs(9));
        assert_eq!(LogClock::resume(Some(last), &time).now(&time).at_ms, u64::MAX);
    }
}
