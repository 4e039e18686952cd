//! JSON as `serde_json` holds it: read into types, and put together.
//!
//! Serde's derives make code for each reader and each type. This reader knows JSON's forms alone, and of an error its
//! place alone, which is all that a configuration's errors need: in a stripped library it is a third of what
//! `serde_path_to_error` over `serde_json::Value` was.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// An object of these members, the last of each name. `collect` would sort them first, by 6 KB of code for each iterator.
pub(crate) fn object(members: impl IntoIterator<Item = (String, Value)>) -> Map<String, Value> {
    let mut object = Map::new();
    object.extend(members);
    object
}

/// A name as a part of a JSON Pointer (RFC 6901).
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The typed form of JSON text from somebody else; nothing where it is not JSON or has another form.
#[cfg(feature = "client")]
pub(crate) fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    let value: Value = serde_json::from_str(std::str::from_utf8(text).ok()?).ok()?;
    read(&value).ok()
}

/// The typed form of `value`.
///
/// # Errors
/// The place of the first value that has the wrong type or is none of those allowed.
pub(crate) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Misplaced> {
    T::deserialize(Node(value))
}

/// A value that does not fit, or an object that lacks something.
#[derive(Debug, Default)]
pub(crate) struct Misplaced {
    /// JSON Pointer.
    pub(crate) path: String,
}

impl Misplaced {
    /// The same, seen from one level up.
    fn under(self, name: &str) -> Self {
        Self { path: format!("/{}{}", escaped(name), self.path) }
    }
}

impl std::fmt::Display for Misplaced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path)
    }
}

impl std::error::Error for Misplaced {}

impl de::Error for Misplaced {
    /// What is wrong is not kept: it could quote a value.
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self::default()
    }
}

/// A value and all below it.
#[derive(Clone, Copy)]
struct Node<'a>(&'a Value);

impl Node<'_> {
    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        let Value::Number(number) = self.0 else { return Err(Misplaced::default()) };
        if let Some(number) = number.as_u64() {
            visitor.visit_u64(number)
        } else if let Some(number) = number.as_i64() {
            visitor.visit_i64(number)
        } else {
            visitor.visit_f64(number.as_f64().ok_or_else(Misplaced::default)?)
        }
    }
}

/// Methods that take a number of any width.
macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
            self.number(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Misplaced;

    numbers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_i8 deserialize_i16
             deserialize_i32 deserialize_i64 deserialize_f32 deserialize_f64);

    forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(_) => self.deserialize_bool(visitor),
            Value::Number(_) => self.number(visitor),
            Value::String(_) => self.deserialize_str(visitor),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        self.0.as_bool().map_or_else(|| Err(Misplaced::default()), |value| visitor.visit_bool(value))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        self.0.as_str().map_or_else(|| Err(Misplaced::default()), |text| visitor.visit_str(text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misplaced> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        let Value::Array(elements) = self.0 else { return Err(Misplaced::default()) };
        visitor.visit_seq(Elements { elements, next: 0 })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misplaced> {
        let Value::Object(members) = self.0 else { return Err(Misplaced::default()) };
        visitor.visit_map(Members { members: members.iter(), at: None })
    }

    /// An object; not an array of its members' values, which serde's derives would take too.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misplaced> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misplaced> {
        let word = self.0.as_str().ok_or_else(Misplaced::default)?;
        visitor.visit_enum(text(word))
    }
}

fn text(text: &str) -> StrDeserializer<'_, Misplaced> {
    text.into_deserializer()
}

struct Elements<'a> {
    elements: &'a [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Misplaced;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misplaced> {
        let Some(element) = self.elements.get(self.next) else { return Ok(None) };
        let read = seed.deserialize(Node(element)).map_err(|error| error.under(&self.next.to_string()));
        self.next += 1;
        read.map(Some)
    }
}

struct Members<'a> {
    members: serde_json::map::Iter<'a>,
    /// The member whose name was read last.
    at: Option<(&'a str, &'a Value)>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Misplaced;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misplaced> {
        self.at = self.members.next().map(|(name, value)| (name.as_str(), value));
        let Some((name, _)) = self.at else { return Ok(None) };
        seed.deserialize(text(name)).map(Some).map_err(|error| error.under(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misplaced> {
        let (name, value) = self.at.take().ok_or_else(Misplaced::default)?;
        seed.deserialize(Node(value)).map_err(|error| error.under(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Config;

    fn place_of_error(value: &Value) -> String {
        read::<Config>(value).unwrap_err().path
    }

    #[test]
    fn a_configuration_is_read_as_it_was_written() {
        let mut config = Config::from_json(
            r#"{"privacy":{"mode":"strict","actions":{"email":"hash"},"pseudonym_key":"0123456789abcdef",
                "rules":[{"name":"ticket","pattern":"T-\\d+"}],"allow":{"values":["a"]}},
                "sampling":{"rate":0.25,"channels":{"app":1}},
                "client":{"enabled":false,"queue_max_items":7,"purposes":{"app":"performance"},
                          "resource":{"a":[1,-2,0.5],"b":"x","c":true},"export":{"protocol":"http/json"}}}"#,
        )
        .unwrap();
        config.written = crate::config::Written::default();
        let value = serde_json::to_value(&config).unwrap();
        assert_eq!(read::<Config>(&value).unwrap(), config);
        assert_eq!(serde_json::from_value::<Config>(value).unwrap(), config, "serde_json reads the same");
    }

    #[test]
    fn what_does_not_fit_is_found_at_its_place() {
        for (value, place) in [
            (json!([]), ""),
            (json!({"client": {"queue_max_items": -1}}), "/client/queue_max_items"),
            (json!({"client": {"queue_max_items": 4_294_967_296_u64}}), "/client/queue_max_items"),
            (json!({"client": {"queue_max_items": 1.5}}), "/client/queue_max_items"),
            (json!({"client": {"queue_max_items": null}}), "/client/queue_max_items"),
            (json!({"client": {"enabled": "yes"}}), "/client/enabled"),
            (json!({"client": {"purposes": {"a/b~c": "fun"}}}), "/client/purposes/a~1b~0c"),
            (json!({"privacy": {"mode": 1}}), "/privacy/mode"),
            (json!({"privacy": {"mode": "lax"}}), "/privacy/mode"),
            (json!({"privacy": {"pii_fields": ["a", "b", 3]}}), "/privacy/pii_fields/2"),
            (json!({"privacy": {"rules": [{"name": "x"}]}}), "/privacy/rules/0"),
            (json!({"privacy": {"seal": {"rules": []}}}), "/privacy/seal"),
            (json!({"sampling": {"channels": {"app": "all"}}}), "/sampling/channels/app"),
        ] {
            assert_eq!(place_of_error(&value), place, "{value}");
        }
    }

    #[test]
    fn a_section_is_no_list_of_its_values() {
        assert_eq!(place_of_error(&json!({"privacy": ["strict"]})), "/privacy");
    }
}
