//! The members of an object in a text that the engine wrote, one after the other.
//!
//! What the engine wrote was read strictly before, so nobody needs to check it again: one step forward a member says what
//! it is called and where its value stands. [`Document`](crate::json::Document) scans, checks and lists the whole text
//! first; of an event of 700 bytes that took 10,700 instructions, and this takes a fifth of it, or less where the first
//! members are enough.

#![cfg_attr(
    not(all(feature = "store", feature = "report")),
    allow(dead_code, reason = "stores and reports need a part of it each")
)]

use std::borrow::Cow;

use super::quote::string_end;
use crate::json::{Kind, decode};

/// One value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(crate) kind: Kind,
    /// JSON text: a string with its quotes, an object or array with its brackets.
    pub(crate) text: &'a str,
    has_escapes: bool,
}

impl<'a> Value<'a> {
    /// What a string says; nothing where it is none.
    pub(crate) fn string(self) -> Option<Cow<'a, str>> {
        (self.kind == Kind::String).then(|| plain(self.inside(), self.has_escapes))
    }

    /// What a string says, or the digits of a number.
    pub(crate) fn scalar(self) -> Option<Cow<'a, str>> {
        if self.kind == Kind::Number { Some(self.text.into()) } else { self.string() }
    }

    /// A string as it is written, without its quotes; another value as it is.
    pub(crate) fn inside(self) -> &'a str {
        let quote = usize::from(self.kind == Kind::String);
        self.text.get(quote..self.text.len() - quote).unwrap_or_default()
    }

    /// The members of an object; none of another value.
    pub(crate) fn members(self) -> Members<'a> {
        Members::of(self.text)
    }
}

fn plain(raw: &str, has_escapes: bool) -> Cow<'_, str> {
    if has_escapes { decode(raw) } else { raw.into() }
}

/// A member's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    /// As it is written.
    pub(crate) raw: &'a str,
    /// Where it stands in the object's text, with its quote.
    pub(crate) at: usize,
    has_escapes: bool,
}

impl<'a> Name<'a> {
    /// What it says.
    pub(crate) fn text(self) -> Cow<'a, str> {
        plain(self.raw, self.has_escapes)
    }

    /// Whether it is written otherwise than it reads.
    #[cfg(feature = "report")]
    pub(crate) fn has_escapes(self) -> bool {
        self.has_escapes
    }
}

/// A walk over the members of one object. It ends early where the text is no JSON object.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    text: &'a str,
    at: usize,
    is_whole: bool,
}

impl<'a> Members<'a> {
    /// Of the object that is the whole of `text`.
    pub(crate) fn of(text: &'a str) -> Self {
        let mut members = Self { text, at: 0, is_whole: false };
        members.space();
        // Anything else has no members: the first step finds nothing.
        members.at = if members.peek() == Some(b'{') { members.at + 1 } else { text.len() };
        members
    }

    /// The name of the next member; nothing behind the last. [`value`](Self::value) is next.
    pub(crate) fn name(&mut self) -> Option<Name<'a>> {
        self.space();
        if self.peek() == Some(b',') {
            self.at += 1;
            self.space();
        }
        if self.peek() != Some(b'"') {
            self.is_whole = self.peek() == Some(b'}');
            return None;
        }
        let start = self.at + 1;
        let (end, has_escapes) = string_end(self.text.as_bytes(), start)?;
        self.at = end + 1;
        self.space();
        if self.peek() != Some(b':') {
            return None;
        }
        self.at += 1;
        Some(Name { raw: self.text.get(start..end)?, at: start - 1, has_escapes })
    }

    /// Steps behind the name of the next member, if that is called so, as [`name`](Self::name) does; otherwise nothing
    /// moves. `name` is one that is written without escapes, and what surrounds it is written without white space.
    #[cfg(feature = "report")]
    #[inline]
    pub(crate) fn is_next(&mut self, name: &str) -> bool {
        let at = self.at + usize::from(self.peek() == Some(b','));
        let rest = self.text.as_bytes().get(at..).and_then(|rest| rest.strip_prefix(b"\""));
        let rest = rest.and_then(|rest| rest.strip_prefix(name.as_bytes())).and_then(|rest| rest.strip_prefix(b"\":"));
        self.at = rest.map_or(self.at, |rest| self.text.len() - rest.len());
        rest.is_some()
    }

    /// The value behind the name that was read last.
    pub(crate) fn value(&mut self) -> Option<Value<'a>> {
        self.space();
        let (start, bytes) = (self.at, self.text.as_bytes());
        let mut has_escapes = false;
        let kind = match *bytes.get(start)? {
            b'"' => {
                let (end, escapes) = string_end(bytes, start + 1)?;
                (self.at, has_escapes) = (end + 1, escapes);
                Kind::String
            }
            open @ (b'{' | b'[') => {
                self.at = container_end(bytes, start)?;
                if open == b'{' { Kind::Object } else { Kind::Array }
            }
            first => {
                let length =
                    bytes[start..].iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b'\0'..=b' '))?;
                self.at = start + length;
                match first {
                    b'n' => Kind::Null,
                    b't' | b'f' => Kind::Bool,
                    _ => Kind::Number,
                }
            }
        };
        Some(Value { kind, text: self.text.get(start..self.at)?, has_escapes })
    }

    /// A walk over the members of the object behind the name that was read last, instead of passing over it; nothing where
    /// there is no object. [`leave`](Self::leave) goes on behind it.
    pub(crate) fn enter(&mut self) -> Option<Self> {
        self.space();
        (self.peek() == Some(b'{')).then(|| Self { text: self.text, at: self.at + 1, is_whole: false })
    }

    /// Goes on behind an object that was walked to its end.
    pub(crate) fn leave(&mut self, inner: &Self) {
        if inner.is_whole {
            self.at = inner.at + 1;
        }
    }

    /// The object behind the name that was read last, which is the last member: all that is left but the closing bracket,
    /// without a walk through it. Only for what the engine wrote, in whose records an event's payload is the last.
    #[cfg(feature = "report")]
    pub(crate) fn last_object(&mut self) -> Option<&'a str> {
        let end = self.text.strip_suffix('}')?.len();
        let object = self.text.get(self.at..end)?;
        (object.starts_with('{') && object.ends_with('}')).then(|| {
            (self.at, self.is_whole) = (end, true);
            object
        })
    }

    /// Whether the walk came to the object's end.
    pub(crate) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over white space, of which the engine writes none.
    #[inline]
    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte <= b' ') {
            self.at += 1;
        }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Name<'a>, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let name = self.name()?;
        Some((name, self.value()?))
    }
}

/// Behind the bracket that closes the one at `at`, in JSON that was checked before.
pub(crate) fn container_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        if byte == b'"' {
            at = string_end(bytes, at)?.0 + 1;
            // Between two strings stands one sign, mostly.
            at += usize::from(matches!(bytes.get(at), Some(b':' | b',')));
            continue;
        }
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Document;
    use crate::scan::Lanes;

    /// What the strict reader says of each object of a text, and what the walk says.
    fn compare(document: &Document<'_>, object: usize, text: &str) {
        let mut members = Members::of(text);
        for (name, value) in document.members(object) {
            let (walked_name, walked) = members.next().unwrap();
            let (name, node) = (document.node(name), document.node(value));
            assert_eq!((walked_name.raw, walked_name.text()), (document.raw(name), document.text(name)));
            assert_eq!((walked.kind, walked.text), (node.kind, &document.input()[node.span()]));
            assert_eq!(walked.inside().len(), document.raw(node).len());
            if node.kind == Kind::String {
                assert_eq!(walked.string().unwrap(), document.text(node));
            }
            compare_below(document, value, walked);
        }
        assert_eq!(members.next(), None);
        assert!(members.is_whole());
    }

    fn compare_below(document: &Document<'_>, value: usize, walked: Value<'_>) {
        if walked.kind == Kind::Object {
            compare(document, value, walked.text);
        } else {
            assert_eq!(walked.members().next(), None);
        }
    }

    fn agrees(text: &str) {
        let document = Document::read(text.as_bytes(), Lanes::none()).unwrap();
        compare(&document, 0, text);
    }

    #[test]
    fn a_walk_sees_what_the_strict_reader_sees() {
        for text in [
            "{}",
            " { } ",
            r#"{"a":1}"#,
            r#"{"":"","b\"c":"\\","d":[{"]":"}"}],"e":{"f":{"g":null}},"h":-1.50e-7,"i":true,"j":"ä\u00e9\n"}"#,
            "{\n \"a\" : [ 1 , 2 ] ,\t\"b\" : \"x\" , \"c\" : false }",
            r#"{"eight by":"1234567","nine byte":"12345678","\\\"":"123456\\","q":"\"\"\"\"\"\"\"\""}"#,
        ] {
            agrees(text);
        }
    }

    #[cfg(feature = "report")]
    #[test]
    fn a_step_to_an_expected_name_goes_where_a_walk_goes() {
        let mut members = Members::of(r#"{"a":1,"ab":{"a":2},"c\"":3,"d":{}}"#);
        assert!(!members.is_next("ab"));
        assert!(members.is_next("a"));
        assert_eq!(members.value().unwrap().text, "1");
        assert!(!members.is_next("a") && members.is_next("ab"));
        let mut inner = members.enter().unwrap();
        assert!(inner.is_next("a"));
        assert_eq!((inner.value().unwrap().text, inner.next()), ("2", None));
        members.leave(&inner);
        assert!(!members.is_next("c"));
        assert_eq!(members.next().unwrap().1.text, "3");
        assert!(members.is_next("d"));
        assert_eq!(members.last_object(), Some("{}"));
        assert!(members.is_whole() && !members.is_next("d"));
        assert_eq!(Members::of(r#"{"a":1}"#).last_object(), None);
    }

    #[test]
    fn a_walk_over_what_is_no_object_ends_and_says_so() {
        for text in [
            "",
            "[1]",
            "7",
            "\"a\"",
            "{",
            r#"{"a""#,
            r#"{"a":"#,
            r#"{"a":1"#,
            r#"{"a":"b"#,
            r#"{"a":[1}"#,
            r#"{"a":"\"#,
        ] {
            let mut members = Members::of(text);
            while members.next().is_some() {}
            assert!(!members.is_whole(), "{text}");
        }
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(6, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::hash_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_walk_agrees_with_the_strict_reader_on_any_object(value in value(), is_pretty: bool) {
            let object = serde_json::json!({ "a": value, "b": 1 });
            agrees(&if is_pretty { serde_json::to_string_pretty(&object).unwrap() } else { object.to_string() });
        }
    }
}
