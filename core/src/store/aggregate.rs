//! Figures over records: counted, summed and ranked as rows stream by.

mod counts;
mod figures;

use std::collections::HashMap;
use std::fmt::Write as _;

use rusqlite::Row as SqlRow;
use serde_json::Number;

pub(super) use self::counts::{Counts, Spent};
use self::figures::Histogram;
use super::day::rfc3339;
use super::model::Tenant;
use super::pick::{Scalar, pick};
use super::spec::{AggregateSpec, Aggregation, GroupKey, Pointer};
use super::table::{Place, Row};
use crate::error::Result;
use crate::json::write_string;

/// Numbers and users after which a part of an answer tells the others how many it has kept: 32 KiB.
const TOLD_AFTER: usize = 4096;

/// One bucket of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// Its first moment, in microseconds since 1970-01-01T00:00:00Z; absent without an interval.
    pub start: Option<i64>,
    /// The group as a JSON object with the keys of `group_by`.
    pub group: String,
    /// The figures asked for, in that order; nothing where no record held a number, or the result is not finite.
    pub figures: Vec<(Aggregation, Option<Number>)>,
}

/// An answer: buckets by start, then by the text of their group, or by figure where the greatest were asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    /// The buckets that have records, up to the limit.
    pub buckets: Vec<Bucket>,
    /// Whether the limit cut some off.
    pub truncated: bool,
}

impl Buckets {
    /// `{"buckets":[{"start":RFC 3339,"group":{…},"count":n,"avg":n|null,…}],"truncated":bool}`; `start` is
    /// absent without an interval.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{\"buckets\":[");
        for (i, bucket) in self.buckets.iter().enumerate() {
            out.push_str(if i == 0 { "{" } else { ",{" });
            if let Some(start) = bucket.start {
                let _ = write!(out, "\"start\":\"{}\",", rfc3339(start));
            }
            let _ = write!(out, "\"group\":{}", bucket.group);
            for (aggregation, figure) in &bucket.figures {
                let figure = figure.as_ref().map_or_else(|| "null".to_owned(), Number::to_string);
                let _ = write!(out, ",\"{}\":{figure}", aggregation.as_str());
            }
            out.push('}');
        }
        let _ = write!(out, "],\"truncated\":{}}}", self.truncated);
        out
    }
}

/// What rows of one name have in common.
pub(super) struct Series {
    pub(super) number: i64,
    pub(super) schema: String,
    pub(super) channel: String,
    pub(super) event: String,
}

/// What is read of every row.
struct Reads {
    user: bool,
    session: bool,
    /// Records are long; where no pointer looks into them they stay on disk.
    record: bool,
}

/// Counts that grow with the rows.
pub(super) struct Tally<'a> {
    spec: &'a AggregateSpec,
    reads: Reads,
    /// Whether a percentile is asked for.
    is_ranked: bool,
    counts: Counts,
    /// Numbers and users that `spent` does not have yet.
    ranked: usize,
    spent: &'a Spent,
    series: Option<(Tenant, Series)>,
    /// The group of all rows of the series, where rows do not decide it.
    group: Option<String>,
    /// The bucket of the row before, which is mostly the next one's.
    last: Option<(i64, usize)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(spec: &'a AggregateSpec, spent: &'a Spent) -> Self {
        let pointers = || spec.field.iter().chain(spec.group_by.iter().filter_map(GroupKey::pointer));
        let names = |name: &str| pointers().any(|pointer| pointer.names().first().is_some_and(|first| first == name));
        let groups = |key| spec.group_by.contains(&key);
        let reads = Reads {
            user: spec.aggregations.contains(&Aggregation::Users) || groups(GroupKey::UserId) || names("user_id"),
            session: groups(GroupKey::SessionId) || names("session_id"),
            record: pointers().next().is_some(),
        };
        let is_ranked = spec.aggregations.iter().any(|wanted| figures::percent(*wanted).is_some());
        Self {
            spec,
            reads,
            is_ranked,
            counts: Counts::default(),
            ranked: 0,
            spent,
            series: None,
            group: None,
            last: None,
        }
    }

    pub(super) fn spec(&self) -> &'a AggregateSpec {
        self.spec
    }

    /// Whether rows' users are asked for by name.
    pub(super) const fn wants_users(&self) -> bool {
        self.reads.user
    }

    /// What is read of a row behind time, user and sample rate.
    pub(super) fn columns(&self) -> &'static str {
        if self.reads.record { "t.session_id, t.form, t.context, t.record" } else { "t.session_id, 0, NULL, NULL" }
    }

    /// The rows that follow are of this series.
    pub(super) fn begin(&mut self, tenant: &Tenant, series: Series) {
        self.last = None;
        let fixed = |key: &GroupKey| matches!(key, GroupKey::Schema | GroupKey::Channel | GroupKey::Event);
        self.group = None;
        if self.spec.group_by.iter().all(fixed) {
            let mut group = String::new();
            for (i, key) in self.spec.group_by.iter().enumerate() {
                begin_member(i, key, &mut group);
                let text = match key {
                    GroupKey::Schema => &series.schema,
                    GroupKey::Channel => &series.channel,
                    _ => &series.event,
                };
                write_string(text, &mut group);
            }
            group.push_str(if group.is_empty() { "{}" } else { "}" });
            self.group = Some(group);
        }
        self.series = Some((tenant.clone(), series));
    }

    /// # Errors
    /// Those of [`Counts::check`].
    pub(super) fn check(&mut self) -> Result<()> {
        if self.ranked >= TOLD_AFTER {
            self.tell();
        }
        self.counts.check(self.spent)
    }

    fn tell(&mut self) {
        self.spent.add(std::mem::take(&mut self.ranked));
    }

    /// Adds a row: time, user, sample rate, and [`columns`](Self::columns).
    pub(super) fn add(&mut self, row: &SqlRow<'_>, users: &HashMap<i64, String>) -> rusqlite::Result<()> {
        let Some((tenant, series)) = &self.series else { return Ok(()) };
        let timestamp: i64 = row.get(0)?;
        let sample_rate: Option<f64> = row.get(2)?;
        // A column costs about as much as the step to its row: only those are read that say something here.
        let user: Option<i64> = if self.reads.user { row.get(1)? } else { None };
        let text = |is_read, column| {
            Ok::<_, rusqlite::Error>(if is_read { row.get_ref(column)?.as_str_or_null()? } else { None })
        };
        let view = Row {
            form: if self.reads.record { row.get(4)? } else { 0 },
            tenant: tenant.as_str(),
            schema: &series.schema,
            channel: &series.channel,
            event: &series.event,
            id: [0; 16],
            timestamp,
            user_id: user.and_then(|user| users.get(&user)).map(String::as_str),
            session_id: text(self.reads.session, 3)?,
            sample_rate,
            context: text(self.reads.record, 5)?,
            record: text(self.reads.record, 6)?.unwrap_or_default(),
        };
        let start = self.spec.interval.map_or(0, |width| timestamp - timestamp.rem_euclid(width));
        let place = match (&self.group, self.last) {
            (Some(_), Some((last, place))) if last == start => place,
            (Some(group), _) => self.counts.place_of(start, group),
            (None, _) => {
                let group = group_of(&self.spec.group_by, &view);
                self.counts.place_of(start, &group)
            }
        };
        self.last = Some((start, place));
        let Some(figures) = self.counts.figures.get_mut(place) else { return Ok(()) };
        figures.records += 1;
        let weight = sample_rate.map_or(1.0, |rate| 1.0 / rate);
        let is_ranked = self.is_ranked;
        let histogram = if series.schema == "telemetry_metric_v1" && self.spec.field.is_some() {
            Histogram::read(view.record)
        } else {
            None
        };
        if let Some(histogram) = histogram {
            self.ranked += figures.add_histogram(&histogram, weight, is_ranked);
        } else {
            figures.count += weight;
            if let Some(number) = self.spec.field.as_ref().and_then(|field| number_at(&view, field)) {
                self.ranked += figures.add_number(number, weight, is_ranked);
            }
        }
        if self.reads.user
            && self.spec.aggregations.contains(&Aggregation::Users)
            && view.user_id.is_some_and(|user| figures.add_user(user))
        {
            self.ranked += 1;
        }
        Ok(())
    }

    /// What the rows came to.
    pub(super) fn into_counts(mut self) -> Counts {
        self.tell();
        self.counts
    }
}

fn number_at(row: &Row<'_>, field: &Pointer) -> Option<f64> {
    match row.place(field.names()) {
        Place::Number(number) => Some(number),
        Place::Inside(text, names) => pick(text, names)?.as_number(),
        Place::Text(_) | Place::Nothing => None,
    }
}

fn begin_member(i: usize, key: &GroupKey, out: &mut String) {
    out.push(if i == 0 { '{' } else { ',' });
    write_string(key.as_str(), out);
    out.push(':');
}

fn group_of(keys: &[GroupKey], row: &Row<'_>) -> String {
    let mut out = String::new();
    for (i, key) in keys.iter().enumerate() {
        begin_member(i, key, &mut out);
        let text = match key {
            GroupKey::Schema => Some(row.schema),
            GroupKey::Channel => Some(row.channel),
            GroupKey::Event => Some(row.event),
            GroupKey::UserId => row.user_id,
            GroupKey::SessionId => row.session_id,
            GroupKey::At(pointer) => {
                match row.place(pointer.names()) {
                    Place::Nothing => out.push_str("null"),
                    Place::Text(text) => write_string(text, &mut out),
                    Place::Number(number) => write_scalar(Some(&Scalar::Float(number)), &mut out),
                    Place::Inside(text, names) => write_scalar(pick(text, names).as_ref(), &mut out),
                }
                continue;
            }
        };
        match text {
            Some(text) => write_string(text, &mut out),
            None => out.push_str("null"),
        }
    }
    out.push_str(if out.is_empty() { "{}" } else { "}" });
    out
}

/// Writes a group's value; where no scalar stands, `null`.
fn write_scalar(scalar: Option<&Scalar>, out: &mut String) {
    match scalar {
        None => out.push_str("null"),
        Some(Scalar::Text(text)) => write_string(text, out),
        Some(Scalar::Bool(value)) => drop(write!(out, "{value}")),
        Some(Scalar::Unsigned(number)) => drop(write!(out, "{number}")),
        Some(Scalar::Signed(number)) => drop(write!(out, "{number}")),
        Some(Scalar::Float(number)) => {
            let text = Number::from_f64(*number).map_or_else(|| "null".to_owned(), |number| number.to_string());
            out.push_str(&text);
        }
    }
}
