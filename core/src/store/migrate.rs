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
/// rows of all three tables as they come and go, so that statistics need not read the day. `telemetry_due` names what must still be
/// done to the file after a commit, so that an erasure which was interrupted is finished by the next. Step 2 brings the
/// record kinds beside events: see [`table_of`](super::sqlite::table_of).
pub(super) const DAY: &[&str] = &[
    "
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

    CREATE TABLE telemetry_due (task TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE telemetry_events ADD COLUMN schema TEXT NOT NULL DEFAULT 'telemetry_event_v1';

    CREATE TABLE telemetry_traces (
        tenant      TEXT NOT NULL,
        name        TEXT NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        schema      TEXT NOT NULL,
        channel     TEXT NOT NULL,
        event       TEXT NOT NULL,
        user_id     TEXT,
        session_id  TEXT,
        trace_id    TEXT,
        sample_rate REAL,
        actor_id    TEXT,
        record      TEXT NOT NULL,
        PRIMARY KEY (tenant, name, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_traces_user ON telemetry_traces (tenant, user_id) WHERE user_id IS NOT NULL;
    CREATE INDEX telemetry_traces_actor ON telemetry_traces (tenant, actor_id) WHERE actor_id IS NOT NULL;

    CREATE TABLE telemetry_metrics (
        tenant      TEXT NOT NULL,
        name        TEXT NOT NULL,
        ts          INTEGER NOT NULL,
        id          BLOB NOT NULL,
        schema      TEXT NOT NULL,
        channel     TEXT NOT NULL,
        event       TEXT NOT NULL,
        user_id     TEXT,
        session_id  TEXT,
        trace_id    TEXT,
        sample_rate REAL,
        record      TEXT NOT NULL,
        PRIMARY KEY (tenant, name, ts, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX telemetry_metrics_user ON telemetry_metrics (tenant, user_id) WHERE user_id IS NOT NULL;
",
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_only_the_steps_it_lacks_and_keeps_its_rows() {
        let mut connection = Connection::open_in_memory().unwrap();
        let first = "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)";
        let second = "ALTER TABLE t ADD COLUMN b INTEGER DEFAULT 2";
        migrate(&mut connection, &[first], "file").unwrap();
        migrate(&mut connection, &[first, second], "file").unwrap();
        migrate(&mut connection, &[first, second], "file").unwrap();
        let rows: (i64, i64, i64) = connection
            .query_row("SELECT count(*), a, b FROM t", [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap();
        assert_eq!(rows, (1, 1, 2));
        assert_eq!(migrate(&mut connection, &[first], "file").unwrap_err().kind(), ErrorKind::StoreVersion);
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = "CREATE TABLE t (a INTEGER); CREATE TABLE t (a INTEGER)";
        assert_eq!(migrate(&mut connection, &[broken], "file").unwrap_err().kind(), ErrorKind::StoreUnavailable);
        migrate(&mut connection, &["CREATE TABLE t (a INTEGER)"], "file").unwrap();
    }
}
