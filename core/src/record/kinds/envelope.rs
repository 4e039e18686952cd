//! The envelope: what every record has, whatever its kind.

use crate::record::check::Check;
use crate::record::field::{Field, Shape, optional, required};
use crate::record::limits::{MAX_ID_CHARS, MAX_NAME_CHARS};

/// In canonical order. `occurred_at` is R2's, `created_at` R3's; camelCase is R4's.
pub(crate) const ENVELOPE: [Field; 8] = [
    required("schema", &[], Check::Schema, "The kind of the record."),
    optional("id", &[], Check::Id, "UUID, by which a repetition is recognised; stamped when absent."),
    required(
        "timestamp",
        &["occurred_at", "occurredAt", "created_at", "createdAt"],
        Check::Time,
        "When it happened: UTC with microseconds; stamped when absent.",
    ),
    optional("tenant_id", &["tenantId"], Check::Tenant, "Whose record it is; a collector knows it from credentials."),
    optional("user_id", &["userId"], Check::Identifier, "Pseudonymised."),
    optional("session_id", &["sessionId"], Check::Identifier, "Pseudonymised."),
    optional("sample_rate", &["sampleRate"], Check::Share, "The share of such records that are kept."),
    optional("context", &[], Check::Nested(&CONTEXT), "Where it happened."),
];

/// Places in every table.
pub(crate) const SCHEMA_FIELD: usize = 0;
pub(crate) const ID_FIELD: usize = 1;
pub(crate) const TIMESTAMP_FIELD: usize = 2;
pub(crate) const CONTEXT_FIELD: usize = 7;

/// `ip` is R1's, as is the session in the context.
static CONTEXT: Shape = Shape::new(&[
    optional("request_id", &["requestId"], Check::Text(MAX_ID_CHARS), "Correlates records of one request."),
    optional("route_name", &["routeName"], Check::Text(MAX_NAME_CHARS), "Name or pattern of the route."),
    optional("ip_address", &["ip", "ipAddress"], Check::Ip, "IPv4 or IPv6; truncated or removed by privacy mode."),
    optional("user_agent", &["userAgent"], Check::Agent, "Cut after 255 characters."),
    optional("trace_id", &["traceId"], Check::Hex(32), "32 hex digits."),
    optional("span_id", &["spanId"], Check::Hex(16), "16 hex digits."),
    optional("user_id", &["userId"], Check::Lifted, ""),
    optional("session_id", &["sessionId"], Check::Lifted, ""),
]);
