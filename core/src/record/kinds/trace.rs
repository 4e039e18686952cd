//! `telemetry_trace_v1` (R2, R3): a row of `telemetry_traces`, with R3's names.

use super::envelope::ENVELOPE;
use crate::record::check::Check;
use crate::record::choice::SEVERITIES;
use crate::record::field::{Field, Shape, joined, optional, required};
use crate::record::kind::{Implied, Series, Table};
use crate::record::limits::{MAX_ID_CHARS, MAX_NAME_CHARS};

/// `event_type` is R2's, `actor_admin_id` R3's.
static FIELDS: [Field; 17] = joined(
    &ENVELOPE,
    &[
        required("event_key", &["event_type", "eventType", "eventKey"], Check::Key, "Event in dot notation."),
        Field {
            default: Some("info"),
            ..required("severity", &[], Check::OneOf(&SEVERITIES), "How serious it is; info when absent.")
        },
        optional("actor_type", &["actorType"], Check::Text(MAX_NAME_CHARS), "What kind of actor, such as admin."),
        optional(
            "actor_id",
            &["actorId", "actor_admin_id", "actorAdminId"],
            Check::NumberedIdentifier,
            "Who did it; pseudonymised.",
        ),
        optional("route_name", &["routeName"], Check::Text(MAX_NAME_CHARS), "Name or pattern of the route."),
        optional("request_id", &["requestId"], Check::Text(MAX_ID_CHARS), "Correlates records of one request."),
        optional("ip_address", &["ipAddress"], Check::Ip, "IPv4 or IPv6; truncated or removed by privacy mode."),
        optional("user_agent", &["userAgent"], Check::Agent, "Cut after 255 characters."),
        optional("metadata", &[], Check::Object, "What else is to be known."),
    ],
);

const fn admin(alias: &'static str) -> Implied {
    Implied { alias, field: "actor_type", json: "\"admin\"", is_exact: true }
}

pub(crate) static TABLE: Table = Table {
    schema: "telemetry_trace_v1",
    about: "A step of the system that operators want to follow: an access decision, a slow operation.",
    shape: Shape::new(&FIELDS),
    room: "metadata",
    marks: &[
        &["event_key"],
        &["event_key", "severity"],
        &["event_key", "actor_type"],
        &["event_key", "actor_id"],
        &["event_key", "metadata"],
    ],
    implied: &[admin("actor_admin_id"), admin("actorAdminId")],
    has_epoch_times: false,
    series: (Series::Word("trace"), "event_key"),
};
