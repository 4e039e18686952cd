//! `telemetry_metric_v1` (R1, R4): one measurement, or what a client added up of many.

use super::envelope::ENVELOPE;
use crate::record::check::Check;
use crate::record::choice::{METRIC_TYPES, TEMPORALITIES};
use crate::record::field::{Field, Shape, joined, optional, required};
use crate::record::kind::{Series, Table};

/// Type and unit of a name in the catalog need not be sent, and must not differ from it.
static FIELDS: [Field; 21] = joined(
    &ENVELOPE,
    &[
        required("name", &["metric_name", "metricName"], Check::MetricName, "What is measured."),
        required("type", &["metric_type", "metricType"], Check::OneOf(&METRIC_TYPES), "How values add up."),
        optional("unit", &[], Check::Unit, "Of the value."),
        required("value", &[], Check::Number, "The measurement; of many: their sum, the last, or a histogram's mean."),
        optional("attributes", &[], Check::Object, "What tells measurements of one name apart."),
        optional(
            "aggregation_temporality",
            &["aggregationTemporality"],
            Check::OneOf(&TEMPORALITIES),
            "Whether an aggregate covers its interval (delta) or everything since the start (cumulative).",
        ),
        optional(
            "start_time_unix_nano",
            &["startTimeUnixNano"],
            Check::Nanoseconds,
            "When an aggregate's interval began; it ends at the timestamp.",
        ),
        optional("count", &[], Check::Count, "How many measurements a histogram holds."),
        optional("sum", &[], Check::Number, "Of a histogram's measurements."),
        optional("min", &[], Check::Number, "The least of them."),
        optional("max", &[], Check::Number, "The greatest of them."),
        optional("bucket_counts", &["bucketCounts"], Check::Counts, "Measurements by bucket, one more than bounds."),
        optional("explicit_bounds", &["explicitBounds"], Check::Bounds, "Where buckets end, in rising order."),
    ],
);

pub(crate) static TABLE: Table = Table {
    schema: "telemetry_metric_v1",
    about: "One measurement, or what a client added up of many.",
    shape: Shape::new(&FIELDS),
    room: "attributes",
    marks: &[&["name", "type", "value"]],
    implied: &[],
    has_epoch_times: true,
    series: (Series::Word("metric"), "name"),
};
