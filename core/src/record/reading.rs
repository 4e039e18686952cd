//! Reads a record from a document by its kind's table: which member is which, what is missing, what is wrong.
//!
//! Only canonical spellings are read here. Everything else is for [`legacy`](super::legacy), which is asked when a
//! record is not fine as it stands, so that leniency costs a clean record nothing.

mod metric;

use std::borrow::Cow;

use super::agent::is_long_agent;
use super::catalog::Metric;
use super::check::{Check, is_hex, is_nanoseconds, is_tenant};
use super::field::{Field, MAX_FIELDS, Shape};
use super::inline::Inline;
use super::intact::Intact;
use super::kind::RecordKind;
use super::kinds::{CHANNEL_FIELD, CONTEXT_FIELD, EVENT_FIELD, ID_FIELD, SCHEMA_FIELD, TIMESTAMP_FIELD};
use super::legacy::{self, Rewritten};
use super::limits::MAX_NAME_CHARS;
use super::path::Path;
use super::time::{self, Timestamp};
use super::uuid;
use crate::json::{Document, Kind};
use crate::outcome::{Code, RecordId, Violation};
use crate::stamp::Stamp;

/// What a field holds once read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot<'a> {
    /// Not there, or null.
    Absent,
    /// The value at this node, to be scrubbed and written.
    Node(usize),
    /// The string at this node, written as it is: its form proves it harmless.
    Proven(usize),
    /// Written as this text, not scrubbed: ours, or proven harmless by its form. Needs no escapes.
    Known(&'a str),
    /// The object at the first node, in which the second is a user agent that must be cut.
    Cut(usize, usize),
}

/// A record as read: its fields in canonical order, members it should not have, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) kind: RecordKind,
    /// Nodes of the fields' values; 0, which is the record itself, where there is none.
    nodes: [u32; MAX_FIELDS],
    id: Option<Inline>,
    timestamp: Option<Inline>,
    /// What the catalog says of a metric.
    metric: Option<&'static Metric>,
    /// Name nodes of members that no field takes by its canonical name, as written.
    pub(crate) unknown: Vec<usize>,
    pub(crate) intact: Intact,
    pub(crate) violations: Vec<Violation>,
    /// The user said no: nothing of the record may be kept.
    pub(crate) is_opted_out: bool,
    /// A user agent in the context that must be cut.
    long_agent: Option<usize>,
    /// Something stands there in another spelling or place than the canonical.
    is_legacy: bool,
    source: Source,
    /// Which node was held to which check, where somebody wants to know.
    checks: Option<Vec<(usize, Check)>>,
}

/// What the kind was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// `schema`, or its absence, which makes an event.
    Schema,
    /// The members, which say that a record without `schema` is no event.
    Members,
    /// Nothing: `schema` names no kind.
    Nothing,
}

/// The node of a record's first value: behind the record's own and a name's.
const FIRST_VALUE: usize = 2;

impl Reading {
    /// Reads the object at the document's root. Fills an absent id and time from `stamp`.
    pub(crate) fn of(document: &Document<'_>, stamp: Option<&Stamp>) -> Self {
        let mut reading = Self::found(document);
        reading.check(document, stamp);
        reading
    }

    /// The same, with which node was held to which check; nothing where a record of this structure may be read otherwise
    /// for what its values say.
    pub(crate) fn traced(document: &Document<'_>) -> Option<(Self, Vec<(usize, Check)>)> {
        let mut reading = Self { checks: Some(Vec::new()), ..Self::found(document) };
        reading.check(document, None);
        let checks = reading.checks.take()?;
        // What comes before `schema` is read as members of a kind that nobody knows yet.
        let is_told_late = reading.at(SCHEMA_FIELD).is_some_and(|value| value != FIRST_VALUE);
        let depends = reading.is_legacy
            || is_told_late
            || ["bucket_counts", "explicit_bounds"].iter().any(|name| reading.node(name).is_some())
            || reading.source != Source::Schema
            || !reading.unknown.is_empty()
            || reading.nodes[TIMESTAMP_FIELD] == 0 && reading.timestamp.is_some();
        (!depends).then_some((reading, checks))
    }

    /// Finds the members of the object at the document's root.
    fn found(document: &Document<'_>) -> Self {
        let named = |value| RecordKind::named(&document.text(document.node(value)));
        // Whoever writes `schema` writes it first, mostly; what it says then saves finding the members twice.
        let first = document.members(0).next().filter(|(name, _)| document.raw(document.node(*name)) == "schema");
        let guess = first.and_then(|(_, value)| named(value)).unwrap_or(RecordKind::Event);
        let mut reading = Self::members(document, guess);
        let schema = reading.at(SCHEMA_FIELD);
        let named = schema.and_then(named);
        if let Some(kind) = named.filter(|kind| *kind != guess) {
            reading = Self::members(document, kind);
        }
        let is_open = schema.is_none() && !reading.has_name();
        let inferred = is_open.then(|| RecordKind::inferred(document)).flatten();
        if let Some(kind) = inferred.filter(|kind| *kind != RecordKind::Event) {
            reading = Self::members(document, kind);
            reading.source = Source::Members;
        }
        if let Some(value) = schema.filter(|_| named.is_none()) {
            let is_text = document.node(value).kind == Kind::String;
            let code = if is_text { Code::SchemaUnknown } else { Code::Type };
            reading.source = Source::Nothing;
            reading.violations.push(Violation::new("/schema", code, expected_schema()));
        }
        reading
    }

    /// The record in canonical spelling, where it came in another.
    pub(crate) fn rewritten(&self, document: &Document<'_>) -> Option<Rewritten> {
        let is_fine = self.violations.is_empty() && self.unknown.is_empty();
        let is_inferred = self.source == Source::Members;
        let may_be_legacy = self.is_legacy || is_inferred || !is_fine;
        may_be_legacy.then(|| legacy::rewrite(document, self.kind, is_inferred)).flatten()
    }

    /// What the field at this place of the table holds.
    pub(crate) fn slot(&self, document: &Document<'_>, place: usize, field: &Field) -> Slot<'_> {
        let node = self.nodes[place] as usize;
        match (place, &self.id, &self.timestamp) {
            (ID_FIELD, Some(text), _) | (TIMESTAMP_FIELD, _, Some(text)) => {
                let is_canonical = node != 0 && document.raw(document.node(node)).as_bytes() == text.as_bytes();
                return if is_canonical { Slot::Proven(node) } else { Slot::Known(text.as_str()) };
            }
            (CONTEXT_FIELD, ..) => {
                if let Some(agent) = self.long_agent {
                    return Slot::Cut(node, agent);
                }
            }
            _ => {}
        }
        match (field.check, self.metric) {
            (Check::Schema, _) if self.source != Source::Nothing => Slot::Known(self.kind.table().schema),
            (Check::OneOf(_), Some(metric)) if field.name == "type" => Slot::Known(metric.kind),
            (Check::Unit, Some(metric)) => Slot::Known(metric.unit),
            _ if node != 0 => Slot::Node(node),
            _ => field.default.map_or(Slot::Absent, Slot::Known),
        }
    }

    /// The record's id, where it has a valid one or was stamped.
    pub(crate) const fn id(&self) -> Option<RecordId> {
        match self.id {
            Some(id) => Some(RecordId(id)),
            None => None,
        }
    }

    /// The record's tenant, where it names one in the form of one.
    pub(crate) fn tenant<'a>(&self, document: &'a Document<'_>) -> Option<Cow<'a, str>> {
        let node = document.node(self.node("tenant_id")?);
        (node.kind == Kind::String).then(|| document.text(node)).filter(|text| is_tenant(text))
    }

    /// The node of the value of the field whose canonical name is `name`.
    pub(crate) fn node(&self, name: &str) -> Option<usize> {
        self.at(self.kind.table().shape.place(name)?)
    }

    /// The node of the value of the field at this place of the table.
    fn at(&self, place: usize) -> Option<usize> {
        let node = self.nodes[place] as usize;
        (node != 0).then_some(node)
    }

    /// Whether a member that no field takes is one that the kind does not have, and not a second spelling.
    pub(crate) fn is_foreign(&self, document: &Document<'_>, name: usize) -> bool {
        self.kind.table().shape.find_name(document, name).is_none()
    }

    /// The place of the field that the member takes whose name stands at node `name`, by its canonical name.
    pub(crate) fn place(&self, document: &Document<'_>, name: usize) -> Option<usize> {
        let found = self.kind.table().shape.find_name(document, name)?;
        (!found.is_alias).then_some(found.field)
    }

    /// Whether what the field at this place says decides how others are read: the record's kind, and of a metric what the
    /// catalog is asked for and about.
    pub(crate) fn decides(&self, place: usize) -> bool {
        let is_metric = self.kind == RecordKind::Metric;
        let name = || self.kind.fields().get(place).map_or("", |field| field.name);
        place == SCHEMA_FIELD || is_metric && matches!(name(), "name" | "type" | "unit")
    }

    fn has_name(&self) -> bool {
        self.kind == RecordKind::Event && (self.at(CHANNEL_FIELD).is_some() || self.at(EVENT_FIELD).is_some())
    }

    /// Finds the members of the record in the kind's table.
    fn members(document: &Document<'_>, kind: RecordKind) -> Self {
        let mut reading = Self {
            kind,
            nodes: [0; MAX_FIELDS],
            id: None,
            timestamp: None,
            metric: None,
            unknown: Vec::new(),
            intact: Intact::default(),
            violations: Vec::new(),
            is_opted_out: false,
            long_agent: None,
            is_legacy: false,
            source: Source::Schema,
            checks: None,
        };
        let shape = &kind.table().shape;
        for (name, value) in document.members(0) {
            let spelling = shape.find_name(document, name);
            match spelling {
                // Null says "nothing here": hosts write it for an argument that was not given.
                Some(_) if document.node(value).kind == Kind::Null => {}
                Some(found) if !found.is_alias => reading.nodes[found.field] = u32::try_from(value).unwrap_or(0),
                Some(_) => {
                    reading.is_legacy = true;
                    reading.unknown.push(name);
                }
                None => reading.unknown.push(name),
            }
        }
        reading
    }

    fn check(&mut self, document: &Document<'_>, stamp: Option<&Stamp>) {
        for (place, field) in self.kind.fields().iter().enumerate() {
            let node = self.nodes[place] as usize;
            if node != 0 {
                self.check_value(&Path::Member(field.name), field, document, node);
            } else if place == ID_FIELD {
                self.id = stamp.map(Stamp::id);
            } else if place == TIMESTAMP_FIELD {
                self.timestamp = self.start(document).or_else(|| stamp.map(|stamp| stamp.now.to_text()));
                if self.timestamp.is_none() {
                    self.violate(&Path::Member(field.name), Code::Required, "is required");
                }
            } else if field.is_required && field.default.is_none() && !matches!(field.check, Check::Schema) {
                self.require(field, document);
            }
        }
        if self.kind == RecordKind::Metric {
            self.check_catalog(document);
            self.check_buckets(document);
        }
    }

    fn require(&mut self, field: &Field, document: &Document<'_>) {
        let is_known = self.kind == RecordKind::Metric && field.name == "type" && self.in_catalog(document).is_some();
        if !is_known {
            self.violate(&Path::Member(field.name), Code::Required, "is required");
        }
    }

    /// A span that names no time happened when it began.
    fn start(&self, document: &Document<'_>) -> Option<Inline> {
        let node = self.node("start_time_unix_nano").filter(|_| self.kind == RecordKind::Span)?;
        let nanoseconds = document.text(document.node(node)).parse().ok()?;
        Timestamp::from_nanoseconds(nanoseconds).map(Timestamp::to_text)
    }

    fn check_value(&mut self, path: &Path<'_>, field: &Field, document: &Document<'_>, index: usize) {
        let node = document.node(index);
        // Most records have these in good order; what proves them is also what is written.
        match field.check {
            Check::Id if node.kind == Kind::String => self.id = uuid::canonical(&document.text(node)),
            Check::Time if node.kind == Kind::String => self.timestamp = time::canonical(&document.text(node)),
            _ => {}
        }
        let is_proven = match field.check {
            Check::Id => self.id.is_some(),
            Check::Time => self.timestamp.is_some(),
            _ => false,
        };
        if is_proven {
            self.trace(index, field.check);
            return;
        }
        self.trace(index, field.check);
        if let Some((code, message)) = field.check.fault(document.scalar(index)) {
            self.violate(path, code, message);
            return;
        }
        match field.check {
            Check::Hex(digits) if is_hex(&document.text(node), digits) => {
                self.is_legacy |= document.raw(node).bytes().any(|byte| byte.is_ascii_uppercase());
                self.intact.push(index);
            }
            Check::Nanoseconds if is_nanoseconds(&document.text(node)) => self.intact.push(index),
            Check::OptIn => self.is_opted_out = document.raw(node) == "false",
            Check::Lifted => self.is_legacy = true,
            Check::Agent if is_long_agent(&document.text(node)) && matches!(path, Path::Inside(_, _)) => {
                self.long_agent = Some(index);
            }
            Check::Names => self.check_each(Check::Text(MAX_NAME_CHARS), path, document, index),
            Check::Counts => self.check_each(Check::Count, path, document, index),
            Check::Bounds => self.check_bounds(path, document, index),
            Check::Nested(shape) => self.check_nested(path, shape, document, index),
            Check::List(shape) => {
                for (place, element) in elements(document, index).enumerate() {
                    let path = Path::Element(path, place);
                    if document.node(element).kind == Kind::Object {
                        self.check_nested(&path, shape, document, element);
                    } else {
                        self.violate(&path, Code::Type, "expected an object");
                    }
                }
            }
            _ => {}
        }
    }

    fn check_each(&mut self, check: Check, path: &Path<'_>, document: &Document<'_>, index: usize) {
        for (place, element) in elements(document, index).enumerate() {
            self.trace(element, check);
            if let Some((code, message)) = check.fault(document.scalar(element)) {
                self.violate(&Path::Element(path, place), code, message);
            }
        }
    }

    /// The members of an object that its shape names; others may be there and are only scrubbed.
    fn check_nested(&mut self, path: &Path<'_>, shape: &'static Shape, document: &Document<'_>, index: usize) {
        let mut seen = 0u32;
        for (name, value) in document.members(index) {
            let Some(found) = shape.find_name(document, name) else { continue };
            let field = &shape.fields[found.field];
            if document.node(value).kind == Kind::Null {
                continue;
            }
            seen |= 1 << found.field;
            if found.is_alias {
                self.is_legacy = true;
            } else {
                self.check_value(&Path::Inside(path, field.name), field, document, value);
            }
        }
        for (place, field) in shape.fields.iter().enumerate() {
            if field.is_required && seen & (1 << place) == 0 {
                self.violate(&Path::Inside(path, field.name), Code::Required, "is required");
            }
        }
    }

    fn trace(&mut self, index: usize, check: Check) {
        if let Some(checks) = &mut self.checks {
            checks.push((index, check));
        }
    }

    fn violate(&mut self, path: &Path<'_>, code: Code, message: impl Into<String>) {
        self.violations.push(Violation::new(path.pointer(), code, message));
    }
}

/// The nodes of an array's elements.
pub(super) fn elements<'a>(document: &'a Document<'_>, index: usize) -> impl Iterator<Item = usize> + 'a {
    let end = document.node(index).next();
    let mut at = index + 1;
    std::iter::from_fn(move || {
        (at < end).then(|| {
            let element = at;
            at = document.node(at).next();
            element
        })
    })
}

fn expected_schema() -> String {
    format!("expected one of {}", RecordKind::ALL.map(|kind| kind.table().schema).join(", "))
}
