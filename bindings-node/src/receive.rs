//! What the collector takes in beside records: OTLP requests, bodies compressed with zstd.

#![cfg_attr(test, allow(dead_code, reason = "a build of tests registers nothing with Node"))]

use napi::bindgen_prelude::{AsyncTask, Buffer, Object};
use napi::{Env, Result};
use napi_derive::napi;
use scrubjay_core::ffi;

use crate::blocking::{Blocking, begin, work};
use crate::engine::Engine;
use crate::error::to_js;
use crate::text::OneByte;

/// An OTLP request as records.
#[napi(object)]
pub(crate) struct OtlpRecords {
    /// Bodies of JSON lines, made for `Store.ingest` as `ndjson`.
    pub bodies: Vec<Buffer>,
    /// Items that no record can say.
    pub rejected: i64,
    /// Why the first of those was rejected.
    pub reason: String,
}

/// The records of an OTLP request (`logs`, `metrics` or `traces`, as `protobuf` or `json`).
///
/// # Errors
/// The promise rejects with `batch_unreadable`, `argument_invalid`.
#[napi]
pub(crate) fn otlp_records(signal: String, encoding: String, body: Buffer) -> AsyncTask<Blocking<OtlpRecords>> {
    work(move || {
        let records = ffi::otlp_records(&signal, &encoding, &body)?;
        let bodies = records.bodies.into_iter().map(|body| Buffer::from(body.into_bytes())).collect();
        Ok(OtlpRecords {
            bodies,
            rejected: i64::try_from(records.rejected).unwrap_or(i64::MAX),
            reason: records.reason,
        })
    })
}

/// The body of the answer to an OTLP request, of which some items were not taken.
///
/// # Errors
/// `argument_invalid`.
#[napi]
pub(crate) fn otlp_answer(env: Env, signal: String, encoding: String, rejected: i64, reason: String) -> Result<Buffer> {
    let body = ffi::otlp_answer(&signal, &encoding, u64::try_from(rejected).unwrap_or(0), &reason);
    body.map(Buffer::from).map_err(|e| to_js(env, &e))
}

/// The body of a refusal of an OTLP request.
///
/// # Errors
/// `argument_invalid`.
#[napi]
pub(crate) fn otlp_refusal(env: Env, encoding: String, http_status: u32, message: String) -> Result<Buffer> {
    let body = ffi::otlp_refusal(&encoding, u16::try_from(http_status).unwrap_or(u16::MAX), &message);
    body.map(Buffer::from).map_err(|e| to_js(env, &e))
}

/// A body without its zstd compression, or null where that has more than `limit` bytes.
///
/// # Errors
/// The promise rejects with `batch_unreadable`.
#[napi]
pub(crate) fn inflate_zstd(body: Buffer, limit: u32) -> AsyncTask<Blocking<Option<Buffer>>> {
    work(move || Ok(ffi::inflate_zstd(&body, limit as usize)?.map(Buffer::from)))
}

/// The records of a body that its verdict accepted, with the id and tenant that they were kept under.
///
/// # Errors
/// The promise rejects with `argument_invalid`, `batch_unreadable`.
#[napi]
pub(crate) fn forwarded(
    format: String,
    body: Buffer,
    verdict: String,
    tenant: String,
) -> AsyncTask<Blocking<Vec<String>>> {
    work(move || ffi::forwarded(&format, &body, &verdict, &tenant))
}

/// What an engine says of a body, of which nothing is kept, as JSON text.
///
/// # Errors
/// The promise rejects with `argument_invalid`, `batch_unreadable`.
#[napi(ts_return_type = "Promise<string>")]
pub(crate) fn check<'env>(env: &'env Env, engine: &Engine, format: String, body: Buffer) -> Result<Object<'env>> {
    let engine = engine.0.clone();
    begin(env, body, move |body, told| told(ffi::check(&engine, &format, body).map(OneByte)))
}
