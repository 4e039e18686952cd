//! The parts of the page, in their order.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::plot::{Bar, COLOURS, area, columns, share, spread};
use super::writer::Writer;

/// Rows of a table: what people read. The JSON has all.
const MAX_ROWS: usize = 100;

/// Columns of a plot: one unit of its width each.
const MAX_COLUMNS: usize = 400;

/// Title, period and totals.
pub(super) fn overview(out: &mut Writer, report: &Value) {
    out.raw("<h1>Telemetry report</h1><p>");
    match (report["first_timestamp"].as_str(), report["last_timestamp"].as_str()) {
        (Some(first), Some(last)) => out.text(readable(first)).raw(" to ").text(readable(last)).raw(" UTC"),
        _ => out.raw("No record was accepted yet."),
    };
    out.raw("</p><div class=\"tiles\">");
    for (title, count) in [
        ("records read", number(&report["read"])),
        ("accepted", number(&report["accepted"])),
        ("rejected", number(&report["rejected"])),
        ("dropped", number(&report["dropped"])),
        ("channels", report["by_channel"].as_object().map_or(0, |names| names.len() as u64)),
        ("events", list(&report["events"]).len() as u64),
    ] {
        out.raw("<div class=\"tile\"><b>").count(count).raw("</b><span>").text(title).raw("</span></div>");
    }
    out.raw("</div>");
}

/// Records by day and channel, and by hour.
pub(super) fn time(out: &mut Writer, report: &Value) {
    let channels = by_count(&report["by_channel"]);
    if channels.is_empty() {
        return;
    }
    let own = channels.len().min(if channels.len() > COLOURS { COLOURS - 1 } else { COLOURS });
    let mut series: Vec<&str> = channels.iter().take(own).map(|(name, _)| *name).collect();
    if channels.len() > own {
        series.push("others");
    }
    let place: HashMap<&str, usize> = series.iter().take(own).enumerate().map(|(i, name)| (*name, i)).collect();
    let mut days: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for entry in list(&report["by_day_and_channel"]) {
        let day = entry["day"].as_str().unwrap_or_default();
        let at = place.get(entry["channel"].as_str().unwrap_or_default()).copied().unwrap_or(own);
        let counts = days.entry(day).or_insert_with(|| vec![0; series.len()]);
        if let Some(count) = counts.get_mut(at) {
            *count += number(&entry["count"]);
        }
    }
    let bars: Vec<Bar<'_>> = days.into_iter().map(|(label, counts)| Bar { label, counts }).collect();
    out.raw("<h2>Records by day</h2>");
    columns(out, "Accepted records by day and channel", &series, last(&bars));
    out.raw("<ul class=\"legend\">");
    for (i, name) in series.iter().enumerate() {
        out.raw("<li><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"c").text(i % COLOURS);
        out.raw("\" width=\"1\" height=\"1\"/></svg>").text(name).raw("</li>");
    }
    out.raw("</ul>");
    let hours = report["by_hour"].as_object();
    let hours: Vec<Bar<'_>> =
        hours.into_iter().flatten().map(|(hour, count)| Bar { label: hour, counts: vec![number(count)] }).collect();
    out.raw("<h2>Records by hour</h2><p>Hours without records are left out.</p>");
    area(out, "Accepted records by hour", last(&hours));
}

/// Channels and schemas.
pub(super) fn names(out: &mut Writer, report: &Value) {
    out.raw("<div class=\"pair\"><section><h2>Channels</h2>");
    counted(out, "channel", &by_count(&report["by_channel"]));
    out.raw("</section><section><h2>Schemas</h2>");
    counted(out, "schema", &by_count(&report["by_schema"]));
    out.raw("</section></div>");
}

/// The events, most frequent first.
pub(super) fn events(out: &mut Writer, report: &Value) {
    let events = frequent(report);
    let largest = events.first().map_or(0, |event| number(&event["count"]));
    out.raw(
        "<h2>Events</h2><div class=\"scroll\"><table><tr><th>channel</th><th>event</th><th class=\"n\">records</th>",
    );
    out.raw("<th class=\"bar\"></th><th>first</th><th>last</th></tr>");
    for event in events.iter().take(MAX_ROWS) {
        cell(out, &event["channel"]);
        out.raw("<td>").text(text(&event["event"])).raw("</td><td class=\"n\">").count(number(&event["count"]));
        out.raw("</td><td class=\"bar\">");
        share(out, number(&event["count"]), largest);
        out.raw("</td><td class=\"t\">").text(readable(text(&event["first_timestamp"]))).raw("</td><td class=\"t\">");
        out.text(readable(text(&event["last_timestamp"]))).raw("</td></tr>");
    }
    out.raw("</table></div>");
    more(out, events.len());
}

/// Quantiles of the numbers in payloads.
pub(super) fn numbers(out: &mut Writer, report: &Value) {
    let events = frequent(report);
    let measured: Vec<(&Value, &Value)> = events
        .iter()
        .flat_map(|event| list(&event["fields"]).iter().map(move |field| (*event, field)))
        .filter(|(_, field)| field["quantiles"].is_object())
        .collect();
    if measured.is_empty() {
        return;
    }
    out.raw("<h2>Numbers</h2><p>Quantiles are at most ");
    out.text(report["quantile_relative_error"].as_f64().unwrap_or(0.01) * 100.0);
    out.raw(" % off. The box spans the median to the 95th percentile, the mark is the 99th.</p><div class=\"scroll\">");
    out.raw("<table><tr><th>event</th><th>field</th><th class=\"n\">values</th><th class=\"n\">min</th>");
    out.raw("<th class=\"n\">median</th><th class=\"n\">p95</th><th class=\"n\">p99</th><th class=\"n\">max</th>");
    out.raw("<th class=\"n\">mean</th><th class=\"bar\"></th></tr>");
    for (event, field) in measured.iter().take(MAX_ROWS) {
        let of = &field["quantiles"];
        out.raw("<tr><td>").text(text(&event["channel"])).raw(".").text(text(&event["event"])).raw("</td><td><code>");
        out.text(text(&field["path"])).raw("</code></td><td class=\"n\">").count(number(&of["count"])).raw("</td>");
        for name in ["min", "p50", "p95", "p99", "max", "mean"] {
            out.raw("<td class=\"n\">").text(short(real(&of[name]))).raw("</td>");
        }
        out.raw("<td class=\"bar\">");
        spread(out, ["min", "p50", "p95", "p99", "max"].map(|name| real(&of[name])));
        out.raw("</td></tr>");
    }
    out.raw("</table></div>");
    more(out, measured.len());
}

/// Which fields each event has.
pub(super) fn inventory(out: &mut Writer, report: &Value) {
    let events = frequent(report);
    if events.is_empty() {
        return;
    }
    out.raw(
        "<h2>Inventory</h2><p>The fields of each event's payload, how many of its records have them, and as what.</p>",
    );
    for event in events.iter().take(MAX_ROWS) {
        let fields = list(&event["fields"]);
        out.raw("<details><summary>").text(text(&event["channel"])).raw(".").text(text(&event["event"])).raw(" (");
        out.text(text(&event["schema"])).raw(", ").count(fields.len() as u64);
        out.raw(if fields.len() == 1 { " field)</summary>" } else { " fields)</summary>" });
        out.raw(
            "<div class=\"scroll\"><table><tr><th>field</th><th class=\"n\">records</th><th class=\"n\">share</th>",
        );
        out.raw("<th>types</th></tr>");
        for field in fields.iter().take(MAX_ROWS) {
            #[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
            let percent = number(&field["count"]) as f64 / number(&event["count"]).max(1) as f64 * 100.0;
            out.raw("<tr><td><code>").text(text(&field["path"])).raw("</code></td><td class=\"n\">");
            out.count(number(&field["count"]))
                .raw("</td><td class=\"n\">")
                .text(format!("{percent:.1}"))
                .raw(" %</td><td>");
            for (i, (name, count)) in field["types"].as_object().into_iter().flatten().enumerate() {
                out.raw(if i > 0 { ", " } else { "" }).text(name).raw(" ").count(number(count));
            }
            out.raw("</td></tr>");
        }
        out.raw("</table></div>");
        more(out, fields.len());
        out.raw("</details>");
    }
    more(out, events.len());
}

/// What was wrong, and what was removed.
pub(super) fn faults(out: &mut Writer, report: &Value) {
    out.raw("<div class=\"pair\"><section><h2>Rejected and dropped</h2>");
    let mut reasons: Vec<&Value> = list(&report["rejections"]).iter().collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(number(&reason["count"])));
    if reasons.is_empty() {
        out.raw("<p>Nothing.</p>");
    } else {
        out.raw("<table><tr><th>reason</th><th>where</th><th class=\"n\">times</th></tr>");
        for reason in reasons.iter().take(MAX_ROWS) {
            cell(out, &reason["code"]);
            out.raw("<td><code>").text(text(&reason["path"])).raw("</code></td><td class=\"n\">");
            out.count(number(&reason["count"])).raw("</td></tr>");
        }
        out.raw("</table>");
        more(out, reasons.len());
    }
    out.raw("</section><section><h2>Personal data that was removed</h2>");
    counted(out, "rule", &by_count(&report["redactions"]));
    out.raw("</section></div>");
}

fn counted(out: &mut Writer, title: &'static str, counts: &[(&str, u64)]) {
    if counts.is_empty() {
        out.raw("<p>None.</p>");
        return;
    }
    let largest = counts.first().map_or(0, |(_, count)| *count);
    out.raw("<table><tr><th>").text(title).raw("</th><th class=\"n\">count</th><th class=\"bar\"></th></tr>");
    for (name, count) in counts.iter().take(MAX_ROWS) {
        out.raw("<tr><td>").text(name).raw("</td><td class=\"n\">").count(*count).raw("</td><td class=\"bar\">");
        share(out, *count, largest);
        out.raw("</td></tr>");
    }
    out.raw("</table>");
    more(out, counts.len());
}

/// Begins a row with a text.
fn cell(out: &mut Writer, value: &Value) {
    out.raw("<tr><td>").text(text(value)).raw("</td>");
}

fn more(out: &mut Writer, rows: usize) {
    if rows > MAX_ROWS {
        out.raw("<p>And ").count((rows - MAX_ROWS) as u64).raw(" more in the JSON report.</p>");
    }
}

/// The latest columns that a plot has room for.
fn last<'a, 'b>(bars: &'a [Bar<'b>]) -> &'a [Bar<'b>] {
    &bars[bars.len().saturating_sub(MAX_COLUMNS)..]
}

fn frequent(report: &Value) -> Vec<&Value> {
    let mut events: Vec<&Value> = list(&report["events"]).iter().collect();
    events.sort_by_key(|event| std::cmp::Reverse(number(&event["count"])));
    events
}

fn by_count(table: &Value) -> Vec<(&str, u64)> {
    let mut counts: Vec<(&str, u64)> =
        table.as_object().into_iter().flatten().map(|(name, count)| (name.as_str(), number(count))).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn real(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

/// `2026-01-02 03:04:05` of a canonical time.
fn readable(time: &str) -> String {
    time.get(..19).unwrap_or(time).replace('T', " ")
}

/// Few digits: quantiles are a percent off, and the rest is in the JSON.
fn short(number: f64) -> String {
    let digits = number.abs();
    if digits != 0.0 && !(0.001..1e7).contains(&digits) {
        return format!("{number:.3e}");
    }
    let decimals = if digits >= 1_000.0 || number.fract() == 0.0 {
        0
    } else if digits >= 10.0 {
        1
    } else {
        3
    };
    format!("{number:.decimals$}")
}
