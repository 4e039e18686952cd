//! Specifications as text: JSON objects, read strictly.
//!
//! Keys that a specification may not have are refused by name; an absent key and `null` are the same. Times are
//! RFC 3339 with an offset; `start_time` is included, `end_time` is not. The default range is the last 24 hours
//! up to now.

use serde_json::{Map, Value};

use super::{AggregateSpec, Aggregation, GroupKey, Pointer, QuerySpec, Selection};
use crate::error::{Error, ErrorKind, Result};
use crate::record::RecordKind;
use crate::record::time::Timestamp;

/// Default range of a question: 24 hours, in microseconds.
const DEFAULT_RANGE: i64 = 24 * 3_600 * 1_000_000;

/// Records of a page, unless told otherwise, and at most.
pub(in crate::store) const QUERY_LIMIT: (usize, usize) = (100, 1_000);

/// Buckets of an answer, unless told otherwise, and at most: a week of minutes is 10,080.
const AGGREGATE_LIMIT: (usize, usize) = (1_000, 20_000);

/// Keys one aggregation groups by. More give about as many groups as records.
const MAX_GROUP_KEYS: usize = 4;

/// Keys of every specification.
const SELECTION: [&str; 10] = [
    "start_time",
    "end_time",
    "schema",
    "channel",
    "event",
    "name",
    "user_id",
    "trace_id",
    "request_id",
    "consistency",
];

impl QuerySpec {
    /// Reads `{"start_time","end_time","schema","channel","event","name","user_id","trace_id","request_id","consistency",
    /// "limit","cursor"}`; every key may be absent. The default `schema` is `telemetry_event_v1`, of a trace or request any;
    /// `any` is any.
    ///
    /// # Errors
    /// `argument_invalid` with the key.
    pub fn from_json(text: &str) -> Result<Self> {
        let keys = Keys::read(text, &[&SELECTION[..], &["limit", "cursor"]].concat())?;
        Ok(Self {
            selection: keys.selection()?,
            limit: keys.limit("limit", QUERY_LIMIT)?,
            cursor: keys.text("cursor")?.map(str::parse).transpose()?,
            is_consistent: keys.is_consistent()?,
        })
    }

    /// Reads `{"start_time","end_time","consistency","limit","cursor"}` as a question for all that is kept of users:
    /// any kind, and without `start_time` whatever its time.
    ///
    /// # Errors
    /// `argument_invalid` with the key.
    pub fn of_users(users: Vec<String>, text: &str) -> Result<Self> {
        let keys = Keys::read(text, &["start_time", "end_time", "consistency", "limit", "cursor"])?;
        let selection = Selection {
            start: keys.time("start_time")?.unwrap_or(i64::MIN),
            end: keys.time("end_time")?.unwrap_or(i64::MAX),
            schema: None,
            channel: None,
            event: None,
            name: None,
            trace_id: None,
            request_id: None,
            users,
            actors: true,
        };
        Ok(Self {
            selection,
            limit: keys.limit("limit", QUERY_LIMIT)?,
            cursor: keys.text("cursor")?.map(str::parse).transpose()?,
            is_consistent: keys.is_consistent()?,
        })
    }
}

impl AggregateSpec {
    /// Reads what a [`QuerySpec`] has but the cursor, and `{"field","aggregations","group_by","interval","top",
    /// "order_by"}`; every key may be absent. The default aggregation is `count`; those that are made of numbers need
    /// `field`. Intervals are `1m 5m 15m 1h 6h 1d` and begin at multiples of themselves in UTC. `top` keeps so many
    /// groups of each interval, by the figure `order_by`, or the first one.
    ///
    /// # Errors
    /// `argument_invalid` with the key.
    pub fn from_json(text: &str) -> Result<Self> {
        let own = ["field", "aggregations", "group_by", "interval", "limit", "top", "order_by"];
        let keys = Keys::read(text, &[&SELECTION[..], &own].concat())?;
        let field = keys.text("field")?.map(|text| {
            Pointer::parse(text)
                .ok_or_else(|| invalid("/field", "expected a JSON Pointer such as /payload/duration_ms"))
        });
        let words = "count records users sum avg min max p50 p95 p99";
        let mut aggregations = keys.list("aggregations", words, Aggregation::named)?;
        if aggregations.is_empty() {
            aggregations.push(Aggregation::Count);
        }
        let order_by = match keys.text("order_by")? {
            Some(name) => {
                let wanted = Aggregation::named(name).filter(|wanted| aggregations.contains(wanted));
                wanted.ok_or_else(|| invalid("/order_by", "expected one of the aggregations"))?
            }
            None => aggregations[0],
        };
        let top = match keys.get("top") {
            Some(_) => Some((keys.limit("top", AGGREGATE_LIMIT)?, order_by)),
            None => None,
        };
        let groups = "schema channel event user_id session_id, or a JSON Pointer";
        let spec = Self {
            selection: keys.selection()?,
            field: field.transpose()?,
            aggregations,
            group_by: keys.list("group_by", groups, GroupKey::parse)?,
            interval: keys.text("interval")?.map(interval).transpose()?,
            limit: keys.limit("limit", AGGREGATE_LIMIT)?,
            top,
            is_consistent: keys.is_consistent()?,
        };
        if spec.group_by.len() > MAX_GROUP_KEYS {
            return Err(invalid("/group_by", format!("expected at most {MAX_GROUP_KEYS} keys")));
        }
        if spec.field.is_none() && spec.aggregations.iter().any(|wanted| wanted.needs_field()) {
            return Err(invalid("/field", "needed: these aggregations are made of numbers in the records"));
        }
        Ok(spec)
    }
}

fn interval(text: &str) -> Result<i64> {
    let minutes = match text {
        "1m" => 1,
        "5m" => 5,
        "15m" => 15,
        "1h" => 60,
        "6h" => 360,
        "1d" => 1_440,
        _ => return Err(invalid("/interval", "expected one of 1m 5m 15m 1h 6h 1d")),
    };
    Ok(minutes * 60 * 1_000_000)
}

/// The members of a specification.
pub(in crate::store) struct Keys(Map<String, Value>);

impl Keys {
    pub(in crate::store) fn read(text: &str, known: &[&str]) -> Result<Self> {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err(invalid("", "expected a JSON object"));
        };
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            let path = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            return Err(invalid(path, format!("no such key; known are {}", known.join(" "))));
        }
        Ok(Self(members))
    }

    pub(in crate::store) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(in crate::store) fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            Some(value) if !value.is_string() => Err(invalid(format!("/{name}"), "expected a string")),
            found => Ok(found.and_then(Value::as_str)),
        }
    }

    pub(in crate::store) fn time(&self, name: &str) -> Result<Option<i64>> {
        let read = |text| {
            let expected = "expected an RFC 3339 time with an offset, such as 2026-01-02T03:04:05Z";
            Timestamp::parse(text).map(Timestamp::microseconds).ok_or_else(|| invalid(format!("/{name}"), expected))
        };
        self.text(name)?.map(read).transpose()
    }

    fn selection(&self) -> Result<Selection> {
        let end = self.time("end_time")?.unwrap_or_else(|| Timestamp::now().microseconds());
        let start = self.time("start_time")?.unwrap_or(end - DEFAULT_RANGE);
        if start > end {
            return Err(invalid("/start_time", "must not be after end_time (default: now)"));
        }
        let owned = |name| Ok(self.text(name)?.map(str::to_owned));
        let (trace_id, request_id) = (owned("trace_id")?, owned("request_id")?);
        let is_trace_id = |id: &String| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if trace_id.as_ref().is_some_and(|id| !is_trace_id(id)) {
            return Err(invalid("/trace_id", "expected 32 hex digits"));
        }
        let schema = match self.text("schema")? {
            Some("any") => None,
            Some(name) => {
                Some(RecordKind::named(name).ok_or_else(|| invalid("/schema", "expected a kind of record, or any"))?)
            }
            None if trace_id.is_some() || request_id.is_some() => None,
            None => Some(RecordKind::Event),
        };
        Ok(Selection {
            start,
            end,
            schema: schema.map(|kind| kind.table().schema),
            channel: owned("channel")?,
            event: owned("event")?,
            name: owned("name")?,
            trace_id,
            request_id,
            users: owned("user_id")?.into_iter().collect(),
            actors: false,
        })
    }

    pub(in crate::store) fn limit(&self, name: &str, (default, most): (usize, usize)) -> Result<usize> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let limit = value.as_u64().and_then(|limit| usize::try_from(limit).ok()).filter(|n| (1..=most).contains(n));
        limit.ok_or_else(|| invalid(format!("/{name}"), format!("expected a whole number from 1 to {most}")))
    }

    /// `now` waits for what was acknowledged; `eventual`, the default, does not.
    fn is_consistent(&self) -> Result<bool> {
        match self.text("consistency")? {
            Some("now") => Ok(true),
            Some("eventual") | None => Ok(false),
            Some(_) => Err(invalid("/consistency", "expected now or eventual")),
        }
    }

    fn list<T>(&self, name: &str, expected: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let items = value.as_array().ok_or_else(|| invalid(format!("/{name}"), "expected an array of strings"))?;
        let item = |(i, item): (usize, &Value)| {
            let wrong = || invalid(format!("/{name}/{i}"), format!("expected one of {expected}"));
            item.as_str().and_then(&read).ok_or_else(wrong)
        };
        items.iter().enumerate().map(item).collect()
    }
}

/// An object with the members of `T`. Serde alone would also take an array of their values.
pub(crate) fn object<T: serde::de::DeserializeOwned>(path: &str, text: &str, expected: &str) -> Result<T> {
    let read = if text.trim_start().starts_with('{') { serde_json::from_str(text).ok() } else { None };
    read.ok_or_else(|| invalid(path, format!("expected {expected}, and nothing else")))
}

pub(in crate::store) fn invalid(path: impl Into<String>, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::ArgumentInvalid, path, message)
}
