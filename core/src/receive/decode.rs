//! Requests as OpenTelemetry's types, of either encoding.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Encoding;
use crate::error::{Error, ErrorKind, Result};

pub(super) fn logs(encoding: Encoding, body: &[u8]) -> Result<ExportLogsServiceRequest> {
    read(encoding, body)
}

pub(super) fn metrics(encoding: Encoding, body: &[u8]) -> Result<ExportMetricsServiceRequest> {
    read(encoding, body)
}

pub(super) fn traces(encoding: Encoding, body: &[u8]) -> Result<ExportTraceServiceRequest> {
    read(encoding, body)
}

fn read<T: Message + Default + DeserializeOwned>(encoding: Encoding, body: &[u8]) -> Result<T> {
    match encoding {
        Encoding::Protobuf => T::decode(body).map_err(|_| unreadable("not protocol buffers of an OTLP request")),
        Encoding::Json => {
            // No message of serde's: it could quote what was sent.
            let mut value: Value = serde_json::from_slice(body)
                .map_err(|error| unreadable(&format!("not JSON: line {}, column {}", error.line(), error.column())))?;
            if !value.is_object() {
                return Err(unreadable("expected an object"));
            }
            relax(&mut value);
            serde_json::from_value(value).map_err(|_| unreadable("not the JSON of an OTLP request"))
        }
    }
}

fn unreadable(why: &str) -> Error {
    Error::new(ErrorKind::BatchUnreadable, "", why)
}

/// Members that hold a double.
const DOUBLES: [&str; 8] = ["doubleValue", "asDouble", "sum", "min", "max", "zeroThreshold", "quantile", "value"];

/// Makes of proto3's JSON what the types read: null is a default, and a double may be a string. Names of members are
/// OTLP's here; those of attributes stand in strings. Recursion is bounded by the reader, at 128 levels.
fn relax(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            for name in DOUBLES {
                if let Some(Value::String(text)) = members.get(name) {
                    let number = text.parse::<f64>().ok();
                    match number.and_then(serde_json::Number::from_f64) {
                        Some(number) => {
                            members.insert(name.to_owned(), Value::Number(number));
                        }
                        None if number.is_some() || text.ends_with("Infinity") => special(members, name),
                        None => {}
                    }
                }
            }
            members.values_mut().for_each(relax);
        }
        Value::Array(items) => items.iter_mut().for_each(relax),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// NaN and infinities, which no record can hold as numbers: an attribute keeps their name, and of a point they are no
/// value.
fn special(members: &mut Map<String, Value>, name: &str) {
    if let Some(text) = members.remove(name)
        && name == "doubleValue"
    {
        members.insert("stringValue".to_owned(), text);
    }
}
