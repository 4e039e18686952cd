//! What is asked of a store, as values. [`read`] makes them from text.

mod read;

pub(crate) use self::read::object;
pub(super) use self::read::{Keys, QUERY_LIMIT, invalid};

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
    /// Records of this kind, by its `schema`; of any kind where absent.
    pub schema: Option<&'static str>,
    /// Only this channel.
    pub channel: Option<String>,
    /// Only this event.
    pub event: Option<String>,
    /// Only records of this name: the event, or channel and event joined by a dot.
    pub name: Option<String>,
    /// Only records of this trace, 32 hex digits.
    pub trace_id: Option<String>,
    /// Only records of this request.
    pub request_id: Option<String>,
    /// Only these users, as records name them; anybody where empty.
    pub users: Vec<String>,
    /// Whether traces in which a user acted are theirs too.
    pub actors: bool,
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
    /// Whether what was acknowledged before is waited for.
    pub is_consistent: bool,
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
    /// Only so many groups of each interval, those with the greatest figure of this kind.
    pub top: Option<(usize, Aggregation)>,
    /// Whether what was acknowledged before is waited for.
    pub is_consistent: bool,
}

/// A figure over the records of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregation {
    /// Records, with or without a number in the field; where they were sampled, how many there must have been. A
    /// histogram counts as the measurements that it holds.
    Count,
    /// Records that are stored, sampled or not.
    Records,
    /// Distinct users.
    Users,
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
    pub const ALL: [Self; 10] = [
        Self::Count,
        Self::Records,
        Self::Users,
        Self::Sum,
        Self::Avg,
        Self::Min,
        Self::Max,
        Self::P50,
        Self::P95,
        Self::P99,
    ];

    /// Whether it is made of numbers in the records.
    pub(super) const fn needs_field(self) -> bool {
        !matches!(self, Self::Count | Self::Records | Self::Users)
    }

    /// The aggregation of a word.
    pub(super) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|aggregation| aggregation.as_str() == word)
    }

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Records => "records",
            Self::Users => "users",
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
    /// `schema`
    Schema,
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
    /// The pointer, where it is one.
    pub(super) const fn pointer(&self) -> Option<&Pointer> {
        if let Self::At(pointer) = self { Some(pointer) } else { None }
    }

    /// The word or pointer that it was written as.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Schema => "schema",
            Self::Channel => "channel",
            Self::Event => "event",
            Self::UserId => "user_id",
            Self::SessionId => "session_id",
            Self::At(pointer) => &pointer.text,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "schema" => Some(Self::Schema),
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

/// The place of a record in the order of answers: by time, then id, then series of its day. Opaque to callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(super) timestamp: i64,
    pub(super) id: [u8; 16],
    pub(super) series: i64,
}

impl fmt::Display for Cursor {
    /// Hex digits: safe in JSON, URLs and logs without escaping.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timestamp = self.timestamp.to_be_bytes();
        timestamp.iter().chain(&self.id).chain(&self.series.to_be_bytes()).try_for_each(|byte| write!(f, "{byte:02x}"))
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
            let (id, series) = rest.split_first_chunk::<16>()?;
            let series = i64::from_be_bytes(series.try_into().ok()?);
            Some(Self { timestamp: i64::from_be_bytes(*timestamp), id: *id, series })
        };
        decoded().ok_or_else(|| read::invalid("/cursor", "expected the `next` of an earlier answer, unchanged"))
    }
}
