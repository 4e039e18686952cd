//! The one error type: what a *call* did wrong.
//!
//! A bad record is never an error; it is an [`Outcome`](crate::Outcome) with violations. An error carries a
//! stable [`ErrorKind`], the place in the configuration or request it speaks of, and a message that says what
//! to do. No message quotes a value that a user supplied.

use std::fmt;

/// What went wrong, stable across releases and alike in every host (`err.code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is not JSON, has a wrong type, or a value out of range.
    ConfigInvalid,
    /// The configuration names a key that does not exist.
    ConfigUnknownKey,
    /// An argument of a call (a query, a time, a format name) is malformed.
    ArgumentInvalid,
    /// A request body cannot be divided into records at all.
    BatchUnreadable,
    /// The object was shut down or closed before the call.
    Closed,
    /// The store cannot be opened, read or written.
    StoreUnavailable,
    /// The store was written by a newer version of this software.
    StoreVersion,
    /// The user's consent cannot be read or kept on disk.
    ConsentUnavailable,
    /// A defect in the engine was contained; the call had no effect.
    Internal,
}

impl ErrorKind {
    /// Every kind, for tests and documentation.
    pub const ALL: [Self; 9] = [
        Self::ConfigInvalid,
        Self::ConfigUnknownKey,
        Self::ArgumentInvalid,
        Self::BatchUnreadable,
        Self::Closed,
        Self::StoreUnavailable,
        Self::StoreVersion,
        Self::ConsentUnavailable,
        Self::Internal,
    ];

    /// The stable code that hosts see.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ConfigInvalid => "config_invalid",
            Self::ConfigUnknownKey => "config_unknown_key",
            Self::ArgumentInvalid => "argument_invalid",
            Self::BatchUnreadable => "batch_unreadable",
            Self::Closed => "closed",
            Self::StoreUnavailable => "store_unavailable",
            Self::StoreVersion => "store_version",
            Self::ConsentUnavailable => "consent_unavailable",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why a call failed. See [`ErrorKind`] for the stable part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    path: String,
    message: String,
}

/// The result of every fallible call of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` at `path` (a JSON Pointer, or empty) with a message that quotes no user value.
    pub fn new(kind: ErrorKind, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, path: path.into(), message: message.into() }
    }

    /// The stable kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// JSON Pointer into the configuration or specification, or empty.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong and how to mend it.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "{}: {}", self.kind, self.message)
        } else {
            write!(f, "{} at {}: {}", self.kind, self.path, self.message)
        }
    }
}

impl std::error::Error for Error {}
