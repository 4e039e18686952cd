//! `Store` for Node.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Buffer, Object};
use napi::{Env, Result};
use napi_derive::napi;
use scrubjay_core::ffi;

use crate::blocking::{Blocking, begin, work};
use crate::engine::Engine;
use crate::error::to_js;
use crate::leaving::leave_stores_at_exit;
use crate::text::OneByte;

/// A promise of JSON text. It rejects with `argument_invalid`, `store_unavailable`, `store_version` or `closed`.
type Answer = AsyncTask<Blocking<String>>;

/// One page of an export as a Parquet file.
#[napi(object)]
pub struct ParquetPage {
    /// The file.
    pub content: Buffer,
    /// Records in it.
    pub records: u32,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// Keeps what a collector accepted and answers questions about it. Specifications and answers are JSON text; what each
/// call takes and gives is said at the facade's method of the same name.
#[napi]
pub struct Store(Arc<ffi::Store>);

#[napi]
impl Store {
    fn work(&self, call: impl Fn(&ffi::Store) -> scrubjay_core::Result<String> + Send + 'static) -> Answer {
        let store = Arc::clone(&self.0);
        work(move || call(&store))
    }

    /// Work that answers nothing but that it is done.
    fn task(&self, call: impl Fn(&ffi::Store) -> scrubjay_core::Result<()> + Send + 'static) -> Answer {
        self.work(move |store| call(store).map(|()| "null".to_owned()))
    }

    /// Opens (or creates) the store in a folder.
    ///
    /// # Errors
    /// `argument_invalid`, `store_unavailable`, `store_version`.
    #[napi(factory)]
    pub fn open(env: Env, folder: String, options: String) -> Result<Self> {
        let store = ffi::Store::open(&folder, &options).map_err(|e| to_js(env, &e))?;
        leave_stores_at_exit();
        Ok(Self(Arc::new(store)))
    }

    /// Gives all files of a store another key: `{"files":n}`. `keys` is `{"from","to"}`.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn convert(folder: String, keys: String) -> Answer {
        work(move || {
            let converted = ffi::convert_store(&folder, &keys);
            leave_stores_at_exit();
            converted
        })
    }

    /// The verdict on a body, once what was accepted of it is durable.
    ///
    /// # Errors
    /// Where the environment is ending.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn ingest<'env>(
        &self,
        env: &'env Env,
        engine: &Engine,
        tenant: String,
        format: String,
        body: Buffer,
        options: String,
    ) -> Result<Object<'env>> {
        let (store, engine) = (Arc::clone(&self.0), engine.0.clone());
        begin(env, body, move |body, told| {
            store.ingest_then(&engine, &tenant, &format, body, &options, move |said| told(said.map(OneByte)));
        })
    }

    /// Waits for what was acknowledged.
    #[napi]
    pub fn settle(&self) -> Answer {
        self.task(ffi::Store::settle)
    }

    /// One page of records.
    #[napi]
    pub fn query(&self, tenant: String, spec: String) -> Answer {
        self.work(move |store| store.query(&tenant, &spec))
    }

    /// Figures over records.
    #[napi]
    pub fn aggregate(&self, tenant: String, spec: String) -> Answer {
        self.work(move |store| store.aggregate(&tenant, &spec))
    }

    /// One page of an export.
    #[napi]
    pub fn export(&self, tenant: String, spec: String, format: String) -> Answer {
        self.work(move |store| store.export(&tenant, &spec, &format))
    }

    /// One page of an export as a Parquet file.
    #[napi]
    pub fn export_parquet(&self, engine: &Engine, tenant: String, spec: String) -> AsyncTask<Blocking<ParquetPage>> {
        let (store, engine) = (Arc::clone(&self.0), engine.0.clone());
        work(move || {
            let (file, records, next) = store.export_parquet(&engine, &tenant, &spec)?;
            Ok(ParquetPage { content: file.into(), records: u32::try_from(records).unwrap_or(u32::MAX), next })
        })
    }

    /// The report about records.
    #[napi]
    pub fn report(&self, engine: &Engine, tenant: String, spec: String) -> Answer {
        let engine = engine.0.clone();
        self.work(move |store| store.report(&engine, &tenant, &spec))
    }

    /// Erases a user.
    #[napi]
    pub fn delete_user(&self, engine: &Engine, tenant: String, user_id: String, word: String) -> Answer {
        let engine = engine.0.clone();
        self.work(move |store| store.delete_user(&engine, &tenant, &user_id, &word))
    }

    /// One page of a user's records.
    #[napi]
    pub fn user_data(&self, engine: &Engine, tenant: String, user_id: String, spec: String) -> Answer {
        let engine = engine.0.clone();
        self.work(move |store| store.user_data(&engine, &tenant, &user_id, &spec))
    }

    /// One page of deletions.
    #[napi]
    pub fn deletions(&self, tenant: String, spec: String) -> Answer {
        self.work(move |store| store.deletions(&tenant, &spec))
    }

    /// Keeps a user's decisions.
    #[napi]
    pub fn consent_update(&self, engine: &Engine, tenant: String, word: String) -> Answer {
        let engine = engine.0.clone();
        self.work(move |store| store.consent_update(&engine, &tenant, &word))
    }

    /// A user's decisions.
    #[napi]
    pub fn consent_status(&self, engine: &Engine, tenant: String, user_id: String) -> Answer {
        let engine = engine.0.clone();
        self.work(move |store| store.consent_status(&engine, &tenant, &user_id))
    }

    /// Appends to the audit trail.
    #[napi]
    pub fn audit_append(&self, tenant: String, entry: String) -> Answer {
        self.work(move |store| store.audit_append(&tenant, &entry))
    }

    /// One page of the audit trail.
    #[napi]
    pub fn audit(&self, tenant: String, spec: String) -> Answer {
        self.work(move |store| store.audit(&tenant, &spec))
    }

    /// Checks the audit trail.
    #[napi]
    pub fn audit_verify(&self) -> Answer {
        self.work(ffi::Store::audit_verify)
    }

    /// Makes an API key.
    #[napi]
    pub fn api_key_add(&self, tenant: String, wanted: String) -> Answer {
        self.work(move |store| store.api_key_add(&tenant, &wanted))
    }

    /// Whose an API key is.
    #[napi]
    pub fn api_key_find(&self, key: String) -> Answer {
        self.work(move |store| store.api_key_find(&key))
    }

    /// Ends an API key.
    #[napi]
    pub fn api_key_revoke(&self, tenant: String, id: String) -> Answer {
        self.work(move |store| store.api_key_revoke(&tenant, &id))
    }

    /// A tenant's API keys.
    #[napi]
    pub fn api_keys(&self, tenant: String) -> Answer {
        self.work(move |store| store.api_keys(&tenant))
    }

    /// Removes what is too old.
    #[napi]
    pub fn retain(&self, now: Option<String>) -> Answer {
        self.work(move |store| store.retain(now.as_deref()))
    }

    /// Gives unused space back.
    #[napi]
    pub fn vacuum(&self) -> Answer {
        self.task(ffi::Store::vacuum)
    }

    /// Copies the store into a new folder.
    #[napi]
    pub fn backup(&self, folder: String) -> Answer {
        self.task(move |store| store.backup(&folder))
    }

    /// Applies what another state of the store knows.
    #[napi]
    pub fn apply_deletions(&self, folder: String) -> Answer {
        self.work(move |store| store.apply_deletions(&folder))
    }

    /// Reads everything and says what is damaged.
    #[napi]
    pub fn check(&self) -> Answer {
        self.work(ffi::Store::check)
    }

    /// What the store holds.
    #[napi]
    pub fn stats(&self) -> Answer {
        self.work(ffi::Store::stats)
    }

    /// Closes the store; calls under way finish first, later ones fail with `closed`.
    #[napi]
    pub fn close(&self) {
        self.0.close();
    }
}
