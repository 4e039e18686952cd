//! The kinds of record: what members they have, what those must hold, and how they are written.

// Only a store takes bodies apart; a client sends what it batched itself.
#[cfg(any(feature = "store", test))]
pub(crate) mod batch;
mod envelope;
pub mod limits;
pub(crate) mod time;

pub(crate) use self::envelope::{Field, Reading, Slot};
