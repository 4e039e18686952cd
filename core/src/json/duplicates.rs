//! Refuses names that stand twice in an object. RFC 8259 leaves them open, and readers differ: one record would then mean
//! two things.

use std::collections::HashSet;

use super::read::{Fault, Node, Reader, fault};
use super::text::decode;
use crate::outcome::Code;

impl Reader<'_, '_> {
    /// Looks at the names of the object whose members are the latest nodes.
    pub(super) fn refuse_duplicate_names(&self, object: usize) -> Result<(), Fault> {
        /// Up to this many names comparing each with each is faster than hashing.
        const FEW: usize = 24;
        let mut heads = [0; FEW];
        let (mut at, mut count) = (object + 1, 0);
        while let Some(&name) = self.nodes.get(at) {
            // An escaped name can be spelt in many ways.
            if count == FEW || name.escaped {
                return self.refuse_duplicates_among_many(object);
            }
            let head = self.head(name);
            // Equal heads are rare enough to look at the whole names then.
            if heads[..count].iter().fold(0, |equal, other| equal | u32::from(*other == head)) != 0
                && self.names(object).take(count).any(|n| self.name(n) == self.name(name))
            {
                return Err(twice(name));
            }
            heads[count] = head;
            count += 1;
            at = self.nodes.get(at + 1).map_or(usize::MAX, |value| value.next as usize);
        }
        Ok(())
    }

    fn refuse_duplicates_among_many(&self, object: usize) -> Result<(), Fault> {
        let mut seen = HashSet::new();
        let mut names = self.names(object);
        names.find(|name| !seen.insert(self.name(*name))).map_or(Ok(()), |name| Err(twice(name)))
    }

    /// A number that differs for most different names: the last bytes and the length.
    fn head(&self, name: Node) -> u32 {
        let bytes = &self.bytes[name.start as usize..name.end as usize];
        let last = match bytes.last_chunk::<4>() {
            Some(last) => u32::from_le_bytes(*last),
            None => bytes.iter().fold(0, |last, &byte| last << 8 | u32::from(byte)),
        };
        last ^ (name.end - name.start) << 24 ^ u32::from(bytes.first().copied().unwrap_or_default()) << 17
    }

    /// The name nodes of the object whose members are the latest nodes.
    fn names(&self, object: usize) -> impl Iterator<Item = Node> + '_ {
        let mut at = object + 1;
        std::iter::from_fn(move || {
            let name = *self.nodes.get(at)?;
            at = self.nodes.get(at + 1)?.next as usize;
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
