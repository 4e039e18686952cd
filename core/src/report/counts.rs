//! Counts by name, bounded.

use std::collections::HashMap;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::memo::Memo;

/// Distinct names counted per table; the rest is added up under [`OTHER`]. Bounds the report on hostile input.
pub(super) const MAX_NAMES: usize = 10_000;

/// Where names beyond [`MAX_NAMES`] are counted.
pub(super) const OTHER: &str = "(other)";

/// Totals by name. Written as a JSON object that is sorted by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    index: HashMap<Box<str>, usize>,
    totals: Vec<(Box<str>, u64)>,
    /// The entry counted last: the next record is often of the same hour, day or schema.
    last: usize,
    memo: Memo,
}

impl Counts {
    pub(super) fn count(&mut self, name: &str) {
        self.add(name, 1);
    }

    pub(super) fn add(&mut self, name: &str, more: u64) {
        if let Some((last, total)) = self.totals.get_mut(self.last)
            && **last == *name
        {
            *total += more;
            return;
        }
        let at = self.memo.find(name).unwrap_or_else(|| {
            let at = self.index.get(name).copied().unwrap_or_else(|| self.insert(name));
            self.memo.remember(name, at);
            at
        });
        if let Some((_, total)) = self.totals.get_mut(at) {
            *total += more;
        }
        self.last = at;
    }

    fn insert(&mut self, name: &str) -> usize {
        let own = self.totals.len() - usize::from(self.index.contains_key(OTHER));
        let name = if own < MAX_NAMES { name } else { OTHER };
        if let Some(at) = self.index.get(name) {
            return *at;
        }
        self.totals.push((name.into(), 0));
        self.index.insert(name.into(), self.totals.len() - 1);
        self.totals.len() - 1
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (name, total) in &other.totals {
            self.add(name, *total);
        }
    }

    /// Names and totals, sorted by name.
    pub(super) fn sorted(&self) -> Vec<(&str, u64)> {
        let mut totals: Vec<(&str, u64)> = self.totals.iter().map(|(name, total)| (&**name, *total)).collect();
        totals.sort_unstable();
        totals
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.totals.len()))?;
        for (name, total) in self.sorted() {
            map.serialize_entry(name, &total)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Self::default();
        for (name, total) in HashMap::<String, u64>::deserialize(deserializer)? {
            counts.add(&name, total);
        }
        Ok(counts)
    }
}
