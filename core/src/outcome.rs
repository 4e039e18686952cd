//! What the engine says of one record: its verdict, and what it did to it.
//!
//! The canonical text of an [`Outcome`] is the contract between runtimes: the same record gives the same bytes
//! in Rust, Python, Node and Dart.

use std::fmt;

use crate::json::write_string;
use crate::record::Inline;

/// The verdict on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Valid; the record may be stored or sent.
    Accepted,
    /// Readable or not, it breaks the schema; the scrubbed record is a dead letter.
    Rejected,
    /// Beyond a processing budget, or its user opted out; nothing of it is kept.
    Dropped,
}

impl Status {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
        }
    }
}

/// Why a record was not accepted. Stable across releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// Not JSON as RFC 8259 defines it.
    JsonInvalid,
    /// Bytes that are not UTF-8.
    JsonUtf8,
    /// An object names the same member twice.
    JsonDuplicateKey,
    /// A number no runtime could hold: beyond the range of a 64-bit float.
    JsonNumber,
    /// An escape writes half of a UTF-16 pair.
    JsonSurrogate,
    /// Nested deeper than [`limits::MAX_DEPTH`](crate::limits::MAX_DEPTH).
    JsonDepth,
    /// The record is JSON, but not an object.
    NotObject,
    /// Larger than [`limits::MAX_RECORD_BYTES`](crate::limits::MAX_RECORD_BYTES).
    RecordTooLarge,
    /// `schema` names no known record kind.
    SchemaUnknown,
    /// A required member is absent.
    Required,
    /// A member has the wrong JSON type.
    Type,
    /// A string is not of the required form.
    Format,
    /// A string is too short or too long.
    Length,
    /// A number is outside its bounds.
    Range,
    /// A member that the schema does not know.
    UnknownField,
    /// A field is there in two spellings with different values.
    Conflict,
    /// A metric of the catalog has another type or unit.
    CatalogMismatch,
    /// The user said no; nothing of the record is kept.
    OptedOut,
    /// A value is none of those that the plan lists.
    Enum,
    /// A string does not match the plan's pattern.
    Pattern,
    /// A value where the plan allows none.
    NotAllowed,
    /// The plan does not have the event.
    Unplanned,
    /// The engine failed; the record was dropped.
    Defect,
}

impl Code {
    /// Every code, for tests and documentation.
    pub const ALL: [Self; 23] = [
        Self::JsonInvalid,
        Self::JsonUtf8,
        Self::JsonDuplicateKey,
        Self::JsonNumber,
        Self::JsonSurrogate,
        Self::JsonDepth,
        Self::NotObject,
        Self::RecordTooLarge,
        Self::SchemaUnknown,
        Self::Required,
        Self::Type,
        Self::Format,
        Self::Length,
        Self::Range,
        Self::UnknownField,
        Self::Conflict,
        Self::CatalogMismatch,
        Self::OptedOut,
        Self::Enum,
        Self::Pattern,
        Self::NotAllowed,
        Self::Unplanned,
        Self::Defect,
    ];

    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JsonInvalid => "json_invalid",
            Self::JsonUtf8 => "json_utf8",
            Self::JsonDuplicateKey => "json_duplicate_key",
            Self::JsonNumber => "json_number",
            Self::JsonSurrogate => "json_surrogate",
            Self::JsonDepth => "json_depth",
            Self::NotObject => "not_object",
            Self::RecordTooLarge => "record_too_large",
            Self::SchemaUnknown => "schema_unknown",
            Self::Required => "required",
            Self::Type => "type",
            Self::Format => "format",
            Self::Length => "length",
            Self::Range => "range",
            Self::UnknownField => "unknown_field",
            Self::Conflict => "conflict",
            Self::CatalogMismatch => "catalog_mismatch",
            Self::OptedOut => "opted_out",
            Self::Enum => "enum",
            Self::Pattern => "pattern",
            Self::NotAllowed => "not_allowed",
            Self::Unplanned => "unplanned",
            Self::Defect => "defect",
        }
    }
}

/// One way in which a record breaks its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON Pointer (RFC 6901) to the place; keys in it are scrubbed.
    pub path: String,
    /// The stable code.
    pub code: Code,
    /// What is expected there. Never quotes the value.
    pub message: String,
}

impl Violation {
    /// A violation of `code` at `path`.
    pub fn new(path: impl Into<String>, code: Code, message: impl Into<String>) -> Self {
        Self { path: path.into(), code, message: message.into() }
    }
}

/// What was done to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The value, or the part that matched, gave way to a token that names the rule.
    Replace,
    /// It gave way to a token that does not say what it was.
    Remove,
    /// A token shows the part of it that is safe to show, such as a card's last four digits.
    Mask,
    /// A keyed pseudonym stands in its place.
    Hash,
    /// An address lost its host part, or a user agent its detail.
    Truncate,
    /// A box that only the owner of a key can open stands in its place.
    Seal,
    /// Nothing: it stays. In configurations and explanations; no redaction has it.
    Keep,
}

impl Action {
    /// Every action, for tests and documentation.
    pub const ALL: [Self; 7] =
        [Self::Replace, Self::Remove, Self::Mask, Self::Hash, Self::Truncate, Self::Seal, Self::Keep];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Remove => "remove",
            Self::Mask => "mask",
            Self::Hash => "hash",
            Self::Truncate => "truncate",
            Self::Seal => "seal",
            Self::Keep => "keep",
        }
    }
}

/// One thing that scrubbing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// JSON Pointer to the string that was changed; keys in it are scrubbed.
    pub path: String,
    /// The rule that matched, such as `email`.
    pub rule: &'static str,
    /// What it did.
    pub action: Action,
}

/// The id of a record: a UUID in lower case with hyphens (RFC 9562).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecordId(pub(crate) Inline);

impl RecordId {
    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl std::ops::Deref for RecordId {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// Bytes of the verdict on an accepted record with the comma behind it, of which most answers to batches consist.
#[cfg(any(feature = "store", feature = "receive"))]
pub(crate) const USUAL_VERDICT_BYTES: usize = 82;

/// The engine's answer for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict.
    pub status: Status,
    /// The record's id (a lower-case UUID), where it has a valid one or was stamped.
    pub id: Option<RecordId>,
    /// Why it was not accepted; empty when it was.
    pub violations: Vec<Violation>,
    /// What scrubbing changed, in document order.
    pub redactions: Vec<Redaction>,
    /// The scrubbed canonical record, or nothing where it could not be read.
    pub record: Option<String>,
}

impl Outcome {
    /// An outcome without a record: it could not be read, or was beyond a budget.
    pub(crate) fn unreadable(status: Status, violation: Violation) -> Self {
        Self { status, id: None, violations: vec![violation], redactions: Vec::new(), record: None }
    }

    /// The canonical text, with members in the order `status id violations redactions record`.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(96 + self.record.as_ref().map_or(4, String::len));
        self.write_json(&mut out);
        out
    }

    /// Appends the canonical text to `out`.
    pub fn write_json(&self, out: &mut String) {
        self.write_verdict(out);
        out.push(',');
        write_redactions(&self.redactions, out);
        out.push_str(",\"record\":");
        out.push_str(self.record.as_deref().unwrap_or("null"));
        out.push('}');
    }

    /// Appends `{"status":…,"id":…,"violations":[…]` without the closing brace: what a sender needs to know.
    pub(crate) fn write_verdict(&self, out: &mut String) {
        out.push_str("{\"status\":\"");
        out.push_str(self.status.as_str());
        out.push_str("\",\"id\":");
        match &self.id {
            Some(id) => write_string(id, out),
            None => out.push_str("null"),
        }
        out.push(',');
        write_violations(&self.violations, out);
    }
}

/// Appends `"violations":[…]`.
pub(crate) fn write_violations(violations: &[Violation], out: &mut String) {
    out.push_str("\"violations\":[");
    for (i, violation) in violations.iter().enumerate() {
        out.push_str(if i == 0 { "{\"path\":" } else { ",{\"path\":" });
        write_string(&violation.path, out);
        out.push_str(",\"code\":\"");
        out.push_str(violation.code.as_str());
        out.push_str("\",\"message\":");
        write_string(&violation.message, out);
        out.push('}');
    }
    out.push(']');
}

/// Appends `"redactions":[…]`.
pub(crate) fn write_redactions(redactions: &[Redaction], out: &mut String) {
    out.push_str("\"redactions\":[");
    for (i, redaction) in redactions.iter().enumerate() {
        out.push_str(if i == 0 { "{\"path\":" } else { ",{\"path\":" });
        write_string(&redaction.path, out);
        out.push_str(",\"rule\":\"");
        out.push_str(redaction.rule);
        out.push_str("\",\"action\":\"");
        out.push_str(redaction.action.as_str());
        out.push_str("\"}");
    }
    out.push(']');
}
