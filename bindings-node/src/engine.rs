//! `Engine` for Node.

use napi::bindgen_prelude::{BufferSlice, Either};
use napi::{Env, Result};
use napi_derive::napi;
use scrubjay_core::ffi;

use crate::error::to_js;

/// Bytes as they came, or JSON text.
pub(crate) type Text<'a> = Either<BufferSlice<'a>, String>;

pub(crate) fn bytes<'a>(text: &'a Text<'_>) -> &'a [u8] {
    match text {
        Either::A(buffer) => buffer,
        Either::B(string) => string.as_bytes(),
    }
}

/// A compiled configuration; a pure function from a record to its outcome.
#[napi]
pub struct Engine(pub(crate) ffi::Engine);

#[napi]
impl Engine {
    /// Compiles a configuration, JSON text.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`.
    #[napi(constructor)]
    pub fn new(env: Env, config: String) -> Result<Self> {
        ffi::Engine::new(&config).map(Self).map_err(|e| to_js(env, &e))
    }

    /// The outcome of one record as canonical JSON text. Pure.
    ///
    /// # Errors
    /// `argument_invalid` for a malformed stamp.
    #[napi]
    pub fn process(&self, env: Env, record: Text<'_>, stamp: Option<String>) -> Result<String> {
        self.0.process(bytes(&record), stamp.as_deref()).map_err(|e| to_js(env, &e))
    }

    /// `process` of a record as the client captures it: the compact bytes that JavaScript wrote.
    ///
    /// # Errors
    /// `argument_invalid` for a malformed stamp.
    #[napi]
    pub fn process_captured(&self, env: Env, record: BufferSlice<'_>, stamp: Option<String>) -> Result<String> {
        self.0.process_captured(&record, stamp.as_deref()).map_err(|e| to_js(env, &e))
    }

    /// `process` with the clock's time and fresh random bits as its stamp.
    ///
    /// # Errors
    /// `internal` only.
    #[napi]
    pub fn process_now(&self, env: Env, record: Text<'_>) -> Result<String> {
        self.0.process_now(bytes(&record)).map_err(|e| to_js(env, &e))
    }

    /// Why `process` changes and keeps what it does: `{"status":…,"violations":[…],"decisions":[…]}`. Pure.
    ///
    /// # Errors
    /// `argument_invalid` for a malformed stamp.
    #[napi]
    pub fn explain(&self, env: Env, record: Text<'_>, stamp: Option<String>) -> Result<String> {
        self.0.explain(bytes(&record), stamp.as_deref()).map_err(|e| to_js(env, &e))
    }

    /// Scrubs free text: `{"redactions":[…],"text":…}`.
    ///
    /// # Errors
    /// `internal` only.
    #[napi]
    pub fn scrub_text(&self, env: Env, text: String) -> Result<String> {
        self.0.scrub_text(&text).map_err(|e| to_js(env, &e))
    }

    /// Scrubs any JSON document: `{"violations":[…],"redactions":[…],"json":…}`.
    ///
    /// # Errors
    /// `internal` only.
    #[napi]
    pub fn scrub_json(&self, env: Env, document: Text<'_>) -> Result<String> {
        self.0.scrub_json(bytes(&document)).map_err(|e| to_js(env, &e))
    }
}
