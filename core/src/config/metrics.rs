//! The `client.metrics` section: how measurements are added up.

use serde::{Deserialize, Serialize};

use super::{Form, Key, require};
use crate::error::Result;

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
];

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricsConfig {
    /// Milliseconds between collections (OpenTelemetry's default: 60 s).
    pub interval_ms: u32,
    /// Sets of attributes of a metric (OpenTelemetry's default: 2,000).
    pub cardinality_limit: u32,
    /// Absent means delta for the collector, which adds up itself, and cumulative for OTLP, as the specification says.
    pub temporality: Option<MetricTemporality>,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { interval_ms: 60_000, cardinality_limit: 2_000, temporality: None }
    }
}

impl MetricsConfig {
    /// Checks what types alone cannot say.
    pub(super) fn check(&self) -> Result<()> {
        require(self.interval_ms > 0, "/client/metrics/interval_ms", "must be greater than 0")?;
        let message = "must be at least 2: one set of attributes and the one for the rest";
        require(self.cardinality_limit >= 2, "/client/metrics/cardinality_limit", message)
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
}
