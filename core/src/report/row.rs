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
    /// The kind's own fields; none of an event.
    pub(crate) own: Vec<(Name<'a>, Value<'a>)>,
}

/// Own members for which room is made at once.
const USUAL_OWN: usize = 8;

impl<'a> Row<'a> {
    /// Opens the text of an accepted record, which the engine wrote: in canonical order, without white space between
    /// its members. Nothing where it is none.
    pub(crate) fn of(record: &'a str) -> Option<Self> {
        let mut members = Members::of(record);
        let (_, schema) = members.next()?;
        let kind = RecordKind::named(schema.inside())?;
        let (table, is_event) = (kind.table(), kind == RecordKind::Event);
        // The envelope in its order; names are compared where they are expected, which is cheaper than reading them.
        let mut id = expected(&mut members, "id").and_then(Value::string);
        let mut timestamp = expected(&mut members, "timestamp").map(Value::inside);
        let mut tenant_id = expected(&mut members, "tenant_id").and_then(Value::string);
        let mut user_id = expected(&mut members, "user_id").and_then(Value::string);
        let mut session_id = expected(&mut members, "session_id").and_then(Value::string);
        let mut sample_rate = expected(&mut members, "sample_rate").and_then(number);
        let mut context = expected(&mut members, "context").map(|value| value.text);
        let mut own = Vec::with_capacity(if is_event { 0 } else { USUAL_OWN });
        let (mut channel, mut event, mut payload) = (None, None, None);
        if is_event {
            (channel, event) = (expected(&mut members, "channel"), expected(&mut members, "event"));
            // The last member is more than half of an event, and whoever counts its fields walks it anyway.
            payload = members.is_next("payload").then(|| members.last_object()).flatten();
        }
        // Whatever stands elsewhere.
        for (name, value) in members.by_ref() {
            match name.raw {
                "id" => id = value.string(),
                "timestamp" => timestamp = Some(value.inside()),
                "tenant_id" => tenant_id = value.string(),
                "user_id" => user_id = value.string(),
                "session_id" => session_id = value.string(),
                "sample_rate" => sample_rate = number(value),
                "context" => context = Some(value.text),
                "channel" if is_event => channel = Some(value),
                "event" if is_event => event = Some(value),
                "payload" if is_event => payload = Some(value.text),
                _ => own.push((name, value)),
            }
        }
        if !members.is_whole() {
            return None;
        }
        let field = |wanted: &str| own.iter().find(|(name, _)| name.raw == wanted).map(|(_, value)| *value);
        let (channel, event) = table.names(|wanted| {
            let value = if is_event { [channel, event][usize::from(wanted == "event")] } else { field(wanted) };
            value.and_then(Value::string)
        });
        let payload = match (payload, own.first()) {
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

/// The value of the next member, if that is called so.
fn expected<'a>(members: &mut Members<'a>, name: &str) -> Option<Value<'a>> {
    if members.is_next(name) { members.value() } else { None }
}

fn number(value: Value<'_>) -> Option<f64> {
    value.inside().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_every_member_wherever_it_stands() {
        let members = [
            r#""schema":"telemetry_event_v1""#,
            r#""id":"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b""#,
            r#""timestamp":"2026-01-02T03:04:05.000000Z""#,
            r#""tenant_id":"t""#,
            r#""user_id":"u\"""#,
            r#""session_id":"s""#,
            r#""sample_rate":0.5"#,
            r#""context":{"channel":"no"}"#,
            r#""channel":"app""#,
            r#""event":"login""#,
            r#""payload":{"event":"no","a":[{}]}"#,
        ];
        let payload = members.len() - 1;
        // The schema stays first and the payload last, as the engine writes them.
        for moved in 1..payload {
            let mut order = members.to_vec();
            order[moved..payload].rotate_left(1);
            let text = format!("{{{}}}", order.join(","));
            let row = Row::of(&text).unwrap();
            let identifiers = [&row.tenant_id, &row.user_id, &row.session_id].map(|id| id.as_deref());
            assert_eq!(identifiers, [Some("t"), Some("u\""), Some("s")]);
            assert_eq!((row.id.as_deref(), row.sample_rate), (Some("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"), Some(0.5)));
            assert_eq!((&*row.channel, &*row.event, row.day()), ("app", "login", "2026-01-02"));
            assert_eq!((row.context, &*row.payload), (Some(r#"{"channel":"no"}"#), r#"{"event":"no","a":[{}]}"#));
            // Each but the time may be absent.
            order.remove(payload - 1);
            let is_row = Row::of(&format!("{{{}}}", order.join(","))).is_some();
            assert_eq!(is_row, order.iter().any(|member| member.contains("timestamp")));
        }
    }

    #[test]
    fn a_row_and_the_record_s_head_name_a_record_alike() {
        let engine = crate::Engine::new(&crate::Config::default()).unwrap();
        // Written in any order, it comes out in one.
        let turned = r#"{"payload":{"a":{}},"event":"e","channel":"c","context":{"route_name":"r"},"user_id":"u","timestamp":"2026-01-02T03:04:05Z"}"#;
        for line in super::super::tests::KINDS.into_iter().chain([turned]) {
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
