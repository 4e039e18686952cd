//! Consents and the audit trail in `meta.db`.
//!
//! Each entry of the trail carries the SHA-256 of the entry before it and of its own content. Whoever edits,
//! inserts or removes an entry breaks the chain from there on; whoever cuts off its end changes its head.

use std::path::Path;

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::MetaStore;
use super::database::{file_name, open, truncate_wal, unavailable};
use super::migrate::META;
use super::model::{AuditEntry, AuditState, Consent, Tenant};
use crate::error::{Error, ErrorKind, Result};
use crate::record::time::Timestamp;

/// What the first entry is chained to.
const ORIGIN: [u8; 32] = [0; 32];

/// The embedded [`MetaStore`].
pub(super) struct SqliteMeta {
    connection: Mutex<Option<Connection>>,
    file: String,
}

impl SqliteMeta {
    pub(super) fn open(path: &Path) -> Result<Self> {
        Ok(Self { connection: Mutex::new(Some(open(path, META)?)), file: file_name(path) })
    }

    fn lock(&self) -> Result<MappedMutexGuard<'_, Connection>> {
        let closed = || Error::new(ErrorKind::Closed, "", "the store is closed; open it again");
        MutexGuard::try_map(self.connection.lock(), Option::as_mut).map_err(|_| closed())
    }

    fn write(&self, call: impl FnOnce(&mut Connection) -> rusqlite::Result<()>) -> Result<()> {
        call(&mut *self.lock()?).map_err(|e| unavailable("write", &self.file, &e))
    }
}

impl MetaStore for SqliteMeta {
    fn consent_put(&self, tenant: &Tenant, consent: &Consent) -> Result<()> {
        self.write(|connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO telemetry_consents (at, tenant, user_id, purpose, granted, notice_version, source)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?;
            let Consent { user_id, purpose, granted, notice_version, source } = consent;
            let at = Timestamp::now().microseconds();
            let row = params![at, tenant.as_str(), user_id, purpose, granted, notice_version, source];
            statement.execute(row).map(drop)
        })
    }

    fn consent_get(&self, tenant: &Tenant, user_id: &str) -> Result<Vec<Consent>> {
        let connection = self.lock()?;
        let read = || {
            let mut statement = connection.prepare_cached(
                "SELECT user_id, purpose, granted, notice_version, source FROM telemetry_consents
                 WHERE tenant = ?1 AND user_id = ?2 ORDER BY seq",
            )?;
            let consents = statement.query_map(params![tenant.as_str(), user_id], |row| {
                Ok(Consent {
                    user_id: row.get(0)?,
                    purpose: row.get(1)?,
                    granted: row.get(2)?,
                    notice_version: row.get(3)?,
                    source: row.get(4)?,
                })
            })?;
            consents.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(|e| unavailable("read", &self.file, &e))
    }

    fn audit_append(&self, tenant: &Tenant, entry: &AuditEntry) -> Result<()> {
        self.write(|connection| {
            // Immediate: nobody else may append between reading the last entry and sealing it.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let last = transaction
                .query_row("SELECT seq, hash FROM telemetry_audit ORDER BY seq DESC LIMIT 1", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            let (seq, previous): (i64, [u8; 32]) = last.unwrap_or((0, ORIGIN));
            let (seq, at) = (seq + 1, Timestamp::now().microseconds());
            let AuditEntry { actor, action, subject, detail } = entry;
            let hash = seal(&previous, seq, at, [tenant.as_str(), actor, action, subject, detail]);
            transaction.execute(
                "INSERT INTO telemetry_audit (seq, at, tenant, actor, action, subject, detail, hash)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![seq, at, tenant.as_str(), actor, action, subject, detail, hash],
            )?;
            transaction.commit()
        })
    }

    fn audit_verify(&self) -> Result<AuditState> {
        let connection = self.lock()?;
        verify(&connection).map_err(|e| unavailable("read", &self.file, &e))
    }

    fn close(&self) {
        if let Some(connection) = self.connection.lock().take() {
            // What fails here stays in the log and is found at the next open.
            let _ = truncate_wal(&connection, &self.file);
        }
    }
}

fn verify(connection: &Connection) -> rusqlite::Result<AuditState> {
    let mut statement = connection
        .prepare("SELECT seq, at, tenant, actor, action, subject, detail, hash FROM telemetry_audit ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut state = AuditState { entries: 0, head: ORIGIN, broken_at: None };
    let mut expected = 0;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        expected += 1;
        let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let content = [text(2)?, text(3)?, text(4)?, text(5)?, text(6)?];
        let written = row.get_ref(7)?;
        let sealed = seal(&state.head, seq, row.get(1)?, content);
        if seq != expected || written.as_blob().ok() != Some(&sealed[..]) {
            state.broken_at = Some(seq);
            break;
        }
        state.head = sealed;
        state.entries += 1;
    }
    Ok(state)
}

/// The hash of an entry. Each text stands behind its length, so that no two entries read alike.
fn seal(previous: &[u8; 32], seq: i64, at: i64, content: [&str; 5]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(seq.to_be_bytes());
    hash.update(at.to_be_bytes());
    for text in content {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, SqliteMeta) {
        let folder = tempfile::tempdir().unwrap();
        let meta = SqliteMeta::open(&folder.path().join("meta.db")).unwrap();
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
            user_id: "ann".into(),
            purpose: "analytics".into(),
            granted,
            notice_version: "2026-01".into(),
            source: "settings".into(),
        };
        for granted in [true, false] {
            meta.consent_put(&tenant("acme"), &decision(granted)).unwrap();
        }
        assert_eq!(meta.consent_get(&tenant("acme"), "ann").unwrap(), [decision(true), decision(false)]);
        assert_eq!(meta.consent_get(&tenant("other"), "ann").unwrap(), []);
    }

    #[test]
    fn decisions_cannot_be_edited() {
        let (folder, meta) = store();
        let consent = Consent {
            user_id: "ann".into(),
            purpose: "analytics".into(),
            granted: false,
            notice_version: String::new(),
            source: String::new(),
        };
        meta.consent_put(&tenant("acme"), &consent).unwrap();
        let raw = Connection::open(folder.path().join("meta.db")).unwrap();
        assert!(raw.execute("UPDATE telemetry_consents SET granted = 1", []).is_err());
    }

    #[test]
    fn an_intact_trail_verifies_across_reopening() {
        let (folder, meta) = store();
        assert_eq!(meta.audit_verify().unwrap(), AuditState { entries: 0, head: ORIGIN, broken_at: None });
        audited(&meta, 3);
        meta.close();
        let meta = SqliteMeta::open(&folder.path().join("meta.db")).unwrap();
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
}
