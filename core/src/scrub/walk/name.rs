//! Member names of a walk: scrubbed like strings, and what they mean for their values.

use super::Walk;
use super::scalar::scrubbed;
use crate::json::Node;
use crate::scrub::Place;
use crate::scrub::detect::secret_name::is_descriptor;
use crate::scrub::names::Meaning;
use crate::scrub::path::Name;
use crate::scrub::policy::Rule;
use crate::scrub::shape::has_form;

impl Walk<'_> {
    /// Writes the member name at node `index`, scrubbed, and says what it means for the value.
    pub(super) fn name(&mut self, index: usize) -> (Option<Rule>, Place) {
        let node = self.document.node(index);
        if !node.escaped
            && let Some(Meaning { rule, place, .. }) =
                self.scrubber.known_meaning(self.document.raw(node), &self.learned)
        {
            self.output.copy(node.span());
            self.named(Name::Node(index));
            return (inner_rule(rule, self.inherited(self.document.raw(node).as_bytes())), place);
        }
        self.unknown_name(index, node)
    }

    /// A name that comes for the first time, in which something has to be scrubbed, or with escapes.
    pub(super) fn unknown_name(&mut self, index: usize, node: Node) -> (Option<Rule>, Place) {
        let text = self.document.text(node);
        let known = if node.escaped { self.scrubber.known_meaning(&text, &self.learned) } else { None };
        let scrubbed = if known.is_some() {
            None
        } else {
            scrubbed(self.scrubber, self.document, node, &text, Place::Plain, self.depth)
        };
        let Some(scrubbed) = scrubbed else {
            let (rule, place) = match known {
                Some(Meaning { rule, place, .. }) => (rule, place),
                // A document in a string opens fewer layers: what is clean there is not clean everywhere.
                None if self.depth > 0 => self.scrubber.meaning(&text, &mut self.learned),
                None => {
                    let Meaning { rule, place, .. } = self.scrubber.learn_meaning(&text, &mut self.learned);
                    (rule, place)
                }
            };
            self.unchanged(node, &text);
            self.named(Name::Node(index));
            return (inner_rule(rule, self.inherited(text.as_bytes())), place);
        };
        self.trace.give_up();
        let name = self.learned.path.rename(self.document, scrubbed.text);
        self.rewrite(node, &name);
        // The next pass reads the name as it is now, and must come to nothing new.
        // A rule that takes any value stays; one that looks at the value's form gives way to what will be read.
        let (rule_of_new, place) = self.learned.path.meaning_of_renamed(|| self.scrubber.said(&name));
        let rule = match self.scrubber.rule_of_name(&text) {
            Some(any) if !has_form(any) => Some(any),
            rule => rule_of_new.or(rule),
        };
        let inherited = self.inherited(name.as_bytes());
        self.named(Name::Rewritten);
        self.learned.path.keep_name(name);
        self.redacted(&scrubbed.changes);
        (inner_rule(rule, inherited), place)
    }

    /// The rule that the container's name brings on its member called `name`.
    #[inline]
    pub(super) fn inherited(&mut self, name: &[u8]) -> Option<Rule> {
        let outer = self.learned.path.top().and_then(|frame| frame.rule);
        outer.filter(|outer| *outer != Rule::Secret || !is_descriptor(name))
    }

    /// Notes the name that was written and writes the colon.
    pub(super) fn named(&mut self, name: Name) {
        if let Some(frame) = self.learned.path.top() {
            frame.name = name;
        }
        self.output.sign(b':');
    }
}

/// The rule for a member of a container: what takes any value stays in force, and what asks for a form goes on to
/// elements of arrays but not to members, whose own names say what they are (`mobile: {sessions: 12345678}`).
/// Coordinates do: they are called `lat` and `x` where they stand in an object called `location`.
pub(in crate::scrub) fn inner_rule(own: Option<Rule>, inherited: Option<Rule>) -> Option<Rule> {
    match (own, inherited) {
        (Some(own), Some(outer)) if has_form(own) && !has_form(outer) => Some(outer),
        (None, Some(outer)) if has_form(outer) && outer != Rule::Geo => None,
        _ => own.or(inherited),
    }
}
