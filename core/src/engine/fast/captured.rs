//! A record as a host holds it, read along the tree without being made JSON text first.
//!
//! Most records that a program checks are of a structure that the thread has seen, and have nothing in them to be scrubbed:
//! short words that were clean before, numbers, a new id and time. Their canonical text is written straight from the captured
//! values. It gives up wherever anything else is asked for, and the record goes the way of its JSON text.

use super::Fast;
use super::tree::{NONE, Scalar as Spec, Step, Tree, Value};
use crate::capture::{JsonText, captured_byte, captured_string, tag, write_scalar};
use crate::engine::Engine;
use crate::json::plain_number_end;
use crate::outcome::{Outcome, RecordId, Status};
use crate::record::limits::MAX_NAME_CHARS;
use crate::record::{Check, Inline};
use crate::scrub::Values;
use crate::stamp::Stamp;

/// Bytes of captured records that are read so: no value takes five times its bytes as JSON, so their text is within limits.
const MOST_BYTES: usize = 8 << 10;

/// An object or array that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// As in [`follow`](super::follow): a point of an object, or what elements are.
    state: u32,
    is_object: bool,
}

impl Fast {
    /// The outcome for a `captured` record; nothing where the way of its text has to decide.
    pub(in crate::engine) fn process_captured(
        &mut self,
        engine: &Engine,
        captured: &[u8],
        stamp: &Stamp,
    ) -> Option<Outcome> {
        if captured.len() > MOST_BYTES || engine.scrubber.allows_paths() {
            return None;
        }
        let mut rest = captured;
        if captured_byte(&mut rest).ok()? != tag::OBJECT {
            return None;
        }
        let id = stamp.id();
        let mut writing = Writing {
            tree: &self.tree,
            steps: &self.tree.plans.get(self.usual as usize)?.steps,
            text: &mut self.text,
            open: &mut self.open,
        };
        writing.head(&id, &stamp.now.to_text());
        let mut values = Values::of(&engine.scrubber);
        let end = writing.members(&mut rest, &mut values);
        values.give_back();
        let end = end?;
        if end != self.usual {
            // The next record may end as this one does.
            self.usual = end;
            return None;
        }
        let record = String::from_utf8(self.text.as_bytes().to_vec()).ok()?;
        self.earn();
        Some(Outcome {
            status: Status::Accepted,
            id: Some(RecordId(id)),
            violations: Vec::new(),
            redactions: Vec::new(),
            record: Some(record),
        })
    }
}

/// A record that is being written. A comma stands behind each value, where the sign that closes what is open then finds it.
struct Writing<'a> {
    tree: &'a Tree,
    /// The steps that are still to come.
    steps: &'a [Step],
    text: &'a mut JsonText,
    open: &'a mut Vec<Open>,
}

impl Writing<'_> {
    /// What stands before the first of the record's own members.
    fn head(&mut self, id: &Inline, time: &Inline) {
        self.text.clear();
        self.open.clear();
        while let [step, behind @ ..] = self.steps {
            match step {
                Step::Text(text) => {
                    // All but the first begin with a comma, which stands there already.
                    self.text.append(text.strip_prefix(',').unwrap_or(text).as_bytes());
                    self.text.byte(b',');
                }
                Step::Id => {
                    self.text.append(b"\"id\":");
                    self.text.string(id.as_bytes(), b',');
                }
                Step::Time => {
                    self.text.append(b"\"timestamp\":");
                    self.text.string(time.as_bytes(), b',');
                }
                Step::Field(_) => return,
            }
            self.steps = behind;
        }
    }

    /// The members of the record, in the order in which the plan wants them; the place of the plan that they ask for.
    fn members(&mut self, rest: &mut &[u8], values: &mut Values<'_>) -> Option<u32> {
        let mut top = Open { state: Tree::ROOT, is_object: true };
        loop {
            let mut tag = captured_byte(rest).ok()?;
            if tag == tag::END {
                let end = if top.is_object { self.tree.states.get(top.state as usize)?.end } else { 0 };
                if end == NONE {
                    return None;
                }
                self.text.close(if top.is_object { b'}' } else { b']' });
                let Some(outer) = self.open.pop() else {
                    return (rest.is_empty() && self.steps.is_empty()).then_some(end);
                };
                top = outer;
                self.text.byte(b',');
                continue;
            }
            let mut index = top.state;
            if top.is_object {
                let edge = self.tree.named(top.state, captured_string(tag, rest).ok()?)?;
                if self.open.is_empty() {
                    let [Step::Field(place), behind @ ..] = self.steps else { return None };
                    if *place != edge.place {
                        return None;
                    }
                    self.steps = behind;
                }
                self.text.append(self.tree.text(edge));
                (top.state, index) = (edge.next, edge.value);
                tag = captured_byte(rest).ok()?;
            }
            let value = self.tree.values.get(index as usize)?;
            if let tag::OBJECT | tag::ARRAY = tag {
                let is_object = tag == tag::OBJECT;
                let state = if is_object { value.object } else { value.elements };
                if state == NONE {
                    return None;
                }
                self.open.push(top);
                top = Open { state, is_object };
                self.text.byte(if is_object { b'{' } else { b'[' });
            } else {
                self.scalar(value, tag, rest, values)?;
            }
        }
    }

    /// A value that is no container.
    fn scalar(&mut self, value: &Value, tag: u8, rest: &mut &[u8], values: &mut Values<'_>) -> Option<()> {
        match tag {
            tag::TEXT_1 | tag::TEXT_4 => {
                let text = captured_string(tag, rest).ok()?;
                if !is_fine(value.string.as_ref()?, text, values) {
                    return None;
                }
                self.text.string(text, b',');
            }
            tag::NULL if value.has_null => write_scalar(tag, rest, self.text).ok()?,
            tag::TRUE | tag::FALSE if is_free(value.bool.as_ref()) => write_scalar(tag, rest, self.text).ok()?,
            tag::JSON | tag::NULL | tag::TRUE | tag::FALSE => return None,
            _ if !is_free(value.number.as_ref()) => return None,
            _ => {
                let start = self.text.as_bytes().len();
                write_scalar(tag, rest, self.text).ok()?;
                let number = self.text.as_bytes().get(start..)?;
                let end = plain_number_end(number, usize::from(number.first() == Some(&b'-')))?;
                // Behind it stands the comma alone.
                if end + 1 != number.len() {
                    return None;
                }
            }
        }
        Some(())
    }
}

/// Whether any value of a kind may stand at a place.
fn is_free(spec: Option<&Spec>) -> bool {
    spec.is_some_and(|spec| spec.check.is_none() && !spec.is_looked_at)
}

/// Whether a string is as it should be, and nothing is to be scrubbed in it.
fn is_fine(spec: &Spec, text: &[u8], values: &mut Values<'_>) -> bool {
    // ASCII without control characters, that JSON writes as it stands.
    let is_odd = |byte: u8| !(b' '..0x7f).contains(&byte) || matches!(byte, b'"' | b'\\');
    if text.iter().fold(0, |odd, byte| odd | u8::from(is_odd(*byte))) != 0 {
        return false;
    }
    let is_checked = match spec.check {
        None | Some(Check::Prose) => true,
        Some(Check::Text(most)) => (1..=most).contains(&text.len()),
        Some(Check::Key) => (1..=MAX_NAME_CHARS).contains(&text.len()) && super::value::is_word(text),
        Some(_) => false,
    };
    is_checked
        && !spec.is_proven
        && spec
            .named
            .is_some_and(|named| named.rule.is_none() && values.is_known_clean(text, named.place, spec.is_looked_at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use crate::capture::json_of;
    use crate::engine::fast::forget;
    use crate::stamp::Stamp;
    use crate::{CapturedRecord, Config, Engine};

    fn write(value: &Json, to: &mut CapturedRecord) {
        match value {
            Json::Null => _ = to.null(),
            Json::Bool(value) => _ = to.bool(*value),
            Json::Number(value) => match value.as_i64() {
                Some(value) => _ = to.int(value),
                None => _ = to.float(value.as_f64().unwrap()),
            },
            Json::String(value) => _ = to.text(value),
            Json::Array(values) => {
                to.begin_array();
                for value in values {
                    write(value, to);
                }
                to.end();
            }
            Json::Object(members) => {
                to.begin_object();
                for (name, value) in members {
                    write(value, to.name(name));
                }
                to.end();
            }
        }
    }

    fn captured(value: &Json) -> CapturedRecord {
        let mut record = CapturedRecord::new();
        write(value, &mut record);
        record
    }

    fn stamp() -> Stamp {
        Stamp::new("2026-01-02T03:04:05Z", [7; 10]).unwrap()
    }

    /// How many of the records were processed without their text, all of them to the outcome of their text.
    fn same(engine: &Engine, records: &[Json]) -> usize {
        let mut fast = 0;
        forget();
        for _ in 0..4 {
            for record in records {
                let record = captured(record);
                let ours = engine.captured(record.as_bytes(), &stamp());
                let texts = engine.process(&json_of(record.as_bytes()).unwrap(), Some(&stamp()));
                fast += usize::from(ours.is_some());
                assert_eq!(
                    *ours.as_ref().unwrap_or(&texts),
                    texts,
                    "{:?}",
                    String::from_utf8(json_of(record.as_bytes()).unwrap())
                );
            }
        }
        fast
    }

    fn event(payload: &Json) -> Json {
        json!({"channel": "web", "event": "request", "payload": payload})
    }

    #[test]
    fn a_plain_event_needs_no_text_from_the_second_time_on() {
        let engine = Engine::new(&Config::default()).unwrap();
        let payload = json!({"http.request.method": "GET", "http.route": "/api/v1/items/{id}", "ms": 1.5, "n": 200,
            "hit": true, "region": "eu-west-1", "list": [1, 2], "o": {"a": "b"}, "none": []});
        assert!(same(&engine, &[event(&payload)]) >= 2);
    }

    #[test]
    fn what_is_not_plain_goes_the_way_of_its_text() {
        let engine = Engine::new(&Config::default()).unwrap();
        let learned = event(&json!({"to": "x", "n": 1.5, "ok": true}));
        for payload in [
            json!({"to": "ann@example.com", "n": 1.5, "ok": true}),
            json!({"to": "caf\u{e9}", "n": 1.5, "ok": true}),
            json!({"to": "a\"b", "n": 1.5, "ok": true}),
            json!({"to": "x", "n": 1e300, "ok": true}),
            json!({"to": "x", "n": "1", "ok": true}),
            json!({"to": "x", "n": 1.5, "ok": null}),
            json!({"to": "x", "n": 1.5}),
            json!({"to": "x", "n": 1.5, "ok": true, "more": 1}),
            json!({"to": {"deep": 1}, "n": 1.5, "ok": true}),
        ] {
            same(&engine, &[learned.clone(), event(&payload)]);
        }
        for record in [
            json!([]),
            json!(1),
            json!({}),
            json!({"payload": {}, "event": "e", "channel": "c"}),
            json!({"channel": ""}),
        ] {
            same(&engine, &[learned.clone(), record]);
        }
    }

    fn value() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            (-1e9..1e9).prop_map(Json::from),
            any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(Json::from),
            prop::sample::select(vec![
                "x",
                "",
                "GET",
                "203.0.113.9",
                "ann@example.com",
                "a\nb",
                "caf\u{e9}",
                "/api/v1/items",
                "password=hunter2",
                "[email]"
            ])
            .prop_map(Json::from),
        ];
        let name = prop::sample::select(vec![
            "a", "b", "email", "password", "name", "value", "phone", "url", "ok\"", "ann@x.io",
        ]);
        leaf.prop_recursive(3, 12, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Json::from),
                prop::collection::btree_map(name.clone(), inner, 0..4)
                    .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_captured_record_has_the_outcome_of_its_text(
            payloads in prop::collection::vec(value(), 1..6),
            channel in prop::sample::select(vec!["app", "a b", "", "ann@example.com", "caf\u{e9}", "a.b", "x\u{7f}"]),
            privacy in prop::sample::select(vec![
                "{}",
                r#"{"mode":"strict"}"#,
                r#"{"mode":"minimal"}"#,
                r#"{"pii_fields":["a"],"rules":[{"name":"word","pattern":"x"}]}"#,
                r#"{"allow":{"paths":["/payload/email"]}}"#,
            ]),
        ) {
            let engine = Engine::new(&Config::from_json(&format!(r#"{{"privacy":{privacy}}}"#)).unwrap()).unwrap();
            let mut records: Vec<Json> = payloads.iter().map(event).collect();
            records.push(json!({"channel": channel, "event": "e", "payload": payloads[0], "user_id": "u1", "session_id": "s"}));
            records.push(json!({"schema": "telemetry_metric_v1", "name": "fps", "type": "gauge", "unit": "frames", "value": payloads[0]}));
            same(&engine, &records);
        }
    }
}
