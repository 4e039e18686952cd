//! Histograms with explicit buckets.

use std::sync::Arc;

/// OpenTelemetry's default boundaries (metrics SDK, "explicit bucket histogram aggregation").
pub(crate) const DEFAULT_BOUNDS: [f64; 15] =
    [0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0, 7_500.0, 10_000.0];

/// The bucket of a value: bucket i holds what is above boundary i-1 and at most boundary i.
pub(crate) fn bucket(bounds: &[f64], value: f64) -> usize {
    bounds.partition_point(|bound| *bound < value)
}

/// Measurements by bucket.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    pub(super) bounds: Arc<[f64]>,
    /// One more than there are boundaries.
    pub(super) counts: Box<[u64]>,
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Buckets {
    pub(super) fn new(bounds: Arc<[f64]>) -> Self {
        let counts = vec![0; bounds.len() + 1].into_boxed_slice();
        Self { bounds, counts, count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }

    pub(super) fn add(&mut self, value: f64) {
        self.counts[bucket(&self.bounds, value)] += 1;
        self.count += 1;
        self.sum += value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// The average measurement.
    #[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 needs no exact mean")]
    pub(super) fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_belongs_to_the_bucket_below_it() {
        let of = |value| bucket(&DEFAULT_BOUNDS, value);
        assert_eq!([of(-1.0), of(0.0), of(0.1), of(5.0), of(10_000.0), of(10_000.1)], [0, 0, 1, 1, 14, 15]);
    }

    #[test]
    fn buckets_count_and_add_up() {
        let mut buckets = Buckets::new(DEFAULT_BOUNDS.into());
        for value in [3.0, 30.0, 30_000.0] {
            buckets.add(value);
        }
        assert_eq!((buckets.count, buckets.counts[1], buckets.counts[4], buckets.counts[15]), (3, 1, 1, 1));
        assert_eq!((buckets.min, buckets.max, buckets.mean()), (3.0, 30_000.0, 10_011.0));
    }
}
