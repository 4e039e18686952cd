//! The `client.metrics` section: how measurements are added up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Form, Key, require};
use crate::error::Result;
use crate::json_value::escaped;

/// Keys of the section.
pub(super) const KEYS: &[Key] = &[
    Key::new("/client/metrics", "How measurements are added up in the client."),
    Key::new("/client/metrics/interval_ms", "How often what was added up becomes records.")
        .variables(&[("OTEL_METRIC_EXPORT_INTERVAL", Form::Number)])
        .default("60000")
        .unit("ms"),
    Key::new(
        "/client/metrics/cardinality_limit",
        "Sets of attributes a metric may have in an interval; the rest adds up under otel.metric.overflow.",
    )
    .default("2000")
    .unit("sets"),
    Key::new(
        "/client/metrics/temporality",
        "What sums and histograms cover: delta (default, their interval) or cumulative (default of otlp).",
    )
    .variables(&[("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", Form::Text)]),
    Key::new(
        "/client/metrics/histogram_bounds",
        "Where the buckets of single histograms end, by name, in place of OpenTelemetry's default boundaries.",
    ),
    Key::new("/client/metrics/histogram_bounds/*", "1 to 64 numbers in rising order, in the histogram's unit."),
    Key::new("/client/metrics/histogram_bounds/*/*", "A number."),
];

/// Boundaries of one histogram. Each costs a count per set of attributes and interval; four times OpenTelemetry's default
/// is more than a person reads.
const MAX_BOUNDS: usize = 64;

/// What an exported sum or histogram covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricTemporality {
    /// Its interval.
    Delta,
    /// Everything since the first measurement.
    Cumulative,
}

/// The `client.metrics` section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricsConfig {
    /// Milliseconds between collections (OpenTelemetry's default: 60 s).
    pub interval_ms: u32,
    /// Sets of attributes of a metric (OpenTelemetry's default: 2,000).
    pub cardinality_limit: u32,
    /// Absent means delta for the collector, which adds up itself, and cumulative for OTLP, as the specification says.
    pub temporality: Option<MetricTemporality>,
    /// Boundaries of single histograms by name.
    pub histogram_bounds: BTreeMap<String, Vec<f64>>,
}

// Boundaries are checked to be numbers, which are equal to themselves.
impl Eq for MetricsConfig {}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { interval_ms: 60_000, cardinality_limit: 2_000, temporality: None, histogram_bounds: BTreeMap::new() }
    }
}

impl MetricsConfig {
    /// Checks what types alone cannot say.
    pub(super) fn check(&self) -> Result<()> {
        require(self.interval_ms > 0, "/client/metrics/interval_ms", "must be greater than 0")?;
        let message = "must be at least 2: one set of attributes and the one for the rest";
        require(self.cardinality_limit >= 2, "/client/metrics/cardinality_limit", message)?;
        self.histogram_bounds.iter().try_for_each(|(name, bounds)| {
            let is_fine = (1..=MAX_BOUNDS).contains(&bounds.len())
                && bounds.iter().all(|bound| bound.is_finite())
                && bounds.windows(2).all(|pair| pair[0] < pair[1]);
            let path = format!("/client/metrics/histogram_bounds/{}", escaped(name));
            require(is_fine, &path, "must be 1 to 64 numbers in rising order")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn limits_without_sense_are_refused() {
        for key in ["interval_ms", "cardinality_limit"] {
            let error = Config::from_json(&format!(r#"{{"client":{{"metrics":{{"{key}":0}}}}}}"#)).unwrap_err();
            assert_eq!(error.path(), format!("/client/metrics/{key}"));
        }
    }

    #[test]
    fn boundaries_that_do_not_rise_are_refused() {
        for bounds in ["[]", "[2,1]", "[1,1]"] {
            let text = format!(r#"{{"client":{{"metrics":{{"histogram_bounds":{{"a/b":{bounds}}}}}}}}}"#);
            assert_eq!(Config::from_json(&text).unwrap_err().path(), "/client/metrics/histogram_bounds/a~1b");
        }
    }
}
