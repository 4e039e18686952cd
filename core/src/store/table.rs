//! The tables of a day file, and what a row keeps of a record.
//!
//! A row does not repeat what its columns say: the members with which a canonical record begins, and its name, are cut
//! off and written again when the record is read. What comes out is what went in, byte for byte; a record for which
//! that would not hold is kept whole.

use std::fmt::Write as _;

use uuid::Uuid;

use super::day::rfc3339;
use super::model::StoredEvent;
use crate::json::write_string;
use crate::record::{RecordKind, container_end};

/// Where the rows of a kind stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Events,
    Metrics,
    Traces,
    Logs,
}

impl Table {
    pub(super) const ALL: [Self; 4] = [Self::Events, Self::Metrics, Self::Traces, Self::Logs];

    /// The table of a record kind.
    pub(super) fn of(schema: &str) -> Self {
        match schema {
            "telemetry_trace_v1" | "telemetry_span_v1" => Self::Traces,
            "telemetry_metric_v1" => Self::Metrics,
            "telemetry_log_v1" => Self::Logs,
            _ => Self::Events,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Events => "telemetry_events",
            Self::Metrics => "telemetry_metrics",
            Self::Traces => "telemetry_traces",
            Self::Logs => "telemetry_logs",
        }
    }
}

/// The row says that its record names its tenant.
const TENANT: i64 = 1;
/// Channel and event, or the name, follow the context and were cut off.
const NAME: i64 = 2;
/// The record is kept whole.
const WHOLE: i64 = 4;

/// The texts of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut<'a> {
    pub(super) form: i64,
    pub(super) context: Option<&'a str>,
    /// A JSON object: what is left of the record, or all of it.
    pub(super) record: String,
}

/// A row, as much of it as its record is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) form: i64,
    pub(super) tenant: &'a str,
    pub(super) schema: &'a str,
    pub(super) channel: &'a str,
    pub(super) event: &'a str,
    pub(super) id: [u8; 16],
    pub(super) timestamp: i64,
    pub(super) user_id: Option<&'a str>,
    pub(super) session_id: Option<&'a str>,
    pub(super) sample_rate: Option<f64>,
    pub(super) context: Option<&'a str>,
    pub(super) record: &'a str,
}

/// Cuts off what the columns of the event's row say.
pub(super) fn cut(event: &StoredEvent) -> Cut<'_> {
    cut_head(event).unwrap_or_else(|| Cut { form: WHOLE, context: None, record: event.record.clone() })
}

fn cut_head(event: &StoredEvent) -> Option<Cut<'_>> {
    let record = event.record.as_str();
    let row = |form, context| Row {
        form,
        tenant: event.tenant.as_str(),
        schema: event.schema,
        channel: &event.channel,
        event: &event.event,
        id: event.id,
        timestamp: event.timestamp,
        user_id: event.user_id.as_deref(),
        session_id: event.session_id.as_deref(),
        sample_rate: event.sample_rate,
        context,
        record: "{}",
    };
    let mut form = 0;
    let mut head = String::with_capacity(256);
    row(form, None).write_head(&mut head);
    let mut rest = record.strip_prefix(head.as_str());
    if rest.is_none() {
        form = TENANT;
        head.clear();
        row(form, None).write_head(&mut head);
        rest = record.strip_prefix(head.as_str());
    }
    let mut rest = rest?;
    let mut context = None;
    if let Some(after) = rest.strip_prefix(",\"context\":") {
        let text = after.get(..container_end(after.as_bytes(), 0)?)?;
        context = Some(text);
        rest = after.get(text.len()..)?;
    }
    head.clear();
    row(form, None).write_name(&mut head);
    if let Some(after) = rest.strip_prefix(head.as_str()) {
        form |= NAME;
        rest = after;
    }
    // What is left is `}` or `,"member":…}`.
    let record = format!("{{{}", rest.strip_prefix(',').unwrap_or(rest));
    Some(Cut { form, context, record })
}

impl Row<'_> {
    /// The canonical record.
    pub(super) fn to_record(self) -> String {
        if self.form & WHOLE != 0 {
            return self.record.to_owned();
        }
        let mut out = String::with_capacity(self.record.len() + 320);
        self.write_head(&mut out);
        if let Some(context) = self.context {
            out.push_str(",\"context\":");
            out.push_str(context);
        }
        if self.form & NAME != 0 {
            self.write_name(&mut out);
        }
        match self.record.strip_prefix('{') {
            Some("}") | None => out.push('}'),
            Some(rest) => {
                out.push(',');
                out.push_str(rest);
            }
        }
        out
    }

    fn write_head(&self, out: &mut String) {
        out.push_str("{\"schema\":\"");
        out.push_str(self.schema);
        out.push_str("\",\"id\":\"");
        out.push_str(Uuid::from_bytes(self.id).hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        out.push_str("\",\"timestamp\":\"");
        out.push_str(&rfc3339(self.timestamp));
        out.push('"');
        let tenant = (self.form & TENANT != 0).then_some(self.tenant);
        for (name, text) in [("tenant_id", tenant), ("user_id", self.user_id), ("session_id", self.session_id)] {
            if let Some(text) = text {
                let _ = write!(out, ",\"{name}\":");
                write_string(text, out);
            }
        }
        if let Some(rate) = self.sample_rate.and_then(serde_json::Number::from_f64) {
            let _ = write!(out, ",\"sample_rate\":{rate}");
        }
    }

    fn write_name(&self, out: &mut String) {
        let second = RecordKind::named(self.schema).map_or("event", |kind| kind.table().series.1);
        if self.schema == "telemetry_event_v1" {
            out.push_str(",\"channel\":");
            write_string(self.channel, out);
        }
        let _ = write!(out, ",\"{second}\":");
        write_string(self.event, out);
    }

    /// Where a pointer leads in a row: the text and the names that are left of the pointer, or what a column says.
    pub(super) fn place<'p>(&self, names: &'p [String]) -> Place<'_, 'p> {
        let Some((first, rest)) = names.split_first() else { return Place::Nothing };
        if self.form & WHOLE != 0 {
            return Place::Inside(self.record, names);
        }
        let text = |text| if rest.is_empty() { Place::Text(text) } else { Place::Nothing };
        let optional = |text: Option<_>| text.map_or(Place::Nothing, Place::Text);
        match first.as_str() {
            "schema" => text(self.schema),
            "user_id" if rest.is_empty() => optional(self.user_id),
            "session_id" if rest.is_empty() => optional(self.session_id),
            "sample_rate" if rest.is_empty() => self.sample_rate.map_or(Place::Nothing, Place::Number),
            "tenant_id" if self.form & TENANT != 0 => text(self.tenant),
            "context" => self.context.map_or(Place::Nothing, |context| Place::Inside(context, rest)),
            "channel" if self.form & NAME != 0 && self.schema == "telemetry_event_v1" => text(self.channel),
            name if self.form & NAME != 0
                && RecordKind::named(self.schema).is_some_and(|k| k.table().series.1 == name) =>
            {
                text(self.event)
            }
            _ => Place::Inside(self.record, names),
        }
    }
}

/// See [`Row::place`]. Ids and times have no column that reads like them; nobody groups or counts by those.
#[derive(Debug, PartialEq)]
pub(super) enum Place<'a, 'p> {
    Nothing,
    Text(&'a str),
    Number(f64),
    Inside(&'a str, &'p [String]),
}
