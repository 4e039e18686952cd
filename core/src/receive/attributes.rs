//! Attributes: OTLP's values as JSON, and those among them that a record has members for.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

use super::text::{Object, double, list, name_of, object};
use super::{Origin, text};
use crate::json::write_string;
use crate::record::limits::MAX_NAME_CHARS;

/// Writes a value as JSON. Recursion is bounded by the decoders: 100 levels in protocol buffers, 128 in JSON.
pub(super) fn any_value(value: Option<&AnyValue>, out: &mut String) {
    match value.and_then(|value| value.value.as_ref()) {
        // The latter is an index into a table that only profiles have.
        None | Some(Value::StringValueStrindex(_)) => out.push_str("null"),
        Some(Value::StringValue(text)) => write_string(text, out),
        Some(Value::BoolValue(value)) => out.push_str(if *value { "true" } else { "false" }),
        Some(Value::IntValue(value)) => out.push_str(&value.to_string()),
        // JSON has neither infinities nor NaN; their names say what they were.
        Some(Value::DoubleValue(value)) => match double(*value) {
            Some(text) => out.push_str(&text),
            None => write_string(special(*value), out),
        },
        Some(Value::BytesValue(bytes)) => write_string(&STANDARD.encode(bytes), out),
        Some(Value::ArrayValue(array)) => list(out, &array.values, |out, value| any_value(Some(value), out)),
        Some(Value::KvlistValue(pairs)) => object(out, |out| {
            for KeyValue { key, value, .. } in &pairs.values {
                out.any(key, value.as_ref());
            }
        }),
    }
}

/// The name that proto3's JSON gives a number that is none.
fn special(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// The text of a string.
pub(super) fn string(value: &AnyValue) -> Option<&str> {
    match value.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// Attributes from which some are taken by name.
pub(super) struct Attributes<'a>(Vec<(&'a str, Option<&'a AnyValue>)>);

impl<'a> Attributes<'a> {
    pub(super) fn of(pairs: &'a [KeyValue]) -> Self {
        Self(pairs.iter().map(|pair| (pair.key.as_str(), pair.value.as_ref())).collect())
    }

    /// Takes an attribute out.
    pub(super) fn take(&mut self, key: &str) -> Option<&'a AnyValue> {
        let place = self.0.iter().position(|(name, value)| *name == key && value.is_some())?;
        self.0.remove(place).1
    }

    /// Takes it out where it is a string.
    pub(super) fn take_string(&mut self, key: &str) -> Option<&'a str> {
        let place =
            self.0.iter().position(|(name, value)| *name == key && value.is_some_and(|v| string(v).is_some()))?;
        self.0.remove(place).1.and_then(string)
    }

    /// Takes an identifier of a person or session, which others also write as a number.
    fn take_identifier(&mut self, key: &str) -> Option<String> {
        let place = self.0.iter().position(|(name, _)| *name == key)?;
        let text = match self.0[place].1?.value.as_ref()? {
            Value::StringValue(text) if !text.is_empty() => name_of(text, MAX_NAME_CHARS),
            Value::IntValue(number) => number.to_string(),
            _ => return None,
        };
        self.0.remove(place);
        Some(text)
    }

    /// Takes all whose names begin with `prefix`: the rest of the name, and the value.
    pub(super) fn take_prefixed(&mut self, prefix: &str) -> Vec<(&'a str, Option<&'a AnyValue>)> {
        let mut taken = Vec::new();
        self.0.retain(|(name, value)| match name.strip_prefix(prefix) {
            Some(rest) => {
                taken.push((rest, *value));
                false
            }
            None => true,
        });
        taken
    }

    /// What is left.
    pub(super) fn rest(&self) -> &[(&'a str, Option<&'a AnyValue>)] {
        &self.0
    }

    /// Writes what is left, and where others sent it, who they are.
    pub(super) fn write(&self, out: &mut Object<'_>, origin: &Origin<'_>) {
        for (name, value) in &self.0 {
            out.any(name, *value);
        }
        let is_free = |wanted: &str| self.0.iter().all(|(name, _)| *name != wanted);
        if let Some(resource) =
            origin.resource.filter(|resource| !resource.attributes.is_empty() && is_free("resource"))
        {
            out.object("resource", |out| {
                for KeyValue { key, value, .. } in &resource.attributes {
                    out.any(key, value.as_ref());
                }
            });
        }
        if let Some(scope) = origin.scope.filter(|scope| !scope.name.is_empty() && is_free("scope")) {
            out.object("scope", |out| {
                out.string("name", &scope.name);
                if !scope.version.is_empty() {
                    out.string("version", &scope.version);
                }
            });
        }
    }
}

/// Who and where: what the envelope has of attributes, by OpenTelemetry's semantic conventions. Where a person stands in
/// the envelope, pseudonyms, consent and deletion know them.
#[derive(Default)]
pub(super) struct Who {
    user_id: Option<String>,
    session_id: Option<String>,
    route_name: Option<String>,
    ip_address: Option<String>,
    user_agent: Option<String>,
    /// Ids of the trace and span in which something happened, as hex.
    pub(super) trace_id: Option<String>,
    pub(super) span_id: Option<String>,
}

impl Who {
    /// Takes it out of attributes that others sent. A value that the envelope would not take stays an attribute.
    pub(super) fn take(attributes: &mut Attributes<'_>) -> Self {
        let is_ip = |text: &str| text.parse::<IpAddr>().is_ok();
        let mut fitting = |key: &str, fits: &dyn Fn(&str) -> bool| {
            let place = attributes.0.iter().position(|(name, _)| *name == key)?;
            let text = attributes.0[place].1.and_then(string).filter(|text| fits(text))?.to_owned();
            attributes.0.remove(place);
            Some(text)
        };
        let is_name = |text: &str| !text.is_empty() && name_of(text, MAX_NAME_CHARS) == text;
        let route_name = fitting("http.route", &is_name);
        let ip_address = fitting("client.address", &is_ip);
        let user_agent = fitting("user_agent.original", &|_| true);
        Self {
            // `enduser.id` is what the conventions had before `user.id`.
            user_id: attributes.take_identifier("user.id").or_else(|| attributes.take_identifier("enduser.id")),
            session_id: attributes.take_identifier("session.id"),
            route_name,
            ip_address,
            user_agent,
            trace_id: None,
            span_id: None,
        }
    }

    /// Adds where it happened.
    pub(super) fn within(mut self, trace_id: &[u8], span_id: &[u8]) -> Self {
        self.trace_id = text::id(trace_id, 16);
        self.span_id = text::id(span_id, 8);
        self
    }

    /// Writes the envelope's members.
    pub(super) fn write(&self, out: &mut Object<'_>) {
        out.optional("user_id", self.user_id.as_deref());
        out.optional("session_id", self.session_id.as_deref());
        let context = [
            ("route_name", &self.route_name),
            ("ip_address", &self.ip_address),
            ("user_agent", &self.user_agent),
            ("trace_id", &self.trace_id),
            ("span_id", &self.span_id),
        ];
        if context.iter().any(|(_, value)| value.is_some()) {
            out.object("context", |out| {
                for (name, value) in context {
                    out.optional(name, value.as_deref());
                }
            });
        }
    }
}
