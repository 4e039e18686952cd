//! Spans as OTLP spans: the record has OTLP's fields in the project's case.

use super::fields::span;
use super::record::{Record, SPAN_ID_DIGITS, TRACE_ID_DIGITS, is_id};
use super::value::{elements, key_value, named_string};
use super::writer::{Field, SMALL, Writer};
use crate::json::{Document, Kind};

/// Under this attribute a span carries its record's id.
const RECORD_ID: &str = "scrubjay.id";

/// Writes the fields of one `Span`. Whether it has ids was checked by [`has_ids`].
pub(super) fn span<W: Writer>(out: &mut W, record: &Record<'_>) {
    let document = record.document;
    record.identity(out, span::ATTRIBUTES, RECORD_ID);
    record.named_attributes(out, span::ATTRIBUTES);
    // The context's ids say where the span was recorded; mostly they are its own.
    for (context, own, attribute) in [
        (record.trace_id, "trace_id", "scrubjay.context.trace_id"),
        (record.span_id, "span_id", "scrubjay.context.span_id"),
    ] {
        let own = record.own().find(|(name, _)| *name == own).map(|(_, value)| record.raw(value));
        if let Some(context) = context.map(|value| record.raw(value)).filter(|context| Some(*context) != own) {
            named_string(out, span::ATTRIBUTES, attribute, context);
        }
    }
    if let Some((_, attributes)) = record.own().find(|(name, _)| *name == "attributes") {
        record.room(out, span::ATTRIBUTES, attributes);
    }
    for (name, value) in record.own() {
        let node = document.node(value);
        let text = document.raw(node);
        match name {
            "trace_id" => out.id(span::TRACE_ID, text),
            "span_id" => out.id(span::SPAN_ID, text),
            "parent_span_id" if is_id(text, SPAN_ID_DIGITS) => out.id(span::PARENT_SPAN_ID, text),
            "trace_state" => out.copied(span::TRACE_STATE, document, node),
            "flags" => flags(out, span::FLAGS, text),
            "name" => out.copied(span::NAME, document, node),
            "kind" => kind(out, text),
            "start_time_unix_nano" => out.fixed64(span::START_TIME, text.parse().unwrap_or(0)),
            "end_time_unix_nano" => out.fixed64(span::END_TIME, text.parse().unwrap_or(0)),
            "dropped_attributes_count" => count(out, span::DROPPED_ATTRIBUTES, text),
            "events" => {
                each(document, value, |event| out.element(span::EVENTS, SMALL, |out| of_event(out, document, event)));
            }
            "dropped_events_count" => count(out, span::DROPPED_EVENTS, text),
            "links" => each(document, value, |link| {
                if member_is_id(document, link, "trace_id", TRACE_ID_DIGITS)
                    && member_is_id(document, link, "span_id", SPAN_ID_DIGITS)
                {
                    out.element(span::LINKS, SMALL, |out| of_link(out, document, link));
                }
            }),
            "dropped_links_count" => count(out, span::DROPPED_LINKS, text),
            "status" if node.kind == Kind::Object => out.message(span::STATUS, |out| of_status(out, document, value)),
            _ => {}
        }
    }
}

/// Whether a record's own ids are ones that OTLP takes; a receiver must refuse a span without.
pub(super) fn has_ids(record: &Record<'_>) -> bool {
    let has = |wanted: &str, digits| record.own().any(|(name, value)| name == wanted && record.is_id(value, digits));
    has("trace_id", TRACE_ID_DIGITS) && has("span_id", SPAN_ID_DIGITS)
}

fn member_is_id(document: &Document<'_>, object: usize, wanted: &str, digits: usize) -> bool {
    document.members(object).any(|(name, value)| {
        document.raw(document.node(name)) == wanted && is_id(document.raw(document.node(value)), digits)
    })
}

fn each(document: &Document<'_>, list: usize, body: impl FnMut(usize)) {
    if document.node(list).kind == Kind::Array {
        elements(document, list).filter(|element| document.node(*element).kind == Kind::Object).for_each(body);
    }
}

fn of_event<W: Writer>(out: &mut W, document: &Document<'_>, event: usize) {
    for (name, value) in document.members(event) {
        let node = document.node(value);
        match document.raw(document.node(name)) {
            "time_unix_nano" => out.fixed64(span::EVENT_TIME, document.raw(node).parse().unwrap_or(0)),
            "name" => out.copied(span::EVENT_NAME, document, node),
            "attributes" => attributes(out, span::EVENT_ATTRIBUTES, document, value),
            "dropped_attributes_count" => count(out, span::EVENT_DROPPED_ATTRIBUTES, document.raw(node)),
            _ => {}
        }
    }
}

fn of_link<W: Writer>(out: &mut W, document: &Document<'_>, link: usize) {
    for (name, value) in document.members(link) {
        let node = document.node(value);
        let text = document.raw(node);
        match document.raw(document.node(name)) {
            "trace_id" => out.id(span::TRACE_ID, text),
            "span_id" => out.id(span::SPAN_ID, text),
            "trace_state" => out.copied(span::LINK_TRACE_STATE, document, node),
            "attributes" => attributes(out, span::LINK_ATTRIBUTES, document, value),
            "dropped_attributes_count" => count(out, span::LINK_DROPPED_ATTRIBUTES, text),
            "flags" => flags(out, span::LINK_FLAGS, text),
            _ => {}
        }
    }
}

fn of_status<W: Writer>(out: &mut W, document: &Document<'_>, status: usize) {
    for (name, value) in document.members(status) {
        let node = document.node(value);
        match (document.raw(document.node(name)), document.raw(node)) {
            ("code", "ok") => out.number(span::STATUS_CODE, 1),
            ("code", "error") => out.number(span::STATUS_CODE, 2),
            ("message", _) => out.copied(span::STATUS_MESSAGE, document, node),
            _ => {}
        }
    }
}

fn attributes<W: Writer>(out: &mut W, field: Field, document: &Document<'_>, object: usize) {
    if document.node(object).kind == Kind::Object {
        for (name, value) in document.members(object) {
            key_value(out, field, document, name, value);
        }
    }
}

fn kind<W: Writer>(out: &mut W, word: &str) {
    let number = match word {
        "internal" => 1,
        "server" => 2,
        "client" => 3,
        "producer" => 4,
        "consumer" => 5,
        _ => return,
    };
    out.number(span::KIND, number);
}

/// A count that `uint32` holds; a larger one is as many as it can say.
fn count<W: Writer>(out: &mut W, field: Field, text: &str) {
    let value: u64 = text.parse().unwrap_or(0);
    if value > 0 {
        out.number(field, u32::try_from(value).unwrap_or(u32::MAX));
    }
}

fn flags<W: Writer>(out: &mut W, field: Field, text: &str) {
    let value: u64 = text.parse().unwrap_or(0);
    if value > 0 {
        out.fixed32(field, u32::try_from(value).unwrap_or(u32::MAX));
    }
}
