//! Interleaved rounds: every contender runs once a round, so that a slow minute of the machine hits all alike. What is
//! measured is CPU time of this thread, so that whoever else has the machine distorts it less.

/// A contender and one round of its work, of at most some 50 ms.
pub(crate) type Contender<'a> = (String, Box<dyn FnMut() + 'a>);

/// Median nanoseconds of one round of each contender, in order. `rounds` is odd, so that a median is a round that happened.
pub(crate) fn medians(contenders: &mut [Contender<'_>], rounds: usize) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    // The first round warms caches and branch predictors.
    for round in 0..=rounds {
        for ((_, work), times) in contenders.iter_mut().zip(&mut times) {
            let start = now();
            work();
            let time = now() - start;
            if round > 0 {
                times.push(time);
            }
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[rounds / 2]
    };
    times.into_iter().map(median).collect()
}

/// Nanoseconds of CPU time that this thread has had.
#[cfg(unix)]
fn now() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Nanoseconds since the first call: a system without a clock of threads has wall time only.
#[cfg(not(unix))]
fn now() -> f64 {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed().as_secs_f64() * 1e9
}
