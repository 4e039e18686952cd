//! The envelope of a record, read once for all three signals.

use super::value::{key_value, named_string, named_value, unix_nano};
use super::writer::{Field, Writer};
use crate::json::{Document, Kind};
use crate::record::RecordKind;

/// A member that becomes an attribute.
#[derive(Clone, Copy)]
struct Named {
    attribute: &'static str,
    value: usize,
}

/// Two of the envelope, six of the context, and four that a trace of R3 has beside them.
const MAX_NAMED: usize = 12;

/// A canonical record, its envelope understood.
pub(super) struct Record<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) kind: RecordKind,
    /// Of `timestamp`; 0 where OTLP cannot say it.
    pub(super) time: u64,
    /// The node of the record's `id`.
    pub(super) id: Option<usize>,
    pub(super) tenant: Option<usize>,
    pub(super) sample_rate: Option<usize>,
    /// The nodes of 32 and 16 hex digits.
    pub(super) trace_id: Option<usize>,
    pub(super) span_id: Option<usize>,
    /// Who and where: members of envelope and context that stay attributes.
    named: [Named; MAX_NAMED],
    count: usize,
    /// The node of a context that has members beside the known ones.
    further: Option<usize>,
    /// How many members stand before the kind's own.
    own: usize,
}

impl<'d> Record<'d> {
    /// Reads the envelope; nothing where the text is no canonical record.
    pub(super) fn read(document: &'d Document<'d>) -> Option<Self> {
        let (_, schema) = document.members(0).next()?;
        let mut record = Self {
            document,
            kind: RecordKind::named(&document.text(document.node(schema)))?,
            time: 0,
            id: None,
            tenant: None,
            sample_rate: None,
            trace_id: None,
            span_id: None,
            named: [Named { attribute: "", value: 0 }; MAX_NAMED],
            count: 0,
            further: None,
            own: 1,
        };
        for (name, value) in document.members(0).skip(1) {
            match document.raw(document.node(name)) {
                "id" => record.id = Some(value),
                "timestamp" => record.time = unix_nano(document.raw(document.node(value))),
                "tenant_id" => record.tenant = Some(value),
                "user_id" => record.name("user.id", value),
                "session_id" => record.name("session.id", value),
                "sample_rate" => record.sample_rate = Some(value),
                "context" => record.context(value),
                _ => break,
            }
            record.own += 1;
        }
        Some(record)
    }

    fn context(&mut self, context: usize) {
        if self.document.node(context).kind != Kind::Object {
            return;
        }
        for (name, value) in self.document.members(context) {
            let name = self.document.raw(self.document.node(name));
            match name {
                "trace_id" if self.is_id(value, TRACE_ID_DIGITS) => self.trace_id = Some(value),
                "span_id" if self.is_id(value, SPAN_ID_DIGITS) => self.span_id = Some(value),
                _ => match context_attribute(name) {
                    Some(attribute) => self.name(attribute, value),
                    None => self.further = Some(context),
                },
            }
        }
    }

    fn name(&mut self, attribute: &'static str, value: usize) {
        if let Some(place) = self.named.get_mut(self.count) {
            *place = Named { attribute, value };
            self.count += 1;
        }
    }

    /// The kind's own members: `(name, node)`.
    pub(super) fn own(&self) -> impl Iterator<Item = (&'d str, usize)> + use<'d> {
        let document = self.document;
        document.members(0).skip(self.own).map(move |(name, value)| (document.raw(document.node(name)), value))
    }

    /// The text between the quotes of a string, with its escapes; of anything else its text.
    pub(super) fn raw(&self, index: usize) -> &'d str {
        self.document.raw(self.document.node(index))
    }

    /// Whether OTLP takes the value as an id: so many hex digits that are not all zero. A token is not.
    pub(super) fn is_id(&self, index: usize, digits: usize) -> bool {
        is_id(self.raw(index), digits)
    }

    /// Writes who and where as attributes.
    pub(super) fn named_attributes<W: Writer>(&self, out: &mut W, field: Field) {
        for named in &self.named[..self.count] {
            named_value(out, field, named.attribute, self.document, named.value);
        }
        for (name, value) in self.further.into_iter().flat_map(|context| self.document.members(context)) {
            let name = self.document.text(self.document.node(name));
            if context_attribute(&name).is_none() {
                named_value(out, field, &format!("{CONTEXT_PREFIX}{name}"), self.document, value);
            }
        }
    }

    /// Whether there is anything of who and where.
    pub(super) fn has_named(&self) -> bool {
        self.count > 0 || self.further.is_some()
    }

    /// Writes what identifies the record itself.
    pub(super) fn identity<W: Writer>(&self, out: &mut W, field: Field, id_name: &str) {
        named_string(out, field, SCHEMA, self.kind.table().schema);
        if let Some(id) = self.id {
            named_value(out, field, id_name, self.document, id);
        }
        if let Some(tenant) = self.tenant {
            named_value(out, field, TENANT, self.document, tenant);
        }
        if let Some(rate) = self.sample_rate {
            named_value(out, field, SAMPLE_RATE, self.document, rate);
        }
    }

    /// Writes the members of the user's own object as attributes. A name that the record itself took before, or that
    /// is in our namespace, gets a prefix: keys of attributes are unique.
    pub(super) fn room<W: Writer>(&self, out: &mut W, field: Field, object: usize) {
        let document = self.document;
        if document.node(object).kind != Kind::Object {
            return;
        }
        for (name, value) in document.members(object) {
            let text = document.text(document.node(name));
            if self.is_taken(&text) {
                named_value(out, field, &format!("{ROOM_PREFIX}{text}"), document, value);
            } else {
                key_value(out, field, document, name, value);
            }
        }
    }

    /// Whether the user's object must not use this name. Few names have a dot at all, and fewer are ours.
    fn is_taken(&self, name: &str) -> bool {
        let Some(dot) = name.find('.') else { return false };
        match &name[..dot] {
            "scrubjay" => true,
            "log" => name == LOG_ID && self.id.is_some(),
            "tenant" => name == TENANT && self.tenant.is_some(),
            "user" | "session" | "http" | "client" | "user_agent" => {
                self.named[..self.count].iter().any(|named| named.attribute == name)
            }
            _ => false,
        }
    }

    /// The attribute of an own member that says what context may have said: the short name where it is free.
    pub(super) fn shared_attribute(&self, member: &str) -> Option<&'static str> {
        let attribute = context_attribute(member)?;
        let is_free = self.named[..self.count].iter().all(|named| named.attribute != attribute);
        is_free.then_some(attribute).or(match member {
            "request_id" => Some("scrubjay.record.request_id"),
            "route_name" => Some("scrubjay.record.route_name"),
            "ip_address" => Some("scrubjay.record.ip_address"),
            "user_agent" => Some("scrubjay.record.user_agent"),
            _ => None,
        })
    }

    /// Takes note of an attribute that an own member became, so that the user's object does not repeat it.
    pub(super) fn take(&mut self, attribute: &'static str, value: usize) {
        self.name(attribute, value);
    }
}

/// Hex digits of ids.
pub(super) const TRACE_ID_DIGITS: usize = 32;
pub(super) const SPAN_ID_DIGITS: usize = 16;

/// Attributes. Those without our prefix are OpenTelemetry's semantic conventions, and `tenant.id` is common usage.
const SCHEMA: &str = "scrubjay.schema";
const TENANT: &str = "tenant.id";
const SAMPLE_RATE: &str = "scrubjay.sample_rate";
/// Semantic conventions: "other log records with the same id will be considered duplicates".
pub(super) const LOG_ID: &str = "log.record.uid";
/// Before members of the user's object whose name is taken.
const ROOM_PREFIX: &str = "scrubjay.payload.";

/// Before members of the context that are the user's own.
const CONTEXT_PREFIX: &str = "scrubjay.context.";

/// The attribute of a member of `context`.
fn context_attribute(member: &str) -> Option<&'static str> {
    Some(match member {
        "request_id" => "scrubjay.request_id",
        "route_name" => "http.route",
        "ip_address" => "client.address",
        "user_agent" => "user_agent.original",
        // Tokens, or ids of zeros, which OTLP does not take as ids.
        "trace_id" => "scrubjay.trace_id",
        "span_id" => "scrubjay.span_id",
        _ => return None,
    })
}

/// Whether `text` is so many hex digits that are not all zero.
pub(super) fn is_id(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit()) && text.bytes().any(|byte| byte != b'0')
}
