//! What a log needs of a disk: a handful of calls, so that tests can put a disk beneath it that loses power.

use std::fmt;
use std::io;

use super::format::FRESH;

/// One folder. No call follows a path out of it: names are the log's own.
pub(crate) trait Disk: Send + Sync {
    /// Names and lengths of all files.
    fn list(&self) -> io::Result<Vec<(String, u64)>>;
    /// A new file; an error where there is one of this name.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// An existing file.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name, in place of whatever had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Returns when names survive a power loss.
    fn sync_names(&self) -> io::Result<()>;
    /// Gives up what says that the folder is this process's: in a forked child, of what its parent owns.
    fn let_go(&self) {}
}

/// A file that is appended to and read.
pub(crate) trait DiskFile: Send {
    /// Writes all of `bytes` at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns when the contents survive a power loss; an error where the file is no longer in its folder.
    fn sync(&mut self) -> io::Result<()>;
    /// Up to `length` bytes from `offset`; fewer at the end.
    fn read(&mut self, offset: u64, length: usize) -> io::Result<Vec<u8>>;
    /// Cuts the file off behind `length` bytes.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// Replaces the contents of a file: at every moment, power loss included, it is the old or the new.
pub(super) fn replace(disk: &dyn Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let fresh = format!("{name}{FRESH}");
    // What a crash left of an earlier try.
    match disk.remove(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = disk.create(&fresh)?;
    file.append(bytes)?;
    file.sync()?;
    disk.rename(&fresh, name)
}

/// Why records are not on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No room, or over quota.
    Full,
    /// The folder or file may not be written.
    ReadOnly,
    /// The folder or file is gone.
    Vanished,
    /// The device failed, or anything else.
    Device,
    /// Somebody else's folder, or a link where none should be.
    Unsafe,
    /// Every place in the folder is taken by a living process.
    Busy,
    /// Sealed with another key.
    OtherKey,
    /// More in one append than a frame holds.
    TooLarge,
    /// Sequence numbers are used up, or the machine has no random bytes to seal with.
    Exhausted,
}

impl Failure {
    pub(crate) const fn phrase(self) -> &'static str {
        match self {
            Self::Full => "no space left",
            Self::ReadOnly => "not writable",
            Self::Vanished => "folder is gone",
            Self::Device => "disk failed",
            Self::Unsafe => "folder belongs to somebody else, is open to others, or is a link",
            Self::Busy => "too many processes share the folder",
            Self::OtherKey => "sealed with another key",
            Self::TooLarge => "records too large",
            Self::Exhausted => "exhausted",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.phrase())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Self::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::NotFound => Self::Vanished,
            _ => Self::Device,
        }
    }
}
