//! When to try again: exponential backoff with full jitter. Pure: no clock, no randomness, no sleep.

use std::time::{Duration, Instant};

use crate::export::Failure;

/// As configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    /// Tries of one batch, the first included.
    pub(crate) max_attempts: u32,
    /// Upper end of the first wait; doubles each time.
    pub(crate) initial: Duration,
    /// Upper end of any wait, one that the collector asks for included.
    pub(crate) max: Duration,
}

impl RetryPolicy {
    /// How long to wait after `tries` tries, the last of which failed so; nothing where it was the last one.
    /// `random` is uniform over all values.
    pub(crate) fn wait(&self, failure: Failure, tries: u32, random: u64) -> Option<Duration> {
        if tries >= self.max_attempts || !failure.is_retryable() {
            return None;
        }
        if let Failure::Status { retry_after: Some(asked), .. } = failure {
            return Some(asked.min(self.max));
        }
        // Full jitter: anywhere below the ceiling, so that clients that failed together return apart.
        let doublings = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let ceiling = self.initial.saturating_mul(doublings).min(self.max);
        let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
        let share = (u128::from(nanos) * u128::from(random)) >> 64;
        Some(Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX)))
    }
}

/// Whether a client that closes at `deadline` should wait until `until` for another try. A collector that
/// cannot be reached is not waited for: exit costs the host nothing then.
pub(crate) fn worth_waiting(failure: Failure, until: Instant, deadline: Instant) -> bool {
    until < deadline && !failure.is_unreachable()
}

/// Reads a `Retry-After` of whole seconds. A date, or anything else, counts as absent: backoff decides then.
pub(crate) fn retry_after(header: &str) -> Option<Duration> {
    // More digits than a number holds are still a wish to wait long.
    let digits = header.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(digits.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy =
        RetryPolicy { max_attempts: 7, initial: Duration::from_secs(1), max: Duration::from_secs(30) };

    fn status(code: u16) -> Failure {
        Failure::Status { code, retry_after: None }
    }

    #[test]
    fn the_ceiling_doubles_from_a_second_to_half_a_minute() {
        let ceilings: Vec<u64> = (1..7)
            .filter_map(|tries| POLICY.wait(Failure::Connect, tries, u64::MAX))
            .map(|wait| u64::try_from((wait + Duration::from_nanos(1)).as_millis()).unwrap())
            .collect();
        assert_eq!(ceilings, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    }

    #[test]
    fn jitter_is_full_from_nothing_to_the_ceiling() {
        let waits = [0, u64::MAX / 4, u64::MAX / 2].map(|random| POLICY.wait(Failure::Timeout, 3, random));
        let millis = waits.map(|wait| wait.unwrap().as_millis());
        assert_eq!(millis, [0, 999, 1_999]);
    }

    #[test]
    fn only_overload_and_the_network_are_tried_again() {
        for code in 100..600 {
            let retried = POLICY.wait(status(code), 1, 0).is_some();
            assert_eq!(retried, [429, 502, 503, 504].contains(&code), "{code}");
        }
        for network in [Failure::Connect, Failure::Connection, Failure::Timeout] {
            assert!(POLICY.wait(network, 1, 0).is_some(), "{network:?}");
        }
        for hopeless in [Failure::Setup, Failure::Request, Failure::Verdict, Failure::VerdictTooLarge] {
            assert_eq!(POLICY.wait(hopeless, 1, 0), None, "{hopeless:?}");
        }
    }

    #[test]
    fn the_last_try_is_the_last() {
        assert!(POLICY.wait(status(503), 6, 0).is_some());
        assert_eq!(POLICY.wait(status(503), 7, 0), None);
        assert_eq!(RetryPolicy { max_attempts: 1, ..POLICY }.wait(Failure::Connect, 1, 0), None);
    }

    #[test]
    fn the_collectors_wish_is_honoured_up_to_the_maximum() {
        let wait = |seconds| {
            let failure = Failure::Status { code: 429, retry_after: Some(Duration::from_secs(seconds)) };
            POLICY.wait(failure, 1, u64::MAX).map(|wait| wait.as_secs())
        };
        assert_eq!([wait(0), wait(7), wait(3_600)], [Some(0), Some(7), Some(30)]);
    }

    #[test]
    fn retry_after_is_whole_seconds_or_nothing() {
        assert_eq!(retry_after(" 12 "), Some(Duration::from_secs(12)));
        assert_eq!(retry_after("99999999999999999999999"), Some(Duration::from_secs(u64::MAX)));
        for junk in ["", "-1", "+1", "1.5", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(retry_after(junk), None, "{junk:?}");
        }
    }

    #[test]
    fn numbers_at_their_limits_do_not_overflow() {
        let policy = RetryPolicy { max_attempts: u32::MAX, initial: Duration::MAX, max: Duration::MAX };
        assert!(policy.wait(Failure::Connect, u32::MAX - 1, u64::MAX).is_some());
    }

    #[test]
    fn a_closing_client_waits_for_an_overloaded_collector_but_not_for_a_dead_one() {
        let now = Instant::now();
        let (soon, late) = (now + Duration::from_secs(1), now + Duration::from_secs(2));
        assert!(worth_waiting(status(503), soon, late));
        assert!(!worth_waiting(status(503), late, soon));
        assert!(!worth_waiting(Failure::Connect, soon, late));
    }
}
