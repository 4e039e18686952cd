//! Records: what each kind has for members, how they are read from every spelling there is, and their bounds.
//!
//! The kinds are tables of data ([`kinds`]); one reader ([`reading`]) and one rewriting of legacy shapes ([`legacy`])
//! serve them all, and the published schemas ([`json_schema`]) are made of the same tables.

mod agent;
// Only a store takes bodies apart; a client sends what it batched itself.
#[cfg(any(feature = "store", feature = "receive", test))]
pub(crate) mod batch;
mod catalog;
mod check;
mod choice;
mod field;
#[cfg(any(feature = "store", all(feature = "report", test)))]
mod head;
mod inline;
mod intact;
mod json_schema;
mod kind;
mod kinds;
mod legacy;
pub mod limits;
#[cfg(any(feature = "store", feature = "report", test))]
mod members;
mod path;
#[cfg(any(feature = "store", feature = "report", feature = "receive", test))]
mod quote;
mod reading;
#[cfg(test)]
mod tests;
pub(crate) mod time;
mod uuid;

pub(crate) use self::agent::{cut_agent, is_long_agent};
#[cfg(feature = "client")]
pub(crate) use self::catalog::Metric as CatalogMetric;
pub(crate) use self::catalog::to_json as metrics_catalog;
pub(crate) use self::check::{Check, is_short, is_tenant};
pub(crate) use self::field::MAX_FIELDS;
#[cfg(any(feature = "store", all(feature = "report", test)))]
pub(crate) use self::head::Head;
pub(crate) use self::inline::Inline;
pub(crate) use self::intact::Intact;
pub(crate) use self::json_schema::schemas;
pub(crate) use self::kind::RecordKind;
#[cfg(feature = "store")]
pub(crate) use self::members::container_end;
#[cfg(feature = "report")]
pub(crate) use self::members::{Members, Name, Value};
pub(crate) use self::reading::{Reading, Slot};
#[cfg(any(feature = "client", feature = "receive"))]
pub(crate) use self::time::Timestamp;
pub(crate) use self::time::{canonical as canonical_time, utc_end, utc_len};
pub(crate) use self::uuid::canonical as canonical_id;

/// How many fields the envelope has; a kind's own come after them.
#[cfg(feature = "receive")]
pub(crate) const ENVELOPE_FIELDS: usize = kinds::CONTEXT_FIELD + 1;

/// The level of a log that a word means, in any of its spellings.
#[cfg(feature = "receive")]
pub(crate) fn level_word(text: &str) -> Option<&'static str> {
    choice::LEVELS.word(text)
}
