//! What is asked of a store, as values. [`read`] makes them from text.

mod read;

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::record::limits::MAX_DEPTH;

/// Which records of the tenant are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// First moment, in microseconds since 1970-01-01T00:00:00Z.
    pub start: i64,
    /// The moment after the last.
    pub end: i64,
    /// Records of this kind, by its `schema`.
    pub schema: &'static str,
    /// Only this channel.
    pub channel: Option<String>,
    /// Only this event.
    pub event: Option<String>,
    /// Only this user.
    pub user_id: Option<String>,
}

/// A question for records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuerySpec {
    /// Which records.
    pub selection: Selection,
    /// Records of a page.
    pub limit: usize,
    /// Where the page begins; absent for the first.
    pub cursor: Option<Cursor>,
}

/// A question for figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateSpec {
    /// Which records.
    pub selection: Selection,
    /// Where in a record the number stands that figures are made of.
    pub field: Option<Pointer>,
    /// Which figures, in the order of the answer.
    pub aggregations: Vec<Aggregation>,
    /// What separates groups.
    pub group_by: Vec<GroupKey>,
    /// Width of a bucket in microseconds; absent for one bucket over the whole range.
    pub interval: Option<i64>,
    /// Buckets of the answer.
    pub limit: usize,
}

/// A figure over the records of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// Records, with or without a number in the field.
    Count,
    /// Sum of the numbers.
    Sum,
    /// Mean of the numbers.
    Avg,
    /// Least number.
    Min,
    /// Greatest number.
    Max,
    /// Median.
    P50,
    /// 95th percentile.
    P95,
    /// 99th percentile.
    P99,
}

impl Aggregation {
    /// Every aggregation.
    pub const ALL: [Self; 8] =
        [Self::Count, Self::Sum, Self::Avg, Self::Min, Self::Max, Self::P50, Self::P95, Self::P99];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
        }
    }
}

/// What separates groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupKey {
    /// `channel`
    Channel,
    /// `event`
    Event,
    /// `user_id`
    UserId,
    /// `session_id`
    SessionId,
    /// The scalar at a pointer; `null` where there is none.
    At(Pointer),
}

impl GroupKey {
    /// The word or pointer that it was written as.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Channel => "channel",
            Self::Event => "event",
            Self::UserId => "user_id",
            Self::SessionId => "session_id",
            Self::At(pointer) => &pointer.text,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "channel" => Some(Self::Channel),
            "event" => Some(Self::Event),
            "user_id" => Some(Self::UserId),
            "session_id" => Some(Self::SessionId),
            _ => Pointer::parse(text).map(Self::At),
        }
    }
}

/// A JSON Pointer (RFC 6901) into a record, such as `/payload/duration_ms`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    names: Vec<String>,
}

impl Pointer {
    /// Reads a pointer to something inside the record; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let escapes_hold = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        let names: Vec<_> =
            text.strip_prefix('/')?.split('/').map(|n| n.replace("~1", "/").replace("~0", "~")).collect();
        (escapes_hold && names.len() < MAX_DEPTH).then(|| Self { text: text.to_owned(), names })
    }

    /// The unescaped names, outermost first.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }
}

/// The place of a record in the order of answers: by time, then id, then name. Opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(super) timestamp: i64,
    pub(super) id: [u8; 16],
    pub(super) name: String,
}

impl fmt::Display for Cursor {
    /// Hex digits: safe in JSON, URLs and logs without escaping.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timestamp = self.timestamp.to_be_bytes();
        timestamp.iter().chain(&self.id).chain(self.name.as_bytes()).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let decoded = || {
            let hex = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            let clean = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let bytes = text.as_bytes().chunks(2).map(hex).collect::<Option<Vec<u8>>>().filter(|_| clean)?;
            let (timestamp, rest) = bytes.split_first_chunk::<8>()?;
            let (id, name) = rest.split_first_chunk::<16>()?;
            let name = String::from_utf8(name.to_vec()).ok()?;
            Some(Self { timestamp: i64::from_be_bytes(*timestamp), id: *id, name })
        };
        decoded().ok_or_else(|| read::invalid("/cursor", "expected the `next` of an earlier answer, unchanged"))
    }
}
