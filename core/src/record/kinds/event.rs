//! `telemetry_event_v1` (R0, R1).

use super::envelope::ENVELOPE;
use crate::record::check::Check;
use crate::record::field::{Field, Shape, joined, required};
use crate::record::kind::{Implied, Series, Table};
use crate::record::limits::MAX_NAME_CHARS;

/// `event_name` and `properties` are R1's.
static FIELDS: [Field; 11] = joined(
    &ENVELOPE,
    &[
        required("channel", &[], Check::Text(MAX_NAME_CHARS), "The part of the application that it comes from."),
        required("event", &["event_name", "eventName"], Check::Text(MAX_NAME_CHARS), "What happened."),
        required("payload", &["properties"], Check::Object, "What is to be known about it."),
    ],
);

/// Places in the table.
pub(crate) const CHANNEL_FIELD: usize = ENVELOPE.len();
pub(crate) const EVENT_FIELD: usize = CHANNEL_FIELD + 1;

/// Where an event of R1 goes, which has a name only.
const DEFAULT_CHANNEL: &str = "\"default\"";

const fn of_r1(alias: &'static str, field: &'static str, json: &'static str) -> Implied {
    Implied { alias, field, json, is_exact: false }
}

pub(crate) static TABLE: Table = Table {
    schema: "telemetry_event_v1",
    about: "Something that happened in an application.",
    shape: Shape::new(&FIELDS),
    room: "payload",
    marks: &[],
    implied: &[
        of_r1("event_name", "channel", DEFAULT_CHANNEL),
        of_r1("eventName", "channel", DEFAULT_CHANNEL),
        of_r1("event_name", "payload", "{}"),
        of_r1("eventName", "payload", "{}"),
    ],
    has_epoch_times: false,
    series: (Series::Field("channel"), "event"),
};
