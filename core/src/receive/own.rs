//! Log records that one of our clients exported, as the records that they were: the reverse of `export::otlp::log`.

use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::attributes::{Attributes, string};
use super::text::{Object, id, object};
use crate::record::{ENVELOPE_FIELDS, RecordKind};

/// The kind that the attribute of the record's schema names, which is taken out.
pub(super) fn kind(attributes: &mut Attributes<'_>) -> Option<RecordKind> {
    let schema = attributes.take_string("scrubjay.schema")?;
    RecordKind::named(schema)
}

/// Members of a trace of R3 that a context has too, and the attribute that either becomes.
const SHARED: [(&str, &str); 4] = [
    ("request_id", "scrubjay.request_id"),
    ("route_name", "http.route"),
    ("ip_address", "client.address"),
    ("user_agent", "user_agent.original"),
];

/// Writes the record.
pub(super) fn write(log: &LogRecord, kind: RecordKind, mut attributes: Attributes<'_>, record: &mut String) {
    object(record, |out| {
        out.string("schema", kind.table().schema);
        identity(&mut attributes, out, "log.record.uid");
        out.time(if log.time_unix_nano > 0 { log.time_unix_nano } else { log.observed_time_unix_nano });
        let (trace_id, span_id) = (id(&log.trace_id, 16), id(&log.span_id, 8));
        // A span stands only in a context; a trace id alone is an entry's own, if it can have one.
        let outer = attributes.take_string("scrubjay.context.trace_id");
        let is_own = kind == RecordKind::Log && (outer.is_some() || span_id.is_none());
        let own_trace = trace_id.clone().filter(|_| is_own);
        let context_ids = if is_own {
            let outer_span = attributes.take_string("scrubjay.context.span_id");
            (outer.map(str::to_owned), outer_span.map(str::to_owned).or(span_id))
        } else {
            (trace_id, span_id)
        };
        // What a trace of R3 says itself goes under the short names, unless a context says it as well.
        let mut shared = Vec::new();
        if kind == RecordKind::Trace {
            for (member, short) in SHARED {
                let own = attributes.take(&format!("scrubjay.record.{member}"));
                if let Some(value) = own.or_else(|| attributes.take(short)) {
                    shared.push((member, value));
                }
            }
        }
        context(&mut attributes, out, &context_ids);
        for field in kind.table().shape.fields.iter().skip(ENVELOPE_FIELDS) {
            match field.name {
                name if name == kind.table().room => {}
                "level" | "severity" if !log.severity_text.is_empty() => out.string(field.name, &log.severity_text),
                "message" => out.any("message", log.body.as_ref()),
                "event" => {
                    let event = log.event_name.as_str();
                    let of_channel = channel(log).and_then(|channel| event.strip_prefix(channel)?.strip_prefix('.'));
                    out.string("event", of_channel.unwrap_or(event));
                }
                "event_type" | "event_key" => out.string(field.name, &log.event_name),
                "trace_id" => {
                    out.optional("trace_id", own_trace.as_deref().or(attributes.take_string("scrubjay.trace_id")));
                }
                name => {
                    let place = shared.iter().position(|(member, _)| *member == name);
                    let value = place.map(|place| shared.remove(place).1);
                    if let Some(value) = value.or_else(|| attributes.take(&format!("scrubjay.{name}"))) {
                        out.any(name, Some(value));
                    }
                }
            }
        }
        room(&attributes, out, kind);
    });
}

fn channel(log: &LogRecord) -> Option<&str> {
    let found = log.attributes.iter().find(|pair| pair.key == "scrubjay.channel")?;
    string(found.value.as_ref()?)
}

/// Writes id, tenant, user, session and share.
pub(super) fn identity(attributes: &mut Attributes<'_>, out: &mut Object<'_>, id_name: &str) {
    for (member, attribute) in [
        ("id", id_name),
        ("tenant_id", "tenant.id"),
        ("user_id", "user.id"),
        ("session_id", "session.id"),
        ("sample_rate", "scrubjay.sample_rate"),
    ] {
        if let Some(value) = attributes.take(attribute) {
            out.any(member, Some(value));
        }
    }
}

/// Writes what the context had.
pub(super) fn context(attributes: &mut Attributes<'_>, out: &mut Object<'_>, ids: &(Option<String>, Option<String>)) {
    let known: Vec<_> =
        SHARED.iter().filter_map(|(member, attribute)| Some((*member, attributes.take(attribute)?))).collect();
    let further = attributes.take_prefixed("scrubjay.context.");
    if known.is_empty() && further.is_empty() && ids.0.is_none() && ids.1.is_none() {
        return;
    }
    out.object("context", |out| {
        for (member, value) in known {
            out.any(member, Some(value));
        }
        out.optional("trace_id", ids.0.as_deref());
        out.optional("span_id", ids.1.as_deref());
        for (member, value) in further {
            out.any(member, value);
        }
    });
}

/// Writes the user's own object, of which a name that was taken has a prefix.
pub(super) fn room(attributes: &Attributes<'_>, out: &mut Object<'_>, kind: RecordKind) {
    let is_required = kind == RecordKind::Event;
    if attributes.rest().is_empty() && !is_required {
        return;
    }
    out.object(kind.table().room, |out| {
        for (name, value) in attributes.rest() {
            out.any(name.strip_prefix("scrubjay.payload.").unwrap_or(name), *value);
        }
    });
}
