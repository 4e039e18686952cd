//! The kinds as tables: one file each, and the envelope that they share.

mod envelope;
pub(super) mod event;
pub(super) mod log;
pub(super) mod metric;
pub(super) mod perf_sample;
pub(super) mod replay_inconsistency;
pub(super) mod span;
pub(super) mod trace;

#[cfg(feature = "client")]
pub(crate) use self::envelope::ENVELOPE;
pub(crate) use self::envelope::{CONTEXT_FIELD, ID_FIELD, SCHEMA_FIELD, TIMESTAMP_FIELD};
pub(crate) use self::event::{CHANNEL_FIELD, EVENT_FIELD};
