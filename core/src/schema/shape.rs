//! A schema as the check runs it: everything resolved, nothing to look up but names.

use super::allowed::Allowed;
use super::decimal::Decimal;
use super::format::Format;
use super::pattern::Pattern;
use crate::json::Kind;

/// A shape's place in its plan's list.
pub(super) type ShapeId = usize;

/// What is to be done with a field, whatever the detectors say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pii {
    /// Nothing of it stays, not even its kind.
    Remove,
    /// A token that names its kind.
    Replace,
    /// A token with the part that may be shown.
    Mask,
    /// A keyed pseudonym.
    Hash,
    /// It is no personal data: only secrets are looked for.
    Keep,
    /// In no plan: free text that no schema has a place for.
    FreeText,
}

impl Pii {
    pub(super) const ALL: [Self; 5] = [Self::Remove, Self::Replace, Self::Mask, Self::Hash, Self::Keep];

    /// The word in a plan.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Replace => "replace",
            Self::Mask => "mask",
            Self::Hash => "hash",
            Self::Keep => "keep",
            Self::FreeText => "free_text",
        }
    }
}

/// A set of JSON types, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    /// The names in a schema, in order of their bits.
    pub(super) const NAMES: [&'static str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];
    pub(super) const ANY: Self = Self(0x7f);
    pub(super) const NONE: Self = Self(0);
    pub(super) const INTEGER: Self = Self(1 << 2);
    pub(super) const NUMBER: Self = Self(1 << 2 | 1 << 3);
    pub(super) const STRING: Self = Self(1 << 4);
    pub(super) const ARRAY: Self = Self(1 << 5);
    pub(super) const OBJECT: Self = Self(1 << 6);

    /// The type of a name. Every integer is a number too.
    pub(super) fn named(name: &str) -> Option<Self> {
        let bit = Self::NAMES.iter().position(|known| *known == name)?;
        Some(if name == "number" { Self::NUMBER } else { Self(1 << bit) })
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one type is in both.
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn holds_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the value of a node is of one of these types; `text` is a number's.
    pub(super) fn hold(self, kind: Kind, text: &str) -> bool {
        match kind {
            Kind::Null => self.0 & 1 != 0,
            Kind::Bool => self.0 & 1 << 1 != 0,
            Kind::Number => {
                self.holds_all(Self::NUMBER) || (self.meets(Self::INTEGER) && Decimal::of(text).is_integer())
            }
            Kind::String => self.meets(Self::STRING),
            Kind::Array => self.meets(Self::ARRAY),
            Kind::Object => self.meets(Self::OBJECT),
        }
    }

    /// `integer or null`.
    pub(super) fn words(self) -> String {
        let is_in = |&(bit, name): &(usize, &str)| {
            // A number says integer already.
            self.0 & 1 << bit != 0 && !(name == "integer" && self.holds_all(Self::NUMBER))
        };
        let names: Vec<_> = Self::NAMES.into_iter().enumerate().filter(is_in).map(|(_, name)| name).collect();
        names.join(" or ")
    }
}

/// A number as it was written.
#[derive(Clone, Debug)]
pub(super) struct Number(pub(super) Box<str>);

impl Number {
    pub(super) fn decimal(&self) -> Decimal<'_> {
        Decimal::of(&self.0)
    }
}

/// A member that a schema names.
#[derive(Clone, Debug)]
pub(super) struct Property {
    pub(super) name: Box<str>,
    /// What its value must be; nothing where anything will do.
    pub(super) shape: Option<ShapeId>,
    pub(super) is_required: bool,
    /// Named under `properties`, not only under `required`.
    pub(super) is_declared: bool,
}

/// One schema, compiled.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) types: Types,
    pub(super) allowed: Option<Allowed>,
    pub(super) minimum: Option<Number>,
    pub(super) maximum: Option<Number>,
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) pattern: Option<Pattern>,
    pub(super) format: Option<Format>,
    /// Of every element; nothing where anything will do.
    pub(super) items: Option<ShapeId>,
    /// Sorted by name.
    pub(super) properties: Vec<Property>,
    /// How many of the properties are required.
    pub(super) required: usize,
    /// Of members that are not named; nothing where anything will do.
    pub(super) others: Option<ShapeId>,
    /// The schema `false`, which no value satisfies.
    pub(super) is_never: bool,
    pub(super) pii: Option<Pii>,
}

impl Shape {
    /// The schema `true`.
    pub(super) const ANY: Self = Self {
        types: Types::ANY,
        allowed: None,
        minimum: None,
        maximum: None,
        min_length: None,
        max_length: None,
        pattern: None,
        format: None,
        items: None,
        properties: Vec::new(),
        required: 0,
        others: None,
        is_never: false,
        pii: None,
    };

    /// The schema `false`.
    pub(super) fn never() -> Self {
        Self { is_never: true, types: Types::NONE, ..Self::ANY }
    }

    /// The property called `name`.
    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        let found = self.properties.binary_search_by(|property| (*property.name).cmp(name)).ok()?;
        self.properties.get(found)
    }
}
