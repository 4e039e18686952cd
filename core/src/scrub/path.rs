//! Where a walk stands: the containers that are open, and the names of what is in them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::policy::Rule;
use super::token::{is_bare, numbered, ordinal_of};
use crate::json::{Document, Kind, Node};

/// The containers that are open, outermost first.
#[derive(Default)]
pub(super) struct Path(Vec<Frame>);

pub(super) struct Frame {
    pub(super) is_object: bool,
    /// A rule that the container's own name brings on everything in it.
    pub(super) rule: Option<Rule>,
    /// Its node, and the index behind its last value.
    pub(super) node: usize,
    pub(super) end: usize,
    /// Elements begun so far.
    pub(super) count: usize,
    /// The current member's name.
    pub(super) name: Name,
    /// Made when the first name is rewritten.
    rewritten: Option<Box<Rewritten>>,
}

/// A member's name as it is in the output.
#[derive(Clone, Copy)]
pub(super) enum Name {
    /// In an array there is none.
    None,
    /// As it was written at this node.
    Node(usize),
    Known(&'static str),
    /// The latest of [`Rewritten`].
    Rewritten,
}

#[derive(Default)]
struct Rewritten {
    /// Names that rewritten ones must not repeat, but for those that `ordinals` knows.
    taken: HashSet<String>,
    /// Whether names without tokens are among them: they count once a rewritten name has none, a network's address.
    has_plain: bool,
    /// The last ordinal of each base. Up to it, all of a base that is one token are taken.
    ordinals: HashMap<Cow<'static, str>, u32>,
    latest: String,
}

impl Rewritten {
    /// Nearly all rewritten names are one token: they need no set, since their ordinals rise.
    fn is_counted(&self, name: &str) -> bool {
        ordinal_of(name).is_some_and(|(base, ordinal)| self.ordinals.get(&*base).is_some_and(|last| *last >= ordinal))
    }
}

impl Path {
    pub(super) fn level(&self) -> usize {
        self.0.len()
    }

    /// Leaves all containers.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The innermost container.
    #[inline]
    pub(super) fn top(&mut self) -> Option<&mut Frame> {
        self.0.last_mut()
    }

    /// Opens the container at node `index`, which is `node`.
    #[inline]
    pub(super) fn open(&mut self, index: usize, node: Node, rule: Option<Rule>) {
        let is_object = node.kind == Kind::Object;
        let frame =
            Frame { is_object, rule, node: index, end: node.next(), count: 0, name: Name::None, rewritten: None };
        self.0.push(frame);
    }

    /// Closes the innermost container, and says whether it was an object.
    #[inline]
    pub(super) fn close(&mut self) -> Option<bool> {
        self.0.pop().map(|frame| frame.is_object)
    }

    /// A rewritten name that no sibling has: from the second on, an ordinal stands in its last token.
    pub(super) fn rename(&mut self, document: &Document<'_>, base: Cow<'static, str>) -> String {
        let Some(frame) = self.top() else { return base.into_owned() };
        let node = frame.node;
        let names = |with_token: bool| -> HashSet<String> {
            let texts = document.members(node).map(|(name, _)| document.text(document.node(name)));
            texts.filter(|name| name.contains('[') == with_token).map(Cow::into_owned).collect()
        };
        let rewritten =
            frame.rewritten.get_or_insert_with(|| Box::new(Rewritten { taken: names(true), ..Rewritten::default() }));
        if !base.contains('[') && !rewritten.has_plain {
            rewritten.has_plain = true;
            rewritten.taken.extend(names(false));
        }
        let rises = is_bare(&base);
        let mut ordinal = rewritten.ordinals.get(&base).copied().unwrap_or(0);
        let name = loop {
            ordinal += 1;
            let name = if ordinal == 1 { Cow::Borrowed(&*base) } else { numbered(&base, ordinal).into() };
            if !rewritten.taken.contains(&*name) && (rises || !rewritten.is_counted(&name)) {
                break name.into_owned();
            }
        };
        if !rises {
            rewritten.taken.insert(name.clone());
        }
        if let Some(last) = rewritten.ordinals.get_mut(&base) {
            *last = ordinal;
        } else {
            rewritten.ordinals.insert(base, ordinal);
        }
        name
    }

    /// The name that [`rename`](Self::rename) gave the current member, for pointers.
    pub(super) fn keep_name(&mut self, name: String) {
        if let Some(rewritten) = self.top().and_then(|frame| frame.rewritten.as_mut()) {
            rewritten.latest = name;
        }
    }

    /// RFC 6901, with names as they are in the output: a pointer must not say what scrubbing removed.
    pub(super) fn pointer(&self, document: &Document<'_>) -> String {
        /// Bytes of most pointers: grown in one step.
        const USUAL: usize = 48;
        let mut pointer = String::with_capacity(USUAL);
        for frame in &self.0 {
            pointer.push('/');
            match frame.name {
                Name::None => pointer.push_str(&frame.count.saturating_sub(1).to_string()),
                Name::Node(index) => push_segment(&document.text(document.node(index)), &mut pointer),
                Name::Known(name) => push_segment(name, &mut pointer),
                Name::Rewritten => {
                    push_segment(frame.rewritten.as_ref().map_or("", |rewritten| &rewritten.latest), &mut pointer);
                }
            }
        }
        pointer
    }
}

/// A member's name as part of a pointer.
pub(crate) fn push_segment(name: &str, pointer: &mut String) {
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
