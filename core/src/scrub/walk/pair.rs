//! Members that are written as pairs: `{"name":"Authorization","value":"…"}` in lists of headers, and OTLP's
//! `{"key":"password","value":{"stringValue":"…"}}`. What stands beside the value is its name.

use super::Walk;
use crate::json::Kind;
use crate::scrub::Place;
use crate::scrub::policy::Rule;
use crate::scrub::shape::has_form;
use crate::scrub::token::is_token;

/// The member that holds the value, and those that may hold its name.
const VALUE: &str = "value";
const NAMES: [&str; 2] = ["key", "name"];

/// OTLP's `AnyValue` in JSON and in text protobuf: a wrapper, whose member's name says only a type.
const TYPED: [&str; 2] = ["stringValue", "string_value"];

/// Whether what a member called `name` means may be said by a string beside it.
pub(in crate::scrub) fn may_be_paired(name: &str) -> bool {
    name == VALUE || TYPED.contains(&name)
}

impl Walk<'_> {
    /// Whether the innermost object has a member that may name the value, whatever it holds.
    fn has_name_beside(&mut self) -> bool {
        let document = self.document;
        let Some(object) = self.learned.path.top().map(|frame| frame.node) else { return false };
        document.members(object).any(|(name, _)| NAMES.contains(&&*document.text(document.node(name))))
    }

    /// What the value at node `at` is called by the string beside it, or by the pair that it stands in. Asked where
    /// its own name says nothing.
    pub(super) fn paired(&mut self, at: usize) -> (Option<Rule>, Place) {
        let name = self.document.text(self.document.node(at - 1));
        if TYPED.contains(&&*name) {
            return (self.learned.path.top().and_then(|frame| frame.rule), Place::Plain);
        }
        // Also where this record has no name there that counts: another of the same members may.
        if name == VALUE && self.trace.is_wanted() && self.has_name_beside() {
            self.trace.give_up();
        }
        // Numbers beside a name are mostly measurements: `{"name":"auth.token","value":3}`.
        let kind = self.document.node(at).kind;
        if name != VALUE || !matches!(kind, Kind::String | Kind::Object | Kind::Array) {
            return (None, Place::Plain);
        }
        let Some(object) = self.learned.path.top().map(|frame| frame.node) else { return (None, Place::Plain) };
        let document = self.document;
        let is_name = |(name, value): &(usize, usize)| {
            NAMES.contains(&&*document.text(document.node(*name))) && document.node(*value).kind == Kind::String
        };
        let Some((_, beside)) = document.members(object).find(is_name) else { return (None, Place::Plain) };
        let text = document.text(document.node(beside));
        // `[secret]` says what stood there, not what stands beside it.
        if is_token(&text) {
            return (None, Place::Plain);
        }
        let (rule, place) = self.scrubber.meaning(&text, &mut self.learned);
        if self.scrubber.known_meaning(&text, &self.learned).is_some() {
            return (rule, place);
        }
        // As with a member's own name: the next pass reads it as it is written now.
        let Some(scrubbed) = self.scrubber.scrub(&text, Place::Plain) else { return (rule, place) };
        let (rule_of_new, place) = self.scrubber.said(&scrubbed.text);
        let rule = match rule {
            Some(any) if !has_form(any) => rule,
            Some(_) | None => rule_of_new.or(rule),
        };
        (rule, place)
    }
}
