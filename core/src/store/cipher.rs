//! Encryption at rest of the store's files: SQLCipher, page by page, with a key of its own for each file.
//!
//! A file's key and salt are derived (RFC 5869) from the store's key and the file's name. So no page of one file passes
//! for that of another, nobody has to stretch a passphrase at each opening, and two that make the same file at once
//! agree on its salt.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::database::{BUSY_TIMEOUT, file_name, unavailable};
use crate::error::{Error, ErrorKind, Result};
use crate::segment::SealKey;

/// Whether this build can encrypt.
pub(super) const IS_BUILT_IN: bool = cfg!(feature = "encryption");

/// What keys of files are told apart by from whatever else is derived from the store's key; the file's name follows.
const LABEL: &str = "scrubjay store file ";
/// SQLCipher's raw form: 32 bytes of a key and 16 of a salt.
const RAW_BYTES: usize = 48;

/// What opens a store's files.
#[derive(Clone, Debug, Default)]
pub(super) struct Cipher(Option<SealKey>);

impl Cipher {
    /// Without a key files are plain.
    pub(super) fn new(key: Option<&SealKey>) -> Self {
        Self(key.cloned())
    }

    /// One for tests, where this build has any.
    #[cfg(test)]
    pub(super) fn of_test() -> Self {
        Self(SealKey::from_base64(&format!("{}=", "E".repeat(43))).filter(|_| IS_BUILT_IN))
    }

    /// Whether files are encrypted.
    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// What SQLCipher takes for the key of a file of this name: `x'…'`, or nothing for a plain one.
    pub(super) fn raw(&self, name: &str) -> String {
        let Some(key) = &self.0 else { return String::new() };
        let mut raw = String::from("x'");
        for byte in key.derived::<RAW_BYTES>(format!("{LABEL}{name}").as_bytes()) {
            let _ = write!(raw, "{byte:02x}");
        }
        raw.push('\'');
        raw
    }

    /// Gives a fresh connection the key of its file, and reads from it, which shows whether that is the one.
    ///
    /// # Errors
    /// `store_unavailable`: the file is plain and should not be, or has another key, or is damaged.
    pub(super) fn unlock(&self, connection: &Connection, path: &Path) -> Result<()> {
        let file = file_name(path);
        self.give(connection, &file).map_err(|e| unavailable("open", &file, &e))?;
        match read(connection) {
            Ok(()) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => Err(self.refusal(path, &file)),
            Err(error) => Err(unavailable("open", &file, &error)),
        }
    }

    fn give(&self, connection: &Connection, name: &str) -> rusqlite::Result<()> {
        if self.is_on() {
            // It would write what it thinks of a wrong key to the host's error output.
            connection.pragma_update(None, "cipher_log_level", "NONE")?;
            connection.pragma_update(None, "key", self.raw(name))?;
        }
        Ok(())
    }

    /// Whether a file opens with this key. One without a byte opens with any.
    pub(super) fn opens(&self, path: &Path) -> Result<bool> {
        let file = file_name(path);
        let tried = || -> rusqlite::Result<()> {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            self.give(&connection, &file)?;
            read(&connection)
        };
        match tried() {
            Ok(()) => Ok(true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => Ok(false),
            Err(error) => Err(unavailable("open", &file, &error)),
        }
    }

    /// Why a file does not open.
    fn refusal(&self, path: &Path, file: &str) -> Error {
        let message = if !self.is_on() {
            "encrypted, and no key was given; or damaged, or not a database: give its key as encryption_key \
             (STORE_ENCRYPTION_KEY), or restore the file from a backup"
        } else if Self(None).opens(path).unwrap_or(false) {
            "not encrypted, and a key was given: encrypt the store first (`scrubjay-collector encrypt`), or leave \
             encryption_key (STORE_ENCRYPTION_KEY) out"
        } else {
            "encrypted with another key; or damaged, or not a database: give its key as encryption_key \
             (STORE_ENCRYPTION_KEY), or restore the file from a backup"
        };
        Error::new(ErrorKind::StoreUnavailable, "", format!("open {file}: the file is {message}. Nothing was changed"))
    }

    /// Refuses a file that this key does not open, where it is a plain one, or `any`.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub(super) fn check(&self, path: &Path, any: bool) -> Result<()> {
        // A damaged day is its own trouble: questions about it say so.
        if self.opens(path).unwrap_or(true) || !(any || Self(None).opens(path).unwrap_or(false)) {
            return Ok(());
        }
        Err(self.refusal(path, &file_name(path)))
    }
}

/// Reads the first page.
fn read(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// Refuses a key where it could not do what it is for.
///
/// # Errors
/// `argument_invalid`.
pub(super) fn refuse_unless(is_built_in: bool, path: &str) -> Result<()> {
    if is_built_in {
        return Ok(());
    }
    let message = "this build cannot encrypt a store: take one that can (`make build ENCRYPTION=1`), or leave the key \
                   (STORE_ENCRYPTION_KEY) out and put the folder on an encrypted disk";
    Err(Error::new(ErrorKind::ArgumentInvalid, path, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_cannot_encrypt_refuses_a_key() {
        assert!(refuse_unless(true, "/encryption_key").is_ok());
        let error = refuse_unless(false, "/encryption_key").unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ArgumentInvalid, "/encryption_key"));
        assert!(error.message().contains("ENCRYPTION=1"), "{error}");
    }

    #[cfg(not(feature = "encryption"))]
    #[test]
    fn a_store_is_not_opened_with_a_key_that_would_do_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let options = format!(r#"{{"encryption_key":"{}="}}"#, "E".repeat(43));
        let error = crate::ffi::Store::open(folder.path().join("a").to_str().unwrap(), &options).err();
        assert_eq!(error.map(|e| e.path().to_owned()).as_deref(), Some("/encryption_key"));
        assert!(!folder.path().join("a").exists());
    }

    #[test]
    fn each_file_has_a_key_of_its_own_that_only_the_stores_key_gives() {
        let key = |c: &str| SealKey::from_base64(&format!("{}=", c.repeat(43)));
        let raw = |c, name| Cipher(key(c)).raw(name);
        assert_eq!(raw("E", "meta.db").len(), 2 * RAW_BYTES + 3);
        assert_eq!(raw("E", "meta.db"), raw("E", "meta.db"));
        assert_ne!(raw("E", "meta.db"), raw("E", "2026-01-02.db"));
        assert_ne!(raw("E", "meta.db"), raw("A", "meta.db"));
        assert_eq!(Cipher::default().raw("meta.db"), "");
    }
}
