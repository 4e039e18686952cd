//! The kinds of record: what members they have, what those must hold, and how they are written.

mod envelope;
pub mod limits;
pub(crate) mod time;

pub(crate) use self::envelope::{Field, Reading, Slot};
