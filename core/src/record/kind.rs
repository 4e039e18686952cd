//! The kinds of records, and how a record without a `schema` is told to be of one.

#![cfg_attr(
    not(any(feature = "store", feature = "report")),
    allow(dead_code, reason = "under which names records are found again is for stores and reports")
)]

use std::borrow::Cow;

use super::field::{Field, Shape};
#[cfg(feature = "client")]
use super::kinds::ENVELOPE;
use super::kinds::{event, log, metric, perf_sample, replay_inconsistency, span, trace};
use crate::json::{Document, Kind};

/// What a record is; its member `schema` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Event,
    Trace,
    Log,
    Metric,
    Span,
    PerfSample,
    ReplayInconsistency,
}

/// A kind as data.
#[derive(Debug)]
pub(crate) struct Table {
    /// The value of `schema`.
    pub(crate) schema: &'static str,
    /// What it is and where it comes from, for the published schema.
    pub(crate) about: &'static str,
    /// Envelope and own fields, in canonical order.
    pub(crate) shape: Shape,
    /// The field that takes what a legacy record has beside the kind's fields.
    pub(crate) room: &'static str,
    /// Sets of fields; a record without `schema` that has all of one is of this kind.
    pub(crate) marks: &'static [&'static [&'static str]],
    /// What a spelling says beside its own value.
    pub(crate) implied: &'static [Implied],
    /// Whether a number is read as a time: milliseconds since 1970, as Dart counts them.
    pub(crate) has_epoch_times: bool,
    /// Under which channel and event the record is found: a fixed word and a field, or two fields.
    pub(crate) series: (Series, &'static str),
}

/// The first half of a record's name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Series {
    /// The value of a field.
    Field(&'static str),
    /// The same for all records of the kind.
    Word(&'static str),
}

/// What an absent half of a name is called.
const UNKNOWN: &str = "unknown";

impl Table {
    /// Channel and event of a record of this kind, whose fields `text` finds.
    pub(crate) fn names<'a>(&self, text: impl Fn(&str) -> Option<Cow<'a, str>>) -> (Cow<'a, str>, Cow<'a, str>) {
        let (first, second) = self.series;
        let named = |name| text(name).unwrap_or(UNKNOWN.into());
        let channel = match first {
            Series::Field(name) => named(name),
            Series::Word(word) => word.into(),
        };
        (channel, named(second))
    }
}

/// A spelling that says more than its value.
#[derive(Debug)]
pub(crate) struct Implied {
    /// The spelling.
    pub(crate) alias: &'static str,
    /// The field that it fills where the record has none.
    pub(crate) field: &'static str,
    /// With this, as JSON.
    pub(crate) json: &'static str,
    /// Whether another value contradicts the spelling.
    pub(crate) is_exact: bool,
}

impl RecordKind {
    /// In the order in which a record without `schema` is compared with their marks.
    pub(crate) const ALL: [Self; 7] =
        [Self::Event, Self::PerfSample, Self::ReplayInconsistency, Self::Span, Self::Log, Self::Trace, Self::Metric];

    pub(crate) fn table(self) -> &'static Table {
        match self {
            Self::Event => &event::TABLE,
            Self::Trace => &trace::TABLE,
            Self::Log => &log::TABLE,
            Self::Metric => &metric::TABLE,
            Self::Span => &span::TABLE,
            Self::PerfSample => &perf_sample::TABLE,
            Self::ReplayInconsistency => &replay_inconsistency::TABLE,
        }
    }

    pub(crate) fn fields(self) -> &'static [Field] {
        self.table().shape.fields
    }

    /// Those that the kind has beside the envelope's.
    #[cfg(feature = "client")]
    pub(crate) fn own_fields(self) -> &'static [Field] {
        self.fields().get(ENVELOPE.len()..).unwrap_or_default()
    }

    /// The kind whose schema is called so.
    pub(crate) fn named(schema: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.table().schema == schema)
    }

    /// The kind that a record without `schema` unmistakably is. A channel or an event makes it an event; otherwise all
    /// fields of one mark must be there, in any spelling, and a field that is a mark alone by its canonical name.
    pub(crate) fn inferred(document: &Document<'_>) -> Option<Self> {
        let has = |kind: Self, field: &str, by_alias: bool| {
            let place = kind.table().shape.place(field);
            document.members(0).any(|(name, value)| {
                let spelling = kind.table().shape.find_name(document, name);
                document.node(value).kind != Kind::Null
                    && spelling.is_some_and(|s| Some(s.field) == place && (by_alias || !s.is_alias))
            })
        };
        if has(Self::Event, "channel", true) || has(Self::Event, "event", true) {
            return Some(Self::Event);
        }
        let is_marked = |kind: Self, mark: &[&str]| mark.iter().all(|field| has(kind, field, mark.len() > 1));
        Self::ALL.into_iter().find(|kind| kind.table().marks.iter().any(|mark| is_marked(*kind, mark)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Check;
    use crate::record::kinds::{CHANNEL_FIELD, EVENT_FIELD};

    #[test]
    fn every_table_names_only_fields_that_it_has() {
        for kind in RecordKind::ALL {
            let table = kind.table();
            let room = table.shape.place(table.room).unwrap();
            assert!(matches!(table.shape.fields[room].check, Check::Object), "{}", table.schema);
            let names = table.marks.iter().copied().flatten().copied().chain(table.implied.iter().map(|i| i.field));
            for name in names.chain([table.series.1]) {
                assert!(table.shape.place(name).is_some(), "{} {name}", table.schema);
            }
            for implied in table.implied {
                assert!(table.shape.find(implied.alias.as_bytes()).unwrap().is_alias, "{}", implied.alias);
            }
        }
    }

    #[test]
    fn envelope_fields_stand_first_in_every_table() {
        for kind in RecordKind::ALL {
            let names: Vec<_> = kind.fields().iter().take(8).map(|field| field.name).collect();
            let expected =
                ["schema", "id", "timestamp", "tenant_id", "user_id", "session_id", "sample_rate", "context"];
            assert_eq!(names, expected);
        }
        let event = RecordKind::Event.fields();
        assert_eq!((event[CHANNEL_FIELD].name, event[EVENT_FIELD].name), ("channel", "event"));
    }
}
