//! An open archive as the native part sees it.

use std::fs::File;
use std::io::{self, Write as _};

/// Microseconds after which it is looked again whether a file is still there.
///
/// Asking takes a fifth of what writing a line does. Who writes less often than this asks for every line; who writes more
/// often keeps the lines meanwhile, to write them again elsewhere.
const LOOK_AFTER: i64 = 1_000;
/// Bytes of lines that are kept for that at most (16 KiB): some forty lines then share one look.
const MOST_RECENT: usize = 16 << 10;
const MICROS_A_SECOND: i64 = 1_000_000;

/// Whole lines, and how many.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) bytes: Vec<u8>,
    pub(super) count: u64,
}

impl Lines {
    /// Adds a line, which ends with a newline.
    fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.count += 1;
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }
}

/// An archive that may be written to as long as nothing about it changes.
pub(super) struct Admitted {
    file: File,
    /// Bytes at which it is rotated.
    max_bytes: u64,
    /// Seconds since 1970 at which it is rotated.
    until: i64,
    /// Its bytes when last looked at, and what was appended here since.
    size: u64,
    /// When that was, in microseconds since 1970.
    looked_at: i64,
    /// Lines that were appended since it was last seen that the file is there.
    pub(super) recent: Lines,
    /// Lines that wait for their append.
    pub(super) waiting: Lines,
    /// Nothing is to be appended any more: it is due, or removed, or failed.
    pub(super) is_over: bool,
}

impl Admitted {
    pub(super) fn new(file: File, max_bytes: u64, until: i64) -> io::Result<Self> {
        let (size, _) = size_and_link(&file)?;
        let (recent, waiting) = (Lines::default(), Lines::default());
        Ok(Self { file, max_bytes, until, size, looked_at: 0, recent, waiting, is_over: false })
    }

    /// Whether the file is still there.
    fn look(&mut self) -> io::Result<bool> {
        let (size, is_linked) = size_and_link(&self.file)?;
        self.size = size;
        Ok(is_linked)
    }

    /// Whether neither size nor day ask for the next file, at this moment in microseconds since 1970.
    pub(super) fn has_room(&self, bytes: usize, now: i64) -> bool {
        let held = self.size + self.waiting.bytes.len() as u64;
        // An empty file takes any line: it could not be rotated into something smaller.
        now < self.until * MICROS_A_SECOND && (held == 0 || held + bytes as u64 <= self.max_bytes)
    }

    /// Appends one line, which ends with a newline, by itself; whether it went to a file that is there as far as is known. What is written to a removed
    /// file is lost like the file, so the line is else to be written again elsewhere, behind those that are `recent`.
    pub(super) fn append_line(&mut self, line: &[u8], now: i64) -> io::Result<bool> {
        let written = write_whole(&mut self.file, line);
        self.size += line.len() as u64;
        let kept = self.recent.bytes.len() + line.len();
        // A clock that was set back looks at once.
        let is_recent = (0..LOOK_AFTER).contains(&(now - self.looked_at)) && kept < MOST_RECENT;
        let is_there = written.and_then(|()| if is_recent { Ok(true) } else { self.look() });
        match is_there {
            Ok(true) if is_recent => self.recent.push(line),
            Ok(true) => {
                self.recent.clear();
                self.looked_at = now;
            }
            Ok(false) | Err(_) => self.is_over = true,
        }
        is_there
    }

    /// Lets a line wait for its append.
    pub(super) fn wait(&mut self, line: &[u8]) {
        self.waiting.push(line);
    }

    /// One append of the lines that wait.
    pub(super) fn append(&mut self) -> io::Result<()> {
        if self.waiting.count == 0 {
            return Ok(());
        }
        write_whole(&mut self.file, &self.waiting.bytes)?;
        self.waiting.clear();
        // Others may have written, too, or removed it; what is written to a removed file is lost like the file.
        if self.look()? { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    /// Whether lines went to a file that was removed. They stay `recent`, and no others join them.
    pub(super) fn has_lost(&mut self) -> bool {
        if self.recent.count == 0 {
            return false;
        }
        // What cannot be asked is taken for there, as if nobody had asked.
        let is_lost = self.look().is_ok_and(|is_there| !is_there);
        if is_lost {
            self.is_over = true;
        } else {
            self.recent.clear();
        }
        is_lost
    }
}

/// One write, so that lines of several processes do not mix.
fn write_whole(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    if file.write(bytes)? == bytes.len() {
        return Ok(());
    }
    // The rest by itself could end up behind another process's line.
    Err(io::Error::new(io::ErrorKind::WriteZero, "the disk had room for a part only"))
}

/// A file's bytes, and whether anybody will find what is written to it: it was not removed.
///
/// Asks for these two alone: a Linux kernel that was asked for a file's times gives its next write a fine-grained one, and
/// journals the inode for that. The write then costs twice as much.
#[cfg(target_os = "linux")]
fn size_and_link(file: &File) -> io::Result<(u64, bool)> {
    use rustix::fs::{AtFlags, StatxFlags, statx};

    let wanted = StatxFlags::SIZE | StatxFlags::NLINK;
    let Ok(found) = statx(file, c"", AtFlags::EMPTY_PATH, wanted) else {
        // A sandbox or kernel without this call.
        return by_metadata(file);
    };
    Ok((found.stx_size, found.stx_nlink > 0))
}

#[cfg(not(target_os = "linux"))]
fn size_and_link(file: &File) -> io::Result<(u64, bool)> {
    by_metadata(file)
}

fn by_metadata(file: &File) -> io::Result<(u64, bool)> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), is_linked(&metadata)))
}

#[cfg(unix)]
fn is_linked(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 0
}

#[cfg(not(unix))]
fn is_linked(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(unix)]
#[allow(unsafe_code, reason = "a file descriptor comes from Python as a number")]
pub(super) fn copy_of(fd: i32) -> io::Result<Option<File>> {
    use std::os::fd::BorrowedFd;

    if fd < 0 {
        return Ok(None);
    }
    // SAFETY: the caller holds the file open until this returns; a number that is no open file is refused by the copy.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    Ok(Some(File::from(borrowed.try_clone_to_owned()?)))
}

#[cfg(not(unix))]
pub(super) fn copy_of(_: i32) -> io::Result<Option<File>> {
    Ok(None)
}
