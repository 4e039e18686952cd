//! The user's consent on disk: read, changed and proved. Changes of all processes of a user go one after another.

mod deletions;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use self::deletions::Deletion;
use super::document::{Document, Grant, Purposes, Standing, VERSION};
use super::folder;
use super::trail::{self, Event, Said, TrailKey, TrailState};
use crate::config::Purpose;
use crate::error::{Error, ErrorKind, Result};
use crate::record::time::Timestamp;

/// The state file's name.
const NAME: &str = "consent.json";

/// Bytes of a source or a notice's version: names, not texts.
const MAX_WORD_BYTES: usize = 200;

/// Where consent is kept.
#[derive(Clone, Debug)]
pub(crate) struct Register {
    folder: PathBuf,
    /// OpenTelemetry's `service.name`, for the trail.
    service: Option<String>,
    /// Seals the trail's entries.
    key: Option<TrailKey>,
}

impl Register {
    pub(crate) fn new(folder: PathBuf, service: Option<String>) -> Self {
        Self { folder, service, key: None }
    }

    /// The same with a key for the trail.
    pub(crate) fn with_key(self, key: Option<TrailKey>) -> Self {
        Self { key, ..self }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What stands on disk. Makes nothing.
    pub(crate) fn standing(&self) -> Standing {
        let unreadable = |why: &str| Standing::Unreadable(why.to_owned());
        let text = match folder::read(&self.folder.join(NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Standing::Absent,
            Err(error) => return Standing::Unreadable(error.to_string()),
        };
        match serde_json::from_str::<Document>(&text) {
            Ok(document) if document.version == VERSION => Standing::Given(document),
            Ok(_) => unreadable("it was written by another version of this software"),
            Err(_) => unreadable("it is damaged"),
        }
    }

    /// Changes whenever the file does; cheap.
    pub(crate) fn fingerprint(&self) -> u64 {
        fs::symlink_metadata(self.folder.join(NAME)).map_or(0, |metadata| fingerprint(&metadata))
    }

    /// Records that the user agrees.
    ///
    /// # Errors
    /// `argument_invalid` for a source or version that is none, `consent_unavailable` where it cannot be kept.
    pub(crate) fn grant(&self, purposes: &[Purpose], notice_version: Option<&str>, source: &str) -> Result<()> {
        checked("source", source)?;
        notice_version.map_or(Ok(()), |version| checked("notice_version", version))?;
        let said = self.said(Event::Granted, purposes, notice_version, source);
        let change = || -> io::Result<()> {
            let _lock = folder::lock(&self.folder)?;
            let mut document = self.document();
            // Nothing is granted before it stands in the trail.
            let at = now();
            document.trail = trail::append(&self.folder, at.clone(), said, self.key.as_ref())?;
            note(&mut document, purposes, true, &at, notice_version, source);
            self.write(&document)
        };
        change().map_err(|error| self.unavailable(&error))
    }

    /// Records that the user disagrees. It holds as soon as the state file is written; the trail follows.
    ///
    /// # Errors
    /// As [`grant`](Self::grant).
    pub(crate) fn withdraw(&self, purposes: &[Purpose], source: &str) -> Result<()> {
        checked("source", source)?;
        let said = self.said(Event::Withdrawn, purposes, None, source);
        let change = || -> io::Result<()> {
            let _lock = folder::lock(&self.folder)?;
            let mut document = self.document();
            let at = now();
            note(&mut document, purposes, false, &at, None, source);
            // Without a random source the clock's time is as good: it differs from every earlier one.
            let word = getrandom::u64().map_or_else(|_| at.clone(), |bits| format!("{bits:016x}"));
            // Who leaves nothing granted wants nothing kept, whatever was kept for purposes that nobody asked about.
            let is_last = !document.purposes.values().any(|grant| grant.granted);
            let withdrawn = if is_last { Purposes::ALL } else { purposes.iter().copied().collect() };
            document.epochs.begin(withdrawn, &word);
            self.write(&document)?;
            document.trail = trail::append(&self.folder, at, said, self.key.as_ref())?;
            self.write(&document)
        };
        change().map_err(|error| self.unavailable(&error))
    }

    /// Adds to the trail that a client erased what it had kept.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub(crate) fn erased(&self, purposes: &[Purpose], source: &str) -> Result<()> {
        self.append(self.said(Event::Erased, purposes, None, source), |_| true)
    }

    /// Adds to the trail that an operator turned collection on where no user was asked: once for each service, source
    /// and notice.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub(crate) fn enabled_by_operator(&self, notice_version: Option<&str>, source: &str) -> Result<()> {
        let said = self.said(Event::EnabledByOperator, &Purpose::ALL, notice_version, source);
        let lines = trail::lines(&self.folder).map_err(|error| self.unavailable(&error))?;
        if trail::said(&lines).any(|known| known == said) {
            return Ok(());
        }
        self.append(said, |standing| *standing == Standing::Absent)
    }

    /// Every change there was, as a JSON array of the trail's lines.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub(crate) fn history(&self) -> Result<String> {
        let lines = trail::lines(&self.folder).map_err(|error| self.unavailable(&error))?;
        let sound: Vec<&str> = lines.iter().map(String::as_str).filter(|line| is_json(line)).collect();
        Ok(format!("[{}]", sound.join(",")))
    }

    /// Checks the trail from its first entry to where the state file saw it end.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub(crate) fn verify(&self) -> Result<TrailState> {
        let lines = trail::lines(&self.folder).map_err(|error| self.unavailable(&error))?;
        Ok(trail::verify(&lines, &self.document().trail, self.key.as_ref()))
    }

    /// The state to change: that of a file that cannot be read is nothing granted.
    fn document(&self) -> Document {
        match self.standing() {
            Standing::Given(document) => document,
            Standing::Absent | Standing::Unreadable(_) => Document::default(),
        }
    }

    fn said(&self, event: Event, purposes: &[Purpose], notice_version: Option<&str>, source: &str) -> Said {
        Said {
            event,
            purposes: purposes.to_vec(),
            notice_version: notice_version.map(str::to_owned),
            source: source.to_owned(),
            service: self.service.clone(),
        }
    }

    /// Adds an entry, unless what stands by then makes it untrue.
    fn append(&self, said: Said, is_true: impl FnOnce(&Standing) -> bool) -> Result<()> {
        let change = || -> io::Result<()> {
            let _lock = folder::lock(&self.folder)?;
            let standing = self.standing();
            if !is_true(&standing) {
                return Ok(());
            }
            let head = trail::append(&self.folder, now(), said, self.key.as_ref())?;
            if let Standing::Given(mut document) = standing {
                document.trail = head;
                self.write(&document)?;
            }
            Ok(())
        };
        change().map_err(|error| self.unavailable(&error))
    }

    fn write(&self, document: &Document) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(document)?;
        text.push('\n');
        folder::replace(&self.folder, NAME, &text)
    }

    fn unavailable(&self, error: &io::Error) -> Error {
        let place = self.folder.display();
        Error::new(
            ErrorKind::ConsentUnavailable,
            "/client/state_dir",
            format!("consent cannot be kept in {place}: {error}"),
        )
    }
}

fn note(
    document: &mut Document,
    purposes: &[Purpose],
    granted: bool,
    at: &str,
    notice_version: Option<&str>,
    source: &str,
) {
    for purpose in purposes {
        let notice_version = notice_version.map(str::to_owned);
        let grant = Grant { granted, at: at.to_owned(), notice_version, source: source.to_owned() };
        document.purposes.insert(*purpose, grant);
    }
}

fn now() -> String {
    Timestamp::now().to_text().as_str().to_owned()
}

fn is_json(line: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()
}

fn checked(name: &str, word: &str) -> Result<()> {
    let is_fine = (1..=MAX_WORD_BYTES).contains(&word.len()) && !word.chars().any(char::is_control);
    let message = "must be 1 to 200 bytes of text on one line";
    if is_fine { Ok(()) } else { Err(Error::new(ErrorKind::ArgumentInvalid, format!("/{name}"), message)) }
}

#[cfg(unix)]
fn fingerprint(metadata: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    // Each replacement is a new file; what is written into the same one has another time of change.
    let parts =
        [metadata.ino(), metadata.ctime().cast_unsigned(), metadata.ctime_nsec().cast_unsigned(), metadata.size()];
    parts.into_iter().fold(1, |sum: u64, part| sum.wrapping_mul(0x0100_0000_01b3) ^ part) | 1
}

#[cfg(not(unix))]
fn fingerprint(metadata: &fs::Metadata) -> u64 {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let nanos = modified.map_or(0, |time| u64::try_from(time.as_nanos() & u128::from(u64::MAX)).unwrap_or(0));
    (nanos ^ metadata.len()) | 1
}
