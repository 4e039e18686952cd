//! What a collector accepted: kept, found again, counted, and erased.
//!
//! A request is acknowledged when its records are in the segment log; a thread moves them into the day files.
//! [`EventStore`] and [`MetaStore`] say what a backend must do; SQLite, with `meta.db` and one file per UTC day,
//! is the one that is built in. Every call about records takes a [`Tenant`], which only a valid name becomes, and
//! callers work through [`Store::tenant`], whose handle reaches one tenant and no other. No SQL crosses this
//! module's border, in or out.

mod aggregate;
mod clamp;
mod credentials;
mod database;
mod day;
mod dictionary;
mod export;
mod fresh;
mod ingest;
mod ingest_log;
mod known;
mod meta;
mod migrate;
mod model;
mod options;
mod pick;
mod privacy;
mod spec;
mod sqlite;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

use self::ingest_log::IngestLog;
use self::known::{Known, Recent};
use crate::error::{Error, ErrorKind, Result};
use crate::record::time::Timestamp;

pub use self::aggregate::{Bucket, Buckets};
pub use self::day::Day;
pub use self::export::{Export, ExportFormat};
pub use self::ingest::{IngestOptions, Verdict};
pub use self::meta::{KeptDeletion, Subjects};
pub use self::model::{
    Adopted, ApiKey, Appended, AuditEntry, AuditState, Audited, Checked, Consent, DayStats, Deletion, LogStats, Page,
    Part, Retained, StoreStats, StoredEvent, Tenant,
};
pub use self::options::{Retention, StoreOptions};
pub(crate) use self::spec::object;
pub use self::spec::{AggregateSpec, Aggregation, Cursor, GroupKey, Pointer, QuerySpec, Selection};

/// Keeps records. Each call may fail with `store_unavailable`, `store_version`, or `closed` after `close`.
pub trait EventStore: Send + Sync {
    /// Keeps records; they are on disk when this returns. A record that is there already is counted and left
    /// alone, so a call that failed halfway is simply repeated.
    ///
    /// # Errors
    /// As for every call; some of the records may then be stored.
    fn append(&self, events: &[StoredEvent]) -> Result<Appended>;

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

    /// Erases users' records, so that no file holds their bytes any more. Returns how many there were.
    /// `users` are what the records hold: the pseudonyms, where identifiers are hashed.
    ///
    /// # Errors
    /// As for every call; repeating it completes an erasure that was interrupted.
    fn delete_user(&self, tenant: &Tenant, users: &[String]) -> Result<u64>;

    /// Erases users as [`delete_user`](Self::delete_user) does, each up to the moment that `until` says (microseconds
    /// since 1970-01-01T00:00:00Z), where it says one. Returns how many records there were, by tenant.
    ///
    /// # Errors
    /// As for every call; repeating it completes an erasure that was interrupted.
    fn delete_erased(&self, until: &dyn Fn(&Tenant, &str) -> Option<i64>) -> Result<BTreeMap<Tenant, u64>>;

    /// Removes every day before `day`, for all tenants: retention. Returns how many days there were.
    ///
    /// # Errors
    /// As for every call; repeating it goes on where it stopped.
    fn drop_before(&self, day: Day) -> Result<u64>;

    /// Removes what is older than its table keeps it, for all tenants. A day goes once all of it is too old.
    ///
    /// # Errors
    /// As for every call; repeating it goes on where it stopped.
    fn retain(&self, now: i64, retention: &Retention) -> Result<Retained>;

    /// Gives unused space back.
    ///
    /// # Errors
    /// As for every call.
    fn vacuum(&self) -> Result<()>;

    /// Copies everything into a folder while others write; each file is one moment of it.
    ///
    /// # Errors
    /// As for every call.
    fn backup(&self, folder: &Path) -> Result<()>;

    /// Reads everything and says what is damaged, file by file.
    ///
    /// # Errors
    /// As for every call. Damage is an answer, not an error.
    fn check(&self) -> Result<Vec<Checked>>;

    /// What is there, over all tenants.
    ///
    /// # Errors
    /// As for every call.
    fn stats(&self) -> Result<StoreStats>;

    /// Ends the store; later calls fail with `closed`. Repeating it does nothing.
    fn close(&self);
}

/// Keeps consents, the audit trail, deletions and API keys. Each call may fail with `store_unavailable`, or `closed`
/// after `close`.
#[allow(clippy::missing_errors_doc, reason = "said once, above")]
pub trait MetaStore: Send + Sync {
    /// Appends decisions, all or none; earlier ones stay.
    fn consent_put(&self, tenant: &Tenant, consents: &[Consent]) -> Result<()>;

    /// A user's decisions, oldest first; the last one of a purpose is in force.
    fn consent_get(&self, tenant: &Tenant, user_id: &str) -> Result<Vec<Consent>>;

    /// Appends to the audit trail, whose every entry seals those before it. Returns the entry's number.
    fn audit_append(&self, tenant: &Tenant, entry: &AuditEntry) -> Result<i64>;

    /// A tenant's entries.
    fn audit_page(&self, tenant: &Tenant, part: Part) -> Result<Vec<Audited>>;

    /// Reads the whole trail and checks every seal. A broken trail is an answer, not an error.
    fn audit_verify(&self) -> Result<AuditState>;

    /// Notes that users are to be erased, each as its subject and its id, and leaves their tombstones.
    fn deletion_begin(
        &self,
        tenant: &Tenant,
        deletion: &Deletion,
        by: &AuditEntry,
        pending: &[(String, String)],
    ) -> Result<()>;

    /// Notes that they are.
    fn deletion_end(&self, tenant: &Tenant, deletion: &Deletion) -> Result<()>;

    /// A tenant's deletions; without a tenant those of all that are not finished.
    fn deletions(&self, tenant: Option<&Tenant>, part: Part) -> Result<Vec<KeptDeletion>>;

    /// Takes over what another state of this store, in that folder, knows and this one does not: tombstones, decisions
    /// on consent, and keys that were revoked. `argument_invalid` where it is the state of another store.
    fn adopt(&self, folder: &Path) -> Result<Adopted>;

    /// Keeps a key by its hash.
    fn api_key_add(&self, key: &ApiKey, hash: &[u8; 32]) -> Result<()>;

    /// The living key of a hash.
    fn api_key_find(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>>;

    /// Ends a key; false where there is no living one.
    fn api_key_revoke(&self, tenant: &Tenant, id: &str) -> Result<bool>;

    /// A tenant's keys, oldest first.
    fn api_keys(&self, tenant: &Tenant) -> Result<Vec<ApiKey>>;

    /// What is known of users.
    fn subjects(&self) -> Result<Subjects>;

    /// Counts records that tombstones refused, by subject.
    fn refused(&self, refused: &[(Tenant, String, u64)]) -> Result<()>;

    /// How many there were.
    fn refused_total(&self) -> Result<u64>;

    /// A number that changes when another process writes.
    fn version(&self) -> Result<i64>;

    /// Gives each record with an impossible stamp the time under which it was put first.
    fn clamped(&self, records: &mut [(Tenant, [u8; 16], i64)]) -> Result<()>;

    /// Forgets where such records were put before a moment.
    fn forget_clamped(&self, before: i64) -> Result<()>;

    /// Copies everything into a folder.
    fn backup(&self, folder: &Path) -> Result<()>;

    /// Reads everything and says what is damaged.
    fn check(&self) -> Result<Checked>;

    /// Ends the store; later calls fail with `closed`. Repeating it does nothing.
    fn close(&self);
}

/// A folder of records and what is known about their owners.
pub struct Store {
    shared: Arc<Shared>,
    /// Nothing where records go straight into the day files.
    log: Option<IngestLog>,
    folder: PathBuf,
}

/// What the indexer shares with callers.
struct Shared {
    events: Box<dyn EventStore>,
    meta: Box<dyn MetaStore>,
    options: StoreOptions,
    known: RwLock<Known>,
    recent: Recent,
}

/// What became of records that were to be kept.
#[derive(Clone, Copy, Debug, Default)]
struct Kept {
    duplicates: u64,
    refused: u64,
}

impl Store {
    /// Opens a folder, or makes it: `meta.db`, `events/YYYY-MM-DD.db`, and `ingest-log/` unless the options say no. An
    /// erasure that was interrupted is finished.
    ///
    /// # Errors
    /// `store_unavailable`, also where `meta.db` is damaged or another process has the log; `store_version` where a
    /// newer version wrote it.
    pub fn open(folder: &Path, options: StoreOptions) -> Result<Self> {
        database::create_private_folder(folder)?;
        let meta = meta::SqliteMeta::open(&folder.join("meta.db"))?;
        let events = sqlite::SqliteEvents::open(&folder.join("events"))?;
        let known = RwLock::new(Known::read(&meta)?);
        let has_log = options.ingest_log;
        let shared = Arc::new(Shared {
            events: Box::new(events),
            meta: Box::new(meta),
            options,
            known,
            recent: Recent::default(),
        });
        let log = if has_log { Some(IngestLog::open(&folder.join("ingest-log"), &shared)?) } else { None };
        let store = Self { shared, log, folder: folder.to_owned() };
        store.finish_deletions();
        Ok(store)
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
        self.shared.events.as_ref()
    }

    /// Consents, the audit trail, deletions and API keys.
    pub fn meta(&self) -> &dyn MetaStore {
        self.shared.meta.as_ref()
    }

    /// Returns when everything that was acknowledged before can be found.
    ///
    /// # Errors
    /// `store_unavailable` with what keeps the indexer from it; `closed`.
    pub fn settle(&self) -> Result<()> {
        self.log.as_ref().map_or(Ok(()), IngestLog::settle)
    }

    /// Keeps records; they are on disk when this returns.
    fn keep(&self, events: Vec<StoredEvent>) -> Result<Kept> {
        let Some(log) = &self.log else { return self.shared.store(events) };
        let total = events.len();
        let keys: Vec<u128> = events.iter().map(|event| self.shared.recent.key(event)).collect();
        let mut seen = HashSet::new();
        let known = self.shared.recent.known(&keys);
        let fresh: Vec<StoredEvent> = events
            .into_iter()
            .zip(keys.iter().zip(known))
            .filter(|(_, (key, known))| !known && seen.insert(**key))
            .map(|(event, _)| event)
            .collect();
        let duplicates = (total - fresh.len()) as u64;
        log.append(fresh)?;
        // Only now: a record is a duplicate of what is durable, not of what may still fail.
        self.shared.recent.add(&keys);
        Ok(Kept { duplicates, refused: 0 })
    }

    /// Removes what is older than its table keeps it, as of `now` (microseconds since 1970-01-01T00:00:00Z) or the clock.
    ///
    /// # Errors
    /// See [`EventStore::retain`].
    pub fn retain(&self, now: Option<i64>) -> Result<Retained> {
        let now = now.unwrap_or_else(|| Timestamp::now().microseconds());
        let retained = self.shared.events.retain(now, &self.shared.options.retention_days)?;
        let longest = Day::of(now).before(*options::RETENTION_RANGE.end());
        self.shared.meta.forget_clamped(longest.start())?;
        Ok(retained)
    }

    /// Copies the store into a new folder while it is in use. What was acknowledged before is in it.
    ///
    /// # Errors
    /// `argument_invalid` where the folder is not empty; `store_unavailable`; `closed`.
    pub fn backup(&self, folder: &Path) -> Result<()> {
        self.settle()?;
        database::create_private_folder(folder)?;
        let mut entries = std::fs::read_dir(folder).map_err(|e| database::inaccessible("list", "the backup", &e))?;
        if entries.next().is_some() {
            return Err(Error::new(ErrorKind::ArgumentInvalid, "/folder", "not empty: name a new folder"));
        }
        // Records first: a consent or deletion that comes meanwhile is newer than they are.
        self.shared.events.backup(&folder.join("events"))?;
        self.shared.meta.backup(folder)?;
        database::sync_folder(folder).map_err(|e| database::inaccessible("sync", "the backup", &e))
    }

    /// Reads everything and says what is damaged, file by file.
    ///
    /// # Errors
    /// `store_unavailable` where the folder cannot be read; `closed`.
    pub fn check(&self) -> Result<Vec<Checked>> {
        let mut found = vec![self.shared.meta.check()?];
        found.append(&mut self.shared.events.check()?);
        Ok(found)
    }

    /// What is there, over all tenants.
    ///
    /// # Errors
    /// See [`EventStore::stats`].
    pub fn stats(&self) -> Result<StoreStats> {
        let ingest_log = self.log.as_ref().map(IngestLog::stats);
        Ok(StoreStats { ingest_log, refused: self.shared.meta.refused_total()?, ..self.shared.events.stats()? })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends the store: what waits is indexed, if that takes no longer than a few seconds, logs are folded into their
    /// files, and later calls fail with `closed`.
    pub fn close(&self) {
        if let Some(log) = &self.log {
            log.close();
        }
        self.shared.events.close();
        self.shared.meta.close();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
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
        if spec.is_consistent {
            self.store.settle()?;
        }
        self.store.shared.events.query(&self.tenant, spec)
    }

    /// Figures over records.
    ///
    /// # Errors
    /// See [`EventStore::aggregate`].
    pub fn aggregate(&self, spec: &AggregateSpec) -> Result<Buckets> {
        if spec.is_consistent {
            self.store.settle()?;
        }
        self.store.shared.events.aggregate(&self.tenant, spec)
    }

    /// Appends to the audit trail and returns the entry's number.
    ///
    /// # Errors
    /// See [`MetaStore`].
    pub fn audit_append(&self, entry: &AuditEntry) -> Result<i64> {
        self.store.shared.meta.audit_append(&self.tenant, entry)
    }
}
