//! Records as text: members written one after the other.

use std::fmt::{Display, Write};

use super::attributes::any_value;
use crate::json::write_string;
use crate::record::Timestamp;
use opentelemetry_proto::tonic::common::v1::AnyValue;

/// Writes an object.
pub(super) fn object(out: &mut String, body: impl FnOnce(&mut Object<'_>)) {
    out.push('{');
    body(&mut Object { out, is_empty: true });
    out.push('}');
}

/// An object that is being written.
pub(super) struct Object<'a> {
    out: &'a mut String,
    is_empty: bool,
}

impl Object<'_> {
    /// Writes a member's name, and hands out where its value goes.
    pub(super) fn member(&mut self, name: &str) -> &mut String {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        write_string(name, self.out);
        self.out.push(':');
        self.out
    }

    pub(super) fn string(&mut self, name: &str, value: &str) {
        write_string(value, self.member(name));
    }

    /// A string where there is one.
    pub(super) fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(name, value);
        }
    }

    /// A value that is JSON as it displays: a whole number, a word.
    pub(super) fn json(&mut self, name: &str, value: impl Display) {
        // Writing into a string cannot fail.
        let _ = write!(self.member(name), "{value}");
    }

    /// A count, where it is not zero.
    pub(super) fn count(&mut self, name: &str, value: u32) {
        if value > 0 {
            self.json(name, value);
        }
    }

    pub(super) fn any(&mut self, name: &str, value: Option<&AnyValue>) {
        any_value(value, self.member(name));
    }

    pub(super) fn object(&mut self, name: &str, body: impl FnOnce(&mut Object<'_>)) {
        object(self.member(name), body);
    }

    /// A list of what `each` writes.
    pub(super) fn list<T>(&mut self, name: &str, items: impl IntoIterator<Item = T>, each: impl FnMut(&mut String, T)) {
        list(self.member(name), items, each);
    }

    /// The record's time; nothing where OTLP does not know it, and then the engine's clock says it.
    pub(super) fn time(&mut self, nanoseconds: u64) {
        if nanoseconds > 0
            && let Some(time) = Timestamp::from_nanoseconds(nanoseconds)
        {
            self.string("timestamp", time.to_text().as_str());
        }
    }
}

/// Writes a list.
pub(super) fn list<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut String, T)) {
    out.push('[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}

/// A number as JSON, a fraction or exponent included: what was a double comes back as one. Nothing for what JSON does
/// not have.
pub(super) fn double(value: f64) -> Option<String> {
    value.is_finite().then(|| format!("{value:?}"))
}

/// Bytes as hex; nothing where they are not so many, or all zero, which is no id.
pub(super) fn id(bytes: &[u8], length: usize) -> Option<String> {
    let is_id = bytes.len() == length && bytes.iter().any(|byte| *byte != 0);
    is_id.then(|| {
        bytes.iter().fold(String::with_capacity(2 * length), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    })
}

/// At most so many characters of a text.
pub(super) fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

/// Text without the control characters that a name must not have.
pub(super) fn name_of(text: &str, characters: usize) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    cut(&clean, characters).to_owned()
}
