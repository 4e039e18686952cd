//! A tracking plan: which events there are, and the schema of each one's payload.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::compile::Compiler;
use super::diff::PlanDiff;
use super::shape::{Pii, Shape, ShapeId, Types};
use super::validate::{Check, Finding, Subject};
use super::written::{Members, invalid, join, nearest, read};
use crate::error::{Error, ErrorKind, Result};
use crate::json::{Document, write_string};
use crate::outcome::Code;
use crate::record::limits::MAX_NAME_CHARS;
use crate::scrub::is_redacted;

/// Bytes of a plan: thousands of events. Bounds what compiling it may take.
const MAX_PLAN_BYTES: usize = 1 << 20;

/// The members of a plan.
const MEMBERS: [&str; 6] = ["version", "description", "$comment", "$schema", "unplanned", "events"];

/// What becomes of events that a plan does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unplanned {
    Allow,
    Reject,
}

/// A compiled tracking plan. Cheap to clone.
#[derive(Clone)]
pub struct Plan(Arc<Inner>);

struct Inner {
    /// As it was written.
    text: Box<str>,
    version: Option<Box<str>>,
    unplanned: Unplanned,
    /// `channel.event` and the shape of its payload, sorted by name.
    events: Vec<(Box<str>, ShapeId)>,
    shapes: Vec<Shape>,
}

/// An event as far as plans look at it.
pub(crate) struct Event<'a> {
    pub(crate) channel: Cow<'a, str>,
    pub(crate) name: Cow<'a, str>,
    /// The node of the payload, an object.
    pub(crate) payload: usize,
}

/// What a plan says of one record.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// The payload's node.
    pub(super) payload: usize,
    /// How the record breaks the plan, in document order.
    pub(super) findings: Vec<Finding>,
    /// Free texts that the plan has a place for, in rising order.
    pub(crate) texts: Vec<usize>,
    /// What is to be done with which nodes, in rising order.
    pub(crate) fields: Vec<(usize, Pii)>,
}

impl Plan {
    /// Reads and compiles a plan, a JSON object:
    ///
    /// ```
    /// # use scrubjay_core::Plan;
    /// let plan = r#"{"version": "3", "unplanned": "reject", "events": {
    ///     "shop.checkout": {"type": "object", "required": ["total"], "properties": {"total": {"minimum": 0}}}}}"#;
    /// assert_eq!(Plan::from_json(plan)?.version(), Some("3"));
    /// # Ok::<(), scrubjay_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `config_unknown_key` for a keyword that plans do not have, with the nearest that they have; `config_invalid`
    /// for everything else, with its place in the plan.
    pub fn from_json(text: &str) -> Result<Self> {
        if text.len() > MAX_PLAN_BYTES {
            return Err(invalid("", format!("a plan has at most {MAX_PLAN_BYTES} bytes")));
        }
        let raw: &RawValue = serde_json::from_str(text)
            .map_err(|e| invalid("", format!("not JSON at line {} column {}", e.line(), e.column())))?;
        let members = Members::of(raw, "")?;
        members.refuse_others(&MEMBERS, "", "member of a plan")?;
        let mut plan = Inner {
            text: text.into(),
            version: None,
            unplanned: Unplanned::Allow,
            events: Vec::new(),
            shapes: Vec::new(),
        };
        let mut has_events = false;
        for (name, value) in &members.0 {
            match name.as_str() {
                "version" => plan.version = Some(read::<String>(value, "/version", "expected a string")?.into()),
                "unplanned" => plan.unplanned = unplanned(value)?,
                "events" => {
                    has_events = true;
                    (plan.events, plan.shapes) = events(value)?;
                }
                // For readers.
                _ => {}
            }
        }
        if !has_events {
            return Err(invalid("/events", "is required: an object from channel.event to the schema of its payload"));
        }
        Ok(Self(Arc::new(plan)))
    }

    /// The plan's own version, which it need not have.
    pub fn version(&self) -> Option<&str> {
        self.0.version.as_deref()
    }

    /// The names `channel.event` of the planned events, sorted.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.0.events.iter().map(|(name, _)| &**name)
    }

    /// What a change to `new` would mean for senders that follow this plan.
    pub fn diff(&self, new: &Self) -> PlanDiff {
        PlanDiff::of(self, new)
    }

    /// What the plan holds, in figures:
    /// `{"version":…,"unplanned":…,"events":n,"fields":n,"pii":{"remove":n,…}}`.
    pub fn to_json(&self) -> String {
        let (mut fields, mut actions) = (0, [0; Pii::ALL.len()]);
        self.visit(|_, shape| {
            fields += shape.properties.len();
            if let Some(place) = shape.pii.and_then(|pii| Pii::ALL.iter().position(|known| *known == pii)) {
                actions[place] += 1;
            }
        });
        let mut version = String::new();
        match self.version() {
            Some(text) => write_string(text, &mut version),
            None => version.push_str("null"),
        }
        let unplanned = match self.unplanned() {
            Unplanned::Allow => "allow",
            Unplanned::Reject => "reject",
        };
        let pii: Vec<_> =
            Pii::ALL.iter().zip(actions).map(|(pii, count)| format!("\"{}\":{count}", pii.as_str())).collect();
        let (events, pii) = (self.0.events.len(), pii.join(","));
        format!(
            "{{\"version\":{version},\"unplanned\":\"{unplanned}\",\"events\":{events},\"fields\":{fields},\"pii\":{{{pii}}}}}"
        )
    }

    pub(super) fn unplanned(&self) -> Unplanned {
        self.0.unplanned
    }

    pub(super) fn roots(&self) -> &[(Box<str>, ShapeId)] {
        &self.0.events
    }

    pub(super) fn shape(&self, id: ShapeId) -> &Shape {
        &self.0.shapes[id]
    }

    /// Checks the payload of an event.
    pub(crate) fn check(&self, document: &Document<'_>, event: &Event<'_>) -> Checked {
        let Event { channel, name, payload } = event;
        match self.root(channel, name) {
            Some(root) => Check::run(&Subject { document, shapes: &self.0.shapes }, *payload, root),
            None => self.unplanned_event(channel, name),
        }
    }

    fn unplanned_event(&self, channel: &str, event: &str) -> Checked {
        // A name that was scrubbed cannot be judged again.
        let is_allowed = self.0.unplanned == Unplanned::Allow || is_redacted(channel) || is_redacted(event);
        let message = "the plan has no such event; correct channel or event, or add it to the plan";
        let findings = if is_allowed { Vec::new() } else { vec![Finding::event(Code::Unplanned, message)] };
        Checked { findings, ..Checked::default() }
    }

    /// The shape of an event's payload. Compares without joining the two names.
    fn root(&self, channel: &str, event: &str) -> Option<ShapeId> {
        let wanted = || channel.bytes().chain(*b".").chain(event.bytes());
        let found = self.0.events.binary_search_by(|(name, _)| name.bytes().cmp(wanted())).ok()?;
        self.0.events.get(found).map(|(_, shape)| *shape)
    }

    /// The pointer to the first field that is to be hashed, if there is one.
    pub(crate) fn first_hash(&self) -> Option<String> {
        let mut first = None;
        self.visit(|path, shape| {
            if shape.pii == Some(Pii::Hash) && first.is_none() {
                first = Some(join(path, "pii"));
            }
        });
        first
    }

    /// Refuses names that scrubbing would rewrite: a collector would look for them in vain.
    ///
    /// # Errors
    /// `config_invalid` with the place of the name in the plan.
    pub(crate) fn check_names(&self, is_clean: impl Fn(&str) -> bool) -> Result<()> {
        let advice = "looks like personal data and would be scrubbed from every record; choose another name";
        for (event, _) in self.roots() {
            let parts = event.match_indices('.').map(|(at, _)| (&event[..at], &event[at + 1..]));
            if parts.into_iter().any(|(channel, event)| !is_clean(channel) || !is_clean(event)) {
                return Err(invalid(&join("/events", event), advice));
            }
        }
        let mut refused = None;
        self.visit(|path, shape| {
            let Some(property) = shape.properties.iter().find(|property| !is_clean(&property.name)) else { return };
            let place = if property.is_declared {
                join(&join(path, "properties"), &property.name)
            } else {
                join(path, "required")
            };
            refused.get_or_insert_with(|| invalid(&place, advice));
        });
        refused.map_or(Ok(()), Err)
    }

    /// Every shape with the pointer to its schema.
    fn visit(&self, mut see: impl FnMut(&str, &Shape)) {
        let mut todo: Vec<_> = self.roots().iter().map(|(event, id)| (join("/events", event), *id)).collect();
        todo.reverse();
        while let Some((path, id)) = todo.pop() {
            let shape = self.shape(id);
            see(&path, shape);
            todo.extend(shape.others.map(|id| (join(&path, "additionalProperties"), id)));
            todo.extend(shape.items.map(|id| (join(&path, "items"), id)));
            let declared = shape.properties.iter().rev().filter(|property| property.is_declared);
            todo.extend(
                declared
                    .filter_map(|property| Some((join(&join(&path, "properties"), &property.name), property.shape?))),
            );
        }
    }
}

impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Plan {}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let events = self.0.events.len();
        f.debug_struct("Plan").field("version", &self.0.version).field("events", &events).finish_non_exhaustive()
    }
}

fn unplanned(raw: &RawValue) -> Result<Unplanned> {
    match read::<String>(raw, "/unplanned", "expected allow or reject")?.as_str() {
        "allow" => Ok(Unplanned::Allow),
        "reject" => Ok(Unplanned::Reject),
        word => {
            let hint = nearest(word, &["allow", "reject"]).map_or_else(String::new, |w| format!("; did you mean {w}?"));
            Err(invalid("/unplanned", format!("expected allow or reject{hint}")))
        }
    }
}

type Events = (Vec<(Box<str>, ShapeId)>, Vec<Shape>);

fn events(raw: &RawValue) -> Result<Events> {
    let mut compiler = Compiler::default();
    let mut events = Vec::new();
    for (name, schema) in Members::of(raw, "/events")?.0 {
        let path = join("/events", &name);
        check_event_name(&name, &path)?;
        let root = compiler.schema(schema, path.clone())?;
        check_root(compiler.shape(root), &path)?;
        events.push((name.into_boxed_str(), root));
    }
    events.sort_unstable();
    Ok((events, compiler.finish()))
}

fn check_event_name(name: &str, path: &str) -> Result<()> {
    let is_name = |part: &str| !part.is_empty() && part.chars().count() <= MAX_NAME_CHARS;
    let is_event = name.match_indices('.').any(|(at, _)| is_name(&name[..at]) && is_name(&name[at + 1..]));
    if is_event { Ok(()) } else { Err(Error::new(ErrorKind::ConfigInvalid, path, "expected a name channel.event")) }
}

/// A payload is an object, and has no token in its place.
fn check_root(shape: &Shape, path: &str) -> Result<()> {
    if !shape.is_never && !shape.types.meets(Types::OBJECT) {
        return Err(invalid(&join(path, "type"), "a payload is an object; expected object, or no type"));
    }
    match shape.pii {
        None | Some(Pii::Keep) => Ok(()),
        Some(Pii::Remove | Pii::Replace | Pii::Mask | Pii::Hash | Pii::FreeText) => {
            Err(invalid(&join(path, "pii"), "a payload stays an object; put pii on its properties"))
        }
    }
}
