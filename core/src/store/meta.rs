//! Consents, the audit trail, deletions and API keys in `meta.db`.
//!
//! Whoever writes here does it through one connection, and readers have another, so that a request's credentials are
//! found while a commit waits for the disk. Nothing that handles records can write to the audit trail: an authorizer
//! refuses every statement that would, but for the call that is for it.

mod adopt;
mod api_key;
mod audit;
mod consent;
mod deletion;
mod known;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, TransactionBehavior};

pub use self::deletion::Kept as KeptDeletion;
pub use self::known::Subjects;
use super::MetaStore;
use super::cipher::Cipher;
use super::database::{file_name, open, truncate_wal, unavailable};
use super::migrate::META;
use super::model::{Adopted, ApiKey, AuditEntry, AuditState, Audited, Checked, Consent, Deletion, Part, Tenant};
use super::sqlite::back_up;
use crate::error::{Error, ErrorKind, Result};

/// The table that only [`MetaStore::audit_append`] writes.
const AUDIT: &str = "telemetry_audit";

/// The embedded [`MetaStore`].
pub(super) struct SqliteMeta {
    writer: Mutex<Option<Connection>>,
    reader: Mutex<Option<Connection>>,
    /// Whether the writer is in the one call that may write to the audit trail.
    is_auditing: Arc<AtomicBool>,
    path: std::path::PathBuf,
    cipher: Cipher,
    file: String,
}

impl SqliteMeta {
    pub(super) fn open(path: &Path, cipher: &Cipher) -> Result<Self> {
        let file = file_name(path);
        let failed = |e| unavailable("open", &file, &e);
        let mut writer = open(path, META, cipher)?;
        let mut reader = open(path, META, cipher)?;
        let faults = super::sqlite::faults(&reader).map_err(failed)?;
        if !faults.is_empty() {
            let message = format!("{file}: the file is damaged: restore it from a backup, or move it away");
            return Err(Error::new(ErrorKind::StoreUnavailable, "", message));
        }
        let is_auditing = Arc::new(AtomicBool::new(false));
        for connection in [&mut writer, &mut reader] {
            let is_auditing = Arc::clone(&is_auditing);
            connection
                .authorizer(Some(move |context: AuthContext<'_>| guard_audit(context.action, &is_auditing)))
                .map_err(failed)?;
        }
        reader.pragma_update(None, "query_only", true).map_err(failed)?;
        Ok(Self {
            writer: Mutex::new(Some(writer)),
            reader: Mutex::new(Some(reader)),
            is_auditing,
            path: path.to_owned(),
            cipher: cipher.clone(),
            file,
        })
    }

    fn writer(&self) -> Result<MappedMutexGuard<'_, Connection>> {
        lock(&self.writer)
    }

    fn reader(&self) -> Result<MappedMutexGuard<'_, Connection>> {
        lock(&self.reader)
    }

    fn read<T>(&self, call: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let connection = self.reader()?;
        call(&connection).map_err(self.failed("read"))
    }

    fn write<T>(&self, call: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T> {
        let mut connection = self.writer()?;
        call(&mut connection).map_err(self.failed("write"))
    }

    fn failed(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> Error {
        move |e| unavailable(doing, &self.file, &e)
    }
}

fn lock(connection: &Mutex<Option<Connection>>) -> Result<MappedMutexGuard<'_, Connection>> {
    let closed = || Error::new(ErrorKind::Closed, "", "the store is closed; open it again");
    MutexGuard::try_map(connection.lock(), Option::as_mut).map_err(|_| closed())
}

/// Refuses what would write to the audit trail.
fn guard_audit(action: AuthAction<'_>, is_auditing: &AtomicBool) -> Authorization {
    let is_audit = match action {
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::DropTable { table_name }
        | AuthAction::Update { table_name, .. }
        | AuthAction::AlterTable { table_name, .. }
        | AuthAction::DropTrigger { table_name, .. } => table_name == AUDIT,
        _ => false,
    };
    if is_audit && !is_auditing.load(Ordering::Relaxed) { Authorization::Deny } else { Authorization::Allow }
}

impl MetaStore for SqliteMeta {
    fn consent_put(&self, tenant: &Tenant, consents: &[Consent]) -> Result<()> {
        let failed = self.failed("write");
        let mut connection = self.writer()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        consents.iter().try_for_each(|consent| consent::put(&transaction, tenant, consent)).map_err(&failed)?;
        transaction.commit().map_err(failed)
    }

    fn consent_get(&self, tenant: &Tenant, user_id: &str) -> Result<Vec<Consent>> {
        self.read(|connection| consent::get(connection, tenant, user_id))
    }

    fn audit_append(&self, tenant: &Tenant, entry: &AuditEntry) -> Result<i64> {
        let mut connection = self.writer()?;
        self.is_auditing.store(true, Ordering::Relaxed);
        let appended = audit::append(&mut connection, tenant, entry);
        self.is_auditing.store(false, Ordering::Relaxed);
        appended.map_err(self.failed("write"))
    }

    fn audit_page(&self, tenant: &Tenant, part: Part) -> Result<Vec<Audited>> {
        self.read(|connection| audit::page(connection, tenant, part))
    }

    fn audit_verify(&self) -> Result<AuditState> {
        self.read(audit::verify)
    }

    fn deletion_begin(
        &self,
        tenant: &Tenant,
        deletion: &Deletion,
        by: &AuditEntry,
        pending: &[(String, String)],
    ) -> Result<()> {
        self.write(|connection| deletion::begin(connection, tenant, deletion, by, pending))
    }

    fn deletion_end(&self, tenant: &Tenant, deletion: &Deletion) -> Result<()> {
        let connection = self.writer()?;
        deletion::end(&connection, tenant, deletion).map_err(self.failed("write"))?;
        // The ids that were pending must not stay in the log.
        truncate_wal(&connection, &self.file)
    }

    fn deletions(&self, tenant: Option<&Tenant>, part: Part) -> Result<Vec<KeptDeletion>> {
        self.read(|connection| deletion::page(connection, tenant, part))
    }

    fn adopt(&self, folder: &Path) -> Result<Adopted> {
        let theirs = adopt::open(&folder.join(&self.file), &self.file, &self.cipher)?;
        let mut connection = self.writer()?;
        adopt::adopt(&mut connection, &theirs, &self.file)
    }

    fn api_key_add(&self, key: &ApiKey, hash: &[u8; 32]) -> Result<()> {
        self.write(|connection| api_key::add(connection, key, hash))
    }

    fn api_key_find(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>> {
        self.read(|connection| api_key::find(connection, hash))
    }

    fn api_key_revoke(&self, tenant: &Tenant, id: &str) -> Result<bool> {
        self.write(|connection| api_key::revoke(connection, tenant, id))
    }

    fn api_keys(&self, tenant: &Tenant) -> Result<Vec<ApiKey>> {
        self.read(|connection| api_key::list(connection, tenant))
    }

    fn subjects(&self) -> Result<Subjects> {
        self.write(known::subjects)
    }

    fn refused(&self, refused: &[(Tenant, String, u64)]) -> Result<()> {
        self.write(|connection| known::refused(connection, refused))
    }

    fn refused_total(&self) -> Result<u64> {
        self.read(known::refused_total)
    }

    fn version(&self) -> Result<i64> {
        // Of the writer: what it writes itself does not count.
        let connection = self.writer()?;
        connection.pragma_query_value(None, "data_version", |row| row.get(0)).map_err(self.failed("read"))
    }

    fn clamped(&self, records: &mut [(Tenant, [u8; 16], i64)]) -> Result<()> {
        self.write(|connection| known::clamped(connection, records))
    }

    fn forget_clamped(&self, before: i64) -> Result<()> {
        self.write(|connection| known::forget_clamped(connection, before))
    }

    fn backup(&self, folder: &Path) -> Result<()> {
        back_up(&self.path, &folder.join(&self.file), &self.file, &self.cipher)
    }

    fn check(&self) -> Result<Checked> {
        let connection = self.reader()?;
        Ok(super::sqlite::check(Ok(&*connection), &self.file))
    }

    fn close(&self) {
        drop(self.reader.lock().take());
        if let Some(connection) = self.writer.lock().take() {
            // What fails here stays in the log and is found at the next open.
            let _ = truncate_wal(&connection, &self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::audit::ORIGIN;
    use super::*;

    fn store() -> (tempfile::TempDir, SqliteMeta) {
        let folder = tempfile::tempdir().unwrap();
        let meta = SqliteMeta::open(&folder.path().join("meta.db"), &Cipher::default()).unwrap();
        (folder, meta)
    }

    fn tenant(name: &str) -> Tenant {
        Tenant::new(name).unwrap()
    }

    fn audited(meta: &SqliteMeta, count: usize) {
        for i in 0..count {
            let entry = AuditEntry {
                actor: "operator".into(),
                action: "user.delete".into(),
                subject: format!("user-{i}"),
                detail: String::new(),
            };
            meta.audit_append(&tenant("acme"), &entry).unwrap();
        }
    }

    #[test]
    fn every_decision_stays_and_the_last_is_in_force() {
        let (_folder, meta) = store();
        let decision = |granted| Consent {
            at: 7,
            user_id: "ann".into(),
            purpose: "analytics".into(),
            granted,
            notice_version: "2026-01".into(),
            source: "settings".into(),
        };
        for granted in [true, false] {
            meta.consent_put(&tenant("acme"), &[decision(granted)]).unwrap();
        }
        assert_eq!(meta.consent_get(&tenant("acme"), "ann").unwrap(), [decision(true), decision(false)]);
        assert_eq!(meta.consent_get(&tenant("other"), "ann").unwrap(), []);
    }

    #[test]
    fn decisions_cannot_be_edited() {
        let (folder, meta) = store();
        let consent = Consent {
            at: 7,
            user_id: "ann".into(),
            purpose: "analytics".into(),
            granted: false,
            notice_version: String::new(),
            source: String::new(),
        };
        meta.consent_put(&tenant("acme"), &[consent]).unwrap();
        let raw = Connection::open(folder.path().join("meta.db")).unwrap();
        assert!(raw.execute("UPDATE telemetry_consents SET granted = 1", []).is_err());
    }

    #[test]
    fn an_intact_trail_verifies_across_reopening() {
        let (folder, meta) = store();
        assert_eq!(meta.audit_verify().unwrap(), AuditState { entries: 0, head: ORIGIN, broken_at: None });
        audited(&meta, 3);
        meta.close();
        let meta = SqliteMeta::open(&folder.path().join("meta.db"), &Cipher::default()).unwrap();
        audited(&meta, 2);
        let state = meta.audit_verify().unwrap();
        assert_eq!((state.entries, state.broken_at), (5, None));
    }

    #[test]
    fn an_edited_or_removed_entry_is_found() {
        for (tamper, intact, broken_at) in [
            ("UPDATE telemetry_audit SET subject = 'someone else' WHERE seq = 2", 1, 2),
            ("UPDATE telemetry_audit SET at = at + 1 WHERE seq = 3", 2, 3),
            ("DELETE FROM telemetry_audit WHERE seq = 2", 1, 3),
            ("UPDATE telemetry_audit SET actor = actor || action, action = '' WHERE seq = 4", 3, 4),
        ] {
            let (folder, meta) = store();
            audited(&meta, 5);
            let raw = Connection::open(folder.path().join("meta.db")).unwrap();
            assert!(raw.execute_batch(tamper).is_err(), "the triggers refuse: {tamper}");
            raw.execute_batch("DROP TRIGGER telemetry_audit_no_update; DROP TRIGGER telemetry_audit_no_delete")
                .unwrap();
            raw.execute_batch(tamper).unwrap();
            let state = meta.audit_verify().unwrap();
            assert_eq!((state.entries, state.broken_at), (intact, Some(broken_at)), "{tamper}");
        }
    }

    #[test]
    fn calls_after_close_say_so() {
        let (_folder, meta) = store();
        meta.close();
        meta.close();
        assert_eq!(meta.audit_verify().unwrap_err().kind(), ErrorKind::Closed);
    }

    #[test]
    fn only_the_call_for_it_writes_to_the_audit_trail() {
        let (_folder, meta) = store();
        audited(&meta, 1);
        let writer = meta.writer().unwrap();
        for sql in [
            "INSERT INTO telemetry_audit VALUES (2, 0, 'acme', 'a', 'b', 'c', 'd', x'00')",
            "UPDATE telemetry_audit SET actor = 'x'",
            "DELETE FROM telemetry_audit",
            "DROP TABLE telemetry_audit",
            "ALTER TABLE telemetry_audit ADD COLUMN more TEXT",
            "DROP TRIGGER telemetry_audit_no_update",
        ] {
            let error = writer.execute_batch(sql).unwrap_err();
            let code = error.sqlite_error_code();
            assert_eq!(code, Some(rusqlite::ErrorCode::AuthorizationForStatementDenied), "{sql}");
        }
        drop(writer);
        audited(&meta, 1);
        assert_eq!(meta.audit_verify().unwrap().entries, 2);
    }
}
