//! Free text in strict mode: prose stays only where a schema has a place for it, in the fields of a record's kind or in
//! a property of a tracking plan. Elsewhere nobody said what is written there, and no detector knows every name.

use super::actions::Replacement;
use super::policy::Rule;
use super::token::token_len;
use super::{Place, Scrubber};
use crate::json::{Document, Kind};
use crate::record::{Check, Reading, Slot};
use crate::schema::{Checked, Pii};

/// Words that make a text prose.
const MIN_WORDS: usize = 2;
/// Letters of scripts that set no spaces between words, which make it prose.
const MIN_DENSE: usize = 4;

/// Whether `text` is prose rather than a name, a number, a time or a code: several words with letters, besides tokens.
pub(crate) fn is_free_text(text: &str) -> bool {
    let is_dense =
        |c: &char| matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{2E80}'..='\u{D7FF}' | '\u{20000}'..='\u{3FFFF}');
    text.split(char::is_whitespace).filter(|word| has_letter(word)).take(MIN_WORDS).count() == MIN_WORDS
        || !text.is_ascii() && text.chars().filter(is_dense).take(MIN_DENSE).count() == MIN_DENSE
}

/// Whether `word` has a letter besides those of tokens, which scrubbing may have put there.
fn has_letter(word: &str) -> bool {
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        match token_len(rest.as_bytes()) {
            Some(len) => rest = &rest[len..],
            None if c.is_alphabetic() => return true,
            None => rest = &rest[c.len_utf8()..],
        }
    }
    false
}

impl Scrubber {
    /// Adds to what `checked` says of a record the free texts that no schema has a place for, in the order in which the
    /// record is written.
    pub(crate) fn mark_free_text(&self, document: &Document<'_>, reading: &Reading, checked: &mut Checked) {
        if !self.wanted[Place::Plain as usize].has(Rule::FreeText) {
            return;
        }
        let mut texts = std::mem::take(&mut checked.texts);
        let mut roots = Vec::new();
        for (place, field) in reading.kind.fields().iter().enumerate() {
            match reading.slot(document, place, field) {
                Slot::Node(value) | Slot::Cut(value, _) => {
                    known_texts(document, field.check, value, &mut texts);
                    roots.push((value, field.name));
                }
                Slot::Absent | Slot::Known(_) | Slot::Proven(_) => {}
            }
        }
        texts.sort_unstable();
        let planned = std::mem::take(&mut checked.fields);
        let mut marks = Marks { scrubber: self, document, texts: &texts, planned: &planned, found: Vec::new() };
        for (value, name) in roots {
            marks.within(value, || format!("/{name}"));
        }
        for &name in &reading.unknown {
            marks.within(name + 1, || format!("/{}", escaped(&document.text(document.node(name)))));
        }
        checked.fields = marks.found;
    }

    /// What stands in place of a free text whose name brings the rule `named`; nothing where that rule takes it, or
    /// where little is left of it.
    pub(super) fn free_text(&self, named: Option<Rule>, text: &str) -> Option<(Rule, Replacement)> {
        if named.is_some_and(|rule| self.whole(rule, text).is_some()) {
            return None;
        }
        let scrubbed = self.scrub(text, Place::Plain);
        let left = scrubbed.as_ref().map_or(text, |scrubbed| &scrubbed.text);
        let replacement = is_free_text(left).then(|| self.policy.replace(Rule::FreeText, text)).flatten()?;
        Some((Rule::FreeText, replacement))
    }
}

/// Adds the strings in the value at node `at` that a kind's table has a place for.
fn known_texts(document: &Document<'_>, check: Check, at: usize, texts: &mut Vec<usize>) {
    let kind = document.node(at).kind;
    let elements = || {
        let next = |at: &usize| Some(document.node(*at).next());
        std::iter::successors(Some(at + 1), next).take_while(|element| *element < document.node(at).next())
    };
    let (shape, objects): (_, Vec<usize>) = match (check, kind) {
        (Check::Nested(shape), Kind::Object) => (shape, vec![at]),
        (Check::List(shape), Kind::Array) => {
            (shape, elements().filter(|element| document.node(*element).kind == Kind::Object).collect())
        }
        (Check::Names, Kind::Array) => return texts.extend(elements()),
        (Check::Object | Check::Nested(_) | Check::List(_) | Check::Names, _) => return,
        (_, Kind::String) => return texts.push(at),
        _ => return,
    };
    for (name, value) in objects.into_iter().flat_map(|object| document.members(object)) {
        if let Some(found) = shape.find_name(document, name) {
            known_texts(document, shape.fields[found.field].check, value, texts);
        }
    }
}

/// What is marked in a record.
struct Marks<'a> {
    scrubber: &'a Scrubber,
    document: &'a Document<'a>,
    /// Texts that a schema has a place for.
    texts: &'a [usize],
    /// What the plan says, in rising order.
    planned: &'a [(usize, Pii)],
    found: Vec<(usize, Pii)>,
}

/// A container that is being looked at.
struct Frame {
    is_object: bool,
    end: usize,
    count: usize,
    pointer: usize,
}

impl Marks<'_> {
    /// Marks the free texts in the value at node `root`, which stands at `pointer`.
    fn within(&mut self, root: usize, pointer: impl FnOnce() -> String) {
        let document = self.document;
        // Only what is allowed by its place needs one.
        let has_paths = self.scrubber.policy.has_allowed_paths();
        let mut pointer = if has_paths { pointer() } else { String::new() };
        let mut kept = 0..0;
        let (mut at, mut name) = (root, root.checked_sub(1));
        let mut open: Vec<Frame> = Vec::new();
        loop {
            let node = document.node(at);
            let planned = self.planned.binary_search_by_key(&at, |(node, _)| *node).ok().map(|i| self.planned[i]);
            if let Some((node, pii)) = planned {
                self.found.push((node, pii));
                if pii == Pii::Keep {
                    kept = at..document.node(at).next();
                }
            }
            match node.kind {
                Kind::Object | Kind::Array => {
                    let (is_object, end) = (node.kind == Kind::Object, node.next());
                    open.push(Frame { is_object, end, count: 0, pointer: pointer.len() });
                }
                Kind::String if planned.is_none() && !kept.contains(&at) && self.is_homeless(at, name, &pointer) => {
                    self.found.push((at, Pii::FreeText));
                }
                _ => {}
            }
            at += 1;
            while open.last().is_some_and(|frame| frame.end == at) {
                open.pop();
            }
            let Some(frame) = open.last_mut() else { return };
            name = frame.is_object.then_some(at).or(name);
            if has_paths {
                pointer.truncate(frame.pointer);
                pointer.push('/');
                match name.filter(|_| frame.is_object) {
                    Some(name) => pointer.push_str(&escaped(&document.text(document.node(name)))),
                    None => pointer.push_str(&frame.count.to_string()),
                }
            }
            frame.count += 1;
            at += usize::from(frame.is_object);
        }
    }

    /// Whether the string at node `at` is free text that no schema has a place for. User agents are cut elsewhere.
    fn is_homeless(&self, at: usize, name: Option<usize>, pointer: &str) -> bool {
        let document = self.document;
        let place_of = |name| self.scrubber.said(&document.text(document.node(name))).1;
        let is_agent = || name.is_some_and(|name| place_of(name) == Place::UserAgent);
        self.texts.binary_search(&at).is_err()
            && is_free_text(&document.text(document.node(at)))
            && !is_agent()
            && !self.scrubber.policy.allows_path(|| pointer.to_owned())
    }
}

/// A name in a JSON Pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_told_from_codes_numbers_and_times() {
        for text in ["Ann called", "see ticket 12", "Zürich, Bahnhof", "顧客が来た。", "Bearer [bearer] of news"]
        {
            assert!(is_free_text(text), "{text}");
        }
        for text in [
            "checkout",
            "2026-01-02 03:04:05",
            "12 ms",
            "a/b?c=d",
            "Bearer [bearer]",
            "key \"[email]\" ([card]).",
            "",
            "  ",
        ] {
            assert!(!is_free_text(text), "{text}");
        }
    }
}
