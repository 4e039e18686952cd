//! Which fields the payloads of an event have, and what their values are: the inventory.

use serde::{Deserialize, Serialize};

use super::quantiles::{Quantiles, Summary};
use crate::json::Kind;
use crate::record::{Members, Name, Value};

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
    /// Whether it is known that the name is written as it reads.
    #[serde(skip)]
    is_plain: bool,
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
    /// Counts the members of an object and what is below them, in one walk. A record is at most 16 levels deep.
    pub(super) fn walk(&mut self, members: &mut Members<'_>, budget: &mut Budget) {
        let mut expected = 0;
        loop {
            // Records of one event mostly have the same members in the same order.
            let is_next = |field: &Field| field.is_plain && members.is_next(&field.name);
            let at = if self.fields.get(expected).is_some_and(is_next) {
                expected
            } else {
                let Some(name) = members.name() else { return };
                let Some(at) = self.named(name, expected, budget) else {
                    // Passed over.
                    let _ = members.value();
                    continue;
                };
                at
            };
            expected = at + 1;
            let Some(field) = self.fields.get_mut(at) else { return };
            if let Some(mut inner) = members.enter() {
                field.counts.object += 1;
                field.inner.walk(&mut inner, budget);
                members.leave(&inner);
            } else if let Some(value) = members.value() {
                field.count(value, budget);
            }
        }
    }

    /// The same of members that were read before.
    pub(super) fn add(&mut self, members: &[(Name<'_>, Value<'_>)], budget: &mut Budget) {
        let mut expected = 0;
        for (name, value) in members {
            let Some(at) = self.named(*name, expected, budget) else { continue };
            expected = at + 1;
            if let Some(field) = self.fields.get_mut(at) {
                field.count(*value, budget);
                field.inner.walk(&mut value.members(), budget);
            }
        }
    }

    /// The place of the field of this name; nothing beyond the bounds, which is counted.
    fn named(&mut self, name: Name<'_>, expected: usize, budget: &mut Budget) -> Option<usize> {
        let at = self.place(&name.text(), expected, budget);
        match at.and_then(|at| self.fields.get_mut(at)) {
            Some(field) => field.is_plain |= !name.has_escapes(),
            None => self.uncounted += 1,
        }
        at
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
            is_plain: false,
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
    fn count(&mut self, value: Value<'_>, budget: &mut Budget) {
        *self.counts.of(value.kind) += 1;
        if value.kind == Kind::Number {
            self.measure(value.text, budget);
        }
    }

    fn measure(&mut self, number: &str, budget: &mut Budget) {
        if self.has_sketch(budget)
            && let Some(number) = number_of(number)
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

/// The nearest number to what is written. Most are whole and short, and then exact without rounding.
fn number_of(text: &str) -> Option<f64> {
    /// All whole numbers of so many digits are doubles.
    const EXACT_DIGITS: usize = 15;
    let bytes = text.as_bytes();
    if bytes.len() > EXACT_DIGITS || !bytes.iter().all(u8::is_ascii_digit) {
        return text.parse().ok();
    }
    let whole = bytes.iter().fold(0_u64, |whole, digit| whole * 10 + u64::from(digit - b'0'));
    #[allow(clippy::cast_precision_loss, reason = "15 digits fit")]
    Some(whole as f64)
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
