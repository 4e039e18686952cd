//! Quantiles of numbers that arrive one by one, in threads, files and runs.

use serde::{Deserialize, Serialize};
use sketches_ddsketch::{Config, DDSketch};

/// A quantile is off by at most this share of itself, one way or the other.
pub(super) const RELATIVE_ERROR: f64 = 0.01;

/// Bins of a sketch, 8 bytes each: nine decades within [`RELATIVE_ERROR`], from a nanosecond to a second and on to
/// years. Where numbers span more, the smallest share a bin.
const MAX_BINS: u32 = 1_024;

/// What is nearer to zero counts as zero.
const LEAST: f64 = 1e-9;

/// Beyond it a number is counted, but not added up: no unit has use for it, and sums stay finite.
const GREATEST: f64 = 1e30;

/// A mergeable sketch (`DDSketch`) of finite numbers.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Quantiles(DDSketch);

/// What a report says of the numbers.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    count: u64,
    min: f64,
    max: f64,
    sum: f64,
    mean: f64,
    p50: f64,
    p90: f64,
    p95: f64,
    p99: f64,
}

impl std::fmt::Debug for Quantiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Quantiles({})", self.0.count())
    }
}

impl Quantiles {
    pub(super) fn new() -> Self {
        Self(DDSketch::new(Config::new(RELATIVE_ERROR, MAX_BINS, LEAST)))
    }

    pub(super) fn add(&mut self, number: f64) {
        if number.abs() <= GREATEST {
            self.0.add(number);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        // Sketches of one configuration always merge.
        let _ = self.0.merge(&other.0);
    }

    /// Nothing where nothing was added.
    pub(super) fn summary(&self) -> Option<Summary> {
        let (min, max, sum) = (self.0.min()?, self.0.max()?, self.0.sum()?);
        let at = |q| self.0.quantile(q).ok().flatten().map_or(0.0, |value| rounded(value.clamp(min, max), 4));
        let count = self.0.count() as u64;
        #[allow(clippy::cast_precision_loss, reason = "a mean of nine digits does not see the 53rd bit of a count")]
        let mean = sum / count as f64;
        Some(Summary {
            count,
            min,
            max,
            sum: rounded(sum, SUM_DIGITS),
            mean: rounded(mean, SUM_DIGITS),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
        })
    }
}

/// Digits of sums and means. The last ones depend on the order of adding, which depends on threads; a report must not.
const SUM_DIGITS: usize = 9;

fn rounded(number: f64, digits: usize) -> f64 {
    format!("{number:.*e}", digits - 1).parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_keep_their_stated_error_however_the_numbers_are_divided() {
        let numbers: Vec<f64> = (1..=10_000).map(|i| f64::from(i).powf(1.7) / 7.0).collect();
        let (mut whole, mut parts) = (Quantiles::new(), vec![Quantiles::new(), Quantiles::new(), Quantiles::new()]);
        for (i, number) in numbers.iter().enumerate() {
            whole.add(*number);
            parts[i * 7 % 3].add(*number);
        }
        let mut merged = Quantiles::new();
        for part in &parts {
            merged.merge(part);
        }
        let (whole, merged) = (whole.summary().unwrap(), merged.summary().unwrap());
        assert_eq!(serde_json::to_string(&whole).unwrap(), serde_json::to_string(&merged).unwrap());
        for (at, got) in [(0.5, whole.p50), (0.9, whole.p90), (0.95, whole.p95), (0.99, whole.p99)] {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
            let exact = numbers[(at * 9_999.0) as usize];
            // The thousandth is what rounding to four digits adds.
            assert!((got - exact).abs() <= exact * (RELATIVE_ERROR + 0.001), "{at}: {got} for {exact}");
        }
    }

    #[test]
    fn numbers_beyond_all_use_leave_sums_finite() {
        let mut quantiles = Quantiles::new();
        for number in [1e308, -1e308, 1e30, 0.0, -5.0] {
            quantiles.add(number);
        }
        let summary = quantiles.summary().unwrap();
        assert_eq!((summary.count, summary.min, summary.max), (3, -5.0, 1e30));
        let kept: Quantiles = serde_json::from_str(&serde_json::to_string(&quantiles).unwrap()).unwrap();
        assert_eq!(kept.summary().unwrap().count, 3);
    }
}
