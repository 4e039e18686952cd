//! Bounds on records and batches. Each is part of the contract between runtimes.

/// Levels of nesting in a record, its own object being the first. Telemetry is flat; real payloads stay below 8.
pub const MAX_DEPTH: usize = 16;

/// Bytes of one record as JSON text. Keeps one bad caller from filling a queue, and bounds the work on a record. What an
/// engine wrote may have 1 KiB more, in which its tokens count as one byte.
pub const MAX_RECORD_BYTES: usize = 64 << 10;

/// Records of one batch. Bounds the verdict that answers it.
pub const MAX_BATCH_RECORDS: usize = 1_000;

/// Bytes of one batch after decompression: eight times the largest that clients send by default.
pub const MAX_BATCH_BYTES: usize = 4 << 20;

/// Code points of a channel, event, user or session id, or route name (R3: VARCHAR(255)).
pub const MAX_NAME_CHARS: usize = 255;

/// Code points of a tenant id or request id (R3: VARCHAR(64)).
pub const MAX_ID_CHARS: usize = 64;

/// Code points that are kept of a user agent (R3: VARCHAR(255), truncated).
pub const MAX_USER_AGENT_CHARS: usize = 255;

/// Characters of a metric's unit, as OpenTelemetry bounds it.
pub const MAX_UNIT_CHARS: usize = 63;

/// Characters of a W3C `tracestate`: what every party must be able to pass on.
pub const MAX_TRACE_STATE_CHARS: usize = 512;
