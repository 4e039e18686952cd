//! API keys, of which only hashes are kept.
//!
//! SHA-256 is right here and would be wrong for passwords: a key is 256 random bits, so nobody can try them out, and a
//! slow hash would cost every request. A key is found by its hash in an index; what the search's time tells of a hash
//! tells nothing of any key.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::day::rfc3339;
use super::super::model::{ApiKey, Tenant};
use crate::record::time::Timestamp;

const COLUMNS: &str = "id, tenant, name, roles, created_at, expires_at, revoked_at";

pub(super) fn add(connection: &Connection, key: &ApiKey, hash: &[u8; 32]) -> rusqlite::Result<()> {
    let at = |text: &str| Timestamp::parse(text).map(Timestamp::microseconds);
    let roles = serde_json::to_string(&key.roles).unwrap_or_default();
    connection
        .execute(
            "INSERT INTO telemetry_api_keys (id, tenant, name, roles, hash, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                key.id,
                key.tenant,
                key.name,
                roles,
                hash,
                at(&key.created_at),
                key.expires_at.as_deref().and_then(at)
            ],
        )
        .map(drop)
}

/// The key of a hash that is neither revoked nor past its time.
pub(super) fn find(connection: &Connection, hash: &[u8; 32]) -> rusqlite::Result<Option<ApiKey>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM telemetry_api_keys
         WHERE hash = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)"
    );
    let now = Timestamp::now().microseconds();
    connection.prepare_cached(&sql)?.query_row(params![hash, now], read).optional()
}

/// Whether there was such a key and it was alive.
pub(super) fn revoke(connection: &Connection, tenant: &Tenant, id: &str) -> rusqlite::Result<bool> {
    let now = Timestamp::now().microseconds();
    let revoked = connection.execute(
        "UPDATE telemetry_api_keys SET revoked_at = ?3 WHERE tenant = ?1 AND id = ?2 AND revoked_at IS NULL",
        params![tenant.as_str(), id, now],
    )?;
    Ok(revoked > 0)
}

/// All of a tenant's, revoked ones too, oldest first.
pub(super) fn list(connection: &Connection, tenant: &Tenant) -> rusqlite::Result<Vec<ApiKey>> {
    let sql = format!("SELECT {COLUMNS} FROM telemetry_api_keys WHERE tenant = ?1 ORDER BY created_at, id");
    connection.prepare_cached(&sql)?.query_map([tenant.as_str()], read)?.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    let roles: String = row.get(3)?;
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(rfc3339));
    Ok(ApiKey {
        id: row.get(0)?,
        tenant: row.get(1)?,
        name: row.get(2)?,
        roles: serde_json::from_str(&roles).unwrap_or_default(),
        created_at: time(4)?.unwrap_or_default(),
        expires_at: time(5)?,
        revoked_at: time(6)?,
    })
}
