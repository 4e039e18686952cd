//! Reads `telemetry_event_v1` (R0, R1) from a document: which member is which, what is missing, what is wrong.

use crate::json::{Document, Kind, Node};
use crate::outcome::{Code, Violation};
use crate::record::limits::{MAX_ID_CHARS, MAX_NAME_CHARS};
use crate::record::time::canonical as canonical_time;
use crate::scrub::is_token;
use crate::stamp::Stamp;

/// The schema of an event, and what is attached where a record names none.
pub(crate) const EVENT_SCHEMA: &str = "telemetry_event_v1";

/// A top-level member of the record, in canonical order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Schema,
    Id,
    Timestamp,
    TenantId,
    UserId,
    SessionId,
    SampleRate,
    Context,
    Channel,
    Event,
    Payload,
}

impl Field {
    /// In canonical order, which is also the order of the discriminants.
    pub(crate) const ALL: [Self; 11] = [
        Self::Schema,
        Self::Id,
        Self::Timestamp,
        Self::TenantId,
        Self::UserId,
        Self::SessionId,
        Self::SampleRate,
        Self::Context,
        Self::Channel,
        Self::Event,
        Self::Payload,
    ];

    /// The canonical name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Id => "id",
            Self::Timestamp => "timestamp",
            Self::TenantId => "tenant_id",
            Self::UserId => "user_id",
            Self::SessionId => "session_id",
            Self::SampleRate => "sample_rate",
            Self::Context => "context",
            Self::Channel => "channel",
            Self::Event => "event",
            Self::Payload => "payload",
        }
    }

    const fn required(self) -> bool {
        matches!(self, Self::Timestamp | Self::Channel | Self::Event | Self::Payload)
    }
}

/// What a field holds once read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Not there, or null.
    #[default]
    Absent,
    /// The value at this node, to be scrubbed and written.
    Node(usize),
    /// Proven harmless by its form: written as this text, not scrubbed.
    Proven(String),
}

/// The slot of each field.
#[derive(Debug, Default)]
pub(crate) struct Slots([Slot; Field::ALL.len()]);

impl Slots {
    pub(crate) fn get(&self, field: Field) -> &Slot {
        &self.0[field as usize]
    }

    fn set(&mut self, field: Field, slot: Slot) {
        self.0[field as usize] = slot;
    }

    /// The proven text of a field, if it has one.
    pub(crate) fn proven(&self, field: Field) -> Option<&str> {
        match self.get(field) {
            Slot::Proven(text) => Some(text),
            Slot::Absent | Slot::Node(_) => None,
        }
    }
}

/// A record as read: its fields in canonical order, members it should not have, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) slots: Slots,
    /// Name nodes of members that no field takes, as written.
    pub(crate) unknown: Vec<usize>,
    /// String nodes deep in the record whose form proves them harmless: digits of a span id are no card.
    pub(crate) intact: Vec<usize>,
    pub(crate) violations: Vec<Violation>,
}

impl Reading {
    /// Reads the object at the document's root. Fills an absent id and time from `stamp`.
    pub(crate) fn of(document: &Document<'_>, stamp: Option<&Stamp>) -> Self {
        let mut reading = Self::default();
        for (name, value) in document.members(0) {
            let text = document.text(document.node(name));
            match Field::ALL.iter().find(|field| field.name() == text) {
                // Null says "nothing here": hosts write it for an argument that was not given.
                Some(_) if document.node(value).kind == Kind::Null => {}
                Some(&field) => reading.slots.set(field, Slot::Node(value)),
                None => reading.unknown.push(name),
            }
        }
        for field in Field::ALL {
            reading.check(field, document, stamp);
        }
        reading
    }

    fn check(&mut self, field: Field, document: &Document<'_>, stamp: Option<&Stamp>) {
        let Slot::Node(index) = *self.slots.get(field) else {
            match (field, stamp) {
                (Field::Schema, _) => self.slots.set(field, Slot::Proven(EVENT_SCHEMA.to_owned())),
                (Field::Id, Some(stamp)) => self.slots.set(field, Slot::Proven(stamp.id())),
                (Field::Timestamp, Some(stamp)) => self.slots.set(field, Slot::Proven(stamp.now.to_text())),
                _ if field.required() => self.violate(field, Code::Required, "is required"),
                _ => {}
            }
            return;
        };
        let node = document.node(index);
        match field {
            Field::Schema => {
                self.prove(field, document, node, Code::SchemaUnknown, "expected telemetry_event_v1", |text| {
                    (text == EVENT_SCHEMA).then(|| EVENT_SCHEMA.to_owned())
                });
            }
            Field::Id => self.prove(field, document, node, Code::Format, "expected a UUID (RFC 9562)", canonical_uuid),
            Field::Timestamp => {
                let expected = "expected an RFC 3339 time with an offset, such as 2026-01-02T03:04:05Z";
                self.prove(field, document, node, Code::Format, expected, canonical_time);
            }
            Field::TenantId => self.check_tenant(document, node),
            Field::UserId | Field::SessionId | Field::Channel | Field::Event => {
                let path = format!("/{}", field.name());
                self.check_text(&path, document, node, MAX_NAME_CHARS);
            }
            Field::SampleRate => self.check_rate(document, node),
            Field::Context => {
                if self.expect_kind(field, node, Kind::Object, "expected an object") {
                    self.check_context(document, index);
                }
            }
            Field::Payload => {
                self.expect_kind(field, node, Kind::Object, "expected an object");
            }
        }
    }

    fn violate(&mut self, field: Field, code: Code, message: &str) {
        self.violations.push(Violation::new(format!("/{}", field.name()), code, message));
    }

    fn expect_kind(&mut self, field: Field, node: Node, kind: Kind, message: &str) -> bool {
        if node.kind != kind {
            self.violate(field, Code::Type, message);
        }
        node.kind == kind
    }

    /// A string whose form proves it harmless; kept in its canonical text.
    fn prove(
        &mut self,
        field: Field,
        document: &Document<'_>,
        node: Node,
        code: Code,
        expected: &str,
        canonical: impl Fn(&str) -> Option<String>,
    ) {
        if node.kind != Kind::String {
            self.violate(field, Code::Type, expected);
        } else if let Some(text) = canonical(&document.text(node)) {
            self.slots.set(field, Slot::Proven(text));
        } else {
            self.violate(field, code, expected);
        }
    }

    fn check_tenant(&mut self, document: &Document<'_>, node: Node) {
        if self.expect_kind(Field::TenantId, node, Kind::String, "expected a string") {
            let text = document.text(node);
            if !is_tenant(&text) && !is_token(&text) {
                self.violate(
                    Field::TenantId,
                    Code::Format,
                    "expected 1 to 64 letters, digits, dots, dashes or underscores",
                );
            }
        }
    }

    fn check_rate(&mut self, document: &Document<'_>, node: Node) {
        if self.expect_kind(Field::SampleRate, node, Kind::Number, "expected a number") {
            let rate = document.raw(node).parse::<f64>().unwrap_or(f64::NAN);
            if !(rate > 0.0 && rate <= 1.0) {
                self.violate(Field::SampleRate, Code::Range, "expected a number above 0 and at most 1");
            }
        }
    }

    fn check_text(&mut self, path: &str, document: &Document<'_>, node: Node, max_chars: usize) {
        if node.kind != Kind::String {
            self.violations.push(Violation::new(path, Code::Type, "expected a string"));
            return;
        }
        let text = document.text(node);
        if text.is_empty() || text.chars().nth(max_chars).is_some() {
            let message = format!("expected 1 to {max_chars} characters");
            self.violations.push(Violation::new(path, Code::Length, message));
        } else if text.chars().any(char::is_control) {
            self.violations.push(Violation::new(path, Code::Format, "must hold no control characters"));
        }
    }

    /// The members of `context` that the design names; others may be there and are only scrubbed.
    fn check_context(&mut self, document: &Document<'_>, context: usize) {
        for (name, value) in document.members(context) {
            let node = document.node(value);
            if node.kind == Kind::Null {
                continue;
            }
            match &*document.text(document.node(name)) {
                "request_id" => self.check_text("/context/request_id", document, node, MAX_ID_CHARS),
                "route_name" => self.check_text("/context/route_name", document, node, MAX_NAME_CHARS),
                "trace_id" => self.check_hex("/context/trace_id", document, value, 32),
                "span_id" => self.check_hex("/context/span_id", document, value, 16),
                "ip_address" => self.check_ip(document, node),
                _ => {}
            }
        }
    }

    fn check_hex(&mut self, path: &str, document: &Document<'_>, index: usize, digits: usize) {
        let node = document.node(index);
        let text = document.text(node);
        if node.kind == Kind::String && text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            self.intact.push(index);
        } else if node.kind != Kind::String || !is_token(&text) {
            self.violations.push(Violation::new(path, Code::Format, format!("expected {digits} hex digits")));
        }
    }

    fn check_ip(&mut self, document: &Document<'_>, node: Node) {
        let text = document.text(node);
        if node.kind != Kind::String || (text.parse::<std::net::IpAddr>().is_err() && !is_token(&text)) {
            let expected = "expected an IPv4 or IPv6 address";
            self.violations.push(Violation::new("/context/ip_address", Code::Format, expected));
        }
    }
}

/// Lower case with hyphens; `None` for what is no UUID in RFC 9562's own form.
fn canonical_uuid(text: &str) -> Option<String> {
    /// Where the hyphens stand: 8-4-4-4-12.
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    let is_uuid = text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(i, byte)| if HYPHENS.contains(&i) { byte == b'-' } else { byte.is_ascii_hexdigit() });
    is_uuid.then(|| text.to_ascii_lowercase())
}

/// The form of a tenant's name, safe in paths, labels and logs.
pub(crate) fn is_tenant(text: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}
