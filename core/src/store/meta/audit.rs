//! The audit trail.
//!
//! Each entry carries the SHA-256 of the entry before it and of its own content. Whoever edits, inserts or removes an
//! entry breaks the chain from there on; whoever cuts off its end changes its head.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::super::model::{AuditEntry, AuditState, Audited, Part, Tenant};
use crate::record::time::Timestamp;

/// What the first entry is chained to.
pub(super) const ORIGIN: [u8; 32] = [0; 32];

/// Appends an entry and returns its number. Prepares its statements each time: one that was kept would get past the
/// authorizer.
pub(super) fn append(connection: &mut Connection, tenant: &Tenant, entry: &AuditEntry) -> rusqlite::Result<i64> {
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
    transaction.commit()?;
    Ok(seq)
}

/// A tenant's entries.
pub(super) fn page(connection: &Connection, tenant: &Tenant, part: Part) -> rusqlite::Result<Vec<Audited>> {
    let (condition, order, after) = part.condition();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT seq, at, actor, action, subject, detail, hash FROM telemetry_audit
         WHERE tenant = ?2 AND {condition} ORDER BY {order} LIMIT ?3"
    ))?;
    let entries = statement.query_map(params![after, tenant.as_str(), part.limit], |row| {
        let entry = AuditEntry { actor: row.get(2)?, action: row.get(3)?, subject: row.get(4)?, detail: row.get(5)? };
        Ok(Audited { seq: row.get(0)?, at: row.get(1)?, entry, hash: row.get(6)? })
    })?;
    entries.collect()
}

pub(super) fn verify(connection: &Connection) -> rusqlite::Result<AuditState> {
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
