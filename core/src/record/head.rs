//! A canonical record by the members that it is found by.

#![cfg_attr(not(feature = "store"), allow(dead_code, reason = "the context is asked for by stores only"))]

use std::borrow::Cow;

use super::kind::RecordKind;
use super::members::{Members, Value};

/// Members of a record, and of its context, for which room is made at once: as many as most have.
const USUAL_MEMBERS: usize = 12;

/// A record that the engine wrote, opened for a look. An event's payload, which is most of it and by which nothing is
/// found, is not read.
pub(crate) struct Head<'a> {
    members: Vec<(&'a str, Value<'a>)>,
    context: Vec<(&'a str, Value<'a>)>,
    has_context: bool,
    pub(crate) kind: RecordKind,
}

impl<'a> Head<'a> {
    /// Opens the text of an accepted record; nothing where it is none.
    pub(crate) fn of(record: &'a str) -> Option<Self> {
        let mut rest = Members::of(record);
        // The engine writes it first.
        let schema = rest.name().filter(|name| name.raw == "schema").and_then(|_| rest.value())?;
        let kind = RecordKind::named(schema.inside())?;
        let mut members = Vec::with_capacity(USUAL_MEMBERS);
        members.push(("schema", schema));
        let (mut context, mut has_context) = (Vec::new(), false);
        while let Some(name) = rest.name() {
            if kind == RecordKind::Event && name.raw == "payload" {
                break;
            }
            let Some(mut inner) = rest.enter().filter(|_| name.raw == "context") else {
                members.push((name.raw, rest.value()?));
                continue;
            };
            context.reserve(USUAL_MEMBERS);
            context.extend(inner.by_ref().map(|(name, value)| (name.raw, value)));
            rest.leave(&inner);
            has_context = true;
        }
        Some(Self { members, context, has_context, kind })
    }

    /// The text of a member that is a string, or the digits of one that is a number.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        find(&self.members, name)?.scalar()
    }

    /// The same of a member of `context`.
    #[cfg(feature = "store")]
    pub(crate) fn context(&self, name: &str) -> Option<Cow<'a, str>> {
        find(&self.context, name)?.scalar()
    }

    /// Whether the record has a context.
    #[cfg(feature = "store")]
    pub(crate) fn has_context(&self) -> bool {
        self.has_context
    }

    /// Channel and event. Kinds that have neither are found under the kind's word and the field that names them:
    /// `trace` and the event key, `log` and the event type, `metric` and `span` and their names, `perf_sample` and
    /// the platform, `replay_inconsistency` and the client's version.
    pub(crate) fn series(&self) -> (Cow<'a, str>, Cow<'a, str>) {
        self.kind.table().names(|name| self.text(name))
    }
}

fn find<'a>(members: &[(&'a str, Value<'a>)], wanted: &str) -> Option<Value<'a>> {
    members.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value)
}
