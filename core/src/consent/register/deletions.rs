//! Deletions that the user asked for and no collector has confirmed: kept until one does.
//!
//! The wish outlives the program and the consent: who opts out is owed it all the more. The file beside the consent's
//! holds what the collector needs to find the user's records, and nothing else.

use std::io;

use serde::{Deserialize, Serialize};

use super::super::folder;
use super::super::trail::{self, Event};
use super::{Register, Standing, checked, now};
use crate::config::Purpose;
use crate::error::{Error, ErrorKind, Result};

/// The file's name.
const NAME: &str = "deletions.json";

/// The form of the file.
const VERSION: u32 = 1;

/// More than one person's programs ask for; the file stays within what is read.
const MAX_PENDING: usize = 32;

/// One wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletion {
    /// As the collector knows it: a pseudonym where the client makes some.
    pub(crate) user_id: String,
    /// The collector that was configured when the user asked: no other is told.
    pub(crate) endpoint: String,
    /// RFC 3339.
    pub(crate) at: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    pending: Vec<Deletion>,
}

impl Register {
    /// Keeps a wish. When this returns it survives the process and a power loss.
    ///
    /// # Errors
    /// `argument_invalid` for a source that is none, `consent_unavailable` where it cannot be kept.
    pub(crate) fn request_deletion(&self, user_id: &str, endpoint: &str, source: &str) -> Result<()> {
        checked("source", source)?;
        let deletion = Deletion { user_id: user_id.to_owned(), endpoint: endpoint.to_owned(), at: now() };
        self.change_deletions(Event::DeletionRequested, source, |pending| {
            if pending.iter().any(|known| known.is_of(&deletion)) {
                // Asked for again: the collector hears of it once.
                return Ok(false);
            }
            if pending.len() >= MAX_PENDING {
                return Err(io::Error::other(format!("{MAX_PENDING} deletions wait for their collector already")));
            }
            pending.push(deletion);
            Ok(true)
        })
    }

    /// Forgets a wish that its collector confirmed, by the id of the receipt, which the trail keeps.
    ///
    /// # Errors
    /// `consent_unavailable`; the collector is then asked again, which it takes for the same.
    pub(crate) fn deletion_confirmed(&self, deletion: &Deletion, receipt: &str) -> Result<()> {
        self.change_deletions(Event::DeletionConfirmed, receipt, |pending| {
            let before = pending.len();
            pending.retain(|known| !known.is_of(deletion));
            Ok(pending.len() < before)
        })
    }

    /// The wishes that wait for this collector, oldest first.
    ///
    /// # Errors
    /// Where the file cannot be read or trusted.
    pub(crate) fn pending_deletions(&self, endpoint: &str) -> io::Result<Vec<Deletion>> {
        let mut pending = self.deletions()?;
        pending.retain(|deletion| deletion.endpoint == endpoint);
        Ok(pending)
    }

    fn deletions(&self) -> io::Result<Vec<Deletion>> {
        let text = match folder::read(&self.folder.join(NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            text => text?,
        };
        let file: Option<File> = serde_json::from_str(&text).ok();
        let known = file.filter(|file| file.version == VERSION);
        known.map(|file| file.pending).ok_or_else(|| io::Error::other(format!("{NAME} is damaged")))
    }

    /// Changes the file and says so in the trail, unless nothing changed.
    fn change_deletions(
        &self,
        event: Event,
        source: &str,
        change: impl FnOnce(&mut Vec<Deletion>) -> io::Result<bool>,
    ) -> Result<()> {
        let said = self.said(event, &Purpose::ALL, None, source);
        let write = || -> io::Result<()> {
            let _lock = folder::lock(&self.folder)?;
            let mut pending = self.deletions()?;
            if !change(&mut pending)? {
                return Ok(());
            }
            let text = serde_json::to_string_pretty(&File { version: VERSION, pending })?;
            folder::replace(&self.folder, NAME, &format!("{text}\n"))?;
            let head = trail::append(&self.folder, now(), said, self.key.as_ref())?;
            if let Standing::Given(mut document) = self.standing() {
                document.trail = head;
                self.write(&document)?;
            }
            Ok(())
        };
        write().map_err(|error| {
            let place = self.folder.display();
            let message = format!("a deletion cannot be kept in {place}: {error}");
            Error::new(ErrorKind::ConsentUnavailable, "/client/state_dir", message)
        })
    }
}

impl Deletion {
    /// Whether both mean the same user at the same collector.
    fn is_of(&self, other: &Self) -> bool {
        (&self.user_id, &self.endpoint) == (&other.user_id, &other.endpoint)
    }
}
