//! Refuses names that stand twice in an object. RFC 8259 leaves them open, and readers differ: one record would then mean
//! two things.

use std::collections::HashSet;

use super::document::Node;
use super::read::{Fault, Reader, fault};
use super::text::decode;
use crate::outcome::Code;

/// Hashes by open addressing, in at least twice as many slots; an empty slot has none.
struct Hashes(Vec<u32>);

impl Hashes {
    fn of(count: usize) -> Self {
        Self(vec![0; (2 * count).next_power_of_two()])
    }

    /// Notes `hash`; `false` where it is there, or may be: where so many others stand that they were made to.
    fn is_new(&mut self, hash: u32) -> bool {
        const MOST_OTHERS: usize = 64;
        // No slot is empty with this; one hash in four billions is taken for another.
        let hash = hash.max(1);
        let last = self.0.len() - 1;
        // The upper bits are the mixed ones.
        let mut slot = (hash >> (u32::BITS - self.0.len().ilog2())) as usize;
        for _ in 0..MOST_OTHERS {
            match self.0.get_mut(slot) {
                Some(free @ 0) => {
                    *free = hash;
                    return true;
                }
                Some(other) if *other != hash => slot = (slot + 1) & last,
                _ => return false,
            }
        }
        false
    }
}

impl Reader<'_, '_> {
    /// Looks at the names of the object whose members are the latest nodes.
    pub(super) fn refuse_duplicate_names(&self, object: usize) -> Result<(), Fault> {
        /// Up to this many names comparing each with each is faster than hashing.
        const FEW: usize = 24;
        let mut hashes = [0; FEW];
        let (mut at, mut count) = (object + 1, 0);
        while let Some(&name) = self.nodes().get(at) {
            // An escaped name can be spelt in many ways.
            if count == FEW || name.escaped {
                return self.refuse_duplicates_among_many(object);
            }
            let hash = name.name_hash();
            // Equal hashes are rare enough to look at the whole names then.
            if hashes[..count].iter().fold(0, |equal, other| equal | u32::from(*other == hash)) != 0
                && self.names(object).take(count).any(|n| self.name(n) == self.name(name))
            {
                return Err(twice(name));
            }
            hashes[count] = hash;
            count += 1;
            at = self.nodes().get(at + 1).map_or(usize::MAX, |value| value.next());
        }
        Ok(())
    }

    /// Names that are equal have equal hashes: where no two hashes are equal, one table of them says so. Names with escapes
    /// go into a set, and so do names with equal hashes, which are equal, or were made so.
    fn refuse_duplicates_among_many(&self, object: usize) -> Result<(), Fault> {
        let mut hashes = Hashes::of(self.names(object).count());
        let is_new = |name: Node| !name.escaped && hashes.is_new(name.name_hash());
        if self.names(object).all(is_new) { Ok(()) } else { self.refuse_duplicates_by_set(object) }
    }

    fn refuse_duplicates_by_set(&self, object: usize) -> Result<(), Fault> {
        let mut seen = HashSet::new();
        let mut names = self.names(object);
        names.find(|name| !seen.insert(self.name(*name))).map_or(Ok(()), |name| Err(twice(name)))
    }

    /// The name nodes of the object whose members are the latest nodes.
    fn names(&self, object: usize) -> impl Iterator<Item = Node> + '_ {
        let mut at = object + 1;
        std::iter::from_fn(move || {
            let name = *self.nodes().get(at)?;
            at = self.nodes().get(at + 1)?.next();
            Some(name)
        })
    }

    fn name(&self, node: Node) -> std::borrow::Cow<'_, str> {
        let inside = &self.input[node.start as usize..node.end as usize];
        if node.escaped { decode(inside) } else { inside.into() }
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "see `Fault`")]
fn twice(name: Node) -> Fault {
    fault(Code::JsonDuplicateKey, name.start as usize, "a member name stands twice")
}
