//! Histograms with explicit buckets.

/// OpenTelemetry's default boundaries (metrics SDK, "explicit bucket histogram aggregation").
pub(crate) const DEFAULT_BOUNDS: [f64; 15] =
    [0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1_000.0, 2_500.0, 5_000.0, 7_500.0, 10_000.0];

/// The bucket of a value: bucket i holds what is above boundary i-1 and at most boundary i.
pub(crate) fn bucket(bounds: &[f64], value: f64) -> usize {
    bounds.partition_point(|bound| *bound < value)
}
