//! An accepted record, opened once for the report and the columns.

use std::borrow::Cow;

use crate::json::{Document, Kind};
use crate::record::RecordKind;
use crate::scan::Lanes;

/// The members that the report and the columns want, borrowed from the record's text.
pub(crate) struct Row<'a> {
    /// The record's text.
    pub(crate) record: &'a str,
    pub(crate) schema: &'static str,
    pub(crate) id: Option<Cow<'a, str>>,
    /// Canonical: UTC with microseconds, so that its beginnings are the day and the hour.
    pub(crate) timestamp: &'a str,
    pub(crate) tenant_id: Option<Cow<'a, str>>,
    pub(crate) user_id: Option<Cow<'a, str>>,
    pub(crate) session_id: Option<Cow<'a, str>>,
    pub(crate) sample_rate: Option<f64>,
    /// JSON text.
    pub(crate) context: Option<&'a str>,
    /// What kinds without a channel are found under says `Head::series`.
    pub(crate) channel: Cow<'a, str>,
    pub(crate) event: Cow<'a, str>,
    /// JSON text: of an event its payload, of another kind an object of the kind's own fields.
    pub(crate) payload: Cow<'a, str>,
    /// For a walk over the fields of the payload.
    pub(crate) document: Document<'a>,
    /// The index of the payload of an event; of another kind, nothing: [`own`](Self::own) has its fields.
    pub(crate) payload_node: Option<usize>,
    /// Of another kind than an event, `(name, value)` indices of its own fields.
    pub(crate) own: Vec<(usize, usize)>,
}

impl<'a> Row<'a> {
    /// Opens the text of an accepted record, which the engine wrote: in canonical order, without white space between
    /// its members. Nothing where it is none.
    pub(crate) fn of(record: &'a str) -> Option<Self> {
        let document = Document::read(record.as_bytes(), Lanes::none()).ok()?;
        let mut members = document.members(0);
        let (_, schema) = members.next()?;
        let kind = RecordKind::named(document.raw(document.node(schema)))?;
        let table = kind.table();
        let text = |index: usize| {
            let node = document.node(index);
            (node.kind == Kind::String).then(|| document.text(node))
        };
        let (mut id, mut tenant_id, mut user_id, mut session_id) = (None, None, None, None);
        let (mut timestamp, mut sample_rate, mut context) = (None, None, None);
        let mut own = Vec::new();
        for (name, value) in members {
            let node = document.node(value);
            match document.raw(document.node(name)) {
                "id" => id = text(value),
                "timestamp" => timestamp = Some(document.raw(node)),
                "tenant_id" => tenant_id = text(value),
                "user_id" => user_id = text(value),
                "session_id" => session_id = text(value),
                "sample_rate" => sample_rate = document.raw(node).parse().ok(),
                "context" => context = Some(&record[node.span()]),
                _ => own.push((name, value)),
            }
        }
        let field = |wanted: &str| {
            let is = |member: &&(usize, usize)| document.raw(document.node(member.0)) == wanted;
            own.iter().find(is).map(|member| member.1)
        };
        let (channel, event) = table.names(|wanted| field(wanted).and_then(text));
        let payload_node = if kind == RecordKind::Event { field("payload") } else { None };
        let payload = match (payload_node, own.first()) {
            (Some(node), _) => Cow::Borrowed(&record[document.node(node).span()]),
            // Own fields stand behind the envelope and end with the record.
            (None, Some((first, _))) => Cow::Owned(format!("{{{}", &record[document.node(*first).span().start..])),
            (None, None) => Cow::Borrowed("{}"),
        };
        let timestamp = timestamp?;
        Some(Self {
            record,
            schema: table.schema,
            id,
            timestamp,
            tenant_id,
            user_id,
            session_id,
            sample_rate,
            context,
            channel,
            event,
            payload,
            document,
            payload_node,
            own,
        })
    }

    /// The UTC day, `2026-01-02`.
    pub(crate) fn day(&self) -> &'a str {
        self.timestamp.get(..10).unwrap_or_default()
    }

    /// The UTC hour, `2026-01-02T03`.
    pub(crate) fn hour(&self) -> &'a str {
        self.timestamp.get(..13).unwrap_or_default()
    }

    /// Microseconds since 1970.
    pub(crate) fn microseconds(&self) -> i64 {
        microseconds(self.timestamp.as_bytes()).unwrap_or_default()
    }
}

/// Microseconds since 1970 of a canonical time, which is checked already: the calendar's arithmetic alone.
fn microseconds(text: &[u8]) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| {
        text.get(range).map(|digits| digits.iter().fold(0i64, |n, digit| n * 10 + i64::from(digit.wrapping_sub(b'0'))))
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let seconds = (number(11..13)? * 60 + number(14..16)?) * 60 + number(17..19)?;
    // Days of the proleptic Gregorian calendar, with years that begin in March (H. Hinnant, "days_from_civil").
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((days * 86_400 + seconds) * 1_000_000 + number(20..26)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::time::{Timestamp, canonical};

    #[test]
    fn canonical_times_become_the_library_s_microseconds() {
        for text in [
            "2026-01-02T03:04:05.000006Z",
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "0000-01-01T00:00:00Z",
            "2024-02-29T12:00:00Z",
            "2000-12-31T23:59:59.5Z",
            "1900-03-01T00:00:00Z",
            "9998-12-31T23:59:59Z",
        ] {
            let text = canonical(text).unwrap();
            let expected = Timestamp::parse(text.as_str()).unwrap().microseconds();
            assert_eq!(microseconds(text.as_str().as_bytes()), Some(expected), "{}", text.as_str());
        }
    }

    #[test]
    fn a_row_and_the_record_s_head_name_a_record_alike() {
        let engine = crate::Engine::new(&crate::Config::default()).unwrap();
        for line in super::super::tests::KINDS {
            let outcome = engine.process(line.as_bytes(), None);
            let record = outcome.record.unwrap();
            assert!(outcome.violations.is_empty(), "{line}: {:?}", outcome.violations);
            let row = Row::of(&record).unwrap();
            let head = crate::record::Head::of(&record).unwrap();
            assert!(serde_json::from_str::<serde_json::Value>(&row.payload).unwrap().is_object());
            assert_eq!((row.channel, row.event), head.series());
        }
    }
}
