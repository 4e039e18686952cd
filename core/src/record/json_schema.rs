//! The record kinds as JSON Schema documents (2020-12), made of the same tables that the reader uses.
//!
//! They describe what the engine writes. `x-aliases` lists the other spellings that it reads.

use serde_json::{Value, json};

use super::check::Check;
use super::field::{Field, Shape};
use super::kind::{RecordKind, Table};
use super::limits::{MAX_ID_CHARS, MAX_NAME_CHARS, MAX_UNIT_CHARS, MAX_USER_AGENT_CHARS};
use crate::json_value;

/// A token that scrubbing wrote; it satisfies any keyword.
const TOKEN: &str = r"\[[a-z0-9_]+(?::[0-9A-Za-z_.:-]+)*\]";

/// `{"telemetry_event_v1":{…},…}`, by the names of the kinds.
pub(crate) fn schemas() -> String {
    let mut kinds = RecordKind::ALL.map(RecordKind::table);
    kinds.sort_by_key(|table| table.schema);
    let all = kinds.iter().map(|table| (table.schema.to_owned(), schema(table)));
    Value::Object(json_value::object(all)).to_string()
}

fn schema(table: &Table) -> Value {
    let mut document = object(&table.shape, false);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": table.schema,
        "description": format!("{} What a legacy record has beside these members goes into {}.", table.about, table.room),
    });
    let (Some(members), Value::Object(mut all)) = (document.as_object_mut(), head) else { return document };
    all.append(members);
    if let Some(schema) = all.get_mut("properties").and_then(|properties| properties.get_mut("schema")) {
        *schema =
            json!({"const": table.schema, "description": "The kind of the record; telemetry_event_v1 when absent."});
    }
    Value::Object(all)
}

fn object(shape: &Shape, is_open: bool) -> Value {
    let known = || shape.fields.iter().filter(|field| !matches!(field.check, Check::Lifted));
    let properties = json_value::object(known().map(|field| (field.name.to_owned(), property(field))));
    let required: Vec<_> = known().filter(|field| field.is_required).map(|field| field.name).collect();
    let mut object = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    if !is_open {
        object["additionalProperties"] = json!(false);
    }
    object
}

fn property(field: &Field) -> Value {
    let mut property = form(field.check);
    property["description"] = json!(field.about);
    if let Some(default) = field.default {
        property["default"] = json!(default);
    }
    if !field.aliases.is_empty() {
        property["x-aliases"] = json!(field.aliases);
    }
    property
}

fn form(check: Check) -> Value {
    let pattern = |form: &str| json!({"type": "string", "pattern": format!("^(?:{form}|{TOKEN})$")});
    let parts = |form: &str, max: usize| json!({"type": "string", "pattern": format!("^(?:{form}|{TOKEN})+$"), "minLength": 1, "maxLength": max});
    match check {
        Check::Id => json!({"type": "string", "format": "uuid"}),
        Check::Time => json!({"type": "string", "format": "date-time"}),
        Check::Tenant => pattern(&format!("[A-Za-z0-9._-]{{1,{MAX_ID_CHARS}}}")),
        Check::Identifier => text(MAX_NAME_CHARS),
        Check::NumberedIdentifier => {
            json!({"anyOf": [text(MAX_NAME_CHARS), {"type": "integer", "minimum": 0}]})
        }
        Check::Text(max) => text(max),
        Check::Unit => text(MAX_UNIT_CHARS),
        Check::Schema | Check::Prose | Check::Lifted => json!({"type": "string"}),
        Check::Agent => json!({"type": "string", "maxLength": MAX_USER_AGENT_CHARS}),
        Check::Key => parts("[A-Za-z0-9._-]", MAX_NAME_CHARS),
        Check::MetricName => parts("[A-Za-z0-9._/-]", MAX_NAME_CHARS),
        Check::Ip => {
            json!({"anyOf": [
                {"type": "string", "format": "ipv4"},
                {"type": "string", "format": "ipv6"},
                {"type": "string", "pattern": format!("^{TOKEN}$")},
            ]})
        }
        Check::Hex(digits) => pattern(&format!("[0-9a-f]{{{digits}}}")),
        Check::Share => json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
        Check::Number => json!({"type": "number"}),
        Check::NotNegative => json!({"type": "number", "minimum": 0}),
        Check::Count => json!({"type": "integer", "minimum": 0}),
        Check::OptIn => json!({"type": "boolean"}),
        Check::OneOf(choice) => json!({"type": "string", "enum": choice.words}),
        Check::Nanoseconds => pattern("[0-9]{1,20}"),
        Check::Object => json!({"type": "object"}),
        Check::Nested(shape) => object(shape, true),
        Check::List(shape) => json!({"type": "array", "items": object(shape, true)}),
        Check::Names => json!({"type": "array", "items": text(MAX_NAME_CHARS)}),
        Check::Counts => json!({"type": "array", "items": {"type": "integer", "minimum": 0}}),
        Check::Bounds => json!({"type": "array", "items": {"type": "number"}}),
    }
}

fn text(max: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": max})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Write them with `cargo run -p scrubjay-core --no-default-features --example write_schemas`.
    #[test]
    fn the_published_schemas_are_those_of_the_tables() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let all: serde_json::Map<String, Value> = serde_json::from_str(&schemas()).unwrap();
        for (name, schema) in &all {
            let published = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
            assert_eq!(&serde_json::from_str::<Value>(&published).unwrap(), schema, "{name}");
        }
        let files = std::fs::read_dir(folder)
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "json"));
        assert_eq!(files.count(), all.len());
    }
}
