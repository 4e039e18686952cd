//! `telemetry_metric_v1` (R1, R4): one measurement.

use super::envelope::ENVELOPE;
use crate::record::check::Check;
use crate::record::choice::METRIC_TYPES;
use crate::record::field::{Field, Shape, joined, optional, required};
use crate::record::kind::{Series, Table};

/// Type and unit of a name in the catalog need not be sent, and must not differ from it.
static FIELDS: [Field; 13] = joined(
    &ENVELOPE,
    &[
        required("name", &["metric_name", "metricName"], Check::MetricName, "What is measured."),
        required("type", &["metric_type", "metricType"], Check::OneOf(&METRIC_TYPES), "How values add up."),
        optional("unit", &[], Check::Unit, "Of the value."),
        required("value", &[], Check::Number, "The measurement."),
        optional("attributes", &[], Check::Object, "What tells measurements of one name apart."),
    ],
);

pub(crate) static TABLE: Table = Table {
    schema: "telemetry_metric_v1",
    about: "One measurement.",
    shape: Shape::new(&FIELDS),
    room: "attributes",
    marks: &[&["name", "type", "value"]],
    implied: &[],
    has_epoch_times: true,
    series: (Series::Word("metric"), "name"),
};
