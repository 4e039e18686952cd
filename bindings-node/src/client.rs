//! `Client` for Node.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, BufferSlice, Object};
use napi::{Env, Result};
use napi_derive::napi;
use scrubjay_core::ffi;

use crate::blocking::{Blocking, wait, work};
use crate::engine::{Text, bytes};
use crate::error::to_js;

/// Captures, scrubs, batches and delivers records.
#[napi]
pub struct Client(Arc<ffi::Client>);

#[napi]
impl Client {
    /// Reads a configuration (JSON text) and the environment's switches; starts nothing.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`.
    #[napi(constructor)]
    pub fn new(env: Env, config: String) -> Result<Self> {
        ffi::Client::new(&config).map(|client| Self(Arc::new(client))).map_err(|e| to_js(env, &e))
    }

    /// Captures a record; `false` where collection is off or the client is closed. Never blocks, never throws.
    #[napi]
    pub fn track(&self, record: Text<'_>) -> bool {
        self.0.track(bytes(&record))
    }

    /// Captures the records that JavaScript wrote into the first `length` bytes of its slab; whether the client still
    /// captures.
    #[napi]
    pub fn track_framed(&self, frames: BufferSlice<'_>, length: u32) -> bool {
        self.0.track_framed(part(&frames, 0, length))
    }

    /// `trackChecked` of a record that JavaScript wrote into its slab.
    ///
    /// # Errors
    /// `internal` only.
    #[napi]
    pub fn track_captured_checked(&self, env: Env, slab: BufferSlice<'_>, start: u32, end: u32) -> Result<String> {
        self.0.track_captured_checked(part(&slab, start, end)).map_err(|e| to_js(env, &e))
    }

    /// Whether `track` waits for the disk.
    #[napi]
    pub fn is_durable(&self) -> bool {
        self.0.is_durable()
    }

    /// Whether the client is off.
    #[napi]
    pub fn is_off(&self) -> bool {
        self.0.is_off()
    }

    /// `shutdown` at the end of the process: holds up the event loop, which is over.
    #[napi]
    pub fn leave(&self, timeout_ms: u32) -> bool {
        self.0.shutdown(u64::from(timeout_ms))
    }

    /// Runs the engine at once, returns the outcome (JSON text) and queues what was accepted.
    ///
    /// # Errors
    /// `internal` only.
    #[napi]
    pub fn track_checked(&self, env: Env, record: Text<'_>) -> Result<String> {
        self.0.track_checked(bytes(&record)).map_err(|e| to_js(env, &e))
    }

    /// Waits until everything captured before the call was delivered or finally dropped; `false` after `timeout_ms`.
    ///
    /// # Errors
    /// `internal` where the wait cannot start.
    #[napi]
    pub fn flush<'env>(&self, env: &'env Env, timeout_ms: u32) -> Result<Object<'env>> {
        let client = Arc::clone(&self.0);
        wait(env, move || client.flush(u64::from(timeout_ms)))
    }

    /// Delivers what it can within `timeout_ms` and stops. Idempotent.
    ///
    /// # Errors
    /// `internal` where the wait cannot start.
    #[napi]
    pub fn shutdown<'env>(&self, env: &'env Env, timeout_ms: u32) -> Result<Object<'env>> {
        let client = Arc::clone(&self.0);
        wait(env, move || client.shutdown(u64::from(timeout_ms)))
    }

    /// Records that the user agrees (JSON text); whether collection is on then.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn opt_in(&self, grant: String) -> AsyncTask<Blocking<bool>> {
        let client = Arc::clone(&self.0);
        work(move || client.opt_in(&grant))
    }

    /// Records that the user no longer agrees (JSON text); resolves when nothing more will be sent.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn opt_out(&self, word: String) -> AsyncTask<Blocking<bool>> {
        let client = Arc::clone(&self.0);
        work(move || client.opt_out(&word).map(|()| true))
    }

    /// Takes another configuration (JSON text); the changed keys as JSON text.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`; then nothing changes.
    #[napi]
    pub fn reconfigure(&self, env: Env, config: String) -> Result<String> {
        self.0.reconfigure(&config).map_err(|e| to_js(env, &e))
    }

    /// What changed since, as JSON text.
    #[napi]
    pub fn changes(&self, since: u32) -> String {
        self.0.changes(u64::from(since))
    }

    /// What holds and who decided it, as JSON text.
    #[napi]
    pub fn status(&self) -> String {
        self.0.status()
    }

    /// The entries of the audit trail as JSON text.
    ///
    /// # Errors
    /// `consent_unavailable`.
    #[napi]
    pub fn consent_history(&self, env: Env) -> Result<String> {
        self.0.consent_history().map_err(|e| to_js(env, &e))
    }

    /// What a check of the audit trail found, as JSON text.
    ///
    /// # Errors
    /// `consent_unavailable`.
    #[napi]
    pub fn consent_verify(&self, env: Env) -> Result<String> {
        self.0.consent_verify().map_err(|e| to_js(env, &e))
    }

    /// The books as JSON text.
    #[napi]
    pub fn stats(&self) -> String {
        self.0.stats()
    }
}

/// A part of the slab; nothing where there is no such part.
fn part<'a>(slab: &'a BufferSlice<'_>, start: u32, end: u32) -> &'a [u8] {
    let place = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    slab.get(place(start)..place(end)).unwrap_or_default()
}
