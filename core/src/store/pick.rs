//! One scalar out of a record's text, without reading the record into memory.
//!
//! The reader walks along the pointer, skips what lies beside it, and stops at the scalar: about the cost of
//! scanning that far. Exact where SQLite's paths are not: names may hold quotes, dots and digits.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON value that is neither an array nor an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// The number as figures are made of it: integers beyond 2^53 lose their last digits.
    pub(super) fn as_number(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss, reason = "figures are 64-bit floats by definition")]
        match self {
            Self::Unsigned(number) => Some(*number as f64),
            Self::Signed(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Bool(_) | Self::Text(_) => None,
        }
    }
}

/// The scalar at `names` in the JSON text `record`; `None` where there is none, or only `null`.
pub(super) fn pick(record: &str, names: &[String]) -> Option<Scalar> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_str(record);
    // Ends in an error wherever it stops early; what was found is what counts.
    let _ = At { names, found: &mut found }.deserialize(&mut reader);
    found
}

/// Goes down to the place that `names` leads to from here.
struct At<'a> {
    names: &'a [String],
    found: &'a mut Option<Scalar>,
}

impl At<'_> {
    #[allow(clippy::unnecessary_wraps, reason = "the answer of every visit")]
    fn put<E>(self, scalar: impl FnOnce() -> Scalar) -> Result<(), E> {
        if self.names.is_empty() {
            *self.found = Some(scalar());
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.put(|| Scalar::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.put(|| Scalar::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.put(|| Scalar::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.put(|| Scalar::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.put(|| Scalar::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((name, names)) = self.names.split_first() else { return Err(A::Error::custom("not a scalar")) };
        while let Some(here) = map.next_key_seed(Named(name))? {
            if here {
                return map.next_value_seed(At { names, found: self.found });
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        // RFC 6901: digits without leading zeros.
        let index = self.names.first().and_then(|name| name.parse().ok().filter(|n: &usize| n.to_string() == **name));
        let Some(index) = index else { return Err(A::Error::custom("no such element")) };
        for _ in 0..index {
            if array.next_element::<IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        array.next_element_seed(At { names: &self.names[1..], found: self.found }).map(|_| ())
    }
}

/// Reads a member's name and says whether it is the one.
struct Named<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Named<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::spec::Pointer;
    use super::*;

    fn at(pointer: &str) -> Option<Scalar> {
        let record = r#"{"a":{"x":1,"y":{"deep":-2}},"list":[{"v":1.5},true],"q\"'.$[0]":"odd","a/b":{"m~n":9},
            "huge":18446744073709551615,"none":null,"0":"zero","é":"accent"}"#;
        pick(record, Pointer::parse(pointer).unwrap().names())
    }

    #[test]
    fn scalars_are_found_where_the_pointer_leads() {
        assert_eq!(at("/a/x"), Some(Scalar::Unsigned(1)));
        assert_eq!(at("/a/y/deep"), Some(Scalar::Signed(-2)));
        assert_eq!(at("/list/0/v"), Some(Scalar::Float(1.5)));
        assert_eq!(at("/list/1"), Some(Scalar::Bool(true)));
        assert_eq!(at("/q\"'.$[0]"), Some(Scalar::Text("odd".into())));
        assert_eq!(at("/a~1b/m~0n"), Some(Scalar::Unsigned(9)));
        assert_eq!(at("/huge"), Some(Scalar::Unsigned(u64::MAX)));
        assert_eq!(at("/0"), Some(Scalar::Text("zero".into())));
        assert_eq!(at("/é"), Some(Scalar::Text("accent".into())));
    }

    #[test]
    fn where_no_scalar_stands_there_is_nothing() {
        for pointer in ["/missing", "/a", "/list", "/none", "/a/x/y", "/list/2", "/list/01", "/list/-", "/a/y", "/"] {
            assert_eq!(at(pointer), None, "{pointer}");
        }
    }
}
