//! Opening one SQLite file: who may read it, how safely it is written, and how its failures read.

use std::fs::{DirBuilder, File, OpenOptions};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::cipher::Cipher;
use super::migrate::migrate;
use crate::error::{Error, ErrorKind, Result};

/// How long a call waits for another process that holds the file.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause before a refused switch of the journal is repeated: a few times what such a switch takes.
pub(super) const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// Compiled statements a connection keeps: every shape of query and aggregation that is in use at a time.
const STATEMENTS: usize = 32;

/// Opens `path` with its key, creating it, and brings it to the newest of `steps`.
///
/// # Errors
/// `store_version`, `store_unavailable`.
pub(super) fn open(path: &Path, steps: &[&str], cipher: &Cipher) -> Result<Connection> {
    let file = file_name(path);
    let failed = |e| unavailable("open", &file, &e);
    // SQLite gives -wal and -shm the permissions of the file it finds, so the file is made first. One that is there is
    // not opened for that: closing it again would release the locks of every connection of this process (POSIX).
    match new_private_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(inaccessible("create", &file, &e)),
        Ok(_) | Err(_) => {}
    }
    // The connection is only ever used under a lock of ours.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Before anything is written: what is not ours to open stays as it is.
    cipher.unlock(&connection, path)?;
    let mode = switch_to_wal(&connection).map_err(failed)?;
    if mode != "wal" {
        let message = format!("{file}: its file system has no shared memory for a WAL; put the folder on a local disk");
        return Err(Error::new(ErrorKind::StoreUnavailable, "", message));
    }
    // synchronous=FULL: records are acknowledged, or leave the ingest log, when this file's commit returns. With batches
    // of thousands the sync costs nothing that can be measured.
    // secure_delete: what an erasure removes is overwritten, not only unlinked from its page.
    connection
        .execute_batch(
            "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;",
        )
        .map_err(failed)?;
    migrate(&mut connection, steps, &file)?;
    Ok(connection)
}

/// Asks for a write-ahead log and returns the journal mode that the file then has.
///
/// SQLite reads the file first and then turns its read lock into a write lock. There it never waits, since two that
/// do so at once would wait for each other; one of them is refused and has to ask anew.
fn switch_to_wal(connection: &Connection) -> rusqlite::Result<String> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        let switched = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match switched {
            Err(error) if is_busy(&error) && Instant::now() < deadline => thread::sleep(BUSY_PAUSE),
            other => return other,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Makes a folder that only its owner may enter, with its parents, and makes the entry itself durable.
///
/// # Errors
/// `store_unavailable`.
pub(super) fn create_private_folder(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(path).and_then(|()| path.parent().map_or(Ok(()), sync_folder));
    made.map_err(|e| inaccessible("create", &file_name(path), &e))
}

/// A file that only its owner may read, made where it is not there.
pub(super) fn private_file(path: &Path) -> std::io::Result<File> {
    private(OpenOptions::new().write(true).create(true).truncate(false)).open(path)
}

/// Likewise; an error where there is one.
pub(super) fn new_private_file(path: &Path) -> std::io::Result<File> {
    private(OpenOptions::new().write(true).create_new(true)).open(path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes creations and unlinks in a folder durable. Only Unix lets a folder be synced.
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    if cfg!(unix) && !path.as_os_str().is_empty() { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Copies what the write-ahead log holds into the file and empties the log.
///
/// # Errors
/// `store_unavailable` where another process keeps reading.
pub(super) fn truncate_wal(connection: &Connection, file: &str) -> Result<()> {
    // SQLite waits for readers by itself, but not for somebody else who does the same at this moment.
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        let busy: bool = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(|e| unavailable("checkpoint", file, &e))?;
        if !busy {
            return Ok(());
        }
        if Instant::now() >= deadline {
            let message =
                format!("checkpoint {file}: another process keeps reading it; stop that process, then repeat");
            return Err(Error::new(ErrorKind::StoreUnavailable, "", message));
        }
        thread::sleep(BUSY_PAUSE);
    }
}

/// The last component of a path: enough to find it, and free of the host's folder names.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| "store".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A failure of SQLite as an error that says what to do.
pub(super) fn unavailable(doing: &str, file: &str, error: &rusqlite::Error) -> Error {
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::AuthorizationForStatementDenied) => "the audit trail is written by its own call alone",
        Some(ErrorCode::DiskFull) => "the disk is full: free some space, or keep fewer days",
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            "check that this user may write the folder and its files"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process holds it: stop that process",
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "the file is damaged or not a database: restore it from a backup, or move it away"
        }
        Some(ErrorCode::SystemIoFailure) => "the disk failed: check its health and free space",
        _ => "unexpected; see the SQLite code",
    };
    let code = error.sqlite_error().map_or(0, |e| e.extended_code);
    // SQLite's own text is left out: it may quote what was bound.
    let message = format!("{doing} {file}: {advice} (SQLite code {code})");
    Error::new(ErrorKind::StoreUnavailable, "", message)
}

/// A failure of the file system as an error that says what to do.
pub(super) fn inaccessible(doing: &str, file: &str, error: &std::io::Error) -> Error {
    let message = format!("{doing} {file}: {}; check that this user may write the folder", error.kind());
    Error::new(ErrorKind::StoreUnavailable, "", message)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::super::migrate::META;
    use super::*;

    #[test]
    fn a_file_that_another_is_just_making_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meta.db");
        let maker = Connection::open(&path).unwrap();
        maker.execute_batch("BEGIN IMMEDIATE; CREATE TABLE t (a INTEGER)").unwrap();
        thread::scope(|scope| {
            let opening = scope.spawn(|| open(&path, META, &Cipher::default()).map(drop));
            // Long enough that the other one asks while the file is held; a slow machine only weakens the test.
            thread::sleep(Duration::from_millis(100));
            maker.execute_batch("ROLLBACK").unwrap();
            opening.join().unwrap().unwrap();
        });
    }

    #[test]
    fn many_open_a_fresh_file_at_once() {
        const ROUNDS: usize = 10;
        const THREADS: usize = 16;
        for cipher in [Cipher::default(), Cipher::of_test()] {
            let folder = tempfile::tempdir().unwrap();
            for round in 0..ROUNDS {
                let (path, start) = (folder.path().join(format!("{round}.db")), Barrier::new(THREADS));
                thread::scope(|scope| {
                    for _ in 0..THREADS {
                        scope.spawn(|| {
                            start.wait();
                            open(&path, META, &cipher).unwrap();
                        });
                    }
                });
            }
        }
    }
}
