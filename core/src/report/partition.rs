//! Accepted records in Hive partitions by day and channel, within a bound on memory.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::sync::mpsc::SyncSender;

use serde::Deserialize;

use super::columns::Columns;
use super::memo::Memo;
use super::parquet::file_of;
use super::row::Row;
use super::stage::{RECORDS, Stage};
use super::sync::Written;
use crate::error::Result;

/// Channels of which one run makes partitions; a channel beyond them, or with a name that is no folder's, goes to
/// [`OTHER_CHANNEL`]. A folder costs more than a column.
const MAX_CHANNELS: usize = 1_000;

/// Days and channels that are held at once. Beyond them all is written: who sends a record for each day of the calendar
/// gets as many files, and no more memory.
const MAX_PARTS: usize = 4_096;

/// The partition of channels without one of their own; the column [`CHANNEL_NAME`] says which. No channel's partition
/// is called so: its underscore would be escaped.
const OTHER_CHANNEL: &str = "_other";

/// The column that names the channel where the partition does not. It cannot be called `channel`: readers take that
/// from the folder.
const CHANNEL_NAME: &str = "channel_name";

/// Bytes of a folder's name that file systems take, without `channel=`.
const MAX_NAME_BYTES: usize = 240;

/// Files that hold records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// No records, only the report.
    #[default]
    None,
    /// Canonical records, one a line.
    Jsonl,
    /// Columns.
    Parquet,
}

/// One worker's records that are not written yet.
pub(super) struct Partitions<'a> {
    stage: &'a Stage,
    /// Takes files that are to be synced.
    written: SyncSender<Written>,
    format: Format,
    run: u64,
    worker: usize,
    /// Bytes held at the most.
    room: usize,
    held: usize,
    /// Keys are a day, a zero byte and a channel.
    index: HashMap<Box<str>, usize>,
    memo: Memo,
    parts: Vec<Part>,
    /// Those with partitions of their own.
    channels: HashSet<Box<str>>,
    key: String,
    files: u64,
}

struct Part {
    place: String,
    folder: Folder,
    columns: Columns,
    lines: Vec<u8>,
    size: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Folder {
    Own,
    Other,
}

impl<'a> Partitions<'a> {
    pub(super) fn new(
        stage: &'a Stage,
        written: SyncSender<Written>,
        format: Format,
        run: u64,
        worker: usize,
        room: usize,
    ) -> Self {
        Self {
            stage,
            written,
            format,
            run,
            worker,
            room,
            held: 0,
            index: HashMap::new(),
            memo: Memo::default(),
            parts: Vec::new(),
            channels: HashSet::new(),
            key: String::new(),
            files: 0,
        }
    }

    pub(super) fn add(&mut self, row: &Row<'_>) -> Result<()> {
        if self.format == Format::None {
            return Ok(());
        }
        self.key.clear();
        self.key.push_str(row.day());
        self.key.push('\0');
        self.key.push_str(&row.channel);
        let at = if let Some(at) = self.memo.find(&self.key) {
            at
        } else {
            let at = match self.index.get(self.key.as_str()) {
                Some(at) => *at,
                None => self.begin(row)?,
            };
            // What `begin` left of the key is what the index has.
            self.memo.remember(&self.key, at);
            at
        };
        let part = &mut self.parts[at];
        let before = part.size;
        if self.format == Format::Parquet {
            part.columns.add(row, part.folder == Folder::Other);
            part.size = part.columns.size();
        } else {
            part.lines.extend_from_slice(row.record.as_bytes());
            part.lines.push(b'\n');
            part.size = part.lines.len();
        }
        self.held += part.size - before;
        if self.held > self.room { self.flush_largest() } else { Ok(()) }
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> Result<u64> {
        self.flush_all()?;
        Ok(self.files)
    }

    /// The part of a day and channel that was not met since the parts were written last.
    fn begin(&mut self, row: &Row<'_>) -> Result<usize> {
        if self.parts.len() >= MAX_PARTS {
            self.flush_all()?;
            self.parts.clear();
            self.index.clear();
            self.memo.clear();
        }
        let name = folder_name(&row.channel);
        let is_own = self.channels.contains(&*row.channel)
            || (self.channels.len() < MAX_CHANNELS && name.len() <= MAX_NAME_BYTES);
        let folder = if is_own { Folder::Own } else { Folder::Other };
        let place = match folder {
            Folder::Own => format!("{RECORDS}/day={}/channel={name}", row.day()),
            Folder::Other => format!("{RECORDS}/day={}/channel={OTHER_CHANNEL}", row.day()),
        };
        if is_own {
            self.channels.insert(row.channel.as_ref().into());
        } else {
            // Channels that share a partition share its file; they are not remembered one by one.
            self.key.truncate(row.day().len() + 1);
            if let Some(at) = self.index.get(self.key.as_str()) {
                return Ok(*at);
            }
        }
        self.parts.push(Part { place, folder, columns: Columns::default(), lines: Vec::new(), size: 0 });
        self.index.insert(self.key.as_str().into(), self.parts.len() - 1);
        Ok(self.parts.len() - 1)
    }

    fn flush_largest(&mut self) -> Result<()> {
        let largest = (0..self.parts.len()).max_by_key(|at| self.parts[*at].size);
        largest.map_or(Ok(()), |at| self.flush(at))
    }

    fn flush_all(&mut self) -> Result<()> {
        (0..self.parts.len()).try_for_each(|at| self.flush(at))
    }

    fn flush(&mut self, at: usize) -> Result<()> {
        let part = &mut self.parts[at];
        if part.size == 0 {
            return Ok(());
        }
        let (ending, bytes) = if self.format == Format::Parquet {
            ("parquet", file_of(std::mem::take(&mut part.columns), CHANNEL_NAME)?)
        } else {
            ("jsonl", std::mem::take(&mut part.lines))
        };
        self.held -= std::mem::take(&mut part.size);
        let name = format!("part-{:06}-{}-{}.{ending}", self.run, self.worker, self.files);
        self.files += 1;
        let written = self.stage.write(self.run, &format!("{}/{name}", part.place), &bytes)?;
        // Whoever takes it is there as long as this.
        let _ = self.written.send(written);
        Ok(())
    }
}

/// A channel as Hive, Spark, `DuckDB` and Polars write and read it in a folder's name: what has a meaning in paths
/// becomes `%` and two hex digits; everything else, letters of all scripts included, stays.
fn folder_name(channel: &str) -> String {
    let mut name = String::with_capacity(channel.len());
    for (i, c) in channel.char_indices() {
        let first = i == 0 && (c == '_' || c == '.');
        if c.is_ascii_control() || "\"#%'*/:=?\\{[]^+ ".contains(c) || first {
            // Writing to a String cannot fail.
            let _ = write!(name, "%{:02X}", u32::from(c));
        } else {
            name.push(c);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_s_folder_is_one_folder_whatever_its_name() {
        for (channel, folder) in [
            ("app", "app"),
            ("../../etc", "%2E.%2F..%2Fetc"),
            ("a/b c", "a%2Fb%20c"),
            ("_other", "%5Fother"),
            ("für=50%", "für%3D50%25"),
            ("\n\0", "%0A%00"),
        ] {
            assert_eq!(folder_name(channel), folder);
        }
    }
}
