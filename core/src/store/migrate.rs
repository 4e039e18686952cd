//! The layout of the files on disk, as a list of steps that only ever grows.
//!
//! `PRAGMA user_version` says how many steps a file has taken. A file that took more than this build knows was
//! written by a newer version and is refused before anything is read from it.

use rusqlite::{Connection, TransactionBehavior};

use super::database::unavailable;
use crate::error::{Error, ErrorKind, Result};

/// Steps of `meta.db`. Append only: a released step is never edited.
pub(super) const META: &[&str] = &["
    CREATE TABLE telemetry_consents (
        seq            INTEGER PRIMARY KEY,
        at             INTEGER NOT NULL,
        tenant         TEXT NOT NULL,
        user_id        TEXT NOT NULL,
        purpose        TEXT NOT NULL,
        granted        INTEGER NOT NULL,
        notice_version TEXT NOT NULL,
        source         TEXT NOT NULL
    ) STRICT;
    CREATE INDEX telemetry_consents_user ON telemetry_consents (tenant, user_id, purpose, seq);
    CREATE TRIGGER telemetry_consents_append_only BEFORE UPDATE ON telemetry_consents
        BEGIN SELECT RAISE(ABORT, 'consents are appended, never edited'); END;

    CREATE TABLE telemetry_audit (
        seq     INTEGER PRIMARY KEY,
        at      INTEGER NOT NULL,
        tenant  TEXT NOT NULL,
        actor   TEXT NOT NULL,
        action  TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail  TEXT NOT NULL,
        hash    BLOB NOT NULL
    ) STRICT;
    CREATE TRIGGER telemetry_audit_no_update BEFORE UPDATE ON telemetry_audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
    CREATE TRIGGER telemetry_audit_no_delete BEFORE DELETE ON telemetry_audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
"];

/// Steps of `events/YYYY-MM-DD.db`. Append only: a released step is never edited.
///
/// The clustered key keeps one series together in time order and makes a repeated record fall on itself. It
/// holds the id last, so a repeated id is recognised under the same name and time. `telemetry_totals` counts
/// rows as they come and go, so that statistics need not read the day.
pub(super) const DAY: &[&str] = &["
    CREATE TABLE telemetry_events (
        tenant      TEXT NOT NULL,
        name        TEXT NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        channel     TEXT NOT NULL,
        event       TEXT NOT NULL,
        user_id     TEXT,
        session_id  TEXT,
        trace_id    TEXT,
        sample_rate REAL,
        record      TEXT NOT NULL,
        PRIMARY KEY (tenant, name, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_events_user ON telemetry_events (tenant, user_id) WHERE user_id IS NOT NULL;

    CREATE TABLE telemetry_totals (
        tenant  TEXT NOT NULL PRIMARY KEY,
        records INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// Takes the steps that `connection` lacks, each in its own transaction. `file` is named in errors.
///
/// # Errors
/// `store_version` where the file is newer than this build; `store_unavailable` where it cannot be written.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str], file: &str) -> Result<()> {
    let failed = |e| unavailable("migrate", file, &e);
    while let Some(step) = next(connection, steps, file)? {
        // Immediate: of two processes that open the file together, the second waits and looks again.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if next(&transaction, steps, file)? == Some(step) {
            transaction.execute_batch(steps[step]).map_err(failed)?;
            transaction.pragma_update(None, "user_version", step + 1).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

/// The step that a file takes next; nothing where it has taken all.
fn next(connection: &Connection, steps: &[&str], file: &str) -> Result<Option<usize>> {
    let read = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    let taken = read.map_err(|e| unavailable("read", file, &e))?;
    match usize::try_from(taken) {
        Ok(step) if step < steps.len() => Ok(Some(step)),
        Ok(step) if step == steps.len() => Ok(None),
        Ok(_) | Err(_) => Err(newer(file, taken, steps.len())),
    }
}

fn newer(file: &str, found: i64, known: usize) -> Error {
    let message = format!(
        "{file} has format {found}, written by a newer version; this one knows formats up to {known}: upgrade \
         scrubjay, or open another folder. Nothing was changed"
    );
    Error::new(ErrorKind::StoreVersion, "", message)
}
