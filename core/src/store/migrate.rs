//! The layout of the files on disk, as a list of steps that only ever grows.
//!
//! `PRAGMA user_version` says how many steps a file has taken. A file that took more than this build knows was
//! written by a newer version and is refused before anything is read from it.

mod steps;

use rusqlite::{Connection, TransactionBehavior};

pub(super) use self::steps::{DAY, META};

use super::database::unavailable;
use crate::error::{Error, ErrorKind, Result};

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

/// Whether a file that is only read has taken all steps.
///
/// # Errors
/// `store_version` where it has another format.
pub(super) fn check_version(connection: &Connection, steps: &[&str], file: &str) -> Result<()> {
    match next(connection, steps, file)? {
        None => Ok(()),
        Some(taken) => {
            let message =
                format!("{file} has format {taken}: open its folder once with this version, which brings it up");
            Err(Error::new(ErrorKind::StoreVersion, "", message))
        }
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
