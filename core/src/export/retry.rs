//! When to try again: exponential backoff with full jitter. Pure: no clock, no randomness, no sleep.

use std::time::{Duration, Instant, SystemTime};

use crate::export::Failure;

/// As configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    /// Tries of one batch, the first included.
    pub(crate) max_attempts: u32,
    /// Upper end of the first wait; doubles each time.
    pub(crate) initial: Duration,
    /// Upper end of any wait; of one that the collector asks for too, but for the jitter on top.
    pub(crate) max: Duration,
}

impl RetryPolicy {
    /// How long to wait after `tries` tries, the last of which failed so; nothing where it was the last one.
    /// `random` is uniform over all values.
    pub(crate) fn wait(&self, failure: Failure, tries: u32, random: u64) -> Option<Duration> {
        if tries >= self.max_attempts || !failure.is_retryable() {
            return None;
        }
        let share = |of: Duration| {
            let nanos = u64::try_from(of.as_nanos()).unwrap_or(u64::MAX);
            let share = (u128::from(nanos) * u128::from(random)) >> 64;
            Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
        };
        if let Failure::Status { retry_after: Some(asked), .. } = failure {
            // All clients are asked for the same: without something on top they would return as one.
            return Some(asked.min(self.max).saturating_add(share(self.initial)));
        }
        // Full jitter: anywhere below the ceiling, so that clients that failed together return apart.
        let doublings = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let ceiling = self.initial.saturating_mul(doublings).min(self.max);
        Some(share(ceiling))
    }
}

/// Whether a client that closes at `deadline` should wait until `until` for another try. A collector that
/// cannot be reached is not waited for: exit costs the host nothing then.
pub(crate) fn worth_waiting(failure: Failure, until: Instant, deadline: Instant) -> bool {
    until < deadline && !failure.is_unreachable()
}

/// Reads a `Retry-After` (RFC 9110): whole seconds, or a date, from which `now` is subtracted. A date that has passed,
/// a negative number and anything else count as absent: backoff decides then.
pub(crate) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    let text = header.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds are still a wish to wait long.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    httpdate::parse_http_date(text).ok()?.duration_since(now).ok().filter(|wait| !wait.is_zero())
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
        for hopeless in [Failure::Setup, Failure::Request, Failure::Verdict, Failure::VerdictTooLarge, Failure::File] {
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
    fn retry_after_is_whole_seconds_or_a_date_to_come() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        for (header, seconds) in [
            (" 12 ", Some(12)),
            ("0", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Wed, 21 Oct 2026 07:28:30 GMT", Some(30)),
            ("Wednesday, 21-Oct-26 07:29:00 GMT", Some(60)),
            ("Wed Oct 21 07:28:01 2026", Some(1)),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("Wed, 21 Oct 2015 07:28:00 GMT", None),
            ("Wed, 32 Oct 2026 07:28:00 GMT", None),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("soon", None),
            ("2026-10-21T07:28:30Z", None),
        ] {
            assert_eq!(retry_after(header, now), seconds.map(Duration::from_secs), "{header:?}");
        }
    }

    #[test]
    fn a_thousand_clients_that_failed_together_return_apart() {
        /// Halves of a second in the ceiling after four tries.
        const SLOTS: usize = 16;
        let mut slots = [0_usize; SLOTS];
        // Multiples of the golden ratio are as even as a good random source.
        for client in 0..1_000_u64 {
            let random = client.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let wait = POLICY.wait(Failure::Connect, 4, random).unwrap();
            slots[usize::try_from(wait.as_millis()).unwrap() / 500] += 1;
        }
        assert!(slots.iter().all(|clients| (50..=75).contains(clients)), "{slots:?}");
    }

    #[test]
    fn a_thousand_clients_that_were_asked_to_wait_alike_return_apart() {
        let asked = Failure::Status { code: 503, retry_after: Some(Duration::from_secs(7)) };
        let mut slots = [0_usize; 10];
        for client in 0..1_000_u64 {
            let wait = POLICY.wait(asked, 1, client.wrapping_mul(0x9e37_79b9_7f4a_7c15)).unwrap();
            slots[usize::try_from(wait.as_millis()).unwrap().checked_sub(7_000).unwrap() / 100] += 1;
        }
        assert!(slots.iter().all(|clients| (80..=120).contains(clients)), "{slots:?}");
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
