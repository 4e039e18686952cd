//! Aggregates as metric records.

use std::fmt::Write;

use super::aggregator::Instrument;
use super::series::Series;
use super::{MetricKind, Temporality};
use crate::json::write_string;
use crate::record::Timestamp;

/// The interval that records cover.
#[derive(Clone, Copy)]
pub(super) struct Interval {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) temporality: Temporality,
}

/// The record of one series, in canonical spelling. `attributes` is a JSON object.
pub(super) fn record(name: &str, of: &Instrument, attributes: &str, series: &Series, interval: Interval) -> String {
    let mut out = String::with_capacity(320);
    out.push_str(r#"{"schema":"telemetry_metric_v1","timestamp":""#);
    out.extend([interval.end.to_text().as_str(), r#"","name":"#]);
    write_string(name, &mut out);
    out.extend([r#","type":""#, of.kind.as_str(), "\""]);
    if !of.unit.is_empty() {
        out.push_str(r#","unit":"#);
        write_string(&of.unit, &mut out);
    }
    let value = match series {
        Series::Sum(value) | Series::Last(value) => *value,
        Series::Histogram(buckets) => buckets.mean(),
    };
    out.extend([r#","value":"#, &number(value)]);
    if attributes != "{}" {
        out.extend([r#","attributes":"#, attributes]);
    }
    if of.kind != MetricKind::Gauge {
        let nanos = i128::from(interval.start.microseconds()) * 1_000;
        out.extend([r#","aggregation_temporality":""#, interval.temporality.as_str()]);
        let _ = write!(out, r#"","start_time_unix_nano":"{}""#, nanos.max(0));
    }
    if let Series::Histogram(buckets) = series {
        let _ = write!(out, r#","count":{},"sum":{}"#, buckets.count, number(buckets.sum));
        let _ = write!(out, r#","min":{},"max":{}"#, number(buckets.min), number(buckets.max));
        list(&mut out, "bucket_counts", buckets.counts.iter().map(u64::to_string));
        list(&mut out, "explicit_bounds", buckets.bounds.iter().map(|bound| number(*bound)));
    }
    out.push('}');
    out
}

fn list(out: &mut String, name: &str, values: impl Iterator<Item = String>) {
    out.extend([",\"", name, "\":["]);
    for (i, value) in values.enumerate() {
        out.extend([if i > 0 { "," } else { "" }, &value]);
    }
    out.push(']');
}

/// Whole numbers as such, so that counters stay integers; what overflowed is the greatest number.
fn number(value: f64) -> String {
    /// From here on not every whole number is a double.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        // Plus zero: minus zero would be written with its sign.
        return format!("{:.0}", value + 0.0);
    }
    let value = value.clamp(f64::MIN, f64::MAX);
    serde_json::Number::from_f64(value).map_or_else(|| "0".to_owned(), |number| number.to_string())
}
