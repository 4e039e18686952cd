//! The circuit breaker: after failures in a row nothing is sent for a while; then one request probes.
//!
//! Pure: time is handed in, so tests run on virtual time.

use std::time::{Duration, Instant};

/// As configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakerPolicy {
    /// Failures in a row that open it; 0 means that nothing does.
    pub(crate) failures: u32,
    /// How long it stays open.
    pub(crate) reset: Duration,
}

/// See the module's words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Breaker {
    policy: BreakerPolicy,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Requests go; so many failed in a row.
    Closed(u32),
    /// None goes before this moment.
    Open(Instant),
    /// One goes, and decides.
    HalfOpen,
}

/// Whether a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permit {
    /// It may.
    Granted,
    /// Not before this moment.
    Wait(Instant),
}

impl Breaker {
    pub(crate) fn new(policy: BreakerPolicy) -> Self {
        Self { policy, state: State::Closed(0) }
    }

    /// Asks for a request at `now`. Whoever is granted one must say how it ended.
    pub(crate) fn ask(&mut self, now: Instant) -> Permit {
        match self.state {
            State::Open(until) if now < until => Permit::Wait(until),
            State::Open(_) => {
                self.state = State::HalfOpen;
                Permit::Granted
            }
            // Half open: the probe was given up without an end, by a client that stopped waiting; another one may go.
            State::Closed(_) | State::HalfOpen => Permit::Granted,
        }
    }

    /// Takes note of how a request ended at `now`: failed means that the other side was not reached, or could not
    /// serve. A refusal of the request itself is an answer.
    pub(crate) fn note(&mut self, failed: bool, now: Instant) {
        let failures = match self.state {
            _ if !failed => 0,
            State::Closed(failures) => failures.saturating_add(1),
            State::HalfOpen | State::Open(_) => self.policy.failures,
        };
        let opens = self.policy.failures > 0 && failures >= self.policy.failures;
        self.state = if opens { State::Open(now + self.policy.reset) } else { State::Closed(failures) };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: BreakerPolicy = BreakerPolicy { failures: 5, reset: Duration::from_mins(1) };

    fn failing(breaker: &mut Breaker, times: u32, now: Instant) {
        for _ in 0..times {
            assert_eq!(breaker.ask(now), Permit::Granted);
            breaker.note(true, now);
        }
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_a_minute() {
        let (mut breaker, now) = (Breaker::new(POLICY), Instant::now());
        failing(&mut breaker, 5, now);
        let until = now + POLICY.reset;
        assert_eq!(breaker.ask(now), Permit::Wait(until));
        assert_eq!(breaker.ask(until.checked_sub(Duration::from_nanos(1)).unwrap()), Permit::Wait(until));
    }

    #[test]
    fn a_success_in_between_starts_the_count_again() {
        let (mut breaker, now) = (Breaker::new(POLICY), Instant::now());
        failing(&mut breaker, 4, now);
        breaker.note(false, now);
        failing(&mut breaker, 4, now);
        assert_eq!(breaker.ask(now), Permit::Granted);
    }

    #[test]
    fn one_probe_decides_whether_it_closes_or_stays_open_for_another_minute() {
        let (mut breaker, now) = (Breaker::new(POLICY), Instant::now());
        failing(&mut breaker, 5, now);
        let later = now + POLICY.reset;
        failing(&mut breaker, 1, later);
        assert_eq!(breaker.ask(later), Permit::Wait(later + POLICY.reset));
        let latest = later + POLICY.reset;
        assert_eq!(breaker.ask(latest), Permit::Granted);
        breaker.note(false, latest);
        failing(&mut breaker, 4, latest);
        assert_eq!(breaker.ask(latest), Permit::Granted);
    }

    #[test]
    fn zero_failures_mean_that_it_never_opens() {
        let (mut breaker, now) = (Breaker::new(BreakerPolicy { failures: 0, ..POLICY }), Instant::now());
        failing(&mut breaker, 1_000, now);
        assert_eq!(breaker.ask(now), Permit::Granted);
    }

    /// What the breaker is to do, said without a state machine: from the history alone.
    fn may_go(history: &[(u64, bool)], now: u64) -> bool {
        let reset = POLICY.reset.as_secs();
        let in_a_row = history.iter().rev().take_while(|(_, failed)| *failed).count();
        // From the fifth failure on each one begins another silence.
        in_a_row < POLICY.failures as usize || history.last().is_some_and(|(at, _)| now >= at + reset)
    }

    proptest! {
        #[test]
        fn it_follows_the_model_whatever_happens(steps in prop::collection::vec((0_u64..90, any::<bool>()), 0..200)) {
            let start = Instant::now();
            let mut breaker = Breaker::new(POLICY);
            let (mut history, mut now) = (Vec::new(), 0);
            for (pause, fails) in steps {
                now += pause;
                let at = start + Duration::from_secs(now);
                let granted = breaker.ask(at) == Permit::Granted;
                prop_assert_eq!(granted, may_go(&history, now), "{:?} at {}", history, now);
                if granted {
                    breaker.note(fails, at);
                    history.push((now, fails));
                }
            }
        }
    }
}
