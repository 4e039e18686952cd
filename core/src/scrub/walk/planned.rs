//! What a tracking plan says of values.

use super::Walk;
use crate::json::{Kind, Node};
use crate::schema::Pii;
use crate::scrub::policy::Rule;
use crate::scrub::token::is_token;

impl Walk<'_> {
    /// Does what the plan says of the node at `at`, the next of its nodes; says whether the value was written.
    pub(super) fn field(&mut self, at: usize, node: Node, rule: Option<Rule>) -> bool {
        let Some(((_, pii), rest)) = self.fields.actions.split_first() else { return false };
        self.fields.actions = rest;
        if *pii == Pii::Keep {
            // A field that is kept inside another leaves the outer one's range as it is.
            if !self.kept.contains(&at) {
                self.kept = at..node.next();
            }
            return false;
        }
        let text = match node.kind {
            Kind::Null => return false,
            Kind::String => self.document.text(node),
            Kind::Bool | Kind::Number | Kind::Object | Kind::Array => self.document.input()[node.span()].into(),
        };
        if text.is_empty() || is_token(&text) {
            return false;
        }
        let Some((rule, replacement)) = self.scrubber.field(*pii, rule, &text) else { return false };
        let inside = rest.iter().take_while(|(index, _)| *index < node.next()).count();
        self.fields.actions = &rest[inside..];
        self.whole(node, Some((rule, replacement)))
    }
}
