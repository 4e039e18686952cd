//! Erasing what a client kept on disk, so that a kill in the middle changes nothing: what was kept for a purpose under
//! another epoch than the user's present one is erased before anything else is done with it.

use std::io;
use std::path::Path;

use super::document::{Epochs, Purposes};
use super::folder;

/// Something that holds records and can forget them.
pub(crate) trait Wipe {
    /// Forgets what belongs to these purposes, and says whether that is done: not where it is another owner's, who does
    /// it. Where it fails, or the process is killed, it is called again before the next use.
    ///
    /// # Errors
    /// What kept it from forgetting.
    fn wipe(&mut self, purposes: Purposes) -> io::Result<bool>;
}

/// Says under which epochs a folder's records were kept.
const MARK: &str = "epochs";

/// Erases what a folder keeps from before the user's last withdrawals, and marks it with the present epochs. Returns
/// what was to be erased. A folder that is not there, and a user who never withdrew, need no mark.
///
/// # Errors
/// What kept it from erasing; the records must not be used then.
pub(crate) fn erase_if_stale(kept: &Path, epochs: &Epochs, wipe: &mut dyn Wipe) -> io::Result<Purposes> {
    if !kept.is_dir() {
        return Ok(Purposes::NONE);
    }
    let stale = match folder::read(&kept.join(MARK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Epochs::default().differing(epochs),
        // Whoever damages it does not bring back what should have been erased.
        mark => serde_json::from_str::<Epochs>(&mark?).map_or(Purposes::ALL, |mark| mark.differing(epochs)),
    };
    // Marked last: a kill before this erases once more.
    if !stale.is_empty() && wipe.wipe(stale)? {
        folder::replace(kept, MARK, &serde_json::to_string(epochs)?)?;
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::config::Purpose;

    /// A folder with a file for each purpose.
    struct Files(PathBuf);

    impl Files {
        fn fill(&self) {
            for purpose in Purpose::ALL {
                fs::write(self.0.join(purpose.as_str()), "records").unwrap();
            }
        }

        fn left(&self) -> Vec<Purpose> {
            Purpose::ALL.into_iter().filter(|purpose| self.0.join(purpose.as_str()).exists()).collect()
        }
    }

    impl Wipe for Files {
        fn wipe(&mut self, purposes: Purposes) -> io::Result<bool> {
            purposes.iter().try_for_each(|purpose| fs::remove_file(self.0.join(purpose.as_str())))?;
            Ok(true)
        }
    }

    fn epochs(begun: &[(Purposes, &str)]) -> Epochs {
        let mut epochs = Epochs::default();
        for (purposes, word) in begun {
            epochs.begin(*purposes, word);
        }
        epochs
    }

    fn one(purpose: Purpose) -> Purposes {
        Purposes::from_iter([purpose])
    }

    #[test]
    fn what_was_kept_under_another_epoch_goes_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files(folder.path().to_owned());
        files.fill();
        let mut erase = |epochs: &Epochs| erase_if_stale(folder.path(), epochs, &mut files).unwrap();
        assert_eq!(erase(&Epochs::default()), Purposes::NONE);
        let analytics = epochs(&[(one(Purpose::Analytics), "a")]);
        assert_eq!((erase(&analytics), erase(&analytics)), (one(Purpose::Analytics), Purposes::NONE));
        assert_eq!(files.left(), [Purpose::Diagnostics, Purpose::Performance]);
        files.fill();
        // Whoever removes the state file does not bring back what should have been erased.
        assert_eq!(erase_if_stale(folder.path(), &Epochs::default(), &mut files).unwrap(), one(Purpose::Analytics));
        files.fill();
        fs::write(folder.path().join(MARK), "{").unwrap();
        assert_eq!(erase_if_stale(folder.path(), &Epochs::default(), &mut files).unwrap(), Purposes::ALL);
        assert_eq!(files.left(), []);
    }

    #[test]
    fn what_failed_to_be_erased_or_is_another_owners_is_looked_at_again() {
        struct Answers(Vec<io::Result<bool>>);
        impl Wipe for Answers {
            fn wipe(&mut self, _: Purposes) -> io::Result<bool> {
                self.0.pop().unwrap()
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let epochs = epochs(&[(Purposes::ALL, "a")]);
        let mut answers = Answers(vec![Ok(true), Ok(false), Err(io::Error::other("disk"))]);
        let mut erase = || erase_if_stale(folder.path(), &epochs, &mut answers).ok();
        assert_eq!(
            [erase(), erase(), erase(), erase()],
            [None, Some(Purposes::ALL), Some(Purposes::ALL), Some(Purposes::NONE)]
        );
    }
}
