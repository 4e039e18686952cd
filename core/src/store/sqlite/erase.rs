//! Rows that go, so that no byte of them stays.

use std::collections::BTreeSet;
use std::fs::File;
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::super::database::{BUSY_TIMEOUT, inaccessible, open, truncate_wal, unavailable};
use super::super::day::{Day, DayFiles, OpenDay, file_of};
use super::super::migrate::DAY;
use super::super::model::Tenant;
use super::super::table::Table;
use super::unused;
use crate::error::{Error, ErrorKind, Result};

/// Erases users from one day: what they have there up to a moment (microseconds), or all of it. `files` are the caller's
/// own, and nobody else in this store has the day open.
pub(super) fn erase(files: &mut DayFiles, day: Day, users: &[Erased]) -> Result<u64> {
    let open = files.connect(day)?;
    let failed = |e| unavailable("erase from", &file_of(day), &e);
    lazily(&open.connection).map_err(failed)?;
    let deleted = delete(&mut open.connection, users).map_err(failed)?;
    // Due even without rows where an earlier erasure was interrupted here.
    if is_due(&open.connection, REWRITE).map_err(failed)? {
        blank(files, day)?;
    }
    Ok(deleted)
}

/// The file has copies of erased rows in unused space.
const REWRITE: &str = "rewrite";
/// The file has much unused space.
pub(super) const VACUUM: &str = "vacuum";
/// Of so many pages one is free: then a file has much unused space.
const MUCH_UNUSED: i64 = 4;

/// Commits wait for the disk when the log is folded into the file, and not before: what a power loss undoes is asked for
/// again by the note in `meta.db`.
fn lazily(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "NORMAL")
}

/// Zeroes unused space. No connection of this store to the file may be open but that of `files`, which is closed.
fn blank(files: &mut DayFiles, day: Day) -> Result<()> {
    let (path, log, name) = (files.path(day, ""), files.path(day, "-wal"), file_of(day));
    // Its cache has pages as they were, and would write them again.
    files.close(day);
    // Opened before the connection and closed after it: closing a file releases all locks that this process has on it
    // (POSIX).
    let mut file = File::options().read(true).write(true).open(&path).map_err(|e| inaccessible("open", &name, &e))?;
    let failed = |e| unavailable("erase from", &name, &e);
    let mut connection = open(&path, DAY, files.cipher())?;
    lazily(&connection).map_err(failed)?;
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        truncate_wal(&connection, &name)?;
        // Nobody writes from here on. What others have in their caches is read anew behind the commit.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            // Another process wrote in between; pages may be copied out of its log at any time.
            if Instant::now() < deadline {
                continue;
            }
            let message = format!("erase from {name}: another process keeps writing to it; repeat it later");
            return Err(Error::new(ErrorKind::StoreUnavailable, "", message));
        }
        // What an encrypted page does not use shows to SQLCipher alone, so all of the file is written anew.
        let is_zeroed =
            !files.cipher().is_on() && unused::zero(&mut file).map_err(|e| inaccessible("erase from", &name, &e))?;
        if is_zeroed {
            done(&transaction, REWRITE).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        if !is_zeroed {
            connection.execute_batch("VACUUM").map_err(failed)?;
            done(&connection, REWRITE).map_err(failed)?;
        }
        return truncate_wal(&connection, &name);
    }
}

/// A user as records of a tenant name them, and up to when they are erased, in microseconds.
pub(in crate::store) struct Erased {
    pub(in crate::store) tenant: Tenant,
    pub(in crate::store) user: String,
    pub(in crate::store) until: i64,
}

/// Where in a table a user stands.
const USER_COLUMNS: [(Table, &str); 5] = [
    (Table::Events, "user"),
    (Table::Metrics, "user"),
    (Table::Traces, "user"),
    (Table::Logs, "user"),
    (Table::Traces, "actor"),
];

/// Removes users' rows from one day, with the names that no other row has, and notes that the file's unused space is to
/// be zeroed.
pub(in crate::store) fn delete(connection: &mut Connection, users: &[Erased]) -> rusqlite::Result<u64> {
    // Immediate: what was read cannot become stale by what another process writes before the first deletion.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut total, mut found) = (0, false);
    for Erased { tenant, user, until } in users {
        let number = "SELECT u.user FROM telemetry_users u JOIN telemetry_tenants t ON t.tenant = u.tenant
                      WHERE t.name = ?1 AND u.user_id = ?2";
        let number = transaction
            .prepare_cached(number)?
            .query_row(params![tenant.as_str(), user], |row| row.get(0))
            .optional()?;
        let Some(number): Option<i64> = number else { continue };
        let (mut rows, mut series) = (0, BTreeSet::new());
        for (table, column) in USER_COLUMNS {
            let (name, condition) = (table.name(), format!("{column} = ?1 AND ts <= ?2"));
            let sql = format!("SELECT DISTINCT series FROM {name} WHERE {condition}");
            let mut statement = transaction.prepare_cached(&sql)?;
            for one in statement.query_map([number, *until], |row| row.get::<_, i64>(0))? {
                series.insert(one?);
            }
            let sql = format!("DELETE FROM {name} WHERE {condition}");
            rows += transaction.prepare_cached(&sql)?.execute([number, *until])?;
        }
        let user_goes = format!("DELETE FROM telemetry_users WHERE user = ?1 AND {}", unused_user("?1"));
        let gone = transaction.prepare_cached(&user_goes)?.execute([number])?;
        let series_goes = format!("DELETE FROM telemetry_series WHERE series = ?1 AND {}", unused_series("?1"));
        for one in series {
            transaction.prepare_cached(&series_goes)?.execute([one])?;
        }
        found |= rows > 0 || gone > 0;
        if rows > 0 {
            transaction.execute(
                "UPDATE telemetry_totals SET records = records - ?2 WHERE tenant = ?1",
                params![tenant.as_str(), rows],
            )?;
            total += rows;
        }
    }
    if found {
        transaction.execute("DELETE FROM telemetry_totals WHERE records = 0", [])?;
        note_due(&transaction, REWRITE)?;
        let pages = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        if pages("freelist_count")? * MUCH_UNUSED > pages("page_count")? {
            note_due(&transaction, VACUUM)?;
        }
    }
    transaction.commit()?;
    Ok(total as u64)
}

/// The condition that no row is of a series.
fn unused_series(series: &str) -> String {
    let none = |table: Table| format!("NOT EXISTS (SELECT 1 FROM {} r WHERE r.series = {series})", table.name());
    Table::ALL.map(none).join(" AND ")
}

/// The condition that no row names a user.
fn unused_user(user: &str) -> String {
    let none = |(table, column): (Table, &str)| {
        format!("NOT EXISTS (SELECT 1 FROM {} r WHERE r.{column} = {user})", table.name())
    };
    USER_COLUMNS.map(none).join(" AND ")
}

/// The users of one day's file, with their tenants.
pub(super) fn users(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = "SELECT t.name, u.user_id FROM telemetry_users u JOIN telemetry_tenants t ON t.tenant = u.tenant";
    let mut statement = connection.prepare(sql)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Empties tables of one day whose records are too old, with the names that no other row has. Their pages are free, and
/// zeroed.
pub(super) fn clear(day: &mut OpenDay, tables: &[Table]) -> rusqlite::Result<u64> {
    // Numbers of names that go are given again.
    day.dictionary.clear();
    let transaction = day.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
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
        let series = format!("DELETE FROM telemetry_series WHERE {}", unused_series("telemetry_series.series"));
        let users = format!("DELETE FROM telemetry_users WHERE {}", unused_user("telemetry_users.user"));
        transaction.execute(&series, [])?;
        transaction.execute(&users, [])?;
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
