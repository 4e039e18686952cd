//! A text that was read: where its values stand, and what the scan says of its strings.

use std::cell::Cell;

use super::read::{Reader, utf8};
use super::text::decode;
use crate::outcome::Violation;
use crate::scan::{Block, Lanes, Scanned, scan, seen};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Object,
    Array,
}

impl Kind {
    /// An object or array.
    #[inline]
    pub(crate) const fn is_container(self) -> bool {
        matches!(self, Self::Object | Self::Array)
    }
}

/// One value, or one member name, of a [`Document`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// A string that has escapes.
    pub(crate) escaped: bool,
    /// A string in which the scan has seen something that needs a second look. Always so with escapes, and with names.
    pub(crate) marked: bool,
    /// Byte range in the input; of a string, its inside.
    pub(super) start: u32,
    pub(super) end: u32,
    /// Of a value, the index of the node behind it and all that is in it. Of a member name, its hash.
    pub(super) link: u32,
}

impl Node {
    /// Stands where no node is yet.
    pub(super) const NONE: Self = Self { kind: Kind::Null, escaped: false, marked: false, start: 0, end: 0, link: 0 };

    /// The index of the node behind this value and all that is in it. Not of a member name.
    #[inline]
    pub(crate) const fn next(self) -> usize {
        self.link as usize
    }

    /// The [`hash`] of this member name as it is written.
    #[inline]
    pub(crate) const fn name_hash(self) -> u32 {
        self.link
    }

    /// Where the value stands in the input; a string with its quotes.
    #[inline]
    pub(crate) fn span(self) -> std::ops::Range<usize> {
        let quote = usize::from(self.kind == Kind::String);
        self.start as usize - quote..self.end as usize + quote
    }
}

/// A value by itself: what checks ask of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar<'a> {
    pub(crate) kind: Kind,
    /// As [`Node`] has them.
    pub(crate) escaped: bool,
    pub(crate) marked: bool,
    /// The text of a number or literal, or a string's inside with its escapes.
    pub(crate) raw: &'a str,
}

impl<'a> Scalar<'a> {
    /// The plain text of a string.
    pub(crate) fn text(&self) -> std::borrow::Cow<'a, str> {
        if self.escaped { decode(self.raw) } else { self.raw.into() }
    }
}

/// A checked JSON text. Node 0 is the value; an object's node is followed by name, value, name, value, ….
#[derive(Debug)]
pub(crate) struct Document<'a> {
    input: &'a str,
    /// The first `count` are its own; behind them stand those of earlier documents.
    nodes: Vec<Node>,
    count: usize,
    /// What the scan says of the input.
    blocks: Vec<Block>,
    is_compact: bool,
}

thread_local! {
    /// The buffers of the last document, kept for the next: reading allocates nothing once a thread is warm.
    static KEPT: Cell<(Vec<Node>, Vec<Block>)> = const { Cell::new((Vec::new(), Vec::new())) };
}

/// Nodes kept between documents: those of the largest record, not of a hostile batch.
const KEPT_NODES: usize = 1 << 15;

impl Drop for Document<'_> {
    fn drop(&mut self) {
        if self.nodes.len() <= KEPT_NODES {
            let buffers = (std::mem::take(&mut self.nodes), std::mem::take(&mut self.blocks));
            // A thread that is ending has no place left for them.
            let _ = KEPT.try_with(|kept| kept.set(buffers));
        }
    }
}

impl<'a> Document<'a> {
    /// Reads `input`, or says what makes it no acceptable JSON. Its strings are scanned for `lanes`.
    pub(crate) fn read(input: &'a [u8], lanes: &Lanes) -> Result<Self, Violation> {
        Self::scanned_only(input, lanes)?.parsed()
    }

    /// `input` before it is parsed: text, and scanned for `lanes`. It has no nodes.
    pub(crate) fn scanned_only(input: &'a [u8], lanes: &Lanes) -> Result<Self, Violation> {
        let input = utf8(input)?;
        let (nodes, mut blocks) = KEPT.try_with(Cell::take).unwrap_or_default();
        scan(input.as_bytes(), lanes, &mut blocks);
        Ok(Self { input, nodes, count: 0, blocks, is_compact: false })
    }

    /// The same with its nodes, or what makes it no acceptable JSON.
    pub(crate) fn parsed(mut self) -> Result<Self, Violation> {
        let read = Reader::new(self.input, &self.blocks, &mut self.nodes).read();
        (self.count, self.is_compact) = read.map_err(|fault| *fault)?;
        Ok(self)
    }

    /// What the scan says of the input.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The value at node `index` as checks see it.
    #[inline]
    pub(crate) fn scalar(&self, index: usize) -> Scalar<'a> {
        let node = self.node(index);
        Scalar { kind: node.kind, escaped: node.escaped, marked: node.marked, raw: self.raw(node) }
    }

    /// Whether nothing stands between values but the signs of the grammar.
    pub(crate) const fn is_compact(&self) -> bool {
        self.is_compact
    }

    /// The whole text.
    pub(crate) fn input(&self) -> &'a str {
        self.input
    }

    /// All nodes, in document order.
    #[inline]
    pub(crate) fn nodes(&self) -> &[Node] {
        self.nodes.get(..self.count).unwrap_or_default()
    }

    /// The node at `index`.
    #[inline]
    pub(crate) fn node(&self, index: usize) -> Node {
        self.nodes[index]
    }

    /// The text of a number or literal, or a string's inside with its escapes.
    pub(crate) fn raw(&self, node: Node) -> &'a str {
        &self.input[node.start as usize..node.end as usize]
    }

    /// What the scan says of a string without escapes.
    #[inline]
    pub(crate) fn scanned(&self, node: Node) -> Scanned<'_> {
        let (start, end) = (node.start as usize, node.end as usize);
        Scanned::new(self.raw(node), seen(&self.blocks, start, end), &self.blocks, start)
    }

    /// The plain text of a string.
    pub(crate) fn text(&self, node: Node) -> std::borrow::Cow<'a, str> {
        if node.escaped { decode(self.raw(node)) } else { self.raw(node).into() }
    }

    /// The hashes of all member names without escapes, in document order.
    pub(crate) fn name_hashes(&self) -> impl Iterator<Item = u32> + '_ {
        // A string that is a value links to the node behind it.
        let is_name = |(index, node): &(usize, &Node)| node.kind == Kind::String && node.next() != index + 1;
        self.nodes().iter().enumerate().filter(is_name).map(|(_, node)| node.name_hash())
    }

    /// The `(name, value)` node indices of the object at `index`.
    pub(crate) fn members(&self, index: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let end = self.nodes[index].next();
        let mut at = index + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let member = (at, at + 1);
                at = self.nodes[at + 1].next();
                member
            })
        })
    }
}
