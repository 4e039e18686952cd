//! The operating system's disk. Folders are 0700 and files 0600, whatever the umask; links and what belongs to
//! others are refused, because whoever plants one chooses what is overwritten or read.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::disk::{Disk, DiskFile, Failure};

/// The file whose lock says that a folder has an owner. It holds the owner's process id, for people.
const LOCK: &str = "LOCK";

/// A folder that this process owns until this is dropped, or dies.
pub(crate) struct Folder {
    path: PathBuf,
    // The lock ends with the file. A forked child holds it too, until it lets go: it never uses the folder, and the
    // lock ends with the last of them.
    lock: Mutex<Option<File>>,
}

impl Folder {
    /// Makes the folder, if it must, and locks it; nothing where another owner lives.
    pub(crate) fn own(path: &Path) -> Result<Option<Self>, Failure> {
        make(path)?;
        let mut lock = options().create(true).open(path.join(LOCK))?;
        guard_file(&lock)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Only for people: that it cannot be written says what the first append says better.
        let _ = lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()));
        Ok(Some(Self { path: path.to_owned(), lock: Mutex::new(Some(lock)) }))
    }
}

/// The process id of a folder's living owner, as it wrote it.
pub(crate) fn owner(path: &Path) -> Option<String> {
    let mut lock = options().open(path.join(LOCK)).ok()?;
    // Released at once where it was free: nobody else waits for it, and who comes by takes the next folder.
    if lock.try_lock_shared().is_ok() {
        return None;
    }
    let mut id = String::new();
    // Longer than any process id.
    (&mut lock).take(20).read_to_string(&mut id).ok()?;
    Some(id)
}

/// A folder that somebody else may own, to look into or to wipe.
pub(super) struct Unowned(PathBuf);

impl Unowned {
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        guard_folder(path, false)?;
        Ok(Self(path.to_owned()))
    }
}

/// Lets both kinds of folder do the same.
trait Place: Send + Sync {
    fn path(&self) -> &Path;
    fn let_go(&self) {}
}

impl Place for Folder {
    fn path(&self) -> &Path {
        &self.path
    }

    fn let_go(&self) {
        // Closes this process's copy alone: the parent's still holds the lock.
        if let Some(mut lock) = self.lock.try_lock() {
            *lock = None;
        }
    }
}

impl Place for Unowned {
    fn path(&self) -> &Path {
        &self.0
    }
}

impl<P: Place> Disk for P {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        files(self.path())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = options().create_new(true).open(self.path().join(name))?;
        Ok(Box::new(RealFile { file }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = options().open(self.path().join(name))?;
        guard_file(&file)?;
        Ok(Box::new(RealFile { file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path().join(from), self.path().join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path().join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        sync_folder(self.path())
    }

    fn let_go(&self) {
        Place::let_go(self);
    }
}

/// Names and lengths of the files in a folder; none where it is gone.
pub(super) fn files(path: &Path) -> io::Result<Vec<(String, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let Ok(data) = entry.metadata() else { continue };
        if let (true, Ok(name)) = (data.is_file(), entry.file_name().into_string()) {
            files.push((name, data.len()));
        }
    }
    Ok(files)
}

struct RealFile {
    file: File,
}

impl DiskFile for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::End(0))?;
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        // What is written to a file that was removed is nowhere.
        if is_removed(&self.file)? { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
    }

    fn read(&mut self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        (&self.file).take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }
}

/// Makes the folder that many processes share, where it is not there. One that is must be ours alone to write.
pub(super) fn make_root(path: &Path) -> Result<(), Failure> {
    builder().recursive(true).create(path)?;
    guard_folder(path, false)
}

/// Makes a folder that only its owner may enter, and closes an old one.
fn make(path: &Path) -> Result<(), Failure> {
    match builder().create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => guard_folder(path, true),
    }
}

#[cfg(unix)]
mod system {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};

    use super::{DirBuilder, Failure, File, OpenOptions, Path, fs, io};

    pub(super) fn builder() -> DirBuilder {
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        builder
    }

    /// Reads and writes, makes files 0600, and follows no link.
    pub(super) fn options() -> OpenOptions {
        let mut options = OpenOptions::new();
        let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        options.read(true).write(true).mode(0o600).custom_flags(no_follow);
        options
    }

    /// Refuses a folder that is a link, or somebody else's. One of ours is closed to others where `close` says so,
    /// and else refused where others may write.
    pub(crate) fn guard_folder(path: &Path, close: bool) -> Result<(), Failure> {
        let data = fs::symlink_metadata(path)?;
        if !data.is_dir() || data.uid() != rustix::process::geteuid().as_raw() {
            return Err(Failure::Unsafe);
        }
        if close && data.mode() & 0o777 != 0o700 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        if !close && data.mode() & 0o022 != 0 {
            return Err(Failure::Unsafe);
        }
        Ok(())
    }

    /// Refuses a file that has a second name, is somebody else's or no file at all; closes it to others.
    pub(super) fn guard_file(file: &File) -> io::Result<()> {
        let data = file.metadata()?;
        if !data.is_file() || data.uid() != rustix::process::geteuid().as_raw() || data.nlink() != 1 {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if data.mode() & 0o777 != 0o600 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }

    pub(super) fn is_removed(file: &File) -> io::Result<bool> {
        Ok(file.metadata()?.nlink() == 0)
    }

    pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

#[cfg(not(unix))]
mod system {
    use super::{DirBuilder, Failure, File, OpenOptions, Path, io};

    // Folders inherit their rights from the user's profile, and a file in use cannot be removed.

    pub(super) fn builder() -> DirBuilder {
        DirBuilder::new()
    }

    pub(super) fn options() -> OpenOptions {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        options
    }

    pub(crate) fn guard_folder(path: &Path, _close: bool) -> Result<(), Failure> {
        if std::fs::symlink_metadata(path)?.is_dir() { Ok(()) } else { Err(Failure::Unsafe) }
    }

    pub(super) fn guard_file(_file: &File) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn is_removed(_file: &File) -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn sync_folder(_path: &Path) -> io::Result<()> {
        Ok(())
    }
}

pub(super) use self::system::guard_folder;
use self::system::{builder, guard_file, is_removed, options, sync_folder};
