//! What a collector needs to take in what others send, behind text and bytes.

use super::{Engine, guard};
use crate::error::Result;
use crate::receive::{self, Encoding, Signal};

/// An OTLP request as records: bodies of JSON lines, and what no record can say.
pub struct OtlpRecords {
    /// JSON lines, each body within the bounds of a batch; made for ingestion as `ndjson`.
    pub bodies: Vec<String>,
    /// Log records, data points or spans that no record can say.
    pub rejected: u64,
    /// Why the first of those was rejected; empty where none was.
    pub reason: String,
}

/// The records of an OTLP request. `signal` is `logs`, `metrics` or `traces`, `encoding` `protobuf` or `json`.
///
/// # Errors
/// `batch_unreadable` where the body is no such request, `argument_invalid` for a signal or encoding that is none.
pub fn otlp_records(signal: &str, encoding: &str, body: &[u8]) -> Result<OtlpRecords> {
    guard(|| {
        let received = receive::convert(Signal::parse(signal)?, Encoding::parse(encoding)?, body)?;
        let reason = received.reason.to_owned();
        Ok(OtlpRecords { bodies: received.bodies, rejected: received.rejected, reason })
    })
}

/// The body of the answer to an OTLP request, of which `rejected` items were not taken.
///
/// # Errors
/// `argument_invalid` for a signal or encoding that is none.
pub fn otlp_answer(signal: &str, encoding: &str, rejected: u64, reason: &str) -> Result<Vec<u8>> {
    guard(|| Ok(receive::answer(Signal::parse(signal)?, Encoding::parse(encoding)?, rejected, reason)))
}

/// The body of a refusal of an OTLP request: a `Status`.
///
/// # Errors
/// `argument_invalid` for an encoding that is none.
pub fn otlp_refusal(encoding: &str, http_status: u16, message: &str) -> Result<Vec<u8>> {
    guard(|| Ok(receive::refusal(Encoding::parse(encoding)?, http_status, message)))
}

/// A body without its zstd compression; nothing where that has more than `limit` bytes.
///
/// # Errors
/// `batch_unreadable` where it is not zstd.
pub fn inflate_zstd(body: &[u8], limit: usize) -> Result<Option<Vec<u8>>> {
    guard(|| receive::inflate_zstd(body, limit))
}

/// The records of a body that its verdict accepted, raw but with the id and tenant that they were kept under: what a
/// forwarding client takes on.
///
/// # Errors
/// `argument_invalid` for a format or verdict that is none, `batch_unreadable` as the body itself.
pub fn forwarded(format: &str, body: &[u8], verdict: &str, tenant: &str) -> Result<Vec<String>> {
    guard(|| receive::forwarded(format, body, verdict, tenant))
}

/// What an engine says of a body, of which nothing is kept:
/// `{"accepted":n,"rejected":n,"dropped":n,"results":[{"status","id","violations":[…]}…]}`.
///
/// # Errors
/// `argument_invalid` for a format that is none, `batch_unreadable`.
pub fn check(engine: &Engine, format: &str, body: &[u8]) -> Result<String> {
    guard(|| receive::check(&engine.0, format, body))
}
