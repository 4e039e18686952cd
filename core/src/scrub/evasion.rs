//! Scrubs what is hidden in other forms: the folded views of a text, base64, and JSON inside strings. What is
//! replaced is the stretch of the original text that hides it; the rest stays as it was written.
//!
//! Cost: each layer of encoding is read a constant number of times (a plain scan, a view and its scan, base64 and
//! what it holds), no layer is longer than the one around it, and there are at most [`MAX_LAYERS`].

use std::cell::Cell;
use std::ops::Range;

use super::detector::{LANES, Wanted, max_looks};
use super::fold::{View, base64_runs, may_hide};
use super::policy::Rule;
use super::walk::Walk;
use super::{Changes, Found, Place, Scrubbed, Scrubber};
use crate::json::{Document, Kind, write_string};
use crate::scan::{LONG_RUN, Scan, Scanned};

/// Layers of base64 and of JSON in strings that are opened: a message inside an envelope inside a log line. Below
/// them text is read as text.
pub(super) const MAX_LAYERS: usize = 4;

/// What a text is when it is read as JSON.
pub(super) enum Nested {
    /// No JSON document.
    Text,
    /// JSON without findings: it stays as it was written.
    Clean,
    /// JSON, written back as it was except for what was found.
    Changed(Scrubbed),
}

impl Scrubber {
    /// Adds to `found` what is hidden in the text. What was found in plain goes first.
    pub(super) fn uncover(&self, scanned: Scanned<'_>, wanted: Wanted, depth: usize, found: &mut Vec<Found>) {
        let text = scanned.text;
        if !scanned.seen.hidden || !may_hide(scanned) {
            self.open_base64(scanned, depth, found);
            return;
        }
        let (view, whole) = View::of(text);
        if let Some(view) = &view {
            let scan = Scan::of(view.text(), &LANES);
            let scanned = scan.with(view.text());
            let mut hidden = self.found(scanned, wanted);
            self.open_base64(scanned, depth, &mut hidden);
            add_hidden(text, found, view, hidden);
        } else {
            self.open_base64(scanned, depth, found);
        }
        if let Some(view) = whole {
            let scan = Scan::of(view.text(), &LANES);
            let hidden = self.found(scan.with(view.text()), wanted.and(self.checked));
            add_hidden(text, found, &view, hidden);
        }
    }

    /// Adds the runs of base64 that hold something.
    fn open_base64(&self, scanned: Scanned<'_>, depth: usize, found: &mut Vec<Found>) {
        if !scanned.seen.long || depth >= MAX_LAYERS {
            return;
        }
        let held = |(at, held): (Range<usize>, String)| {
            let rule = self.first_in(&held, depth + 1)?;
            let (replacement, action) = self.policy.cover(rule);
            Some(Found { at, rule, replacement, action })
        };
        let limit = max_looks(scanned.text);
        // The most that may be hidden in what is not read.
        let unread = Cell::new(0);
        let is_known = |run: &Range<usize>| {
            let is_known = is_inside(run, found);
            unread.set(unread.get() + if is_known { run.len() / LONG_RUN } else { 0 });
            is_known
        };
        let mut hidden: Vec<_> = base64_runs(scanned, is_known).filter_map(held).take(limit + 1).collect();
        if unread.get() > 0 && hidden.len() + unread.get() > limit {
            hidden = base64_runs(scanned, |_| false).filter_map(held).take(limit + 1).collect();
        }
        // As many as no log has in plain either.
        if hidden.len() > limit
            && let Some(mut whole) = hidden.pop()
        {
            whole.at = 0..scanned.text.len();
            *found = vec![whole];
            return;
        }
        merge(found, hidden);
    }

    /// The first rule that finds something in `text`.
    fn first_in(&self, text: &str, depth: usize) -> Option<Rule> {
        let changes = match self.nested(text, depth) {
            Nested::Clean => return None,
            Nested::Changed(scrubbed) => scrubbed.changes,
            Nested::Text => {
                let mut changes = Changes::default();
                self.pass(Scan::of(text, &LANES).with(text), Place::Plain, depth, &mut changes)?;
                changes
            }
        };
        changes.first().map(|(rule, _)| *rule)
    }

    /// Reads `text` as a JSON document: an object, an array, or one of them in a string. The names of its members
    /// count as they do in a record.
    pub(super) fn nested(&self, text: &str, depth: usize) -> Nested {
        let inside = text.trim_ascii();
        let bounds = (inside.bytes().next(), inside.bytes().next_back());
        let may_be = matches!(bounds, (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) | (Some(b'"'), Some(b'"')));
        // `[email]` and `[INFO] … [ok]` begin no array. A backslash may stand before a quote or for any sign.
        let first = inside.bytes().skip(1).find(|byte| !byte.is_ascii_whitespace());
        let may_begin = inside.as_bytes().first() != Some(&b'[')
            || first.is_some_and(|b| b.is_ascii_digit() || b"\"{[]-tfn\\".contains(&b));
        if depth >= MAX_LAYERS || !may_be || !may_begin {
            return Nested::Text;
        }
        if let Ok(document) = Document::read(text.as_bytes(), &LANES) {
            return self.nested_document(&document, depth + 1);
        }
        // A string's inside without its quotes: `{\"a\":1}`.
        if text.contains("\\\"")
            && let Some(inside) = unquoted(text)
        {
            return match self.nested(&inside, depth + 1) {
                Nested::Changed(scrubbed) => {
                    let mut out = String::with_capacity(text.len() + "\"\"".len());
                    write_string(&scrubbed.text, &mut out);
                    let text = out[1..out.len() - 1].to_owned();
                    Nested::Changed(Scrubbed { text: text.into(), changes: scrubbed.changes })
                }
                // What was a document before it was scrubbed is one afterwards: the next pass must not read it as text.
                other => other,
            };
        }
        Nested::Text
    }

    fn nested_document(&self, document: &Document<'_>, depth: usize) -> Nested {
        let mut walk = Walk::nested(self, document, depth);
        walk.value(0, None, Place::Plain);
        let (text, changes) = walk.finish_nested();
        if changes.is_empty() { Nested::Clean } else { Nested::Changed(Scrubbed { text: text.into(), changes }) }
    }
}

/// Whether `run` stands inside one of `found`, which goes whole whatever the run holds ([`merge`]): nearly always a token.
fn is_inside(run: &Range<usize>, found: &[Found]) -> bool {
    let next = found.partition_point(|found| found.at.end < run.end);
    found.get(next).is_some_and(|Found { at, rule, .. }| {
        // Of an address a view may know better.
        *rule != Rule::Email && at.start <= run.start && at.len() > run.len()
    })
}

/// What the inside of a JSON string says. Nothing but that is kept: layers stand inside one another.
fn unquoted(text: &str) -> Option<String> {
    let quoted = format!("\"{text}\"");
    let document = Document::read(quoted.as_bytes(), &LANES).ok()?;
    let node = document.node(0);
    (node.kind == Kind::String).then(|| document.text(node).into_owned())
}

/// Adds what was found `hidden` in a view of `text`.
fn add_hidden(text: &str, found: &mut Vec<Found>, view: &View<'_>, mut hidden: Vec<Found>) {
    match &mut hidden[..] {
        // All of the view is to go, so all of the text is.
        [whole] if whole.at == (0..view.text().len()) => {
            whole.at = 0..text.len();
            *found = hidden;
        }
        _ => merge(found, in_origin(view, hidden)),
    }
}

/// `hidden` with the ranges of the text that `view` was made of.
fn in_origin(view: &View<'_>, mut hidden: Vec<Found>) -> Vec<Found> {
    let ranges: Vec<_> = hidden.iter().map(|found| found.at.clone()).collect();
    for (found, at) in hidden.iter_mut().zip(view.in_origin(&ranges)) {
        found.at = at;
    }
    hidden
}

/// Adds `others` to `found`. Both are in order. Where they overlap, what was `found` stays, unless the other knows
/// better.
pub(super) fn merge(found: &mut Vec<Found>, others: Vec<Found>) {
    if found.is_empty() {
        *found = others;
        return;
    }
    if others.is_empty() {
        return;
    }
    let mut first = std::mem::take(found).into_iter().peekable();
    // How far what was left out reaches: what a view found behind it may have been cut there.
    let mut left_out = 0;
    for other in others {
        while let Some(earlier) = first.next_if(|earlier| earlier.at.end <= other.at.start) {
            found.push(earlier);
        }
        let overlaps = first.peek().is_some_and(|next| next.at.start < other.at.end);
        if overlaps && !first.peek().is_some_and(|next| next.at.start >= left_out && knows_better(&other, next)) {
            left_out = other.at.end;
            continue;
        }
        // What it covers is found again in the next pass where it is anything of its own.
        while first.next_if(|next| next.at.start < other.at.end).is_some() {}
        found.push(other);
    }
    found.extend(first);
}

/// A view sees more of a value (`ann\u200b@example.com`), or sees where an address ends and an encoded separator
/// begins (`mail%3Dann@example.com`). Other values may hold encoded separators.
fn knows_better(hidden: &Found, plain: &Found) -> bool {
    let holds = hidden.at.start <= plain.at.start && plain.at.end <= hidden.at.end;
    hidden.rule == plain.rule && (holds || hidden.rule == Rule::Email)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::outcome::Action;

    fn found(rule: Rule, at: Range<usize>) -> Found {
        Found { at, rule, replacement: Cow::default(), action: Action::Replace }
    }

    #[test]
    fn what_is_plain_stays_unless_a_view_knows_better() {
        let (mail, card, ip) = (Rule::Email, Rule::Card, Rule::Ipv4);
        for (plain, hidden, expected) in [
            (vec![(mail, 0..5)], vec![(card, 6..9)], vec![(mail, 0..5), (card, 6..9)]),
            (vec![(mail, 6..9)], vec![(card, 0..6)], vec![(card, 0..6), (mail, 6..9)]),
            (vec![(card, 2..5)], vec![(ip, 0..9)], vec![(card, 2..5)]),
            (vec![(card, 2..5)], vec![(card, 0..9)], vec![(card, 0..9)]),
            (vec![(card, 2..5), (ip, 6..8)], vec![(card, 0..9)], vec![(card, 0..9)]),
            (vec![(card, 0..9)], vec![(card, 2..5)], vec![(card, 0..9)]),
            (vec![(mail, 0..9)], vec![(mail, 2..5), (mail, 6..8)], vec![(mail, 2..5), (mail, 6..8)]),
            (vec![(card, 0..3), (mail, 4..9)], vec![(ip, 1..6), (mail, 6..9)], vec![(card, 0..3), (mail, 4..9)]),
        ] {
            let of = |list: Vec<(Rule, Range<usize>)>| -> Vec<Found> {
                list.into_iter().map(|(rule, at)| found(rule, at)).collect()
            };
            let mut merged = of(plain);
            merge(&mut merged, of(hidden));
            assert_eq!(merged.into_iter().map(|found| (found.rule, found.at)).collect::<Vec<_>>(), expected);
        }
    }
}
