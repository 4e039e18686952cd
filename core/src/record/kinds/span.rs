//! `telemetry_span_v1` (R1, R4): a span with OpenTelemetry's fields, in the project's case.

use super::envelope::ENVELOPE;
use crate::record::check::Check;
use crate::record::choice::{SPAN_KINDS, STATUS_CODES};
use crate::record::field::{Field, Shape, joined, optional, required};
use crate::record::kind::{Series, Table};
use crate::record::limits::{MAX_NAME_CHARS, MAX_TRACE_STATE_CHARS};

/// The timestamp, when absent, is the start.
static FIELDS: [Field; 24] = joined(
    &ENVELOPE,
    &[
        required("trace_id", &["traceId"], Check::Hex(32), "32 hex digits."),
        required("span_id", &["spanId"], Check::Hex(16), "16 hex digits."),
        optional("parent_span_id", &["parentSpanId"], Check::Hex(16), "16 hex digits; absent for a root."),
        TRACE_STATE,
        optional("flags", &[], Check::Count, "W3C trace flags."),
        required("name", &[], Check::Text(MAX_NAME_CHARS), "What was done."),
        optional("kind", &[], Check::OneOf(&SPAN_KINDS), "The span's side of a call."),
        required("start_time_unix_nano", &["startTimeUnixNano"], Check::Nanoseconds, "When it began."),
        required("end_time_unix_nano", &["endTimeUnixNano"], Check::Nanoseconds, "When it ended."),
        ATTRIBUTES,
        DROPPED_ATTRIBUTES,
        optional("events", &[], Check::List(&EVENT), "What happened meanwhile."),
        optional("dropped_events_count", &["droppedEventsCount"], Check::Count, "How many events were left out."),
        optional("links", &[], Check::List(&LINK), "Spans that caused it."),
        optional("dropped_links_count", &["droppedLinksCount"], Check::Count, "How many links were left out."),
        optional("status", &[], Check::Nested(&STATUS), "How it ended."),
    ],
);

const TRACE_STATE: Field =
    optional("trace_state", &["traceState"], Check::Text(MAX_TRACE_STATE_CHARS), "W3C tracestate.");

const ATTRIBUTES: Field = optional("attributes", &[], Check::Object, "What else is to be known.");

const DROPPED_ATTRIBUTES: Field = optional(
    "dropped_attributes_count",
    &["droppedAttributesCount"],
    Check::Count,
    "How many attributes were left out.",
);

static EVENT: Shape = Shape::new(&[
    required("time_unix_nano", &["timeUnixNano"], Check::Nanoseconds, "When it happened."),
    required("name", &[], Check::Text(MAX_NAME_CHARS), "What happened."),
    ATTRIBUTES,
    DROPPED_ATTRIBUTES,
]);

static LINK: Shape = Shape::new(&[
    required("trace_id", &["traceId"], Check::Hex(32), "32 hex digits."),
    required("span_id", &["spanId"], Check::Hex(16), "16 hex digits."),
    TRACE_STATE,
    ATTRIBUTES,
    DROPPED_ATTRIBUTES,
    optional("flags", &[], Check::Count, "W3C trace flags."),
]);

static STATUS: Shape = Shape::new(&[
    optional("code", &[], Check::OneOf(&STATUS_CODES), "unset, ok or error."),
    optional("message", &[], Check::Prose, "Why it failed."),
]);

pub(crate) static TABLE: Table = Table {
    schema: "telemetry_span_v1",
    about: "A unit of work of a distributed trace.",
    shape: Shape::new(&FIELDS),
    room: "attributes",
    marks: &[&["trace_id", "span_id", "start_time_unix_nano"]],
    implied: &[],
    has_epoch_times: true,
    series: (Series::Word("span"), "name"),
};
