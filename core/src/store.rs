//! What a collector accepted: kept, found again, counted, and erased.
//!
//! [`EventStore`] and [`MetaStore`] say what a backend must do; SQLite, with `meta.db` and one file per UTC day,
//! is the one that is built in. Every call about records takes a [`Tenant`], which only a valid name becomes, and
//! callers work through [`Store::tenant`], whose handle reaches one tenant and no other. No SQL crosses this
//! module's border, in or out.

mod aggregate;
mod database;
mod day;
mod ingest;
mod meta;
mod migrate;
mod model;
mod pick;
mod spec;
mod sqlite;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::error::Result;

pub use self::aggregate::{Bucket, Buckets};
pub use self::day::Day;
pub use self::ingest::Verdict;
pub use self::model::{Appended, AuditEntry, AuditState, Consent, DayStats, Page, StoreStats, StoredEvent, Tenant};
pub use self::spec::{AggregateSpec, Aggregation, Cursor, GroupKey, Pointer, QuerySpec, Selection};

/// Keeps records. Each call may fail with `store_unavailable`, `store_version`, or `closed` after `close`.
pub trait EventStore: Send + Sync {
    /// Keeps records; they are on disk when this returns. A record that is there already is counted and left
    /// alone, so a call that failed halfway is simply repeated.
    ///
    /// # Errors
    /// As for every call; some of the records may then be stored.
    fn append(&self, tenant: &Tenant, events: &[StoredEvent]) -> Result<Appended>;

    /// One page of a tenant's records.
    ///
    /// # Errors
    /// As for every call.
    fn query(&self, tenant: &Tenant, spec: &QuerySpec) -> Result<Page>;

    /// Figures over a tenant's records.
    ///
    /// # Errors
    /// As for every call; `argument_invalid` where the answer would not fit in memory.
    fn aggregate(&self, tenant: &Tenant, spec: &AggregateSpec) -> Result<Buckets>;

    /// Erases a user's records, so that no file holds their bytes any more. Returns how many there were.
    ///
    /// # Errors
    /// As for every call; repeating it completes an erasure that was interrupted.
    fn delete_user(&self, tenant: &Tenant, user_id: &str) -> Result<u64>;

    /// Removes every day before `day`, for all tenants: retention. Returns how many days there were.
    ///
    /// # Errors
    /// As for every call; repeating it goes on where it stopped.
    fn drop_before(&self, day: Day) -> Result<u64>;

    /// What is there, over all tenants.
    ///
    /// # Errors
    /// As for every call.
    fn stats(&self) -> Result<StoreStats>;

    /// Ends the store; later calls fail with `closed`. Repeating it does nothing.
    fn close(&self);
}

/// Keeps consents and the audit trail. Each call may fail with `store_unavailable`, or `closed` after `close`.
pub trait MetaStore: Send + Sync {
    /// Appends a decision; earlier ones stay.
    ///
    /// # Errors
    /// As for every call.
    fn consent_put(&self, tenant: &Tenant, consent: &Consent) -> Result<()>;

    /// A user's decisions, oldest first; the last one of a purpose is in force.
    ///
    /// # Errors
    /// As for every call.
    fn consent_get(&self, tenant: &Tenant, user_id: &str) -> Result<Vec<Consent>>;

    /// Appends to the audit trail, whose every entry seals those before it.
    ///
    /// # Errors
    /// As for every call.
    fn audit_append(&self, tenant: &Tenant, entry: &AuditEntry) -> Result<()>;

    /// Reads the whole trail and checks every seal.
    ///
    /// # Errors
    /// As for every call. A broken trail is an answer, not an error.
    fn audit_verify(&self) -> Result<AuditState>;

    /// Ends the store; later calls fail with `closed`. Repeating it does nothing.
    fn close(&self);
}

/// A folder of records and what is known about their owners.
pub struct Store {
    events: Box<dyn EventStore>,
    meta: Box<dyn MetaStore>,
}

impl Store {
    /// Opens a folder, or makes it: `meta.db` and `events/YYYY-MM-DD.db`.
    ///
    /// # Errors
    /// `store_unavailable`; `store_version` where a newer version wrote it.
    pub fn open(folder: &Path) -> Result<Self> {
        database::create_private_folder(folder)?;
        let meta = meta::SqliteMeta::open(&folder.join("meta.db"))?;
        let events = sqlite::SqliteEvents::open(&folder.join("events"))?;
        Ok(Self { events: Box::new(events), meta: Box::new(meta) })
    }

    /// A handle that reaches one tenant and no other.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn tenant(&self, name: &str) -> Result<TenantStore<'_>> {
        Ok(TenantStore { store: self, tenant: Tenant::new(name)? })
    }

    /// The records.
    pub fn events(&self) -> &dyn EventStore {
        self.events.as_ref()
    }

    /// Consents and the audit trail.
    pub fn meta(&self) -> &dyn MetaStore {
        self.meta.as_ref()
    }

    /// Ends the store: logs are folded into their files, and later calls fail with `closed`.
    pub fn close(&self) {
        self.events.close();
        self.meta.close();
    }
}

/// One tenant's part of a [`Store`].
pub struct TenantStore<'a> {
    store: &'a Store,
    tenant: Tenant,
}

impl TenantStore<'_> {
    /// One page of records.
    ///
    /// # Errors
    /// See [`EventStore`].
    pub fn query(&self, spec: &QuerySpec) -> Result<Page> {
        self.store.events.query(&self.tenant, spec)
    }

    /// Figures over records.
    ///
    /// # Errors
    /// See [`EventStore::aggregate`].
    pub fn aggregate(&self, spec: &AggregateSpec) -> Result<Buckets> {
        self.store.events.aggregate(&self.tenant, spec)
    }

    /// Erases a user's records.
    ///
    /// # Errors
    /// See [`EventStore::delete_user`].
    pub fn delete_user(&self, user_id: &str) -> Result<u64> {
        self.store.events.delete_user(&self.tenant, user_id)
    }
}
