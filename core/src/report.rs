//! The aggregate report over archives (R0): what there is, by channel, schema, event and day, and what was wrong.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::Engine;
use crate::outcome::{Outcome, Status};
use crate::record::Head;

/// Version of the report's form.
const REPORT_SCHEMA: &str = "telemetry_report_v1";

/// Distinct names counted per table; the rest is added up under [`OTHER`]. Bounds the report on hostile input.
const MAX_NAMES: usize = 10_000;

/// Where names beyond [`MAX_NAMES`] are counted.
const OTHER: &str = "(other)";

type Counts = BTreeMap<String, u64>;

/// Running totals over any number of records.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    read: u64,
    accepted: u64,
    rejected: u64,
    dropped: u64,
    /// Canonical times of the earliest and latest accepted record.
    first_timestamp: Option<String>,
    last_timestamp: Option<String>,
    by_schema: Counts,
    by_channel: Counts,
    /// Keys are `channel.event`; see [`Head::series`] for kinds that have neither.
    by_event: Counts,
    /// Keys are UTC days.
    by_day: Counts,
    /// Keys are violation codes; a record counts once for each that it has.
    violations: Counts,
    /// Keys are rules.
    redactions: Counts,
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

impl Report {
    /// Processes and counts every line of `lines` (JSON Lines; blank lines are passed over).
    pub fn add_lines(&mut self, engine: &Engine, lines: &[u8]) -> Added {
        let mut added = Added::default();
        for line in lines.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
            let outcome = engine.process(line, None);
            added.read += 1;
            match outcome.status {
                Status::Accepted => added.accepted += 1,
                Status::Rejected => added.rejected += 1,
                Status::Dropped => added.dropped += 1,
            }
            self.add(&outcome);
        }
        added
    }

    fn add(&mut self, outcome: &Outcome) {
        self.read += 1;
        for redaction in &outcome.redactions {
            count(&mut self.redactions, redaction.rule);
        }
        match outcome.status {
            Status::Accepted => self.accepted += 1,
            Status::Rejected => self.rejected += 1,
            Status::Dropped => self.dropped += 1,
        }
        let mut codes: Vec<&str> = outcome.violations.iter().map(|violation| violation.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            count(&mut self.violations, code);
        }
        if outcome.status == Status::Accepted {
            self.add_accepted(outcome.record.as_deref().unwrap_or_default());
        }
    }

    fn add_accepted(&mut self, record: &str) {
        let Some(head) = Head::of(record) else { return };
        let (channel, event) = head.series();
        let timestamp = head.text("timestamp").unwrap_or_default().into_owned();
        count(&mut self.by_schema, head.kind.table().schema);
        count(&mut self.by_channel, &channel);
        count(&mut self.by_event, &format!("{channel}.{event}"));
        // Canonical times begin with the UTC day and sort as text.
        count(&mut self.by_day, timestamp.get(..10).unwrap_or_default());
        if self.first_timestamp.as_ref().is_none_or(|first| *first > timestamp) {
            self.first_timestamp = Some(timestamp.clone());
        }
        if self.last_timestamp.as_ref().is_none_or(|last| *last < timestamp) {
            self.last_timestamp = Some(timestamp);
        }
    }

    /// The report as one JSON object; tables are sorted by name.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Written<'a> {
            schema: &'a str,
            #[serde(flatten)]
            report: &'a Report,
        }
        // Maps of text to numbers cannot fail to serialise.
        serde_json::to_string(&Written { schema: REPORT_SCHEMA, report: self }).unwrap_or_default()
    }
}

fn count(table: &mut Counts, name: &str) {
    if let Some(total) = table.get_mut(name) {
        *total += 1;
    } else {
        let name = if table.len() < MAX_NAMES { name } else { OTHER };
        *table.entry(name.to_owned()).or_insert(0) += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_what_they_are() {
        let engine = Engine::new(&crate::Config::default()).unwrap();
        let mut report = Report::default();
        let lines = concat!(
            r#"{"timestamp":"2026-01-02T23:30:00-01:00","channel":"app","event":"login","payload":{"a":"x@y.io"}}"#,
            "\r\n\n",
            r#"{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"login","payload":{}}"#,
            "\n{\"channel\":1,\n",
            r#"{"channel":1}"#,
        );
        let added = report.add_lines(&engine, lines.as_bytes());
        assert_eq!(added, Added { read: 4, accepted: 2, rejected: 2, dropped: 0 });
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(json["schema"], REPORT_SCHEMA);
        assert_eq!(json["by_event"]["app.login"], 2);
        assert_eq!(json["by_day"]["2026-01-03"], 1);
        assert_eq!(json["violations"]["json_invalid"], 1);
        assert_eq!(json["redactions"]["email"], 1);
        assert_eq!(json["first_timestamp"], "2026-01-02T03:04:05.000000Z");
    }

    #[test]
    fn kinds_without_a_channel_are_counted_under_their_own_names() {
        let engine = Engine::new(&crate::Config::default()).unwrap();
        let mut report = Report::default();
        let lines = concat!(
            r#"{"event_key":"auth.login.attempt","created_at":"2026-01-02T03:04:05Z"}"#,
            "\n",
            r#"{"name":"render.fps","value":60,"schema":"telemetry_metric_v1","timestamp":"2026-01-02T03:04:05Z"}"#,
        );
        assert_eq!(report.add_lines(&engine, lines.as_bytes()).accepted, 2);
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(json["by_schema"], serde_json::json!({"telemetry_metric_v1": 1, "telemetry_trace_v1": 1}));
        assert_eq!(json["by_event"], serde_json::json!({"metric.render.fps": 1, "trace.auth.login.attempt": 1}));
    }
}
