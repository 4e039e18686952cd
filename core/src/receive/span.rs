//! Spans as `telemetry_span_v1`.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::attributes::{Attributes, Who};
use super::text::{Object, id, name_of, object};
use super::{Origin, Sink, own};
use crate::record::RecordKind;
use crate::record::limits::MAX_NAME_CHARS;

/// `SpanKind` and `StatusCode` in the order of their numbers.
const KINDS: [&str; 6] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const CODES: [&str; 3] = ["unset", "ok", "error"];

/// Takes a span.
pub(super) fn take(span: &Span, origin: &Origin<'_>, sink: &mut Sink) {
    let (Some(trace_id), Some(span_id)) = (id(&span.trace_id, 16), id(&span.span_id, 8)) else {
        return sink.reject("a span needs a trace id of 16 bytes and a span id of 8, not all zero");
    };
    let mut attributes = Attributes::of(&span.attributes);
    let is_own = own::kind(&mut attributes) == Some(RecordKind::Span);
    let mut record = String::with_capacity(512);
    object(&mut record, |out| {
        out.string("schema", RecordKind::Span.table().schema);
        if is_own {
            own::identity(&mut attributes, out, "scrubjay.id");
            let outer = ["trace_id", "span_id"]
                .map(|name| attributes.take_string(&format!("scrubjay.context.{name}")).map(str::to_owned));
            let [outer_trace, outer_span] = outer;
            own::context(&mut attributes, out, &(outer_trace, outer_span));
        } else {
            out.string("id", &sink.ids.next());
            out.time(span.start_time_unix_nano);
            Who::take(&mut attributes).write(out);
        }
        fields(span, &trace_id, &span_id, out);
        if is_own {
            own::room(&attributes, out, RecordKind::Span);
        } else {
            out.object("attributes", |out| attributes.write(out, origin));
        }
    });
    sink.push(&record);
}

fn fields(span: &Span, trace_id: &str, span_id: &str, out: &mut Object<'_>) {
    out.string("trace_id", trace_id);
    out.string("span_id", span_id);
    out.optional("parent_span_id", id(&span.parent_span_id, 8).as_deref());
    trace_state(&span.trace_state, out);
    out.count("flags", span.flags);
    out.string("name", &named(&span.name));
    if let Some(kind) = word(&KINDS, span.kind).filter(|_| span.kind != 0) {
        out.string("kind", kind);
    }
    out.string("start_time_unix_nano", &span.start_time_unix_nano.to_string());
    out.string("end_time_unix_nano", &span.end_time_unix_nano.to_string());
    out.count("dropped_attributes_count", span.dropped_attributes_count);
    if !span.events.is_empty() {
        out.list("events", &span.events, |out, event| {
            object(out, |out| {
                out.string("time_unix_nano", &event.time_unix_nano.to_string());
                out.string("name", &named(&event.name));
                members(&event.attributes, event.dropped_attributes_count, out);
            });
        });
    }
    out.count("dropped_events_count", span.dropped_events_count);
    // A link to nowhere says nothing.
    let links: Vec<_> =
        span.links.iter().filter_map(|link| Some((id(&link.trace_id, 16)?, id(&link.span_id, 8)?, link))).collect();
    if !links.is_empty() {
        out.list("links", links, |out, (trace_id, span_id, link)| {
            object(out, |out| {
                out.string("trace_id", &trace_id);
                out.string("span_id", &span_id);
                trace_state(&link.trace_state, out);
                members(&link.attributes, link.dropped_attributes_count, out);
                out.count("flags", link.flags);
            });
        });
    }
    out.count("dropped_links_count", span.dropped_links_count);
    if let Some(status) = &span.status {
        out.object("status", |out| {
            out.optional("code", word(&CODES, status.code).filter(|_| status.code != 0));
            if !status.message.is_empty() {
                out.string("message", &status.message);
            }
        });
    }
}

fn members(attributes: &[KeyValue], dropped: u32, out: &mut Object<'_>) {
    if !attributes.is_empty() {
        out.object("attributes", |out| {
            for KeyValue { key, value, .. } in attributes {
                out.any(key, value.as_ref());
            }
        });
    }
    out.count("dropped_attributes_count", dropped);
}

fn trace_state(text: &str, out: &mut Object<'_>) {
    if !text.is_empty() {
        out.string("trace_state", text);
    }
}

/// A name as a record can have it: OTLP bounds none, and an empty one is allowed there.
fn named(text: &str) -> String {
    let name = name_of(text, MAX_NAME_CHARS);
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

fn word(words: &[&'static str], number: i32) -> Option<&'static str> {
    usize::try_from(number).ok().and_then(|place| words.get(place)).copied()
}
