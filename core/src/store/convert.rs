//! Another key for all files of a store, or none, or the first.
//!
//! A note in the folder says that this is under way: with it no store opens. The ingest log is emptied and removed; then
//! file by file is written anew beside itself, checked, and renamed into its place. So a kill leaves each file whole,
//! with the one key or the other, and the next call goes on where this one ended. The bytes of a file that was plain are
//! overwritten.

use std::fs::{self, File};
use std::io::ErrorKind::{AlreadyExists, NotFound};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::Deserialize;

use super::cipher::{Cipher, IS_BUILT_IN, refuse_unless};
use super::database::{file_name, inaccessible, new_private_file, sync_folder, unavailable};
use super::day::{DayFiles, file_of};
use super::options::{StoreOptions, key};
use super::spec::{invalid, object};
use super::{EVENTS, INGEST_LOG, META, Store, sqlite};
use crate::error::{Error, ErrorKind, Result};
use crate::segment::SealKey;

/// The note.
const CONVERTING: &str = "CONVERTING";
/// Bytes that are overwritten at a time.
const WIPED: usize = 1 << 20;

/// From which key to which.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
}

/// Gives all files of a store another key and returns how many there were. `keys` is `{"from","to"}`, each 32 bytes of
/// base64 or null for plain files. Nobody else may have the store open.
///
/// # Errors
/// `argument_invalid` with what is wrong with a key or the folder; `store_unavailable`, `store_version`. Repeating the
/// call goes on where it ended; until then the store does not open.
pub(crate) fn convert(folder: &Path, keys: &str) -> Result<u64> {
    refuse_unless(IS_BUILT_IN, "")?;
    let keys: Keys = object("", keys, r#"{"from":base64|null,"to":base64|null}"#)?;
    let read = |path, text: Option<String>| text.map(|text| key(path, &text)).transpose();
    let (from, to) = (read("/from", keys.from)?, read("/to", keys.to)?);
    if from == to {
        return Err(invalid("/to", "expected another key than /from, or one of them alone"));
    }
    if !folder.join(META).is_file() {
        return Err(invalid("/folder", format!("expected a store: a folder with a {META}")));
    }
    let note = folder.join(CONVERTING);
    let is_first = match new_private_file(&note) {
        Ok(note) => note.sync_all().and_then(|()| sync_folder(folder)).map(|()| true),
        Err(e) if e.kind() == AlreadyExists => Ok(false),
        Err(e) => Err(e),
    };
    let is_first = is_first.map_err(|e| inaccessible("note", CONVERTING, &e))?;
    let mut files = 0;
    let converted = all(folder, from, &Cipher::new(to.as_ref()), &mut files);
    // What was not begun need not be finished.
    if converted.is_ok() || (is_first && files == 0) {
        let removed = fs::remove_file(&note).and_then(|()| sync_folder(folder));
        removed.map_err(|e| inaccessible("remove", CONVERTING, &e))?;
    }
    converted.map(|()| files)
}

/// Refuses a store of which some files may have one key and some another.
///
/// # Errors
/// `store_unavailable`.
pub(super) fn refuse_half_converted(folder: &Path) -> Result<()> {
    if !folder.join(CONVERTING).exists() {
        return Ok(());
    }
    let message = "a change of the store's key is under way, or was interrupted: wait for it, or repeat it with the same \
                   keys (`scrubjay-collector encrypt`, `decrypt` or `rekey`). Nothing was changed";
    Err(Error::new(ErrorKind::StoreUnavailable, "", message))
}

fn all(folder: &Path, from: Option<SealKey>, to: &Cipher, files: &mut u64) -> Result<()> {
    let (log, cipher) = (folder.join(INGEST_LOG), Cipher::new(from.as_ref()));
    if log.is_dir() {
        empty_log(folder, from)?;
        fs::remove_dir_all(&log)
            .and_then(|()| sync_folder(folder))
            .map_err(|e| inaccessible("remove", INGEST_LOG, &e))?;
    }
    let events = folder.join(EVENTS);
    let mut paths = vec![(folder.join(META), META.to_owned())];
    let _alone = if events.is_dir() {
        let days = DayFiles::new(&events, to, 1);
        let alone = days.try_lock_days()?.ok_or_else(|| busy(EVENTS))?;
        paths.extend(days.days()?.into_iter().map(|day| (days.path(day, ""), file_of(day))));
        Some(alone)
    } else {
        None
    };
    for (path, file) in paths {
        *files += u64::from(one(&path, &file, &cipher, to)?);
    }
    Ok(())
}

/// Moves what waits in the log into the day files.
fn empty_log(folder: &Path, key: Option<SealKey>) -> Result<()> {
    let store = Store::open_in_any_state(folder, StoreOptions { key, ..StoreOptions::default() })?;
    store.settle()?;
    let lost = store.stats()?.ingest_log.map_or(0, |log| log.pending);
    store.close();
    if lost > 0 { Err(busy(INGEST_LOG)) } else { Ok(()) }
}

/// Writes one file anew. False where it has the other key already.
fn one(path: &Path, file: &str, from: &Cipher, to: &Cipher) -> Result<bool> {
    let failed = |e| unavailable("convert", file, &e);
    let blocked = |e| inaccessible("convert", file, &e);
    let (new, old) = (beside(path, ".new"), beside(path, ".old"));
    for left in [&new, &beside(path, ".new-journal")] {
        remove(left).map_err(blocked)?;
    }
    if to.opens(path)? {
        // Renamed, and then interrupted.
        return wipe(&old, from).map(|()| false).map_err(blocked);
    }
    // The name by which what was plain is found again after a kill; where there are no second names, it is not.
    remove(&old).map_err(blocked)?;
    let source = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    from.unlock(&source, path)?;
    take(&source).map_err(|e| if is_busy(&e) { busy(file) } else { failed(e) })?;
    new_private_file(&new).map_err(blocked)?;
    copy(&source, &new, &to.raw(&file_name(path))).map_err(failed)?;
    check(&new, path, to, file)?;
    File::open(&new).and_then(|new| new.sync_all()).map_err(blocked)?;
    let _ = fs::hard_link(path, &old);
    let folder = path.parent().unwrap_or(path);
    fs::rename(&new, path).and_then(|()| sync_folder(folder)).map_err(blocked)?;
    // Only now may another come to the old file, and it is nobody's any more.
    source.close().map_err(|(_, e)| failed(e))?;
    wipe(&old, from).map_err(blocked)?;
    Ok(true)
}

/// Folds the log into the file and keeps everybody from it; an error where somebody has it open.
fn take(source: &Connection) -> rusqlite::Result<()> {
    source.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    source.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))?;
    source.execute_batch("BEGIN EXCLUSIVE; COMMIT")
}

fn copy(source: &Connection, new: &Path, raw: &str) -> rusqlite::Result<()> {
    let path = new.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(new.to_owned()))?;
    let version: i64 = source.pragma_query_value(None, "user_version", |row| row.get(0))?;
    source.execute("ATTACH DATABASE ?1 AS target KEY ?2", [path, raw])?;
    // Nobody has seen it yet: after a kill it is made anew. It is synced as a whole.
    source.execute_batch("PRAGMA target.journal_mode=OFF; PRAGMA target.synchronous=OFF")?;
    source.query_row("SELECT sqlcipher_export('target')", [], |_| Ok(()))?;
    source.pragma_update(Some("target"), "user_version", version)?;
    source.execute_batch("DETACH DATABASE target")
}

/// Reads all of the copy, by the key of the name that it will have.
fn check(new: &Path, path: &Path, to: &Cipher, file: &str) -> Result<()> {
    let failed = |e| unavailable("check", file, &e);
    let copy = Connection::open_with_flags(new, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
    to.unlock(&copy, path)?;
    if sqlite::faults(&copy).map_err(failed)?.is_empty() {
        return Ok(());
    }
    let message = format!("convert {file}: the copy is damaged, and so may be the file: restore it from a backup");
    Err(Error::new(ErrorKind::StoreUnavailable, "", message))
}

/// Removes what a file was; its bytes as well, where they could be read without a key.
fn wipe(old: &Path, was: &Cipher) -> std::io::Result<()> {
    if !was.is_on() && old.exists() {
        let mut file = File::options().write(true).open(old)?;
        let zeros = vec![0; WIPED];
        let mut left = file.metadata()?.len();
        while left > 0 {
            let part = usize::try_from(left).unwrap_or(WIPED).min(WIPED);
            file.write_all(zeros.get(..part).unwrap_or_default())?;
            left -= part as u64;
        }
        file.sync_all()?;
    }
    remove(old)
}

fn remove(path: &Path) -> std::io::Result<()> {
    fs::remove_file(path).or_else(|e| if e.kind() == NotFound { Ok(()) } else { Err(e) })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn busy(file: &str) -> Error {
    let message = format!("convert {file}: somebody has the store open: stop that process, then repeat");
    Error::new(ErrorKind::StoreUnavailable, "", message)
}
