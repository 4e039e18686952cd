//! An accepted record, opened once for the report and the columns.

use std::borrow::Cow;

use crate::record::time::Timestamp;
use crate::record::{Members, Name, RecordKind, Value};

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
    /// Whether it is an event, whose payload's fields are counted; of another kind [`own`](Self::own) are.
    pub(crate) is_event: bool,
    /// The kind's own fields; of an event channel and event.
    pub(crate) own: Vec<(Name<'a>, Value<'a>)>,
}

/// Own members for which room is made at once.
const USUAL_OWN: usize = 8;

/// Channel and event: what an event has beside its envelope and payload.
const EVENT_OWN: usize = 2;

impl<'a> Row<'a> {
    /// Opens the text of an accepted record, which the engine wrote: in canonical order, without white space between
    /// its members. Nothing where it is none.
    pub(crate) fn of(record: &'a str) -> Option<Self> {
        let mut members = Members::of(record);
        let (_, schema) = members.next()?;
        let kind = RecordKind::named(schema.inside())?;
        let (table, is_event) = (kind.table(), kind == RecordKind::Event);
        let (mut id, mut tenant_id, mut user_id, mut session_id) = (None, None, None, None);
        let (mut timestamp, mut sample_rate, mut context, mut payload) = (None, None, None, None);
        let mut own = Vec::with_capacity(if is_event { EVENT_OWN } else { USUAL_OWN });
        while let Some(name) = members.name() {
            // It is more than half of an event, and whoever counts its fields walks it anyway.
            if is_event && name.raw == "payload" {
                payload = Some(members.last_object()?);
                break;
            }
            let value = members.value()?;
            match name.raw {
                "id" => id = value.string(),
                "timestamp" => timestamp = Some(value.inside()),
                "tenant_id" => tenant_id = value.string(),
                "user_id" => user_id = value.string(),
                "session_id" => session_id = value.string(),
                "sample_rate" => sample_rate = value.inside().parse().ok(),
                "context" => context = Some(value.text),
                _ => own.push((name, value)),
            }
        }
        if !members.is_whole() {
            return None;
        }
        let field = |wanted: &str| own.iter().find(|(name, _)| name.raw == wanted).map(|(_, value)| *value);
        let (channel, event) = table.names(|wanted| field(wanted).and_then(Value::string));
        let payload = match (payload, own.first().filter(|_| !is_event)) {
            (Some(payload), _) => Cow::Borrowed(payload),
            // Own fields stand behind the envelope and end with the record.
            (None, Some((first, _))) => Cow::Owned(format!("{{{}", record.get(first.at..)?)),
            (None, None) => Cow::Borrowed("{}"),
        };
        Some(Self {
            record,
            schema: table.schema,
            id,
            timestamp: timestamp?,
            tenant_id,
            user_id,
            session_id,
            sample_rate,
            context,
            channel,
            event,
            payload,
            is_event,
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
        Timestamp::of_canonical(self.timestamp).map_or(0, Timestamp::microseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
