//! What was kept in base64 and in JSON inside a string: told at the string that holds it.

use super::Look;
use crate::json::{Document, Kind};
use crate::scan::Scan;
use crate::scrub::detector::LANES;
use crate::scrub::evasion::MAX_LAYERS;
use crate::scrub::fold::{View, base64_runs};
use crate::scrub::token::is_token;
use crate::scrub::walk::inner_rule;
use crate::scrub::{Place, Scrubber, shape};

impl Look<'_> {
    /// What stands in `depth` layers of encoding and one more in `text`, the string at node `at` or a part of it.
    pub(super) fn hidden(&mut self, scrubber: &Scrubber, at: usize, text: &str, depth: usize) {
        if depth >= MAX_LAYERS {
            return;
        }
        // All of a document in a string is read by its names; what else would be read of it is read there.
        let inside = text.trim_ascii();
        let is_json = matches!(inside.as_bytes(), [b'{', .., b'}'] | [b'[', .., b']'] | [b'"', .., b'"']);
        if is_json && let Ok(document) = Document::read(inside.as_bytes(), &LANES) {
            self.document(scrubber, at, &document, depth + 1);
            return;
        }
        let scan = Scan::of(text, &LANES);
        for (_, held) in base64_runs(scan.with(text), |_| false) {
            self.layer(scrubber, at, &held, Place::Plain, depth + 1);
        }
    }

    /// A text that stood in some layer.
    fn layer(&mut self, scrubber: &Scrubber, at: usize, text: &str, place: Place, depth: usize) {
        let view = View::of(text).0;
        for text in std::iter::once(text).chain(view.as_ref().map(View::text)) {
            self.found(scrubber, at, text, place, None);
            self.hidden(scrubber, at, text, depth);
        }
    }

    /// The names and strings of a document.
    fn document(&mut self, scrubber: &Scrubber, at: usize, document: &Document<'_>, depth: usize) {
        // The container's end, whether it is an object, and the rule that its name brings.
        let mut open = Vec::new();
        let (mut index, mut rule, mut place) = (0, None, Place::Plain);
        loop {
            let node = document.node(index);
            match node.kind {
                Kind::Object | Kind::Array => open.push((node.next(), node.kind == Kind::Object, rule)),
                Kind::String => {
                    let text = document.text(node);
                    let is_named = |rule| shape::accepts(rule, &text) && !text.is_empty() && !is_token(&text);
                    if let Some(rule) = rule.filter(|rule| is_named(*rule)) {
                        self.keep(at, rule, scrubber.policy.reason_to_keep(rule, &text, Place::Plain));
                    }
                    self.layer(scrubber, at, &text, place, depth);
                }
                Kind::Number => {
                    let text = document.raw(node);
                    if let Some(rule) = rule.filter(|rule| shape::accepts_number(*rule, text)) {
                        self.keep(at, rule, scrubber.policy.reason_to_keep(rule, text, Place::Plain));
                    }
                }
                Kind::Bool | Kind::Null => {}
            }
            index += 1;
            while open.last().is_some_and(|(end, ..)| *end == index) {
                open.pop();
            }
            let Some(&(_, is_object, outer)) = open.last() else { return };
            (rule, place) = (outer, Place::Plain);
            if is_object {
                let name = document.text(document.node(index));
                let (own, of_name) = scrubber.meaning(&name, &mut self.learned);
                (rule, place) = (inner_rule(own, outer), of_name);
                self.found(scrubber, at, &name, Place::Plain, None);
                index += 1;
            }
        }
    }
}
