//! Figures over records: counted, summed and ranked as rows stream by.

mod figures;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use rusqlite::Row as SqlRow;
use serde_json::Number;

use self::figures::{Figures, Histogram};
use super::day::rfc3339;
use super::model::Tenant;
use super::pick::{Scalar, pick};
use super::spec::{AggregateSpec, Aggregation, GroupKey, Pointer};
use super::table::{Place, Row};
use crate::error::{Error, ErrorKind, Result};
use crate::json::write_string;

/// Buckets kept while counting, 100 to 200 bytes each.
const MAX_BUCKETS: usize = 200_000;

/// Numbers and users kept for percentiles and distinct counts: 128 MiB.
const MAX_RANKED: usize = 16 << 20;

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

/// Counts that grow with the rows.
pub(super) struct Tally<'a> {
    spec: &'a AggregateSpec,
    looks_inside: bool,
    /// By start, then by group; the order of the answer. Holds places in `figures`.
    buckets: BTreeMap<i64, HashMap<String, usize>>,
    figures: Vec<Figures>,
    /// Numbers and users so far.
    ranked: usize,
    series: Option<(Tenant, Series)>,
    /// The group of all rows of the series, where rows do not decide it.
    group: Option<String>,
    /// The bucket of the row before, which is mostly the next one's.
    last: Option<(i64, usize)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(spec: &'a AggregateSpec) -> Self {
        // Records are long; where no pointer looks into them they stay on disk.
        let looks_inside = spec.field.is_some() || spec.group_by.iter().any(|key| matches!(key, GroupKey::At(_)));
        Self {
            spec,
            looks_inside,
            buckets: BTreeMap::new(),
            figures: Vec::new(),
            ranked: 0,
            series: None,
            group: None,
            last: None,
        }
    }

    pub(super) fn spec(&self) -> &'a AggregateSpec {
        self.spec
    }

    /// Whether rows' users are asked for by name.
    pub(super) fn wants_users(&self) -> bool {
        self.counts_users()
            || self.spec.group_by.contains(&GroupKey::UserId)
            || self.pointers().any(|pointer| pointer.names().first().is_some_and(|name| name == "user_id"))
    }

    fn counts_users(&self) -> bool {
        self.spec.aggregations.contains(&Aggregation::Users)
    }

    fn pointers(&self) -> impl Iterator<Item = &Pointer> {
        let groups = self.spec.group_by.iter().filter_map(|key| match key {
            GroupKey::At(pointer) => Some(pointer),
            _ => None,
        });
        self.spec.field.iter().chain(groups)
    }

    /// What is read of a row behind time, user and sample rate.
    pub(super) fn columns(&self) -> &'static str {
        if self.looks_inside { "t.session_id, t.form, t.context, t.record" } else { "t.session_id, 0, NULL, NULL" }
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
    /// `argument_invalid` where the answer is too large to be computed in memory.
    pub(super) fn check(&self) -> Result<()> {
        let (path, message) = if self.figures.len() > MAX_BUCKETS {
            ("/group_by", format!("more than {MAX_BUCKETS} groups: shorten the time range or group by less"))
        } else if self.ranked > MAX_RANKED {
            ("/aggregations", format!("figures over more than {MAX_RANKED} numbers: shorten the time range"))
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::ArgumentInvalid, path, message))
    }

    /// Adds a row: time, user, sample rate, and [`columns`](Self::columns).
    pub(super) fn add(&mut self, row: &SqlRow<'_>, users: &HashMap<i64, String>) -> rusqlite::Result<()> {
        let Some((tenant, series)) = &self.series else { return Ok(()) };
        let timestamp: i64 = row.get(0)?;
        let user: Option<i64> = row.get(1)?;
        let sample_rate: Option<f64> = row.get(2)?;
        let text = |column| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
        let view = Row {
            form: row.get(4)?,
            tenant: tenant.as_str(),
            schema: &series.schema,
            channel: &series.channel,
            event: &series.event,
            id: [0; 16],
            timestamp,
            user_id: user.and_then(|user| users.get(&user)).map(String::as_str),
            session_id: text(3)?,
            sample_rate,
            context: text(5)?,
            record: text(6)?.unwrap_or_default(),
        };
        let start = self.spec.interval.map_or(0, |width| timestamp - timestamp.rem_euclid(width));
        let place = match (&self.group, self.last) {
            (Some(_), Some((last, place))) if last == start => place,
            (Some(group), _) => place_of(&mut self.buckets, &mut self.figures, start, group),
            (None, _) => {
                let group = group_of(&self.spec.group_by, &view);
                place_of(&mut self.buckets, &mut self.figures, start, &group)
            }
        };
        self.last = Some((start, place));
        let Some(figures) = self.figures.get_mut(place) else { return Ok(()) };
        figures.records += 1;
        let weight = sample_rate.map_or(1.0, |rate| 1.0 / rate);
        let is_ranked = self.spec.aggregations.iter().any(|wanted| figures::percent(*wanted).is_some());
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
        if self.spec.aggregations.contains(&Aggregation::Users)
            && view.user_id.is_some_and(|user| figures.add_user(user))
        {
            self.ranked += 1;
        }
        Ok(())
    }

    /// The answer.
    pub(super) fn finish(self) -> Buckets {
        let spec = self.spec;
        let mut figures: Vec<Option<Figures>> = self.figures.into_iter().map(Some).collect();
        let mut buckets = Vec::new();
        let mut truncated = false;
        for (start, groups) in self.buckets {
            let mut groups: Vec<(String, usize)> = groups.into_iter().collect();
            groups.sort_unstable();
            let mut all = Vec::new();
            for (group, place) in groups {
                // Without `top` no bucket beyond the limit is worth ranking its numbers.
                if spec.top.is_none() && buckets.len() + all.len() == spec.limit {
                    truncated = true;
                    break;
                }
                let Some(mut own) = figures.get_mut(place).and_then(Option::take) else { continue };
                own.rank();
                let figures = spec.aggregations.iter().map(|wanted| (*wanted, own.get(*wanted))).collect();
                all.push(Bucket { start: spec.interval.map(|_| start), group, figures });
            }
            if let Some((most, order_by)) = spec.top {
                let figure = |bucket: &Bucket| {
                    let figure = bucket.figures.iter().find(|(wanted, _)| *wanted == order_by);
                    figure.and_then(|(_, number)| number.as_ref()?.as_f64()).unwrap_or(f64::NEG_INFINITY)
                };
                // Stable: equals stay in order of their groups.
                all.sort_by(|a, b| figure(b).total_cmp(&figure(a)));
                all.truncate(most);
            }
            buckets.append(&mut all);
        }
        truncated |= buckets.len() > spec.limit;
        buckets.truncate(spec.limit);
        Buckets { buckets, truncated }
    }
}

fn place_of(
    buckets: &mut BTreeMap<i64, HashMap<String, usize>>,
    figures: &mut Vec<Figures>,
    start: i64,
    group: &str,
) -> usize {
    let groups = buckets.entry(start).or_default();
    if let Some(place) = groups.get(group) {
        return *place;
    }
    groups.insert(group.to_owned(), figures.len());
    figures.push(Figures::default());
    figures.len() - 1
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
