//! Where a walk stands: the containers that are open, and the names of what is in them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::Place;
use super::policy::Rule;
use super::token::{is_bare, numbered, ordinal_as_written, ordinal_of, push_with_ordinal};
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
    /// Names that rewritten ones must not repeat, but for those that bases know.
    taken: HashSet<String>,
    /// Whether names without tokens are among them: they count once a rewritten name has none, a network's address.
    has_plain: bool,
    bases: Vec<Base>,
    /// Where each base is, by its text.
    places: HashMap<String, usize>,
    /// The latest base: mostly the next one too.
    recent: usize,
    /// Whether the latest name is its base with an ordinal.
    is_numbered: bool,
    latest: String,
}

/// What names become before an ordinal tells them apart.
struct Base {
    text: Cow<'static, str>,
    /// It is one token, whose ordinals rise: its names need no set.
    rises: bool,
    /// The last ordinal that was given. Up to it, all of a base that rises are taken.
    last: u32,
    /// Ordinals that siblings have, in rising order.
    taken: Vec<u32>,
    /// Whether its names with an ordinal all say the same of their values, and what that is, once it was asked for.
    is_of_one_meaning: bool,
    meaning: Option<(Option<Rule>, Place)>,
}

impl Base {
    fn new(text: Cow<'static, str>) -> Self {
        let rises = is_bare(&text) && ordinal_as_written(&numbered(&text, 2)).is_some();
        // Of a secret's token a quick look at its last letters decides, and an ordinal is among them.
        let is_of_one_meaning = rises && Rule::ALL.iter().any(|rule| !rule.is_secret() && rule.token() == text);
        Self { text, rises, last: 0, taken: Vec::new(), is_of_one_meaning, meaning: None }
    }

    /// The next ordinal of a base that rises.
    fn next(&self) -> u32 {
        let mut next = self.last + 1;
        while self.taken.binary_search(&next).is_ok() {
            next += 1;
        }
        next
    }

    /// Writes the name with `ordinal`, which the first does not show, into `name`.
    fn write_name(&self, ordinal: u32, name: &mut String) {
        name.clear();
        match self.text.strip_suffix(']') {
            _ if ordinal == 1 => name.push_str(&self.text),
            Some(kind) if self.rises => push_with_ordinal(kind, ordinal, name),
            _ => *name = numbered(&self.text, ordinal),
        }
    }
}

impl Rewritten {
    /// The place of the base `text`.
    fn base(&mut self, text: Cow<'static, str>) -> usize {
        if self.bases.get(self.recent).is_none_or(|base| base.text != text) {
            let next = self.bases.len();
            self.recent = *self.places.entry(text.clone().into_owned()).or_insert(next);
            if self.recent == next {
                self.bases.push(Base::new(text));
            }
        }
        self.recent
    }

    /// Notes a name that is no more to be given.
    fn take(&mut self, name: Cow<'_, str>) {
        let Some((kind, ordinal)) = ordinal_as_written(&name) else {
            self.taken.insert(name.into_owned());
            return;
        };
        let is_recent = self.bases.get(self.recent).is_some_and(|base| base.text.strip_suffix(']') == Some(kind));
        let place = if is_recent { self.recent } else { self.base(format!("{kind}]").into()) };
        if let Some(Base { taken, .. }) = self.bases.get_mut(place)
            && let Err(at) = taken.binary_search(&ordinal)
        {
            taken.insert(at, ordinal);
        }
    }

    /// Whether a sibling has `name`, or a name that was given by a base that does not rise.
    fn is_taken(&self, name: &str) -> bool {
        let Some((kind, ordinal)) = ordinal_as_written(name) else { return self.taken.contains(name) };
        let base = self.places.get(&format!("{kind}]")).and_then(|place| self.bases.get(*place));
        base.is_some_and(|base| base.taken.binary_search(&ordinal).is_ok())
    }

    /// Whether a base that rises has given `name`.
    fn is_counted(&self, name: &str) -> bool {
        let last = |base: &str| self.places.get(base).and_then(|place| self.bases.get(*place)).map(|base| base.last);
        ordinal_of(name).is_some_and(|(base, ordinal)| last(&base).is_some_and(|last| last >= ordinal))
    }

    /// A name made of the base at `place` that nobody has, in the room of the latest.
    fn give(&mut self, place: usize) -> String {
        let mut name = std::mem::take(&mut self.latest);
        let Some(base) = self.bases.get(place) else { return name };
        let rises = base.rises;
        let mut ordinal = if rises { base.next() } else { base.last + 1 };
        base.write_name(ordinal, &mut name);
        if !rises {
            while self.is_taken(&name) || self.is_counted(&name) {
                ordinal += 1;
                base.write_name(ordinal, &mut name);
            }
            self.take(name.as_str().into());
        }
        if let Some(base) = self.bases.get_mut(place) {
            base.last = ordinal;
        }
        self.recent = place;
        self.is_numbered = ordinal > 1 && rises;
        name
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
        let names = |with_token: bool| {
            let texts = document.members(node).map(|(name, _)| document.text(document.node(name)));
            texts.filter(move |name| name.contains('[') == with_token)
        };
        let rewritten = frame.rewritten.get_or_insert_with(|| {
            let mut rewritten = Rewritten::default();
            names(true).for_each(|name| rewritten.take(name));
            Box::new(rewritten)
        });
        if !base.contains('[') && !rewritten.has_plain {
            rewritten.has_plain = true;
            rewritten.taken.extend(names(false).map(Cow::into_owned));
        }
        let place = rewritten.base(base);
        rewritten.give(place)
    }

    /// What the name that [`rename`](Self::rename) gave says of its value: asked once for all that differ in their ordinal.
    pub(super) fn meaning_of_renamed(&mut self, ask: impl FnOnce() -> (Option<Rule>, Place)) -> (Option<Rule>, Place) {
        let rewritten = self.top().and_then(|frame| frame.rewritten.as_mut()).filter(|rewritten| rewritten.is_numbered);
        match rewritten.and_then(|rewritten| rewritten.bases.get_mut(rewritten.recent)) {
            Some(base) if base.is_of_one_meaning => *base.meaning.get_or_insert_with(ask),
            _ => ask(),
        }
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
