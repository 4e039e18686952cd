//! Refuses names that stand twice in an object. RFC 8259 leaves them open, and readers differ: one record would then mean
//! two things.

use std::collections::HashSet;

use super::document::Node;
use super::read::{Fault, Reader, fault};
use super::text::decode;
use crate::outcome::Code;

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

    /// Names that are equal have equal hashes, and stand together once these are sorted: a third of what a set costs, and
    /// of its memory. Names with escapes, and names made to have one hash, go into a set.
    fn refuse_duplicates_among_many(&self, object: usize) -> Result<(), Fault> {
        /// Names of one hash that are compared each with each.
        const ALIKE: usize = 8;
        let mut sorted = Vec::new();
        let mut at = object + 1;
        while let Some(name) = self.nodes().get(at) {
            if name.escaped {
                return self.refuse_duplicates_by_set(object);
            }
            sorted.push((name.name_hash(), u32::try_from(at).unwrap_or(u32::MAX)));
            at = self.nodes().get(at + 1).map_or(usize::MAX, |value| value.next());
        }
        sorted.sort_unstable();
        let is_alike = |a: &(u32, u32), b: &(u32, u32)| a.0 == b.0;
        let mut may_repeat = false;
        for alike in sorted.chunk_by(is_alike).filter(|alike| alike.len() > 1) {
            let text = |at: u32| self.nodes().get(at as usize).map(|name| self.name(*name));
            let repeats =
                |(i, name): (usize, &(u32, u32))| alike.iter().take(i).any(|other| text(other.1) == text(name.1));
            may_repeat |= alike.len() > ALIKE || alike.iter().enumerate().any(repeats);
        }
        // The set says which of them comes twice first.
        if may_repeat { self.refuse_duplicates_by_set(object) } else { Ok(()) }
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
