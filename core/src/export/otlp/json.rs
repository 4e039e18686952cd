//! OTLP's variant of proto3 JSON: ids as lower-case hex, enumerations as integers, 64-bit integers as strings.

use super::writer::{Field, Writer};
use crate::json::{Document, Node, write_string};

/// Writes members one after the other; a repeated field's array stays open until another field comes.
#[derive(Default)]
pub(super) struct Json {
    pub(super) out: String,
    /// Whether the object that is written has a member already.
    has_members: bool,
    /// The number of the repeated field whose array is open.
    open: Option<u32>,
}

impl Json {
    fn name(&mut self, field: Field) {
        self.end_list();
        if self.has_members {
            self.out.push(',');
        }
        self.has_members = true;
        self.out.extend(["\"", field.name, "\":"]);
    }

    fn end_list(&mut self) {
        if self.open.take().is_some() {
            self.out.push(']');
        }
    }

    /// An object, whose members `body` writes.
    pub(super) fn object(&mut self, body: impl FnOnce(&mut Self)) {
        let outer = (std::mem::take(&mut self.has_members), self.open.take());
        self.out.push('{');
        body(self);
        self.end_list();
        self.out.push('}');
        (self.has_members, self.open) = outer;
    }

    fn quoted(&mut self, field: Field, text: &str) {
        self.name(field);
        self.out.extend(["\"", text, "\""]);
    }

    fn list<T: Copy>(&mut self, field: Field, values: &[T], text: impl Fn(T) -> String) {
        self.name(field);
        let values: Vec<String> = values.iter().map(|value| text(*value)).collect();
        self.out.extend(["[", &values.join(","), "]"]);
    }
}

/// The shortest text that reads as the same number; what is none goes by its name in proto3 JSON.
fn double(value: f64) -> String {
    match serde_json::Number::from_f64(value) {
        Some(number) => number.to_string(),
        None if value.is_nan() => "\"NaN\"".to_owned(),
        None if value > 0.0 => "\"Infinity\"".to_owned(),
        None => "\"-Infinity\"".to_owned(),
    }
}

impl Writer for Json {
    fn message(&mut self, field: Field, body: impl FnOnce(&mut Self)) {
        self.name(field);
        self.object(body);
    }

    fn element(&mut self, field: Field, _: usize, body: impl FnOnce(&mut Self)) {
        if self.open == Some(field.number) {
            self.out.push(',');
        } else {
            self.name(field);
            self.out.push('[');
            self.open = Some(field.number);
        }
        self.object(body);
    }

    fn empty(&mut self, field: Field) {
        self.name(field);
        self.out.push_str("[]");
    }

    fn string(&mut self, field: Field, text: &str) {
        self.name(field);
        write_string(text, &mut self.out);
    }

    fn copied(&mut self, field: Field, document: &Document<'_>, node: Node) {
        self.name(field);
        self.out.push_str(&document.input()[node.span()]);
    }

    fn id(&mut self, field: Field, hex: &str) {
        self.quoted(field, &hex.to_ascii_lowercase());
    }

    fn boolean(&mut self, field: Field, value: bool) {
        self.name(field);
        self.out.push_str(if value { "true" } else { "false" });
    }

    fn integer(&mut self, field: Field, value: i64) {
        self.quoted(field, &value.to_string());
    }

    fn double(&mut self, field: Field, value: f64) {
        self.name(field);
        self.out.push_str(&double(value));
    }

    fn fixed64(&mut self, field: Field, value: u64) {
        self.quoted(field, &value.to_string());
    }

    fn signed_fixed64(&mut self, field: Field, value: i64) {
        self.quoted(field, &value.to_string());
    }

    fn fixed32(&mut self, field: Field, value: u32) {
        self.number(field, value);
    }

    fn number(&mut self, field: Field, value: u32) {
        self.name(field);
        self.out.push_str(&value.to_string());
    }

    fn fixed64s(&mut self, field: Field, values: &[u64]) {
        self.list(field, values, |value| format!("\"{value}\""));
    }

    fn doubles(&mut self, field: Field, values: &[f64]) {
        self.list(field, values, double);
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::{SMALL, field};
    use super::*;

    #[test]
    fn a_list_ends_where_another_field_or_its_message_does() {
        let mut out = Json::default();
        out.object(|out| {
            for name in ["x", "y"] {
                out.element(field(1, "list"), SMALL, |out| {
                    out.element(field(1, "inner"), SMALL, |out| out.string(field(1, "n"), name));
                });
            }
            out.number(field(2, "count"), 2);
            out.element(field(3, "last"), 0, |_| {});
        });
        let expected = r#"{"list":[{"inner":[{"n":"x"}]},{"inner":[{"n":"y"}]}],"count":2,"last":[{}]}"#;
        assert_eq!(out.out, expected);
    }

    #[test]
    fn numbers_without_digits_have_names() {
        assert_eq!(
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5].map(double),
            ["\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "1.5"]
        );
    }
}
