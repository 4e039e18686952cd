//! What a restored backup has to learn: who was erased, who said no and whose key was revoked since it was made.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, TransactionBehavior, params};

use super::super::cipher::Cipher;
use super::super::database::unavailable;
use super::super::migrate::{META, check_version};
use super::super::model::Adopted;
use super::super::spec::invalid;
use super::known::SALT;
use crate::error::Result;

/// Opens the other state; nothing of it is changed.
///
/// # Errors
/// `argument_invalid` where there is none, `store_version` where it has another format, `store_unavailable` where it has
/// another key.
pub(super) fn open(path: &Path, file: &str, cipher: &Cipher) -> Result<Connection> {
    if !path.is_file() {
        return Err(invalid("/folder", format!("expected a folder with a {file}")));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|e| unavailable("read", file, &e))?;
    cipher.unlock(&connection, path)?;
    check_version(&connection, META, file)?;
    Ok(connection)
}

/// Takes over from `theirs` what `ours` does not know. All or nothing.
pub(super) fn adopt(ours: &mut Connection, theirs: &Connection, file: &str) -> Result<Adopted> {
    let salts = salt(ours).and_then(|ours| Ok((ours, salt(theirs)?)));
    let (our_salt, their_salt) = salts.map_err(|e| unavailable("read", file, &e))?;
    // Users are named by it: those of another store could not be told from ours.
    if our_salt != their_salt {
        return Err(invalid("/folder", format!("its {file} is that of another store")));
    }
    take(ours, theirs).map_err(|e| unavailable("write", file, &e))
}

fn take(ours: &mut Connection, theirs: &Connection) -> rusqlite::Result<Adopted> {
    let to = ours.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut adopted = Adopted::default();
    each(theirs, "SELECT tenant, subject, at FROM telemetry_tombstones", |row| {
        let sql = "INSERT INTO telemetry_tombstones (tenant, subject, at) VALUES (?1, ?2, ?3)
                   ON CONFLICT (tenant, subject) DO UPDATE SET at = excluded.at WHERE excluded.at > at";
        let key: (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        adopted.deletions += to.prepare_cached(sql)?.execute(params![key.0, key.1, key.2])? as u64;
        Ok(())
    })?;
    let decisions = "SELECT at, tenant, user_id, purpose, granted, notice_version, source FROM telemetry_consents
                     ORDER BY seq";
    each(theirs, decisions, |row| {
        // The last one counts, so none may come behind a newer one.
        let sql = "INSERT INTO telemetry_consents (at, tenant, user_id, purpose, granted, notice_version, source)
                   SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS (SELECT 1 FROM telemetry_consents
                       WHERE tenant = ?2 AND user_id = ?3 AND purpose = ?4 AND at >= ?1)";
        let (at, granted): (i64, bool) = (row.get(0)?, row.get(4)?);
        let text = |column| row.get::<_, String>(column);
        let row = params![at, text(1)?, text(2)?, text(3)?, granted, text(5)?, text(6)?];
        adopted.consents += to.prepare_cached(sql)?.execute(row)? as u64;
        Ok(())
    })?;
    each(theirs, "SELECT id, revoked_at FROM telemetry_api_keys WHERE revoked_at IS NOT NULL", |row| {
        let sql = "UPDATE telemetry_api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        let key: (String, i64) = (row.get(0)?, row.get(1)?);
        adopted.revoked_keys += to.prepare_cached(sql)?.execute(params![key.0, key.1])? as u64;
        Ok(())
    })?;
    to.commit()?;
    Ok(adopted)
}

fn each(from: &Connection, sql: &str, mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    let mut statement = from.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

fn salt(connection: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
    let find = "SELECT value FROM telemetry_settings WHERE name = ?1";
    connection.query_row(find, [SALT], |row| row.get(0)).optional()
}
