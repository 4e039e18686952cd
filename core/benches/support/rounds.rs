//! Interleaved rounds: every contender runs once a round, so that a slow minute of the machine hits all alike.

use std::time::Instant;

/// Odd, so that the median is a round that happened.
const ROUNDS: usize = 9;

/// A contender and one round of its work.
pub(crate) type Contender<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// Median nanoseconds of one round of each contender, in order.
pub(crate) fn medians(contenders: &mut [Contender<'_>]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..=ROUNDS {
        for ((_, work), times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            work();
            times.push(start.elapsed().as_secs_f64() * 1e9);
        }
    }
    times
        .into_iter()
        .map(|mut times| {
            // The first round warms caches and branch predictors.
            times.remove(0);
            times.sort_by(f64::total_cmp);
            times[ROUNDS / 2]
        })
        .collect()
}
