//! Decisions of users, appended and never edited.

use rusqlite::{Connection, params};

use super::super::model::{Consent, Tenant};

pub(super) fn put(connection: &Connection, tenant: &Tenant, consent: &Consent) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO telemetry_consents (at, tenant, user_id, purpose, granted, notice_version, source)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let Consent { at, user_id, purpose, granted, notice_version, source } = consent;
    statement.execute(params![at, tenant.as_str(), user_id, purpose, granted, notice_version, source]).map(drop)
}

/// A user's decisions, oldest first.
pub(super) fn get(connection: &Connection, tenant: &Tenant, user_id: &str) -> rusqlite::Result<Vec<Consent>> {
    let mut statement = connection.prepare_cached(
        "SELECT at, user_id, purpose, granted, notice_version, source FROM telemetry_consents
         WHERE tenant = ?1 AND user_id = ?2 ORDER BY seq",
    )?;
    let consents = statement.query_map(params![tenant.as_str(), user_id], |row| {
        Ok(Consent {
            at: row.get(0)?,
            user_id: row.get(1)?,
            purpose: row.get(2)?,
            granted: row.get(3)?,
            notice_version: row.get(4)?,
            source: row.get(5)?,
        })
    })?;
    consents.collect()
}
