//! Events, log entries, traces of R3, and the samples of R4's two routes as OTLP log records.

use super::fields::log;
use super::record::{LOG_ID, Record, TRACE_ID_DIGITS};
use super::value::{any_value, named_string, named_value};
use super::writer::Writer;
use crate::record::RecordKind;

/// Writes the fields of one `LogRecord`.
pub(super) fn log_record<W: Writer>(out: &mut W, record: &mut Record<'_>) {
    if record.time > 0 {
        out.fixed64(log::TIME, record.time);
        // Of records that originate in OpenTelemetry both times are typically equal, says the data model.
        out.fixed64(log::OBSERVED_TIME, record.time);
    }
    severity(out, record);
    event_name(out, record);
    ids(out, record);
    attributes(out, record);
}

fn severity<W: Writer>(out: &mut W, record: &Record<'_>) {
    let word = record.own().find(|(name, _)| matches!(*name, "level" | "severity")).map(|(_, value)| record.raw(value));
    if let Some((word, number)) = word.and_then(|word| Some((word, severity_number(word)?))) {
        out.number(log::SEVERITY_NUMBER, number);
        out.string(log::SEVERITY_TEXT, word);
    }
}

/// The first of the four numbers that the data model gives each word.
fn severity_number(word: &str) -> Option<u32> {
    Some(match word {
        "trace" => 1,
        "debug" => 5,
        "info" => 9,
        "warning" => 13,
        "error" => 17,
        "fatal" => 21,
        _ => return None,
    })
}

/// A log entry's own trace id goes before the context's, whose ids are then attributes: a span belongs to its trace.
fn ids<W: Writer>(out: &mut W, record: &Record<'_>) {
    let own = record.own().find(|(name, value)| *name == "trace_id" && record.is_id(*value, TRACE_ID_DIGITS));
    let own = own.map(|(_, value)| record.raw(value));
    let (trace_id, span_id) = (record.trace_id.map(|id| record.raw(id)), record.span_id.map(|id| record.raw(id)));
    if let Some(trace_id) = own.or(trace_id) {
        out.id(log::TRACE_ID, trace_id);
    }
    if own.is_some() && trace_id.is_some_and(|trace_id| Some(trace_id) != own) {
        for (id, attribute) in [(trace_id, "scrubjay.context.trace_id"), (span_id, "scrubjay.context.span_id")] {
            if let Some(id) = id {
                named_string(out, log::ATTRIBUTES, attribute, id);
            }
        }
    } else if let Some(span_id) = span_id {
        out.id(log::SPAN_ID, span_id);
    }
}

/// `channel.event` as in tracking plans, or what the kind has for a name.
fn event_name<W: Writer>(out: &mut W, record: &Record<'_>) {
    let document = record.document;
    let own = |wanted: &str| record.own().find(|(name, _)| *name == wanted).map(|(_, value)| document.node(value));
    match record.kind {
        RecordKind::Event => {
            if let (Some(channel), Some(event)) = (own("channel"), own("event")) {
                let (channel, event) = (document.text(channel), document.text(event));
                out.joined(log::EVENT_NAME, [&channel, ".", &event]);
            }
        }
        RecordKind::Trace => {
            if let Some(key) = own("event_key") {
                out.copied(log::EVENT_NAME, document, key);
            }
        }
        RecordKind::Log => {
            if let Some(event_type) = own("event_type") {
                out.copied(log::EVENT_NAME, document, event_type);
            }
            if let Some((_, message)) = record.own().find(|(name, _)| *name == "message") {
                out.message(log::BODY, |out| any_value(out, document, message));
            }
        }
        RecordKind::PerfSample | RecordKind::ReplayInconsistency => {
            out.string(log::EVENT_NAME, record.kind.table().schema.trim_end_matches("_v1"));
        }
        RecordKind::Metric | RecordKind::Span => {}
    }
}

fn attributes<W: Writer>(out: &mut W, record: &mut Record<'_>) {
    let document = record.document;
    record.identity(out, log::ATTRIBUTES, LOG_ID);
    record.named_attributes(out, log::ATTRIBUTES);
    let room = record.kind.table().room;
    for (name, value) in record.own() {
        if name == room {
            record.room(out, log::ATTRIBUTES, value);
        } else if let Some(attribute) = shared(record, name, value) {
            named_value(out, log::ATTRIBUTES, attribute, document, value);
            record.take(attribute, value);
        } else if let Some(attribute) = own_attribute(name) {
            named_value(out, log::ATTRIBUTES, attribute, document, value);
        }
    }
}

/// The attribute of a member that context may have too.
fn shared(record: &Record<'_>, name: &str, value: usize) -> Option<&'static str> {
    let is_shared = matches!(name, "request_id" | "route_name" | "ip_address" | "user_agent");
    let is_no_id = name == "trace_id" && !record.is_id(value, TRACE_ID_DIGITS);
    (is_shared || is_no_id).then(|| record.shared_attribute(name)).flatten()
}

/// The attribute of a kind's own member; nothing for what has a field of its own in a log record.
fn own_attribute(name: &str) -> Option<&'static str> {
    Some(match name {
        "channel" => "scrubjay.channel",
        "actor_type" => "scrubjay.actor_type",
        "actor_id" => "scrubjay.actor_id",
        "component" => "scrubjay.component",
        "feature_flag_context" => "scrubjay.feature_flag_context",
        "document_id" => "scrubjay.document_id",
        "operation_id" => "scrubjay.operation_id",
        "latency_ms" => "scrubjay.latency_ms",
        "opt_in" => "scrubjay.opt_in",
        "platform" => "scrubjay.platform",
        "fps" => "scrubjay.fps",
        "frame_time_ms" => "scrubjay.frame_time_ms",
        "event_replay_rate" => "scrubjay.event_replay_rate",
        "sampling_interval_ms" => "scrubjay.sampling_interval_ms",
        "cursor_latency_us" => "scrubjay.cursor_latency_us",
        "snapshot_duration_ms" => "scrubjay.snapshot_duration_ms",
        "flags_active" => "scrubjay.flags_active",
        "snapshot_sequence" => "scrubjay.snapshot_sequence",
        "event_ids" => "scrubjay.event_ids",
        "state_hash_before" => "scrubjay.state_hash_before",
        "state_hash_after" => "scrubjay.state_hash_after",
        "client_version" => "scrubjay.client_version",
        _ => return None,
    })
}
