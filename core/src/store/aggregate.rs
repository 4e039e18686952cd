//! Figures over records: counted, summed and ranked as rows stream by.
//!
//! Percentiles are exact: a bucket keeps its numbers and interpolates linearly between the two nearest ranks,
//! as SQLite's `percentile()` and `numpy.percentile` do. Days are merged before ranking, so a bucket may span them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::Number;

use super::day::rfc3339;
use super::pick::{Scalar, pick};
use super::spec::{AggregateSpec, Aggregation, GroupKey};
use super::sqlite::table_of;
use crate::error::{Error, ErrorKind, Result};
use crate::json::write_string;

/// Buckets kept while counting, 100 to 200 bytes each.
const MAX_BUCKETS: usize = 200_000;

/// Numbers kept for percentiles: 128 MiB.
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

/// An answer: buckets by start, then by the text of their group.
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

/// Counts that grow with the rows.
pub(super) struct Tally<'a> {
    spec: &'a AggregateSpec,
    ranked: bool,
    /// By start, then by group; the order of the answer.
    buckets: BTreeMap<i64, BTreeMap<String, Figures>>,
    /// Buckets and ranked numbers so far.
    size: (usize, usize),
    /// The group of the row at hand; kept for its memory.
    group: String,
}

#[derive(Default)]
struct Figures {
    records: u64,
    numbers: u64,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
    ranked: Vec<f64>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(spec: &'a AggregateSpec) -> Self {
        let ranked = spec.aggregations.iter().any(|wanted| percent(*wanted).is_some());
        Self { spec, ranked, buckets: BTreeMap::new(), size: (0, 0), group: String::new() }
    }

    /// Adds the rows of one day that meet the condition `wherein`, to which `bound` is bound. Stops early where
    /// [`check`](Self::check) will fail.
    pub(super) fn read(&mut self, day: &Connection, wherein: &str, bound: Vec<Value>) -> rusqlite::Result<()> {
        // Records are long; where no pointer looks into them they stay on disk.
        let looks_inside =
            self.spec.field.is_some() || self.spec.group_by.iter().any(|key| matches!(key, GroupKey::At(_)));
        let record = if looks_inside { "record" } else { "NULL" };
        let table = table_of(self.spec.selection.schema);
        let sql = format!("SELECT ts, channel, event, user_id, session_id, {record} FROM {table} WHERE {wherein}");
        let mut statement = day.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(bound))?;
        while let Some(row) = rows.next()? {
            self.add(row)?;
            if self.size.0 > MAX_BUCKETS || self.size.1 > MAX_RANKED {
                break;
            }
        }
        Ok(())
    }

    /// # Errors
    /// `argument_invalid` where the answer is too large to be computed in memory.
    pub(super) fn check(&self) -> Result<()> {
        let (path, message) = if self.size.0 > MAX_BUCKETS {
            ("/group_by", format!("more than {MAX_BUCKETS} groups: shorten the time range or group by less"))
        } else if self.size.1 > MAX_RANKED {
            ("/aggregations", format!("percentiles over more than {MAX_RANKED} numbers: shorten the time range"))
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::ArgumentInvalid, path, message))
    }

    fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        let record = row.get_ref(5)?.as_str_or_null()?.unwrap_or_default();
        self.group.clear();
        for (i, key) in self.spec.group_by.iter().enumerate() {
            self.group.push(if i == 0 { '{' } else { ',' });
            write_string(key.as_str(), &mut self.group);
            self.group.push(':');
            let column = match key {
                GroupKey::Channel => 1,
                GroupKey::Event => 2,
                GroupKey::UserId => 3,
                GroupKey::SessionId => 4,
                GroupKey::At(pointer) => {
                    write_scalar(pick(record, pointer.names()).as_ref(), &mut self.group);
                    continue;
                }
            };
            match row.get_ref(column)?.as_str_or_null()? {
                Some(text) => write_string(text, &mut self.group),
                None => self.group.push_str("null"),
            }
        }
        self.group.push_str(if self.group.is_empty() { "{}" } else { "}" });

        let timestamp: i64 = row.get(0)?;
        let start = self.spec.interval.map_or(0, |width| timestamp - timestamp.rem_euclid(width));
        let groups = self.buckets.entry(start).or_default();
        if !groups.contains_key(&self.group) {
            groups.insert(self.group.clone(), Figures::default());
            self.size.0 += 1;
        }
        let Some(figures) = groups.get_mut(&self.group) else { return Ok(()) };
        figures.records += 1;
        let number = self.spec.field.as_ref().and_then(|field| pick(record, field.names())?.as_number());
        if let Some(number) = number {
            figures.numbers += 1;
            figures.sum += number;
            figures.min = Some(figures.min.map_or(number, |min| min.min(number)));
            figures.max = Some(figures.max.map_or(number, |max| max.max(number)));
            if self.ranked {
                figures.ranked.push(number);
                self.size.1 += 1;
            }
        }
        Ok(())
    }

    /// The answer.
    pub(super) fn finish(self) -> Buckets {
        let (spec, total) = (self.spec, self.size.0);
        let all =
            self.buckets.into_iter().flat_map(|(start, groups)| groups.into_iter().map(move |group| (start, group)));
        let bucket = |(start, (group, mut figures)): (i64, (String, Figures))| {
            figures.ranked.sort_unstable_by(f64::total_cmp);
            let figures = spec.aggregations.iter().map(|wanted| (*wanted, figures.get(*wanted))).collect();
            Bucket { start: spec.interval.map(|_| start), group, figures }
        };
        Buckets { buckets: all.take(spec.limit).map(bucket).collect(), truncated: total > spec.limit }
    }
}

impl Figures {
    /// A figure; `ranked` is sorted.
    #[allow(clippy::cast_precision_loss, reason = "exact below 2^53 records")]
    fn get(&self, wanted: Aggregation) -> Option<Number> {
        let some = |figure: f64| (self.numbers > 0).then_some(figure);
        let figure = match wanted {
            Aggregation::Count => return Some(self.records.into()),
            Aggregation::Sum => some(self.sum),
            Aggregation::Avg => some(self.sum / self.numbers as f64),
            Aggregation::Min => self.min,
            Aggregation::Max => self.max,
            Aggregation::P50 | Aggregation::P95 | Aggregation::P99 => {
                percent(wanted).and_then(|percent| percentile(&self.ranked, percent))
            }
        };
        figure.and_then(Number::from_f64)
    }
}

fn percent(aggregation: Aggregation) -> Option<u8> {
    match aggregation {
        Aggregation::P50 => Some(50),
        Aggregation::P95 => Some(95),
        Aggregation::P99 => Some(99),
        Aggregation::Count | Aggregation::Sum | Aggregation::Avg | Aggregation::Min | Aggregation::Max => None,
    }
}

/// The percentile of sorted numbers at rank `percent / 100 * (n - 1)`, between its two neighbours.
fn percentile(sorted: &[f64], percent: u8) -> Option<f64> {
    let rank = sorted.len().checked_sub(1)? * usize::from(percent);
    let below = *sorted.get(rank / 100)?;
    let above = sorted.get(rank / 100 + 1).copied().unwrap_or(below);
    let share = u8::try_from(rank % 100).map_or(0.0, f64::from) / 100.0;
    Some(below + (above - below) * share)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_interpolate_between_ranks() {
        // numpy.percentile([15, 20, 35, 40, 50], [50, 95, 99]) = 35, 48, 49.6
        let sorted = [15.0, 20.0, 35.0, 40.0, 50.0];
        for (percent, expected) in [(50, 35.0), (95, 48.0), (99, 49.6)] {
            assert!((percentile(&sorted, percent).unwrap() - expected).abs() < 1e-9, "p{percent}");
        }
        assert_eq!(percentile(&[7.0], 99), Some(7.0));
        assert_eq!(percentile(&[1.0, 2.0], 50), Some(1.5));
        assert_eq!(percentile(&[], 50), None);
    }
}
