//! What is done to whole files: rewritten, copied, checked.

use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::super::cipher::Cipher;
use super::super::database::{inaccessible, new_private_file, truncate_wal, unavailable};
use super::super::model::Checked;
use super::erase::{VACUUM, done, is_due};
use crate::error::Result;

/// Pages of one step of a backup: 4 MiB, during which writers of the same process wait.
const PAGES_PER_STEP: i32 = 1_024;
/// The pause between steps, in which others get on.
const PAUSE: Duration = Duration::from_millis(1);
/// Faults that a check lists for one file. Where there are more, the file is lost anyway.
const MAX_FAULTS: u32 = 8;

/// Gives unused space back where much of it is known to be, and folds the log into the file.
pub(super) fn vacuum(connection: &Connection, file: &str) -> Result<()> {
    let failed = |e| unavailable("vacuum", file, &e);
    if is_due(connection, VACUUM).map_err(failed)? {
        connection.execute_batch("VACUUM").map_err(failed)?;
        done(connection, VACUUM).map_err(failed)?;
    }
    truncate_wal(connection, file)
}

/// Copies a file while others write to it. The copy is one moment of it, and has its key.
pub(in crate::store) fn back_up(from: &Path, to: &Path, file: &str, cipher: &Cipher) -> Result<()> {
    let failed = |e| unavailable("back up", file, &e);
    new_private_file(to).map_err(|e| inaccessible("back up", file, &e))?;
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    cipher.unlock(&source, from)?;
    let mut copy = Connection::open(to).map_err(failed)?;
    cipher.unlock(&copy, to)?;
    {
        let backup = Backup::new(&source, &mut copy).map_err(failed)?;
        backup.run_to_completion(PAGES_PER_STEP, PAUSE, None).map_err(failed)?;
    }
    copy.close().map_err(|(_, e)| failed(e))?;
    let synced = std::fs::File::open(to).and_then(|copy| copy.sync_all());
    synced.map_err(|e| inaccessible("back up", file, &e))
}

/// Reads every page of a file and says what is wrong with it.
pub(in crate::store) fn check(connection: Result<&Connection>, file: &str) -> Checked {
    let faults = connection.and_then(|connection| faults(connection).map_err(|e| unavailable("check", file, &e)));
    let faults = faults.unwrap_or_else(|e| vec![e.message().to_owned()]);
    Checked { file: file.to_owned(), faults }
}

/// What SQLite finds wrong; it names pages and tables, no values.
pub(in crate::store) fn faults(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA quick_check({MAX_FAULTS})"))?;
    let mut faults: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    faults.retain(|line| line != "ok");
    Ok(faults)
}
