//! Days and their files: one SQLite file per UTC day, so that retention is an unlink.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use super::cipher::Cipher;
use super::database::{inaccessible, open, private_file, sync_folder, truncate_wal};
use super::dictionary::Dictionary;
use super::migrate::DAY;
use crate::error::{Error, ErrorKind, Result};
use crate::record::time::Timestamp;

/// Microseconds of a UTC day; leap seconds are not counted.
pub(super) const DAY_MICROSECONDS: i64 = 86_400_000_000;

/// Day files open for writing at a time: two weeks of late arrivals. Each costs three descriptors and its page cache.
pub(super) const WRITTEN_DAYS: usize = 16;

/// Day files open for reading at a time: the longest retention, and the days at its ends. Opening one costs more than
/// many questions.
pub(super) const READ_DAYS: usize = 92;

/// The file by whose lock those who write and those who remove days keep out of each other's way.
const LOCK: &str = "LOCK";

/// A UTC day, printed as `2026-01-02`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day of a moment in microseconds since 1970-01-01T00:00:00Z.
    pub fn of(microseconds: i64) -> Self {
        Self(microseconds.div_euclid(DAY_MICROSECONDS))
    }

    /// Its first moment, in microseconds since 1970-01-01T00:00:00Z.
    pub(super) fn start(self) -> i64 {
        self.0.saturating_mul(DAY_MICROSECONDS)
    }

    /// The day so many days earlier.
    pub(super) fn before(self, days: u32) -> Self {
        Self(self.0 - i64::from(days))
    }

    /// The day after.
    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Whose turn this day is of so many that take turns.
    pub(super) fn turn(self, of: usize) -> usize {
        i64::try_from(of)
            .ok()
            .and_then(|of| self.0.checked_rem_euclid(of))
            .and_then(|turn| turn.try_into().ok())
            .unwrap_or(0)
    }

    /// Reads `YYYY-MM-DD`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Timestamp::parse(&format!("{text}T00:00:00Z")).map(|midnight| Self::of(midnight.microseconds()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = rfc3339(self.0.saturating_mul(DAY_MICROSECONDS));
        f.write_str(text.split('T').next().unwrap_or(&text))
    }
}

/// A moment as records write it: `2026-01-02T03:04:05.000006Z`.
pub(super) fn rfc3339(microseconds: i64) -> String {
    // Saturates at the ends of the calendar, which no record reaches.
    let limit = if microseconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    let moment = jiff::Timestamp::from_microsecond(microseconds).unwrap_or(limit);
    moment.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Files that were opened so far.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// The day files of a folder, of which the most recently used are open.
pub(super) struct DayFiles {
    folder: PathBuf,
    cipher: Cipher,
    most: usize,
    /// Most recently used last.
    open: VecDeque<OpenDay>,
}

/// A day's file, open.
pub(super) struct OpenDay {
    day: Day,
    file: FileId,
    /// Tells this connection from every other of the process.
    pub(super) number: u64,
    pub(super) connection: Connection,
    /// The numbers of what was written last.
    pub(super) dictionary: Dictionary,
}

/// Tells a file from another of the same name. Where the system has no such number, a file that is open cannot be
/// removed either.
type FileId = u64;

fn file_id(path: &Path) -> Option<FileId> {
    let data = fs::metadata(path).ok()?;
    #[cfg(unix)]
    return Some(std::os::unix::fs::MetadataExt::ino(&data));
    #[cfg(not(unix))]
    return Some(u64::from(data.is_file()));
}

impl DayFiles {
    /// At most `most` files are open at a time.
    pub(super) fn new(folder: &Path, cipher: &Cipher, most: usize) -> Self {
        Self { folder: folder.to_owned(), cipher: cipher.clone(), most, open: VecDeque::new() }
    }

    /// Where the files are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What opens the files.
    pub(super) fn cipher(&self) -> &Cipher {
        &self.cipher
    }

    /// A day's file, which is made where it does not exist. One that another process removed is made anew.
    pub(super) fn connect(&mut self, day: Day) -> Result<&mut OpenDay> {
        let path = self.path(day, "");
        let place = self.open.iter().position(|open| open.day == day);
        let known = place.and_then(|at| self.open.remove(at)).filter(|open| Some(open.file) == file_id(&path));
        let open = if let Some(open) = known {
            open
        } else {
            let connection = open(&path, DAY, &self.cipher)?;
            let file = file_id(&path).ok_or_else(|| inaccessible("open", &file_of(day), &NotFound.into()))?;
            let number = OPENED.fetch_add(1, Ordering::Relaxed);
            OpenDay { day, file, number, connection, dictionary: Dictionary::default() }
        };
        if self.open.len() >= self.most {
            self.open.pop_front();
        }
        self.open.push_back(open);
        let missing = || Error::new(ErrorKind::Internal, "", "a day file that was just opened is not open");
        self.open.back_mut().ok_or_else(missing)
    }

    /// Keeps days from being removed, by this or another process, until what is returned is dropped.
    pub(super) fn lock_days(&self) -> Result<File> {
        let lock = private_file(&self.folder.join(LOCK)).and_then(|lock| lock.lock_shared().map(|()| lock));
        lock.map_err(|e| inaccessible("lock", "events", &e))
    }

    /// Keeps everybody from writing until what is returned is dropped; nothing where somebody does.
    pub(super) fn try_lock_days(&self) -> Result<Option<File>> {
        let failed = |e: std::io::Error| inaccessible("lock", "events", &e);
        let lock = private_file(&self.folder.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(failed(e)),
        }
    }

    /// The days that have a file, oldest first.
    pub(super) fn days(&self) -> Result<Vec<Day>> {
        let failed = |e| inaccessible("list", "events", &e);
        let mut days = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            days.extend(name.to_str().and_then(|name| name.strip_suffix(".db")).and_then(Day::parse));
        }
        days.sort_unstable();
        Ok(days)
    }

    /// The days that have a file and overlap `start..end` (microseconds), oldest first.
    pub(super) fn days_between(&self, start: i64, end: i64) -> Result<Vec<Day>> {
        let mut days = self.days()?;
        days.retain(|day| (Day::of(start)..=Day::of(end.saturating_sub(1))).contains(day));
        Ok(days)
    }

    /// Bytes that a day takes on disk, its log included.
    pub(super) fn bytes(&self, day: Day) -> u64 {
        ["", "-wal"].iter().filter_map(|suffix| fs::metadata(self.path(day, suffix)).ok()).map(|file| file.len()).sum()
    }

    /// Closes the file of a day, if it is open here.
    pub(super) fn close(&mut self, day: Day) {
        self.open.retain(|open| open.day != day);
    }

    /// Unlinks the file of a day. No connection to it may be open.
    pub(super) fn unlink(&mut self, day: Day) -> Result<()> {
        self.close(day);
        // The log first: a log that outlives its file would be replayed into the day's next file.
        for suffix in ["-wal", "-shm", ""] {
            match fs::remove_file(self.path(day, suffix)) {
                Err(e) if e.kind() != NotFound => return Err(inaccessible("remove", &file_of(day), &e)),
                Ok(()) | Err(_) => {}
            }
        }
        sync_folder(&self.folder).map_err(|e| inaccessible("sync", "events", &e))
    }

    /// Empties every open log; what fails stays in its log and is found at the next open.
    pub(super) fn checkpoint(&mut self) {
        for open in &self.open {
            let _ = truncate_wal(&open.connection, &file_of(open.day));
        }
    }

    pub(super) fn path(&self, day: Day, suffix: &str) -> PathBuf {
        self.folder.join(format!("{day}.db{suffix}"))
    }
}

/// The name of a day's file, for errors.
pub(super) fn file_of(day: Day) -> String {
    format!("events/{day}.db")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_utc_and_read_what_they_print() {
        for (microseconds, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (DAY_MICROSECONDS - 1, "1970-01-01"),
            (DAY_MICROSECONDS, "1970-01-02"),
            (1_767_323_045_000_006, "2026-01-02"),
        ] {
            assert_eq!(Day::of(microseconds).to_string(), text);
            assert_eq!(Day::parse(text), Some(Day::of(microseconds)));
        }
        for text in ["2026-02-30", "2026-1-2", "2026-01-02.db", ""] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_walk_over_many_days_keeps_few_files_open() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = DayFiles::new(folder.path(), &Cipher::default(), WRITTEN_DAYS);
        for day in 0..40 {
            files.connect(Day(day)).unwrap();
        }
        assert_eq!(files.open.len(), WRITTEN_DAYS);
        assert_eq!(files.days().unwrap().len(), 40);
    }
}
