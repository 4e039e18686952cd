//! What was asked to be erased, and the tombstones that it leaves.

use rusqlite::{Connection, TransactionBehavior, params};

use super::super::day::rfc3339;
use super::super::model::{AuditEntry, Deletion, Part, Tenant};
use crate::record::time::Timestamp;

/// A deletion with what a store needs to finish it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place in the order of requests.
    pub seq: i64,
    /// Whose data it is about.
    pub tenant: String,
    /// Who asked, and from where.
    pub by: AuditEntry,
    /// The ids as records hold them, while some may.
    pub pending: Vec<String>,
    /// What is told of it.
    pub deletion: Deletion,
}

/// Notes a request, and refuses the user's records from now on. `pending` has the subjects, and their ids as records
/// hold them.
pub(super) fn begin(
    connection: &mut Connection,
    tenant: &Tenant,
    deletion: &Deletion,
    by: &AuditEntry,
    pending: &[(String, String)],
) -> rusqlite::Result<()> {
    let at = Timestamp::parse(&deletion.requested_at).map_or(0, Timestamp::microseconds);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (subject, _) in pending {
        transaction.execute(
            "INSERT INTO telemetry_tombstones (tenant, subject, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant, subject) DO UPDATE SET at = max(at, excluded.at)",
            params![tenant.as_str(), subject, at],
        )?;
    }
    let ids: Vec<&String> = pending.iter().map(|(_, id)| id).collect();
    let ids = serde_json::to_string(&ids).unwrap_or_default();
    transaction.execute(
        "INSERT INTO telemetry_deletions (request_id, tenant, subject, actor, source, requested_at, pending)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![deletion.request_id, tenant.as_str(), deletion.user, by.actor, by.detail, at, ids],
    )?;
    transaction.commit()
}

pub(super) fn end(connection: &Connection, tenant: &Tenant, deletion: &Deletion) -> rusqlite::Result<()> {
    let at = deletion.completed_at.as_deref().and_then(Timestamp::parse).map(Timestamp::microseconds);
    connection
        .execute(
            "UPDATE telemetry_deletions SET pending = NULL, records = ?3, completed_at = ?4, audit_seq = ?5
             WHERE tenant = ?1 AND request_id = ?2",
            params![tenant.as_str(), deletion.request_id, deletion.records, at, deletion.audit_seq],
        )
        .map(drop)
}

/// A tenant's requests; of all tenants those that are not finished.
pub(super) fn page(connection: &Connection, tenant: Option<&Tenant>, part: Part) -> rusqlite::Result<Vec<Kept>> {
    let (condition, order, after) = part.condition();
    let which = if tenant.is_some() { "tenant = ?3" } else { "completed_at IS NULL AND ?3 IS NULL" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT seq, tenant, request_id, subject, actor, source, requested_at, pending, records, completed_at, audit_seq
         FROM telemetry_deletions WHERE {condition} AND {which} ORDER BY {order} LIMIT ?2"
    ))?;
    let kept = statement.query_map(params![after, part.limit, tenant.map(Tenant::as_str)], |row| {
        let pending: Option<String> = row.get(7)?;
        let completed: Option<i64> = row.get(9)?;
        Ok(Kept {
            seq: row.get(0)?,
            tenant: row.get(1)?,
            by: AuditEntry { actor: row.get(4)?, detail: row.get(5)?, ..AuditEntry::default() },
            pending: pending.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            deletion: Deletion {
                request_id: row.get(2)?,
                user: row.get(3)?,
                records: row.get(8)?,
                requested_at: rfc3339(row.get(6)?),
                completed_at: completed.map(rfc3339),
                audit_seq: row.get(10)?,
            },
        })
    })?;
    kept.collect()
}
