//! The report as JSON: its form, and the order of its tables.

use serde::Serialize;

use super::aggregate::{Event, Report};
use super::counts::{Counts, OTHER};
use super::fields::Listed;
use super::quantiles::RELATIVE_ERROR;

/// Version of the report's form.
const REPORT_SCHEMA: &str = "telemetry_report_v1";

/// The report as one JSON object; equal reports are equal bytes.
pub(super) fn json(report: &Report) -> String {
    let mut events: Vec<&Event> = report.events.list.iter().collect();
    events.sort_by(|a, b| (&a.channel, &a.name).cmp(&(&b.channel, &b.name)));
    let mut by_event = Counts::default();
    for event in &events {
        let is_other = *event.name == *OTHER && *event.channel == *OTHER;
        let name = if is_other { OTHER.to_owned() } else { format!("{}.{}", event.channel, event.name) };
        by_event.add(&name, event.count);
    }
    let written = Written {
        schema: REPORT_SCHEMA,
        read: report.read,
        accepted: report.accepted,
        rejected: report.rejected,
        dropped: report.dropped,
        first_timestamp: events.iter().map(|event| &*event.first).min(),
        last_timestamp: events.iter().map(|event| &*event.last).max(),
        by_schema: &report.by_schema,
        by_channel: &report.by_channel,
        by_event,
        by_day: &report.by_day,
        by_hour: &report.by_hour,
        by_day_and_channel: report.by_day_and_channel.sorted().into_iter().map(DayAndChannel::of).collect(),
        violations: &report.violations,
        rejections: report.reasons.sorted().into_iter().map(Rejection::of).collect(),
        redactions: &report.redactions,
        quantile_relative_error: RELATIVE_ERROR,
        events: events.into_iter().map(ListedEvent::of).collect(),
    };
    // Maps of text to numbers cannot fail to serialise.
    serde_json::to_string(&written).unwrap_or_default()
}

/// The report's form. Every table is sorted, so that equal reports are equal bytes.
#[derive(Serialize)]
struct Written<'a> {
    schema: &'a str,
    read: u64,
    accepted: u64,
    rejected: u64,
    dropped: u64,
    first_timestamp: Option<&'a str>,
    last_timestamp: Option<&'a str>,
    by_schema: &'a Counts,
    by_channel: &'a Counts,
    by_event: Counts,
    by_day: &'a Counts,
    by_hour: &'a Counts,
    by_day_and_channel: Vec<DayAndChannel<'a>>,
    violations: &'a Counts,
    rejections: Vec<Rejection<'a>>,
    redactions: &'a Counts,
    quantile_relative_error: f64,
    events: Vec<ListedEvent<'a>>,
}

#[derive(Serialize)]
struct DayAndChannel<'a> {
    day: &'a str,
    channel: &'a str,
    count: u64,
}

impl<'a> DayAndChannel<'a> {
    fn of((key, count): (&'a str, u64)) -> Self {
        let (day, channel) = key.split_once(' ').unwrap_or((key, ""));
        Self { day, channel, count }
    }
}

#[derive(Serialize)]
struct Rejection<'a> {
    code: &'a str,
    path: &'a str,
    count: u64,
}

impl<'a> Rejection<'a> {
    fn of((key, count): (&'a str, u64)) -> Self {
        let (code, path) = key.split_once(' ').unwrap_or((key, ""));
        Self { code, path, count }
    }
}

#[derive(Serialize)]
struct ListedEvent<'a> {
    channel: &'a str,
    event: &'a str,
    schema: &'a str,
    count: u64,
    first_timestamp: &'a str,
    last_timestamp: &'a str,
    fields: Vec<Listed>,
    /// Values of members beyond the bounds of an inventory.
    #[serde(skip_serializing_if = "is_zero")]
    uncounted_fields: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl<'a> ListedEvent<'a> {
    fn of(event: &'a Event) -> Self {
        let (fields, uncounted_fields) = event.fields.listed();
        Self {
            channel: &event.channel,
            event: &event.name,
            schema: &event.schema,
            count: event.count,
            first_timestamp: &event.first,
            last_timestamp: &event.last,
            fields,
            uncounted_fields,
        }
    }
}
