//! Which fields the payloads of an event have, and what their values are: the inventory.

use serde::{Deserialize, Serialize};

use super::quantiles::{Quantiles, Summary};
use crate::json::Kind;
use crate::record::{Name, Value};

/// Fields of one object that are told apart; an object with more is a map whose names are data.
const MAX_FIELDS_OF_OBJECT: usize = 200;

/// What is left of the report's budget. It bounds memory on hostile input: a field takes some 150 bytes, a sketch up to
/// 16 KiB.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Budget {
    fields: usize,
    sketches: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { fields: 10_000, sketches: 1_000 }
    }
}

/// The members of one object, in the order in which they were first seen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Fields {
    fields: Vec<Field>,
    /// Members beyond the bounds.
    #[serde(default)]
    uncounted: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Field {
    name: Box<str>,
    counts: Kinds,
    quantiles: Option<Quantiles>,
    inner: Fields,
}

/// How often a value was what.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Kinds {
    null: u64,
    boolean: u64,
    number: u64,
    string: u64,
    object: u64,
    array: u64,
}

/// A field as a report shows it.
#[derive(Debug, Serialize)]
pub(super) struct Listed {
    /// JSON Pointer below the payload.
    path: String,
    count: u64,
    types: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantiles: Option<Summary>,
}

impl Fields {
    /// Counts members and what is below them. A record is at most 16 levels deep.
    pub(super) fn add<'a>(&mut self, members: impl Iterator<Item = (Name<'a>, Value<'a>)>, budget: &mut Budget) {
        // Records of one event mostly have the same members in the same order.
        let mut expected = 0;
        for (name, value) in members {
            let name = name.text();
            let Some(at) = self.place(&name, expected, budget) else {
                self.uncounted += 1;
                continue;
            };
            expected = at + 1;
            let Some(field) = self.fields.get_mut(at) else { continue };
            *field.counts.of(value.kind) += 1;
            match value.kind {
                Kind::Number => field.measure(value.text, budget),
                Kind::Object => field.inner.add(value.members(), budget),
                Kind::Null | Kind::Bool | Kind::String | Kind::Array => {}
            }
        }
    }

    fn place(&mut self, name: &str, expected: usize, budget: &mut Budget) -> Option<usize> {
        if self.fields.get(expected).is_some_and(|field| *field.name == *name) {
            return Some(expected);
        }
        if let Some(at) = self.fields.iter().position(|field| *field.name == *name) {
            return Some(at);
        }
        if self.fields.len() >= MAX_FIELDS_OF_OBJECT || budget.fields == 0 {
            return None;
        }
        budget.fields -= 1;
        self.fields.push(Field {
            name: name.into(),
            counts: Kinds::default(),
            quantiles: None,
            inner: Self::default(),
        });
        Some(self.fields.len() - 1)
    }

    pub(super) fn merge(&mut self, other: &Self, budget: &mut Budget) {
        self.uncounted += other.uncounted;
        for (i, theirs) in other.fields.iter().enumerate() {
            let Some(at) = self.place(&theirs.name, i, budget) else {
                self.uncounted += theirs.counts.total();
                continue;
            };
            let Some(ours) = self.fields.get_mut(at) else { continue };
            ours.counts.merge(theirs.counts);
            if let Some(quantiles) = &theirs.quantiles
                && ours.has_sketch(budget)
            {
                ours.quantiles.get_or_insert_with(Quantiles::new).merge(quantiles);
            }
            ours.inner.merge(&theirs.inner, budget);
        }
    }

    /// All fields with their pointers, sorted by pointer.
    pub(super) fn listed(&self) -> (Vec<Listed>, u64) {
        let (mut listed, mut uncounted) = (Vec::new(), 0);
        self.list("", &mut listed, &mut uncounted);
        listed.sort_by(|a, b| a.path.cmp(&b.path));
        (listed, uncounted)
    }

    fn list(&self, above: &str, listed: &mut Vec<Listed>, uncounted: &mut u64) {
        *uncounted += self.uncounted;
        for field in &self.fields {
            let path = format!("{above}/{}", field.name.replace('~', "~0").replace('/', "~1"));
            field.inner.list(&path, listed, uncounted);
            listed.push(Listed {
                path,
                count: field.counts.total(),
                types: field.counts.named(),
                quantiles: field.quantiles.as_ref().and_then(Quantiles::summary),
            });
        }
    }
}

impl Field {
    fn measure(&mut self, number: &str, budget: &mut Budget) {
        if self.has_sketch(budget)
            && let Ok(number) = number.parse()
        {
            self.quantiles.get_or_insert_with(Quantiles::new).add(number);
        }
    }

    /// Whether there is a sketch, or may be one from now on.
    fn has_sketch(&self, budget: &mut Budget) -> bool {
        if self.quantiles.is_some() {
            return true;
        }
        let has = budget.sketches > 0;
        budget.sketches -= usize::from(has);
        has
    }
}

impl Kinds {
    fn of(&mut self, kind: Kind) -> &mut u64 {
        match kind {
            Kind::Null => &mut self.null,
            Kind::Bool => &mut self.boolean,
            Kind::Number => &mut self.number,
            Kind::String => &mut self.string,
            Kind::Object => &mut self.object,
            Kind::Array => &mut self.array,
        }
    }

    fn each(self) -> [(&'static str, u64); 6] {
        [
            ("null", self.null),
            ("boolean", self.boolean),
            ("number", self.number),
            ("string", self.string),
            ("object", self.object),
            ("array", self.array),
        ]
    }

    fn total(self) -> u64 {
        self.each().iter().map(|(_, count)| count).sum()
    }

    fn named(self) -> serde_json::Map<String, serde_json::Value> {
        self.each().into_iter().filter(|(_, count)| *count > 0).map(|(name, n)| (name.to_owned(), n.into())).collect()
    }

    fn merge(&mut self, other: Self) {
        self.null += other.null;
        self.boolean += other.boolean;
        self.number += other.number;
        self.string += other.string;
        self.object += other.object;
        self.array += other.array;
    }
}
