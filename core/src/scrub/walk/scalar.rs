//! Strings and numbers of a walk.

use super::Walk;
use super::trace::Trace;
use crate::json::{Document, Node};
use crate::scan::Scan;
use crate::scrub::learned::Tables;
use crate::scrub::policy::Rule;
use crate::scrub::value::{Asked, Changed, Named};
use crate::scrub::{LANES, Place, Scrubbed, Scrubber};

impl<'a> Walk<'a> {
    pub(super) fn string(&mut self, index: usize, node: Node, rule: Option<Rule>, place: Place) {
        if self.trace(index, Named { rule, place }) {
            return;
        }
        let is_clean = || !node.marked && self.scrubber.trusts_scan(place) || self.intact.contains(&index);
        if rule.is_none() && !node.escaped && is_clean() {
            self.output.copy(node.span());
            return;
        }
        self.string_with_something(index, node, Named { rule, place });
    }

    /// A string that has to be looked at: its name says something, its bytes may, or it has escapes.
    pub(super) fn string_with_something(&mut self, index: usize, node: Node, named: Named) {
        let text = self.document.text(node);
        let (depth, is_intact, document) = (self.depth, self.intact.contains(&index), self.document);
        let scrub = self.scrubber_of(index);
        let Tables { clean, path, .. } = &mut *self.learned;
        let pointer = || if depth > 0 { String::new() } else { path.pointer(document) };
        let scrubbed = |scrub: &Scrubber, place| scrubbed(scrub, document, node, &text, place, depth);
        match scrub.changed_string(Asked { text: &text, named, depth, is_intact }, clean, pointer, scrubbed) {
            Some(Changed { text, changes }) => {
                self.rewrite(node, &text);
                self.redacted(&changes);
            }
            None => self.unchanged(node, &text),
        }
    }

    pub(super) fn number(&mut self, index: usize, node: Node, rule: Option<Rule>) {
        if self.trace(index, Named { rule, place: Place::Plain }) {
            return;
        }
        let text = self.document.raw(node);
        let changed =
            rule.and_then(|rule| self.scrubber_of(index).changed_number(text, rule, || self.allowable_pointer()));
        if !self.whole(node, changed) {
            self.output.copy(node.span());
        }
    }

    /// Notes what stands around the value at node `index`, where that is all that is asked for.
    #[inline]
    pub(super) fn trace(&mut self, index: usize, named: Named) -> bool {
        if let Trace::Into(trace) = &mut self.trace {
            trace.push((index, named));
        }
        self.trace.is_wanted()
    }

    /// What scrubs the value at node `index`.
    pub(super) fn scrubber_of(&self, index: usize) -> &'a Scrubber {
        self.fields.secrets.filter(|_| self.kept.contains(&index)).unwrap_or(self.scrubber)
    }

    /// Writes a string that stays. Without escapes it is in canonical form already; in a string nobody asks for that.
    pub(super) fn unchanged(&mut self, node: Node, text: &str) {
        if node.escaped && self.depth == 0 {
            self.output.replace(&node.span(), text);
        } else {
            self.output.copy(node.span());
        }
    }
}

/// What scrubbing makes of the string `node`, which says `text`.
pub(super) fn scrubbed(
    scrub: &Scrubber,
    document: &Document<'_>,
    node: Node,
    text: &str,
    place: Place,
    depth: usize,
) -> Option<Scrubbed> {
    if node.escaped {
        let scan = Scan::of(text, &LANES);
        scrub.scrub_at(scan.with(text), place, depth)
    } else {
        scrub.scrub_at(document.scanned(node), place, depth)
    }
}
