//! The aggregate report: totals by channel, schema, event, hour and day, the inventory, and what was wrong.

use std::collections::HashMap;

use serde::{Deserialize, Serialize, Serializer};

use super::counts::{Counts, MAX_NAMES, OTHER};
use super::fields::{Budget, Fields};
use super::form;
use super::memo::Memo;
use super::outcomes::outcomes_of;
use super::row::Row;
use crate::engine::Engine;
use crate::outcome::{Outcome, Status};
use crate::record::Members;

/// Running totals over any number of records. Reports of parts can be merged, in any order, into that of the whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    pub(super) read: u64,
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) dropped: u64,
    pub(super) by_schema: Counts,
    pub(super) by_channel: Counts,
    /// Keys are UTC days.
    pub(super) by_day: Counts,
    /// Keys are UTC hours, `2026-01-02T03`.
    pub(super) by_hour: Counts,
    /// Keys are a day, a space and a channel.
    pub(super) by_day_and_channel: Counts,
    /// Keys are violation codes; a record counts once for each that it has.
    pub(super) violations: Counts,
    /// Keys are a code, a space and a JSON Pointer.
    pub(super) reasons: Counts,
    /// Keys are rules.
    pub(super) redactions: Counts,
    pub(super) events: Events,
    budget: Budget,
}

/// What one call of [`Report::add_lines`] took in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Added {
    /// Lines that were not blank.
    pub read: u64,
    /// Valid records.
    pub accepted: u64,
    /// Records that break their schema, or lines that are no JSON.
    pub rejected: u64,
    /// Records beyond a budget.
    pub dropped: u64,
}

/// Events by channel and name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Vec<Event>")]
pub(super) struct Events {
    /// Keys are the channel, a zero byte and the name.
    index: HashMap<Box<str>, usize>,
    pub(super) list: Vec<Event>,
    memo: Memo,
    /// Kept between records, for its buffer.
    key: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) channel: Box<str>,
    pub(super) name: Box<str>,
    pub(super) schema: Box<str>,
    pub(super) count: u64,
    /// Canonical times, which sort as text.
    pub(super) first: Box<str>,
    pub(super) last: Box<str>,
    pub(super) fields: Fields,
}

impl Report {
    /// Processes and counts every line of `lines` (JSON Lines; blank lines are passed over).
    pub fn add_lines(&mut self, engine: &Engine, lines: &[u8]) -> Added {
        let before = self.added();
        for (_, outcome) in outcomes_of(engine, lines) {
            let row = accepted_row(&outcome);
            self.add(&outcome, row.as_ref());
        }
        self.added().minus(before)
    }

    /// Counts an outcome; `row` is its record, where it was accepted.
    pub(super) fn add(&mut self, outcome: &Outcome, row: Option<&Row<'_>>) {
        self.read += 1;
        for redaction in &outcome.redactions {
            self.redactions.count(redaction.rule);
        }
        match outcome.status {
            Status::Accepted => self.accepted += 1,
            Status::Rejected => self.rejected += 1,
            Status::Dropped => self.dropped += 1,
        }
        if !outcome.violations.is_empty() {
            self.add_violations(outcome);
        }
        if let Some(row) = row {
            self.add_accepted(row);
        }
    }

    fn add_violations(&mut self, outcome: &Outcome) {
        let mut codes: Vec<&str> = outcome.violations.iter().map(|violation| violation.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            self.violations.count(code);
        }
        for violation in &outcome.violations {
            self.reasons.count(&format!("{} {}", violation.code.as_str(), violation.path));
        }
    }

    fn add_accepted(&mut self, row: &Row<'_>) {
        self.by_schema.count(row.schema);
        self.by_channel.count(&row.channel);
        self.by_day.count(row.day());
        self.by_hour.count(row.hour());
        let mut key = std::mem::take(&mut self.events.key);
        key.clear();
        key.push_str(row.day());
        key.push(' ');
        key.push_str(&row.channel);
        self.by_day_and_channel.count(&key);
        self.events.key = key;
        let event = self.events.of(row.schema, &row.channel, &row.event);
        event.count += 1;
        event.widen(row.timestamp, row.timestamp);
        if row.is_event {
            event.fields.walk(&mut Members::of(&row.payload), &mut self.budget);
        } else {
            event.fields.add(&row.own, &mut self.budget);
        }
    }

    /// Adds what another report counted.
    pub fn merge(&mut self, other: &Self) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.dropped += other.dropped;
        self.by_schema.merge(&other.by_schema);
        self.by_channel.merge(&other.by_channel);
        self.by_day.merge(&other.by_day);
        self.by_hour.merge(&other.by_hour);
        self.by_day_and_channel.merge(&other.by_day_and_channel);
        self.violations.merge(&other.violations);
        self.reasons.merge(&other.reasons);
        self.redactions.merge(&other.redactions);
        for theirs in &other.events.list {
            let ours = self.events.of(&theirs.schema, &theirs.channel, &theirs.name);
            ours.count += theirs.count;
            ours.widen(&theirs.first, &theirs.last);
            ours.fields.merge(&theirs.fields, &mut self.budget);
        }
    }

    /// What was counted in all.
    pub(super) fn added(&self) -> Added {
        Added { read: self.read, accepted: self.accepted, rejected: self.rejected, dropped: self.dropped }
    }

    /// The report as one JSON object; tables are sorted by name.
    pub fn to_json(&self) -> String {
        form::json(self)
    }
}

/// The record of an accepted outcome, opened.
pub(super) fn accepted_row(outcome: &Outcome) -> Option<Row<'_>> {
    let record = outcome.record.as_deref().filter(|_| outcome.status == Status::Accepted)?;
    Row::of(record)
}

impl Added {
    pub(super) fn minus(self, before: Self) -> Self {
        Self {
            read: self.read - before.read,
            accepted: self.accepted - before.accepted,
            rejected: self.rejected - before.rejected,
            dropped: self.dropped - before.dropped,
        }
    }
}

impl Events {
    fn of(&mut self, schema: &str, channel: &str, name: &str) -> &mut Event {
        self.key.clear();
        self.key.push_str(channel);
        self.key.push('\0');
        self.key.push_str(name);
        let at = self.memo.find(&self.key).unwrap_or_else(|| {
            let at = self.index.get(self.key.as_str()).copied().unwrap_or_else(|| {
                let (channel, name) = if self.list.len() < MAX_NAMES { (channel, name) } else { (OTHER, OTHER) };
                self.insert(schema, channel, name)
            });
            self.memo.remember(&self.key, at);
            at
        });
        &mut self.list[at]
    }

    fn insert(&mut self, schema: &str, channel: &str, name: &str) -> usize {
        let key = format!("{channel}\0{name}");
        if let Some(at) = self.index.get(key.as_str()) {
            return *at;
        }
        self.list.push(Event {
            channel: channel.into(),
            name: name.into(),
            schema: schema.into(),
            count: 0,
            first: "".into(),
            last: "".into(),
            fields: Fields::default(),
        });
        self.index.insert(key.into(), self.list.len() - 1);
        self.list.len() - 1
    }
}

impl From<Vec<Event>> for Events {
    fn from(events: Vec<Event>) -> Self {
        let key = |event: &Event| format!("{}\0{}", event.channel, event.name).into();
        let index = events.iter().enumerate().map(|(at, event)| (key(event), at)).collect();
        Self { index, list: events, ..Self::default() }
    }
}

impl Serialize for Events {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl Event {
    fn widen(&mut self, first: &str, last: &str) {
        if self.first.is_empty() || *self.first > *first {
            self.first = first.into();
        }
        if *self.last < *last {
            self.last = last.into();
        }
    }
}
