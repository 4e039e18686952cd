//! What the user agreed to: purposes, one state file for all programs of a user, and an audit trail.
//!
//! The file `consent.json` says for each purpose whether it is granted, when, under which version of the privacy
//! notice and by whose doing. It is replaced atomically and readable by its owner only; what cannot be read or
//! trusted grants nothing. `consent.jsonl` beside it keeps every change for good, each entry chained to the one
//! before by its hash. A client watches the file through a [`Gate`] and obeys within a second.

mod document;
mod folder;
mod gate;
mod mark;
mod register;
mod trail;

pub(crate) use self::document::{Purposes, Rule, Standing};
pub(crate) use self::gate::{Change, Gate, LOOK_INTERVAL};
pub(crate) use self::mark::{Wipe, erase_if_stale};
pub(crate) use self::register::{Deletion, Register};
pub(crate) use self::trail::TrailKey;

/// Why the file, or its absence, keeps a client off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nobody turned collection on, and the user was not asked.
    NotAsked,
    /// The user's consent is required, and was not given or was withdrawn.
    NotGranted,
    /// What was granted was granted under an older notice.
    OlderNotice,
    /// The file cannot be read or trusted.
    Unreadable,
}
