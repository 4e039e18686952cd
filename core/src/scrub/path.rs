//! Where a walk stands: the containers that are open, and the names of what is in them.

use std::collections::{HashMap, HashSet};

use super::policy::Rule;
use super::token::numbered;
use crate::json::Document;
use crate::record::limits::MAX_DEPTH;

/// The containers that are open, outermost first.
pub(super) struct Path<'a> {
    frames: [Frame<'a>; MAX_DEPTH],
    /// How many are open; the rest is unused.
    level: usize,
}

#[derive(Default)]
pub(super) struct Frame<'a> {
    pub(super) is_object: bool,
    /// Its node, and the index behind its last value.
    pub(super) node: usize,
    pub(super) end: usize,
    /// Elements begun so far.
    pub(super) count: usize,
    /// The current member's name.
    pub(super) name: Name<'a>,
    /// A rule that the container's own name brings on everything in it.
    pub(super) rule: Option<Rule>,
    /// Names that rewritten ones must not repeat; made when the first is rewritten.
    names: Option<Box<Names>>,
}

/// A member's name as it is in the output.
#[derive(Default)]
pub(super) enum Name<'a> {
    /// In an array there is none.
    #[default]
    None,
    /// As it was written at this node.
    Node(usize),
    Known(&'a str),
    Rewritten(String),
}

struct Names {
    taken: HashSet<String>,
    ordinals: HashMap<String, u32>,
}

impl<'a> Path<'a> {
    pub(super) fn new() -> Self {
        Self { frames: std::array::from_fn(|_| Frame::default()), level: 0 }
    }

    pub(super) const fn level(&self) -> usize {
        self.level
    }

    /// The innermost container.
    #[inline]
    pub(super) fn top(&mut self) -> Option<&mut Frame<'a>> {
        self.level.checked_sub(1).and_then(|top| self.frames.get_mut(top))
    }

    /// Opens the container at node `index` of `document`. The reader allows no more than there is room for.
    pub(super) fn open(&mut self, document: &Document<'_>, index: usize, is_object: bool, rule: Option<Rule>) {
        if let Some(frame) = self.frames.get_mut(self.level) {
            let end = document.node(index).next as usize;
            *frame = Frame { is_object, node: index, end, count: 0, name: Name::None, rule, names: None };
            self.level += 1;
        }
    }

    /// Closes the innermost container, and says whether it was an object.
    pub(super) fn close(&mut self) -> Option<bool> {
        let is_object = self.top()?.is_object;
        self.level -= 1;
        Some(is_object)
    }

    /// A rewritten name that no sibling has: from the second on, an ordinal stands in its last token.
    pub(super) fn tell_apart(&mut self, document: &Document<'_>, base: String) -> String {
        let Some(frame) = self.top() else { return base };
        let node = frame.node;
        let names = frame.names.get_or_insert_with(|| {
            let names = document.members(node).map(|(name, _)| document.text(document.node(name)).into());
            Box::new(Names { taken: names.collect(), ordinals: HashMap::new() })
        });
        let ordinal = names.ordinals.entry(base.clone()).or_insert(0);
        loop {
            *ordinal += 1;
            let name = if *ordinal == 1 { base.clone() } else { numbered(&base, *ordinal) };
            if names.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// RFC 6901, with names as they are in the output: a pointer must not say what scrubbing removed.
    pub(super) fn pointer(&self, document: &Document<'_>) -> String {
        /// Bytes of most pointers: grown in one step.
        const USUAL: usize = 48;
        let mut pointer = String::with_capacity(USUAL);
        for frame in &self.frames[..self.level] {
            pointer.push('/');
            match &frame.name {
                Name::None => pointer.push_str(&frame.count.saturating_sub(1).to_string()),
                Name::Node(index) => push_segment(&document.text(document.node(*index)), &mut pointer),
                Name::Known(name) => push_segment(name, &mut pointer),
                Name::Rewritten(name) => push_segment(name, &mut pointer),
            }
        }
        pointer
    }
}

fn push_segment(name: &str, pointer: &mut String) {
    if !name.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        pointer.push_str(name);
        return;
    }
    for c in name.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}
