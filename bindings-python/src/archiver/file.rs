//! An open archive as the native part sees it.

use std::fs::File;
use std::io::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

/// An archive that may be written to as long as nothing about it changes.
pub(super) struct Admitted {
    pub(super) file: File,
    /// Bytes at which it is rotated.
    pub(super) max_bytes: u64,
    /// Seconds since 1970 at which it is rotated.
    pub(super) until: u64,
    /// Its bytes when last looked at.
    pub(super) size: u64,
    /// Whole lines that wait for their append, and how many.
    pub(super) buffer: Vec<u8>,
    pub(super) lines: u64,
}

impl Admitted {
    /// Looks at the file again: whether it is still there.
    pub(super) fn look(&mut self) -> io::Result<bool> {
        let (size, is_linked) = size_and_link(&self.file)?;
        self.size = size;
        Ok(is_linked)
    }

    /// Whether neither size nor day ask for the next file.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let held = self.size + self.buffer.len() as u64;
        // An empty file takes any line: it could not be rotated into something smaller.
        now < self.until && (held == 0 || held + bytes <= self.max_bytes)
    }

    /// Appends one line by itself; whether it went to a file that is still there. What is written to a removed file is
    /// lost like the file, so the line is then to be written again elsewhere.
    pub(super) fn append_line(&mut self, line: &[u8]) -> io::Result<bool> {
        write_whole(&mut self.file, line)?;
        // Once a line, and behind it: this also sees what other processes have written.
        self.look()
    }

    /// One append of the lines that wait.
    pub(super) fn append(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        write_whole(&mut self.file, &self.buffer)?;
        self.buffer.clear();
        self.lines = 0;
        // Others may have written, too, or removed it; what is written to a removed file is lost like the file.
        if self.look()? { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
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
