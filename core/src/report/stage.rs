//! The results' folder: one ETL at a time, and all of a run or nothing of it.
//!
//! A run writes into a folder of its own below `.etl/staging`. The state names the last run that counts; replacing it,
//! in one step, is the commit. What a committed run has staged is moved into place, by itself or, if it was killed, by
//! the next run; every other staged file is litter.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::source::reason;
use super::state::{State, VERSION};
use super::sync::Written;
use crate::error::{Error, ErrorKind, Result};

/// Where an ETL keeps what only it reads.
const OWN: &str = ".etl";

/// Where the records are.
pub(super) const RECORDS: &str = "records";

/// Where rejected lines are.
pub(super) const QUARANTINE: &str = "quarantine";

/// The folder of the results, owned until it is dropped.
pub(super) struct Stage {
    target: PathBuf,
    /// Locked while it is open; the system unlocks what a killed process held.
    _lock: File,
}

impl Stage {
    /// Makes the folder its own.
    pub(super) fn open(target: &Path) -> Result<Self> {
        let own = target.join(OWN);
        fs::create_dir_all(&own).map_err(|error| failed("make", &own, &error))?;
        let path = own.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(|error| failed("open", &path, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { target: target.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                let message = format!(
                    "another ETL is writing to {}: let it finish, or write to another folder",
                    target.display()
                );
                Err(Error::new(ErrorKind::StoreUnavailable, "", message))
            }
            Err(TryLockError::Error(error)) => Err(failed("lock", &path, &error)),
        }
    }

    /// What the last run left, brought into order; nothing before the first.
    pub(super) fn recover(&self) -> Result<Option<State>> {
        let path = self.state_path();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.discard()?;
                return Ok(None);
            }
            Err(error) => return Err(failed("read", &path, &error)),
        };
        let state: State = serde_json::from_slice(&text).map_err(|_| self.unusable("is damaged"))?;
        if state.version != VERSION {
            return Err(self.unusable("was written by another version"));
        }
        self.finish(&state)?;
        Ok(Some(state))
    }

    fn unusable(&self, why: &str) -> Error {
        let path = self.state_path();
        let message = format!("{} {why}: read everything again (rebuild), or write to another folder", path.display());
        Error::new(ErrorKind::StoreUnavailable, "", message)
    }

    /// The highest number of a run whose results are here, where no state says it: it must not be given twice.
    pub(super) fn last_run(&self) -> u64 {
        fn highest(folder: &Path) -> u64 {
            let paths = entries(folder).unwrap_or_default();
            paths
                .iter()
                .map(|path| if path.is_dir() { highest(path) } else { run_of(path).unwrap_or(0) })
                .max()
                .unwrap_or(0)
        }
        highest(&self.target.join(RECORDS)).max(highest(&self.target.join(QUARANTINE)))
    }

    /// Throws away what no run has committed.
    pub(super) fn discard(&self) -> Result<()> {
        let staging = self.target.join(OWN).join("staging");
        match fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &staging, &error)),
            _ => Ok(()),
        }
    }

    /// Writes a file of a run, which is to be synced before the commit; `place` is where it will be after that, below the
    /// folder.
    pub(super) fn write(&self, run: u64, place: &str, bytes: &[u8]) -> Result<Written> {
        let (mut file, path) = self.create(run, place)?;
        file.write_all(bytes).map_err(|error| failed("write", &path, &error))?;
        Ok(Written { file, path })
    }

    /// Opens a file of a run for writing.
    pub(super) fn create(&self, run: u64, place: &str) -> Result<(File, PathBuf)> {
        let path = self.staged(run).join(place);
        let file = make_room(&path).and_then(|()| File::create(&path));
        file.map_err(|error| failed("write", &path, &error)).map(|file| (file, path))
    }

    /// Makes a run part of the results.
    pub(super) fn commit(&self, state: &State) -> Result<()> {
        let text = serde_json::to_vec(state)
            .map_err(|error| Error::new(ErrorKind::Internal, "", format!("the state cannot be written: {error}")))?;
        self.replace(&format!("{OWN}/state.json"), &text)?;
        self.finish(state)
    }

    /// Replaces a file of the folder: readers see the former content or the new one, never a part.
    pub(super) fn replace(&self, place: &str, bytes: &[u8]) -> Result<()> {
        let path = self.target.join(place);
        let new = self.target.join(OWN).join("new");
        create(&new, bytes)
            .and_then(|()| fs::rename(&new, &path))
            .and_then(|()| sync_folder(path.parent()))
            .map_err(|error| failed("write", &path, &error))
    }

    /// Moves what the last committed run has staged into place. Repeating it changes nothing.
    fn finish(&self, state: &State) -> Result<()> {
        let staged = self.staged(state.run);
        if staged.is_dir() {
            move_all(&staged, &self.target)?;
        }
        if state.first_run == state.run {
            for folder in [RECORDS, QUARANTINE] {
                remove_before(&self.target.join(folder), state.first_run)?;
            }
        }
        self.discard()
    }

    fn staged(&self, run: u64) -> PathBuf {
        self.target.join(OWN).join("staging").join(format!("run-{run:06}"))
    }

    fn state_path(&self) -> PathBuf {
        self.target.join(OWN).join("state.json")
    }
}

/// Says what could not be done, and to which file.
pub(super) fn failed(what: &str, path: &Path, error: &io::Error) -> Error {
    let message =
        format!("cannot {what} {}: {}; nothing was lost, and the next run tries again", path.display(), reason(error));
    Error::new(ErrorKind::StoreUnavailable, "", message)
}

fn make_room(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_room(path)?;
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    // Before the commit names it, it must be able to outlive a power cut.
    file.sync_all()
}

fn sync_folder(path: Option<&Path>) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(path) = path {
        File::open(path)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = fs::read_dir(folder).and_then(|list| list.map(|entry| Ok(entry?.path())).collect());
    list.map_err(|error| failed("list", folder, &error))
}

/// Moves every file below `from` to its place below `to`. Partitions are two folders deep.
fn move_all(from: &Path, to: &Path) -> Result<()> {
    for path in entries(from)? {
        let Some(name) = path.file_name() else { continue };
        let place = to.join(name);
        if path.is_dir() {
            fs::create_dir_all(&place).map_err(|error| failed("make", &place, &error))?;
            move_all(&path, &place)?;
        } else {
            fs::rename(&path, &place).map_err(|error| failed("write", &place, &error))?;
        }
    }
    sync_folder(Some(to)).map_err(|error| failed("write", to, &error))
}

/// Removes files of runs before `first`, and folders that become empty.
fn remove_before(folder: &Path, first: u64) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for path in entries(folder)? {
        if path.is_dir() {
            remove_before(&path, first)?;
            // One that is not empty stays.
            let _ = fs::remove_dir(&path);
        } else if run_of(&path).is_some_and(|run| run < first) {
            fs::remove_file(&path).map_err(|error| failed("remove", &path, &error))?;
        }
    }
    Ok(())
}

/// The run that wrote a file: names are `part-000001-….parquet` and `rejected-000001.jsonl`.
fn run_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    let (kind, rest) = name.split_once('-')?;
    let digits = rest.get(..6)?;
    let more = rest[6..].bytes().take_while(u8::is_ascii_digit).count();
    matches!(kind, "part" | "rejected").then(|| rest[..digits.len() + more].parse().ok())?
}
