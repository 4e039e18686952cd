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
const QUERY_LIMIT: (usize, usize) = (100, 1_000);

/// Buckets of an answer, unless told otherwise, and at most: a week of minutes is 10,080.
const AGGREGATE_LIMIT: (usize, usize) = (1_000, 20_000);

/// Keys one aggregation groups by. More give about as many groups as records.
const MAX_GROUP_KEYS: usize = 4;

impl QuerySpec {
    /// Reads `{"start_time","end_time","schema","channel","event","user_id","limit","cursor"}`; every key may be
    /// absent. The default `schema` is `telemetry_event_v1`.
    ///
    /// # Errors
    /// `argument_invalid` with the key.
    pub fn from_json(text: &str) -> Result<Self> {
        let keys =
            Keys::read(text, &["start_time", "end_time", "schema", "channel", "event", "user_id", "limit", "cursor"])?;
        Ok(Self {
            selection: keys.selection()?,
            limit: keys.limit(QUERY_LIMIT)?,
            cursor: keys.text("cursor")?.map(str::parse).transpose()?,
        })
    }
}

impl AggregateSpec {
    /// Reads `{"start_time","end_time","schema","channel","event","user_id","field","aggregations","group_by",
    /// "interval","limit"}`; every key may be absent. The default aggregation is `count`; any other needs `field`.
    /// Intervals are `1m 5m 15m 1h 6h 1d` and begin at multiples of themselves in UTC.
    ///
    /// # Errors
    /// `argument_invalid` with the key.
    pub fn from_json(text: &str) -> Result<Self> {
        let known = ["start_time", "end_time", "schema", "channel", "event", "user_id", "field", "aggregations"];
        let keys = Keys::read(text, &[&known[..], &["group_by", "interval", "limit"]].concat())?;
        let field = keys.text("field")?.map(|text| {
            Pointer::parse(text)
                .ok_or_else(|| invalid("/field", "expected a JSON Pointer such as /payload/duration_ms"))
        });
        let spec = Self {
            selection: keys.selection()?,
            field: field.transpose()?,
            aggregations: keys.list("aggregations", "count sum avg min max p50 p95 p99", |text| {
                Aggregation::ALL.into_iter().find(|aggregation| aggregation.as_str() == text)
            })?,
            group_by: keys.list("group_by", "channel event user_id session_id, or a JSON Pointer", GroupKey::parse)?,
            interval: keys.text("interval")?.map(interval).transpose()?,
            limit: keys.limit(AGGREGATE_LIMIT)?,
        };
        if spec.group_by.len() > MAX_GROUP_KEYS {
            return Err(invalid("/group_by", format!("expected at most {MAX_GROUP_KEYS} keys")));
        }
        if spec.field.is_none() && spec.aggregations.iter().any(|wanted| *wanted != Aggregation::Count) {
            return Err(invalid("/field", "needed: every aggregation but count is made of numbers in the records"));
        }
        let aggregations = if spec.aggregations.is_empty() { vec![Aggregation::Count] } else { spec.aggregations };
        Ok(Self { aggregations, ..spec })
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
struct Keys(Map<String, Value>);

impl Keys {
    fn read(text: &str, known: &[&str]) -> Result<Self> {
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err(invalid("", "expected a JSON object"));
        };
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            let path = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            return Err(invalid(path, format!("no such key; known are {}", known.join(" "))));
        }
        Ok(Self(members))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            Some(value) if !value.is_string() => Err(invalid(format!("/{name}"), "expected a string")),
            found => Ok(found.and_then(Value::as_str)),
        }
    }

    fn time(&self, name: &str) -> Result<Option<i64>> {
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
        let schema = match self.text("schema")? {
            Some(name) => RecordKind::named(name).ok_or_else(|| invalid("/schema", "expected a kind of record"))?,
            None => RecordKind::Event,
        };
        Ok(Selection {
            start,
            end,
            schema: schema.table().schema,
            channel: owned("channel")?,
            event: owned("event")?,
            user_id: owned("user_id")?,
        })
    }

    fn limit(&self, (default, most): (usize, usize)) -> Result<usize> {
        let Some(value) = self.get("limit") else { return Ok(default) };
        let limit = value.as_u64().and_then(|limit| usize::try_from(limit).ok()).filter(|n| (1..=most).contains(n));
        limit.ok_or_else(|| invalid("/limit", format!("expected a whole number from 1 to {most}")))
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

pub(super) fn invalid(path: impl Into<String>, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::ArgumentInvalid, path, message)
}
