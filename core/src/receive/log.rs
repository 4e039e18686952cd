//! Log records of others as `telemetry_log_v1`.

use std::borrow::Cow;

use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::attributes::{Attributes, Who, any_value, string};
use super::text::{name_of, object};
use super::{Origin, Sink, own};
use crate::record::limits::MAX_NAME_CHARS;

/// Where neither resource nor scope has a name.
const NO_COMPONENT: &str = "unknown";

/// A log record that names no event.
const NO_EVENT: &str = "log";

/// Takes a log record: ours as what it was, another's as an entry of the log.
pub(super) fn take(log: &LogRecord, origin: &Origin<'_>, sink: &mut Sink) {
    let mut attributes = Attributes::of(&log.attributes);
    let mut record = String::with_capacity(512);
    match own::kind(&mut attributes) {
        Some(kind) => own::write(log, kind, attributes, &mut record),
        None => foreign(log, attributes, origin, &sink.ids.next(), &mut record),
    }
    sink.push(&record);
}

fn foreign(log: &LogRecord, mut attributes: Attributes<'_>, origin: &Origin<'_>, id: &str, record: &mut String) {
    let who = Who::take(&mut attributes).within(&log.trace_id, &log.span_id);
    let component = origin.service_name().or(origin.scope_name()).map(|name| name_of(name, MAX_NAME_CHARS));
    let event = name_of(&log.event_name, MAX_NAME_CHARS);
    object(record, |out| {
        out.string("schema", "telemetry_log_v1");
        out.string("id", id);
        out.time(if log.time_unix_nano > 0 { log.time_unix_nano } else { log.observed_time_unix_nano });
        who.write(out);
        out.string("component", component.as_deref().filter(|name| !name.is_empty()).unwrap_or(NO_COMPONENT));
        out.string("level", level(log));
        out.string("message", &message(log));
        out.string("event_type", if event.is_empty() { NO_EVENT } else { &event });
        out.object("feature_flag_context", |_| {});
        out.object("metadata", |out| attributes.write(out, origin));
    });
}

/// The text of the body; of a structured one its JSON, into which the engine looks.
fn message(log: &LogRecord) -> Cow<'_, str> {
    let Some(body) = log.body.as_ref() else { return Cow::Borrowed("") };
    string(body).map_or_else(
        || {
            let mut json = String::new();
            any_value(Some(body), &mut json);
            Cow::Owned(json)
        },
        Cow::Borrowed,
    )
}

/// OpenTelemetry gives each level four numbers; where there is none, the text may say it.
fn level(log: &LogRecord) -> &'static str {
    match log.severity_number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warning",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => crate::record::level_word(&log.severity_text).unwrap_or("info"),
    }
}
