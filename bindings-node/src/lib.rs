//! The Node shell: names the facade's calls for Node-API, converts text and bytes, returns.
//!
//! No branch on meaning, no default, no policy: those live in `scrubjay_core` and, for what is idiom, in the
//! JavaScript beside this crate. A failed call throws (or rejects with) an `Error` whose `code` is the stable
//! code and whose `path` is the place it speaks of. What may block runs on libuv's pool, bodies on
//! threads of their own, and returns a promise.

#![allow(clippy::needless_pass_by_value, reason = "Node-API hands over owned strings")]

mod blocking;
mod client;
mod engine;
mod error;
mod leaving;
mod promises;
mod receive;
mod slab;
mod store;
mod text;
mod workers;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Result};
use napi_derive::napi;
use scrubjay_core::ffi;

use crate::blocking::{Blocking, work};

/// The version of the engine, the same for all packages.
#[napi]
pub fn version() -> &'static str {
    ffi::version()
}

/// Every stable code as JSON text: `{"statuses":[…],"violations":[…],"errors":[…],"actions":[…],"rules":[…],"reasons":[…]}`.
#[napi]
pub fn codes() -> String {
    ffi::codes()
}

/// The record kinds as JSON Schema documents by their names, as JSON text.
#[napi]
pub fn schemas() -> String {
    ffi::schemas()
}

/// The metrics catalog as JSON text: `[{"name","type","unit","description"}…]`.
#[napi]
pub fn metrics_catalog() -> String {
    ffi::metrics_catalog()
}

/// What a tracking plan holds, as JSON text.
///
/// # Errors
/// `config_invalid`, `config_unknown_key` with the place in the plan.
#[napi]
pub fn plan_check(env: Env, plan: String) -> Result<String> {
    ffi::plan_check(&plan).map_err(|e| error::to_js(env, &e))
}

/// What a change of a tracking plan means, as JSON text.
///
/// # Errors
/// `config_invalid`, `config_unknown_key` with the place, which begins with `/old` or `/new`.
#[napi]
pub fn plan_diff(env: Env, old: String, next: String) -> Result<String> {
    ffi::plan_diff(&old, &next).map_err(|e| error::to_js(env, &e))
}

/// Opens the sealed values in a text: `{"opened":n,"failed":n,"text":…}`.
///
/// # Errors
/// `argument_invalid` for a key that is none.
#[napi]
pub fn unseal(env: Env, secret_key: String, text: String) -> Result<String> {
    ffi::unseal(&secret_key, &text).map_err(|e| error::to_js(env, &e))
}

/// A fresh key pair for sealed values: `{"public_key":…,"secret_key":…}`.
///
/// # Errors
/// `internal` without a source of randomness.
#[napi]
pub fn seal_keypair(env: Env) -> Result<String> {
    ffi::seal_keypair().map_err(|e| error::to_js(env, &e))
}

/// A configuration with a name, as JSON text.
///
/// # Errors
/// `argument_invalid` where there is none.
#[napi]
pub fn profile(env: Env, name: String) -> Result<String> {
    ffi::profile(&name).map_err(|e| error::to_js(env, &e))
}

/// Checks what a client of this configuration needs: `{"ok":bool,"checks":[…]}`.
#[napi(ts_return_type = "Promise<string>")]
pub fn doctor(config: String) -> AsyncTask<Blocking<String>> {
    work(move || ffi::doctor(&config))
}

/// What sampling makes of a record: `{"kept":bool,"sample_rate":n|null}`.
///
/// # Errors
/// `config_invalid`, `config_unknown_key`.
#[napi]
pub fn sample(env: Env, config: String, record: String) -> Result<String> {
    ffi::sample(&config, &record).map_err(|e| error::to_js(env, &e))
}

/// The `traceparent` of a new span: below `parent`, or the root of a new trace where that is none.
#[napi]
pub fn new_traceparent(parent: String) -> String {
    ffi::new_traceparent(&parent)
}

/// A `traceparent` header as JSON text: `{"trace_id","span_id","flags"}`, or `null`.
#[napi]
pub fn read_traceparent(header: String) -> String {
    ffi::read_traceparent(&header)
}

/// A report's JSON text as one page of HTML that needs nothing else.
///
/// # Errors
/// `internal` only.
#[napi]
pub fn report_page(env: Env, report: String) -> Result<String> {
    ffi::report_page(&report).map_err(|e| error::to_js(env, &e))
}

/// Panics on purpose inside the engine's guard: proves what this host makes of it.
///
/// # Errors
/// Always `internal`.
#[napi]
pub fn panic_for_test(env: Env) -> Result<String> {
    ffi::panic_for_test().map_err(|e| error::to_js(env, &e))
}

/// Fails with the error of `code`: proves that this host maps every one.
///
/// # Errors
/// Always, with `code`.
#[napi]
pub fn fail_for_test(env: Env, code: String) -> Result<String> {
    ffi::fail_for_test(&code).map_err(|e| error::to_js(env, &e))
}
