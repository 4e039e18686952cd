//! Plans and schemas as people write them: objects member by member, each value with the exact text in which it
//! stands, so that no number loses a digit on the way.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind, Result};

/// The keywords that mean something. Their meaning is that of JSON Schema 2020-12, and `pii` is our own.
pub(super) const KEYWORDS: [&str; 13] = [
    "type",
    "required",
    "enum",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "items",
    "properties",
    "additionalProperties",
    "pii",
];

/// Keywords for readers: accepted whatever their value, and without meaning.
pub(super) const ANNOTATIONS: [&str; 8] =
    ["title", "description", "$schema", "$id", "$comment", "examples", "default", "deprecated"];

/// What to write instead of a keyword of JSON Schema that plans do not have.
const INSTEAD: [(&str, &str); 14] = [
    ("const", "use enum with one value"),
    ("exclusiveMinimum", "use minimum"),
    ("exclusiveMaximum", "use maximum"),
    ("multipleOf", "use type integer"),
    ("patternProperties", "use additionalProperties"),
    ("propertyNames", "use properties"),
    ("prefixItems", "use items, or an object"),
    ("minItems", "the number of elements is not limited"),
    ("maxItems", "the number of elements is not limited"),
    ("$ref", "write the schema out where it is used"),
    ("$defs", "write the schema out where it is used"),
    ("anyOf", "use a list of types, or enum"),
    ("oneOf", "use a list of types, or enum"),
    ("allOf", "write its parts into one schema"),
];

/// A JSON object: its members in order, names unique.
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads `raw`, an object, at `path`.
    pub(super) fn of(raw: &'a RawValue, path: &str) -> Result<Self> {
        let members: Self = read(raw, path, "expected an object")?;
        let mut names: Vec<_> = members.0.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(invalid(&join(path, pair[0]), "stands twice; remove one of them")),
            None => Ok(members),
        }
    }

    /// Refuses members that are not `known`, with the nearest of `known`.
    pub(super) fn refuse_others(&self, known: &[&'static str], path: &str, what: &str) -> Result<()> {
        let Some((name, _)) = self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) else { return Ok(()) };
        let hint = hint(name, known).map_or_else(String::new, |hint| format!("; {hint}"));
        Err(Error::new(ErrorKind::ConfigUnknownKey, join(path, name), format!("no such {what}{hint}")))
    }
}

impl<'a> Deserialize<'a> for Members<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Reader;
        impl<'a> Visitor<'a> for Reader {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// What may have been meant by `name`.
fn hint(name: &str, known: &[&'static str]) -> Option<String> {
    if known.contains(&"type")
        && let Some((_, instead)) = INSTEAD.iter().find(|(foreign, _)| *foreign == name)
    {
        return Some(format!("plans have a part of JSON Schema: {instead}"));
    }
    nearest(name, known).map(|known| format!("did you mean {known}?"))
}

/// The one of `known` most like `name`, if any is near enough to be a likely slip.
pub(super) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    /// Below this similarity (Jaro-Winkler, 0 to 1) a suggestion confuses more than it helps.
    const LIKELY: f64 = 0.8;
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '-'], "");
    known
        .iter()
        .map(|known| (strsim::jaro_winkler(&plain(name), &plain(known)), *known))
        .filter(|(likeness, _)| *likeness >= LIKELY)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Reads `raw` as a `T`.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue, path: &str, expected: &str) -> Result<T> {
    serde_json::from_str(raw.get()).map_err(|_| invalid(path, expected))
}

/// A `config_invalid` at `path`.
pub(super) fn invalid(path: &str, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::ConfigInvalid, path, message)
}

/// The pointer to the member `name` of what stands at `path` (RFC 6901).
pub(super) fn join(path: &str, name: &str) -> String {
    [path, "/", &name.replace('~', "~0").replace('/', "~1")].concat()
}
