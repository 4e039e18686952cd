//! What a backend must do.

use std::collections::BTreeMap;
use std::path::Path;

use super::aggregate::Buckets;
use super::day::Day;
use super::meta::{KeptDeletion, Subjects};
use super::model::{
    Adopted, ApiKey, Appended, AuditEntry, AuditState, Audited, Checked, Consent, Deletion, Page, Part, Retained,
    StoreStats, StoredEvent, Tenant,
};
use super::options::Retention;
use super::spec::{AggregateSpec, QuerySpec};
use crate::error::Result;

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
