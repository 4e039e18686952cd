//! Erasing what a client kept on disk, so that a kill in the middle changes nothing: what was kept under another
//! epoch than the user's present one is erased before anything else is done with it.

use std::io;
use std::path::Path;

use super::folder;

/// Something that holds records and can forget them.
pub(crate) trait Wipe: Send + Sync {
    /// Forgets everything. Where it fails, or the process is killed, it is called again before the next use.
    ///
    /// # Errors
    /// What kept it from forgetting.
    fn wipe(&self) -> io::Result<()>;
}

/// Says under which epoch a folder's records were kept.
const MARK: &str = "epoch";

/// Before a folder is used: erases what it keeps from before the user's last withdrawal. A user who withdrew once needs
/// a marked folder from its beginning, or what is kept there now would pass for older.
///
/// # Errors
/// What kept it from erasing or marking; nothing must be kept or sent then.
pub(crate) fn prepare(kept: &Path, epoch: &str, wipe: &dyn Wipe) -> io::Result<()> {
    if !epoch.is_empty() && !kept.exists() {
        folder::ensure(kept)?;
        return folder::replace(kept, MARK, epoch);
    }
    erase_if_stale(kept, epoch, wipe).map(drop)
}

/// Erases what a folder keeps from before the user's last withdrawal, and marks it with the present epoch. Returns
/// whether anything was to be erased. A folder that is not there, and a user who never withdrew, need no mark.
///
/// # Errors
/// What kept it from erasing; the records must not be used then.
pub(crate) fn erase_if_stale(kept: &Path, epoch: &str, wipe: &dyn Wipe) -> io::Result<bool> {
    if !kept.is_dir() {
        return Ok(false);
    }
    let mark = match folder::read(&kept.join(MARK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        mark => mark?,
    };
    if mark == epoch {
        return Ok(false);
    }
    wipe.wipe()?;
    // Last: a kill before this erases once more.
    folder::replace(kept, MARK, epoch)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// A folder whose files all go. Sub-folders too; the folder itself stays.
    struct FolderWipe(PathBuf);

    impl Wipe for FolderWipe {
        fn wipe(&self) -> io::Result<()> {
            let entries = match fs::read_dir(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                if entry.file_name() == MARK {
                    continue;
                }
                let gone = if entry.file_type()?.is_dir() {
                    fs::remove_dir_all(entry.path())
                } else {
                    fs::remove_file(entry.path())
                };
                match gone {
                    // Another process was faster.
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    Ok(()) | Err(_) => {}
                }
            }
            folder::sync_folder(&self.0)
        }
    }

    #[test]
    fn what_was_kept_under_another_epoch_goes_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("1.seg");
        let wipe = FolderWipe(folder.path().to_owned());
        let erase = |epoch| erase_if_stale(folder.path(), epoch, &wipe).unwrap();
        fs::write(&kept, "records").unwrap();
        assert!(!erase("") && kept.exists());
        assert!(erase("a") && !kept.exists());
        fs::write(&kept, "records").unwrap();
        assert!(!erase("a") && kept.exists());
        // Whoever removes the state file does not bring back what should have been erased.
        assert!(erase("") && !kept.exists());
    }

    #[test]
    fn what_is_kept_after_a_withdrawal_does_not_pass_for_older() {
        let folder = tempfile::tempdir().unwrap();
        let spool = folder.path().join("spool");
        let wipe = FolderWipe(spool.clone());
        prepare(&spool, "", &wipe).unwrap();
        assert!(!spool.exists());
        prepare(&spool, "a", &wipe).unwrap();
        fs::write(spool.join("1.seg"), "records").unwrap();
        prepare(&spool, "a", &wipe).unwrap();
        assert!(spool.join("1.seg").exists());
    }

    #[test]
    fn what_failed_to_be_erased_is_erased_before_the_next_use() {
        struct Broken;
        impl Wipe for Broken {
            fn wipe(&self) -> io::Result<()> {
                Err(io::Error::other("disk"))
            }
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("1.seg"), "records").unwrap();
        assert!(erase_if_stale(folder.path(), "a", &Broken).is_err());
        assert!(erase_if_stale(folder.path(), "a", &FolderWipe(folder.path().to_owned())).unwrap());
    }
}
