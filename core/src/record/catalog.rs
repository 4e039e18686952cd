//! The metrics catalog (R4): names whose type and unit are fixed, so that every sender means the same by them.

use std::fmt::Write as _;

use crate::json::write_string;

/// A metric of the catalog.
#[derive(Debug)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub(crate) kind: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) about: &'static str,
}

const fn metric(name: &'static str, kind: &'static str, unit: &'static str, about: &'static str) -> Metric {
    Metric { name, kind, unit, about }
}

/// R4's catalog, and the collector's own metrics.
pub(crate) static CATALOG: [Metric; 9] = [
    metric("render.fps", "gauge", "fps", "Frames drawn in a second."),
    metric("render.frame_time_ms", "histogram", "ms", "Time that a frame took."),
    metric("cursor.latency_us", "histogram", "μs", "From moving the pointer to seeing it move."),
    metric("snapshot.duration_ms", "histogram", "ms", "Time that taking a snapshot took."),
    metric("event.replay.rate", "counter", "events/sec", "Events replayed in a second."),
    metric("telemetry.samples.received", "counter", "count", "Samples that the collector received."),
    metric("telemetry.samples.rejected", "counter", "count", "Samples that the collector did not keep."),
    metric("telemetry.opt_out_ratio", "gauge", "ratio", "Share of samples whose user opted out."),
    metric("telemetry.ingestion.latency_ms", "histogram", "ms", "Time that the collector took for a request."),
];

impl Metric {
    /// The metric of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        CATALOG.iter().find(|metric| metric.name == name)
    }

    /// Whether `unit` is the metric's: a microsecond has three spellings (Greek mu, the micro sign, ASCII).
    pub(crate) fn is_unit(&self, unit: &str) -> bool {
        self.unit == unit || (self.unit == "μs" && matches!(unit, "µs" | "us"))
    }
}

/// `[{"name","type","unit","description"}…]`.
pub(crate) fn to_json() -> String {
    let mut out = String::from("[");
    for (i, metric) in CATALOG.iter().enumerate() {
        let _ =
            write!(out, "{}{{\"name\":\"{}\",\"type\":\"{}\"", if i == 0 { "" } else { "," }, metric.name, metric.kind);
        out.push_str(",\"unit\":");
        write_string(metric.unit, &mut out);
        out.push_str(",\"description\":");
        write_string(metric.about, &mut out);
        out.push('}');
    }
    out.push(']');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_microsecond_has_three_spellings() {
        let metric = Metric::named("cursor.latency_us").unwrap();
        assert!(["μs", "µs", "us"].into_iter().all(|unit| metric.is_unit(unit)));
        assert!(!metric.is_unit("ms"));
    }
}
