//! `Client` for Node.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Buffer, Object};
use napi::{Env, Result};
use napi_derive::napi;
use scrubjay_core::ffi;

use crate::blocking::{Blocking, wait, work};
use crate::engine::{Text, bytes};
use crate::error::to_js;
use crate::leaving;
use crate::slab::{Slab, attach};
use crate::text::OneByte;

/// Captures, scrubs, batches and delivers records.
#[napi]
pub struct Client {
    client: Arc<ffi::Client>,
    /// What JavaScript writes into, while the client captures.
    slab: RefCell<Option<Rc<Slab>>>,
}

#[napi]
impl Client {
    /// Reads a configuration (JSON text) and the environment's switches; starts nothing.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`.
    #[napi(constructor)]
    pub fn new(env: Env, config: String) -> Result<Self> {
        let client = ffi::Client::new(&config).map_err(|e| to_js(env, &e))?;
        Ok(Self { client: Arc::new(client), slab: RefCell::new(None) })
    }

    /// Captures a record; `false` where collection is off or the client is closed. Never blocks, never throws.
    #[napi]
    pub fn track(&self, record: Text<'_>) -> bool {
        self.client.track(bytes(&record))
    }

    /// `track` off the event loop, for the durable mode, in which it waits for the disk.
    ///
    /// # Errors
    /// `internal` where no promise can be made.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn track_async<'env>(&self, env: &'env Env, record: Text<'_>) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        self.client.track_then(bytes(&record), move |is_kept| deferred.resolve(move |_| Ok(is_kept)));
        Ok(promise)
    }

    /// Takes the memory that JavaScript writes records into. What is in it when the environment ends, on
    /// `worker.terminate()` for one, is captured then. The memory's number, for `checkCaptured`.
    ///
    /// # Errors
    /// Where the environment is ending.
    #[napi]
    pub fn attach(&self, env: Env, memory: Buffer) -> Result<u32> {
        let (slab, number) = attach(env, &self.client, memory)?;
        *self.slab.borrow_mut() = Some(slab);
        Ok(number)
    }

    /// Lets go of that memory; what is in it is captured first.
    #[napi]
    pub fn detach(&self) {
        let _ = self.hand_over();
        *self.slab.borrow_mut() = None;
    }

    /// Captures the records that JavaScript wrote into the slab, and empties it; whether the client still captures.
    #[napi]
    pub fn hand_over(&self) -> bool {
        self.slab.borrow().as_ref().is_none_or(|slab| slab.hand_over())
    }

    /// Adds a measurement (JSON text); whether it was added.
    ///
    /// # Errors
    /// `argument_invalid` for other text.
    #[napi]
    pub fn measure(&self, env: Env, measurement: String) -> Result<bool> {
        self.client.measure(&measurement).map_err(|e| to_js(env, &e))
    }

    /// Whether `takeWarnings` has lines that the worker found.
    #[napi]
    pub fn has_warnings(&self) -> bool {
        self.client.has_warnings()
    }

    /// What the host should say, one line each.
    #[napi]
    pub fn take_warnings(&self) -> Vec<String> {
        self.client.take_warnings()
    }

    /// What the next requests would carry, as JSON text.
    ///
    /// # Errors
    /// `internal` only.
    #[napi]
    pub fn preview(&self, env: Env) -> Result<String> {
        self.client.preview().map_err(|e| to_js(env, &e))
    }

    /// Whether `track` waits for the disk.
    #[napi]
    pub fn is_durable(&self) -> bool {
        self.client.is_durable()
    }

    /// Whether the client is off.
    #[napi]
    pub fn is_off(&self) -> bool {
        self.client.is_off()
    }

    /// `shutdown` at the end of the process: holds up the event loop, which is over.
    #[napi]
    pub fn leave(&self, timeout_ms: u32) -> bool {
        leaving::leave(&self.client, timeout_ms)
    }

    /// Runs the engine at once, returns the outcome (JSON text) and queues what was accepted.
    ///
    /// # Errors
    /// `internal` only.
    #[napi(ts_return_type = "string")]
    pub fn track_checked(&self, env: Env, record: Text<'_>) -> Result<OneByte> {
        self.client.track_checked(bytes(&record)).map(OneByte).map_err(|e| to_js(env, &e))
    }

    /// Waits until everything captured before the call was delivered or finally dropped; `false` after `timeout_ms`.
    ///
    /// # Errors
    /// `internal` where the wait cannot start.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn flush<'env>(&self, env: &'env Env, timeout_ms: u32) -> Result<Object<'env>> {
        let client = Arc::clone(&self.client);
        wait(env, move || client.flush(u64::from(timeout_ms)))
    }

    /// Delivers what it can within `timeout_ms` and stops. Idempotent.
    ///
    /// # Errors
    /// `internal` where the wait cannot start.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn shutdown<'env>(&self, env: &'env Env, timeout_ms: u32) -> Result<Object<'env>> {
        let client = Arc::clone(&self.client);
        wait(env, move || client.shutdown(u64::from(timeout_ms)))
    }

    /// Records that the user agrees (JSON text); whether collection is on then.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn opt_in(&self, grant: String) -> AsyncTask<Blocking<bool>> {
        let client = Arc::clone(&self.client);
        work(move || client.opt_in(&grant))
    }

    /// Records that the user no longer agrees (JSON text); resolves when nothing more will be sent.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn opt_out(&self, word: String) -> AsyncTask<Blocking<bool>> {
        let client = Arc::clone(&self.client);
        work(move || client.opt_out(&word).map(|()| true))
    }

    /// Keeps a user's wish to be deleted at the collector (JSON text) until that has confirmed it; resolves when it is on
    /// disk.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn request_deletion(&self, wish: String) -> AsyncTask<Blocking<bool>> {
        let client = Arc::clone(&self.client);
        work(move || client.request_deletion(&wish).map(|()| true))
    }

    /// Takes another configuration (JSON text); the changed keys as JSON text.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`; then nothing changes.
    #[napi]
    pub fn reconfigure(&self, env: Env, config: String) -> Result<String> {
        self.client.reconfigure(&config).map_err(|e| to_js(env, &e))
    }

    /// What changed since, as JSON text.
    #[napi]
    pub fn changes(&self, since: u32) -> String {
        self.client.changes(u64::from(since))
    }

    /// What holds and who decided it, as JSON text.
    #[napi]
    pub fn status(&self) -> String {
        self.client.status()
    }

    /// The entries of the audit trail as JSON text.
    ///
    /// # Errors
    /// `consent_unavailable`.
    #[napi]
    pub fn consent_history(&self, env: Env) -> Result<String> {
        self.client.consent_history().map_err(|e| to_js(env, &e))
    }

    /// What a check of the audit trail found, as JSON text.
    ///
    /// # Errors
    /// `consent_unavailable`.
    #[napi]
    pub fn consent_verify(&self, env: Env) -> Result<String> {
        self.client.consent_verify().map_err(|e| to_js(env, &e))
    }

    /// The books as JSON text.
    #[napi]
    pub fn stats(&self) -> String {
        self.client.stats()
    }
}
