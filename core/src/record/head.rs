//! A canonical record by the members that it is found by.

use std::borrow::Cow;

use super::kind::{RecordKind, Series};
use crate::json::{Document, Kind};
use crate::scan::Lanes;

/// A record that the engine wrote, opened for a look.
pub(crate) struct Head<'a> {
    document: Document<'a>,
    pub(crate) kind: RecordKind,
}

/// What an absent half of a name is called.
const UNKNOWN: &str = "unknown";

impl<'a> Head<'a> {
    /// Opens the text of an accepted record; nothing where it is none.
    pub(crate) fn of(record: &'a str) -> Option<Self> {
        let document = Document::read(record.as_bytes(), Lanes::none()).ok()?;
        let schema = document.members(0).find(|(name, _)| document.raw(document.node(*name)) == "schema")?.1;
        let kind = RecordKind::named(&document.text(document.node(schema)))?;
        Some(Self { document, kind })
    }

    /// The text of a member that is a string, or the digits of one that is a number.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.scalar(self.member(0, name)?)
    }

    /// The same of a member of `context`.
    #[cfg(feature = "store")]
    pub(crate) fn context(&self, name: &str) -> Option<Cow<'a, str>> {
        self.scalar(self.member(self.member(0, "context")?, name)?)
    }

    /// Whether the record has this member.
    #[cfg(feature = "store")]
    pub(crate) fn has(&self, name: &str) -> bool {
        self.member(0, name).is_some()
    }

    /// Channel and event. Kinds that have neither are found under the kind's word and the field that names them:
    /// `trace` and the event key, `log` and the event type, `metric` and `span` and their names, `perf_sample` and
    /// the platform, `replay_inconsistency` and the client's version.
    pub(crate) fn series(&self) -> (Cow<'a, str>, Cow<'a, str>) {
        let (first, second) = self.kind.table().series;
        let named = |name| self.text(name).unwrap_or(UNKNOWN.into());
        let channel = match first {
            Series::Field(name) => named(name),
            Series::Word(word) => word.into(),
        };
        (channel, named(second))
    }

    fn member(&self, object: usize, wanted: &str) -> Option<usize> {
        let is = |name: &usize| self.document.raw(self.document.node(*name)) == wanted;
        self.document.members(object).find(|(name, _)| is(name)).map(|(_, value)| value)
    }

    fn scalar(&self, index: usize) -> Option<Cow<'a, str>> {
        let node = self.document.node(index);
        match node.kind {
            Kind::String => Some(self.document.text(node)),
            Kind::Number => Some(self.document.raw(node).into()),
            Kind::Null | Kind::Bool | Kind::Object | Kind::Array => None,
        }
    }
}
