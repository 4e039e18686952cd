//! `telemetry_log_v1` (R4): an entry of the structured log.

use super::envelope::ENVELOPE;
use crate::record::check::Check;
use crate::record::choice::LEVELS;
use crate::record::field::{Field, Shape, joined, optional, required};
use crate::record::kind::{Series, Table};
use crate::record::limits::MAX_NAME_CHARS;

static FIELDS: [Field; 18] = joined(
    &ENVELOPE,
    &[
        required("component", &[], Check::Text(MAX_NAME_CHARS), "The part of the application that speaks."),
        required("level", &[], Check::OneOf(&LEVELS), "How serious it is."),
        required("message", &[], Check::Prose, "What it says."),
        required("event_type", &["eventType"], Check::Text(MAX_NAME_CHARS), "What kind of thing happened."),
        required("feature_flag_context", &["featureFlagContext"], Check::Object, "Feature flags in force."),
        optional("document_id", &["documentId"], Check::Identifier, "Pseudonymised."),
        optional("operation_id", &["operationId"], Check::Text(MAX_NAME_CHARS), "Correlates entries of one operation."),
        optional("latency_ms", &["latencyMs"], Check::NotNegative, "How long it took, in milliseconds."),
        optional("trace_id", &["traceId"], Check::Hex(32), "32 hex digits."),
        optional("metadata", &[], Check::Object, "What else is to be known."),
    ],
);

pub(crate) static TABLE: Table = Table {
    schema: "telemetry_log_v1",
    about: "An entry of the structured log.",
    shape: Shape::new(&FIELDS),
    room: "metadata",
    marks: &[&["component", "level", "message"]],
    implied: &[],
    has_epoch_times: true,
    series: (Series::Word("log"), "event_type"),
};
