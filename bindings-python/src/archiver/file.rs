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
        let metadata = self.file.metadata()?;
        self.size = metadata.len();
        Ok(is_linked(&metadata))
    }

    /// Whether neither size nor day ask for the next file.
    pub(super) fn has_room(&self, bytes: u64) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let held = self.size + self.buffer.len() as u64;
        // An empty file takes any line: it could not be rotated into something smaller.
        now < self.until && (held == 0 || held + bytes <= self.max_bytes)
    }

    /// One append of the lines that wait.
    pub(super) fn append(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let (written, length) = (self.file.write(&self.buffer)?, self.buffer.len());
        if written != length {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.buffer.clear();
        self.lines = 0;
        // Others may have written, too, or removed it; what is written to a removed file is lost like the file.
        if self.look()? { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// Whether anybody will find what is written: the file was not removed.
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
