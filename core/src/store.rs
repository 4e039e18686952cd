//! What a collector accepted: kept, found again, counted, and erased.
//!
//! A request is acknowledged when its records are in the segment log; a thread moves them into the day files.
//! [`EventStore`] and [`MetaStore`] say what a backend must do; SQLite, with `meta.db` and one file per UTC day,
//! is the one that is built in. Every call about records takes a [`Tenant`], which only a valid name becomes, and
//! callers work through [`Store::tenant`], whose handle reaches one tenant and no other. No SQL crosses this
//! module's border, in or out.

mod aggregate;
mod backend;
mod cipher;
mod clamp;
mod convert;
mod credentials;
mod database;
mod day;
mod dictionary;
mod export;
mod fresh;
mod gate;
mod ingest;
mod ingest_log;
mod known;
mod later;
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

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

use self::day::{DayFiles, READ_DAYS};
use self::ingest_log::IngestLog;
use self::known::{KeySet, Known, Recent};
use crate::error::{Error, ErrorKind, Result};
use crate::record::time::Timestamp;

pub use self::aggregate::{Bucket, Buckets};
pub use self::backend::{EventStore, MetaStore};
pub(crate) use self::convert::convert;
pub use self::day::Day;
pub use self::export::{Export, ExportFormat};
pub(crate) use self::gate::{pass, shut};
pub use self::ingest::{IngestOptions, Verdict};
pub(crate) use self::later::promised;
pub use self::meta::{KeptDeletion, Subjects};
pub use self::model::{
    Adopted, ApiKey, Appended, AuditEntry, AuditState, Audited, Checked, Consent, DayStats, Deletion, LogStats, Page,
    Part, Retained, StoreStats, StoredEvent, Tenant,
};
pub use self::options::{Retention, StoreOptions};
pub(crate) use self::spec::object;
pub use self::spec::{AggregateSpec, Aggregation, Cursor, GroupKey, Pointer, QuerySpec, Selection};

/// What stands in a store's folder.
const META: &str = "meta.db";
const EVENTS: &str = "events";
const INGEST_LOG: &str = "ingest-log";

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

/// Records that were to be kept, of which some are there already.
struct Sifted {
    fresh: Vec<StoredEvent>,
    /// Of all of them, for [`Recent`].
    keys: Vec<u128>,
    duplicates: u64,
}

impl Store {
    /// Opens a folder, or makes it: `meta.db`, `events/YYYY-MM-DD.db`, and `ingest-log/` unless the options say no. An
    /// erasure that was interrupted is finished.
    ///
    /// # Errors
    /// `store_unavailable`, also where `meta.db` is damaged, another process has the log, or the key is not that of the
    /// files; `store_version` where a newer version wrote it.
    pub fn open(folder: &Path, options: StoreOptions) -> Result<Self> {
        convert::refuse_half_converted(folder)?;
        Self::open_in_any_state(folder, options)
    }

    /// Likewise, also while it is being converted.
    fn open_in_any_state(folder: &Path, options: StoreOptions) -> Result<Self> {
        database::create_private_folder(folder)?;
        let (cipher, meta, events) = (options.cipher(), folder.join(META), folder.join(EVENTS));
        // A store is of one key: before anything is written its days are looked at, where they need not be as `meta.db`.
        let is_alone = !meta.exists();
        if events.is_dir() && (cipher.is_on() || is_alone) {
            let files = DayFiles::new(&events, &cipher, READ_DAYS);
            files.days()?.into_iter().try_for_each(|day| cipher.check(&files.path(day, ""), is_alone))?;
        }
        let meta = meta::SqliteMeta::open(&meta, &cipher)?;
        let events = sqlite::SqliteEvents::open(&events, &cipher)?;
        let known = RwLock::new(Known::read(&meta)?);
        let has_log = options.ingest_log;
        let shared = Arc::new(Shared {
            events: Box::new(events),
            meta: Box::new(meta),
            options,
            known,
            recent: Recent::default(),
        });
        let log = if has_log { Some(IngestLog::open(&folder.join(INGEST_LOG), &shared)?) } else { None };
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
        let Sifted { fresh, keys, duplicates } = self.sift(events);
        log.append(fresh)?;
        // Only now: a record is a duplicate of what is durable, not of what may still fail.
        self.shared.recent.add(&keys);
        Ok(Kept { duplicates, refused: 0 })
    }

    /// Tells what is new from what was acknowledged just now, or came twice.
    fn sift(&self, mut events: Vec<StoredEvent>) -> Sifted {
        let total = events.len();
        let keys: Vec<u128> = events.iter().map(|event| self.shared.recent.key(event)).collect();
        let mut seen = KeySet::default();
        seen.reserve(keys.len());
        let mut known = keys.iter().zip(self.shared.recent.known(&keys));
        // In place: mostly all are new, and an event is 300 bytes.
        events.retain(|_| known.next().is_some_and(|(key, known)| !known && seen.insert(*key)));
        let duplicates = (total - events.len()) as u64;
        Sifted { fresh: events, keys, duplicates }
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
        self.shared.events.backup(&folder.join(EVENTS))?;
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
        let _passed = pass();
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
