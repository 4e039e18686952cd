//! Rows that go, so that no byte of them stays.

use rusqlite::{Connection, params};

use super::super::database::{truncate_wal, unavailable};
use super::super::day::{Day, DayFiles, OpenDay, file_of};
use super::super::model::Tenant;
use super::super::table::Table;
use crate::error::Result;

/// Erases users from one day.
pub(super) fn erase(files: &mut DayFiles, day: Day, tenant: &Tenant, users: &[String]) -> Result<u64> {
    let path = files.path(day, "");
    let open = files.connect(day)?;
    let failed = |e| unavailable("erase from", &file_of(day), &e);
    // Numbers of erased users are given again.
    open.dictionary.clear();
    let deleted = delete(&mut open.connection, tenant, users).map_err(failed)?;
    // Due even without rows where an earlier erasure was interrupted here.
    if is_due(&open.connection, REWRITE).map_err(failed)? {
        // Rows that moved between pages left copies in unused space, which secure_delete does not reach.
        super::maintain::rewrite(&open.connection, &path, &file_of(day))?;
        done(&open.connection, REWRITE).map_err(failed)?;
        truncate_wal(&open.connection, &file_of(day))?;
    }
    Ok(deleted)
}

/// The file has copies of erased rows in unused space.
const REWRITE: &str = "rewrite";
/// The file has much unused space.
pub(super) const VACUUM: &str = "vacuum";

/// Removes users' rows from one day, and notes that the file is to be rewritten.
pub(in crate::store) fn delete(
    connection: &mut Connection,
    tenant: &Tenant,
    users: &[String],
) -> rusqlite::Result<u64> {
    let transaction = connection.transaction()?;
    let (mut rows, mut found) = (0, false);
    for user in users {
        let number = "SELECT u.user FROM telemetry_users u JOIN telemetry_tenants t ON t.tenant = u.tenant
                      WHERE t.name = ?1 AND u.user_id = ?2";
        let mut statement = transaction.prepare_cached(number)?;
        let numbers: Vec<i64> =
            statement.query_map(params![tenant.as_str(), user], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        found |= !numbers.is_empty();
        for number in numbers {
            for table in Table::ALL {
                rows += transaction.execute(&format!("DELETE FROM {} WHERE user = ?1", table.name()), [number])?;
            }
            rows += transaction.execute("DELETE FROM telemetry_traces WHERE actor = ?1", [number])?;
            transaction.execute("DELETE FROM telemetry_users WHERE user = ?1", [number])?;
        }
    }
    if rows > 0 {
        transaction.execute(
            "UPDATE telemetry_totals SET records = records - ?2 WHERE tenant = ?1",
            params![tenant.as_str(), rows],
        )?;
        transaction.execute("DELETE FROM telemetry_totals WHERE records = 0", [])?;
    }
    if found {
        note_due(&transaction, REWRITE)?;
    }
    transaction.commit()?;
    Ok(rows as u64)
}

/// Empties tables of one day whose records are too old. Their pages are free, and zeroed.
pub(super) fn clear(day: &mut OpenDay, tables: &[Table]) -> rusqlite::Result<u64> {
    let transaction = day.connection.transaction()?;
    let mut rows = 0;
    for table in tables {
        let name = table.name();
        transaction.execute(
            &format!(
                "UPDATE telemetry_totals SET records = records - (
                     SELECT count(*) FROM {name} r JOIN telemetry_tenants t ON t.tenant = r.tenant
                     WHERE t.name = telemetry_totals.tenant)"
            ),
            [],
        )?;
        rows += transaction.execute(&format!("DELETE FROM {name}"), [])?;
    }
    transaction.execute("DELETE FROM telemetry_totals WHERE records = 0", [])?;
    if rows > 0 {
        note_due(&transaction, VACUUM)?;
    }
    transaction.commit()?;
    Ok(rows as u64)
}

fn note_due(connection: &Connection, task: &str) -> rusqlite::Result<()> {
    connection.execute("INSERT INTO telemetry_due (task) VALUES (?1) ON CONFLICT DO NOTHING", [task]).map(drop)
}

pub(super) fn is_due(connection: &Connection, task: &str) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM telemetry_due WHERE task = ?1)", [task], |row| row.get(0))
}

pub(super) fn done(connection: &Connection, task: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM telemetry_due WHERE task = ?1", [task]).map(drop)
}
