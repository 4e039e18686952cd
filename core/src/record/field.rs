//! The vocabulary of the tables: a field of a record, the spellings it is read by, and how they are found.

use super::check::Check;
use crate::hash::hash;
use crate::json::Document;

/// One member of a record or of an object in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// The canonical name, the only one that is written.
    pub(crate) name: &'static str,
    /// Other spellings that are read.
    pub(crate) aliases: &'static [&'static str],
    /// What its value must be.
    pub(crate) check: Check,
    pub(crate) is_required: bool,
    /// What stands there when a record has no value.
    pub(crate) default: Option<&'static str>,
    /// One sentence for the published schema.
    pub(crate) about: &'static str,
}

/// A field that a record must have.
pub(crate) const fn required(
    name: &'static str,
    aliases: &'static [&'static str],
    check: Check,
    about: &'static str,
) -> Field {
    Field { name, aliases, check, is_required: true, default: None, about }
}

/// A field that a record may have.
pub(crate) const fn optional(
    name: &'static str,
    aliases: &'static [&'static str],
    check: Check,
    about: &'static str,
) -> Field {
    Field { name, aliases, check, is_required: false, default: None, about }
}

/// `common` and `own` in one table.
pub(crate) const fn joined<const N: usize>(common: &[Field], own: &[Field]) -> [Field; N] {
    assert!(common.len() + own.len() == N, "N is the number of all fields");
    let mut all = [common[0]; N];
    let mut i = 0;
    while i < N {
        all[i] = if i < common.len() { common[i] } else { own[i - common.len()] };
        i += 1;
    }
    all
}

/// The members that an object may have.
#[derive(Debug)]
pub(crate) struct Shape {
    /// In canonical order.
    pub(crate) fields: &'static [Field],
    names: Names,
}

impl Shape {
    pub(crate) const fn new(fields: &'static [Field]) -> Self {
        assert!(fields.len() <= MAX_FIELDS, "a reading has room for so many");
        Self { fields, names: Names::new(fields) }
    }

    /// Which field a name means, if any.
    pub(crate) fn find(&self, name: &[u8]) -> Option<Spelling> {
        self.names.find(hash(name), name)
    }

    /// The same of the member name at node `index`.
    #[inline]
    pub(crate) fn find_name(&self, document: &Document<'_>, index: usize) -> Option<Spelling> {
        let node = document.node(index);
        if node.escaped {
            return self.find(document.text(node).as_bytes());
        }
        self.names.find(node.name_hash(), document.raw(node).as_bytes())
    }

    /// The place of the field whose canonical name is `name`.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.find(name.as_bytes()).filter(|spelling| !spelling.is_alias).map(|spelling| spelling.field)
    }
}

/// Fields of the largest table.
pub(crate) const MAX_FIELDS: usize = 32;

/// A name as it was found in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// The field's place in its table.
    pub(crate) field: usize,
    /// Not the canonical name.
    pub(crate) is_alias: bool,
}

/// A hash table that the compiler fills: one probe and one comparison decide most names.
#[derive(Debug)]
struct Names([Entry; SLOTS]);

/// Slots, a power of two: at least twice the spellings of the largest table.
const SLOTS: usize = 128;

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Empty where the slot is.
    name: &'static str,
    hash: u32,
    field: u8,
    is_alias: bool,
}

impl Names {
    const fn new(fields: &[Field]) -> Self {
        let mut names = Self([Entry { name: "", hash: 0, field: 0, is_alias: false }; SLOTS]);
        let mut i = 0;
        while i < fields.len() {
            names = names.with(fields[i].name, i, false);
            let mut j = 0;
            while j < fields[i].aliases.len() {
                names = names.with(fields[i].aliases[j], i, true);
                j += 1;
            }
            i += 1;
        }
        names
    }

    #[allow(clippy::cast_possible_truncation, reason = "a table has at most MAX_FIELDS fields")]
    const fn with(mut self, name: &'static str, field: usize, is_alias: bool) -> Self {
        let hash = hash(name.as_bytes());
        let mut at = slot(hash);
        let mut probes = 0;
        while !self.0[at].name.is_empty() {
            assert!(!same(self.0[at].name.as_bytes(), name.as_bytes()), "two fields share a spelling");
            probes += 1;
            assert!(probes < SLOTS / 2, "too many spellings for the table");
            at = (at + 1) % SLOTS;
        }
        self.0[at] = Entry { name, hash, field: field as u8, is_alias };
        self
    }

    #[inline]
    fn find(&self, hash: u32, name: &[u8]) -> Option<Spelling> {
        let mut at = slot(hash);
        loop {
            let entry = &self.0[at];
            if entry.name.is_empty() {
                return None;
            }
            if entry.hash == hash && entry.name.as_bytes() == name {
                return Some(Spelling { field: usize::from(entry.field), is_alias: entry.is_alias });
            }
            at = (at + 1) % SLOTS;
        }
    }
}

/// The upper bits of a hash.
const fn slot(hash: u32) -> usize {
    (hash >> (u32::BITS - SLOTS.trailing_zeros())) as usize
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_each_of_its_spellings_and_no_other() {
        const FIELDS: [Field; 2] =
            [required("user_id", &["userId"], Check::Identifier, ""), optional("note", &[], Check::Prose, "")];
        const SHAPE: Shape = Shape::new(&FIELDS);
        assert_eq!(SHAPE.find(b"user_id"), Some(Spelling { field: 0, is_alias: false }));
        assert_eq!(SHAPE.find(b"userId"), Some(Spelling { field: 0, is_alias: true }));
        assert_eq!(SHAPE.find(b"note"), Some(Spelling { field: 1, is_alias: false }));
        for name in ["", "User_id", "userid", "notes", "x"] {
            assert_eq!(SHAPE.find(name.as_bytes()), None, "{name}");
        }
    }
}
