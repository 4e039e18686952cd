//! `Store` for Node.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Buffer};
use napi::{Env, Result};
use napi_derive::napi;
use scrubjay_core::ffi;

use crate::blocking::{Blocking, work};
use crate::engine::Engine;
use crate::error::to_js;

/// Keeps what a collector accepted and answers questions about it.
#[napi]
pub struct Store(Arc<ffi::Store>);

#[napi]
impl Store {
    /// Opens (or creates) the store in a folder.
    ///
    /// # Errors
    /// `store_unavailable`, `store_version`.
    #[napi(factory)]
    pub fn open(env: Env, folder: String) -> Result<Self> {
        ffi::Store::open(&folder).map(|store| Self(Arc::new(store))).map_err(|e| to_js(env, &e))
    }

    /// Processes a body (`record`, `batch` or `ndjson`) and stores what was accepted: the verdict as JSON text,
    /// once it is durable.
    ///
    /// # Errors
    /// The promise rejects with `batch_unreadable`, `argument_invalid`, `closed`, `store_unavailable`.
    #[napi]
    pub fn ingest(&self, engine: &Engine, tenant: String, format: String, body: Buffer) -> AsyncTask<Blocking<String>> {
        let (store, engine) = (Arc::clone(&self.0), engine.0.clone());
        work(move || store.ingest(&engine, &tenant, &format, &body))
    }

    /// Stored records as JSON text, selected by a specification in JSON.
    ///
    /// # Errors
    /// The promise rejects with `argument_invalid`, `closed`, `store_unavailable`.
    #[napi]
    pub fn query(&self, tenant: String, spec: String) -> AsyncTask<Blocking<String>> {
        let store = Arc::clone(&self.0);
        work(move || store.query(&tenant, &spec))
    }

    /// Numbers over stored records as JSON text, described by a specification in JSON.
    ///
    /// # Errors
    /// The promise rejects with `argument_invalid`, `closed`, `store_unavailable`.
    #[napi]
    pub fn aggregate(&self, tenant: String, spec: String) -> AsyncTask<Blocking<String>> {
        let store = Arc::clone(&self.0);
        work(move || store.aggregate(&tenant, &spec))
    }

    /// What the store holds, as JSON text.
    ///
    /// # Errors
    /// The promise rejects with `closed`, `store_unavailable`.
    #[napi]
    pub fn stats(&self) -> AsyncTask<Blocking<String>> {
        let store = Arc::clone(&self.0);
        work(move || store.stats())
    }

    /// Closes the store; calls under way finish first, later ones fail with `closed`.
    #[napi]
    pub fn close(&self) {
        self.0.close();
    }
}
