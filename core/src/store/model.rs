//! What goes into a store and comes out of it.

use super::day::Day;
use super::spec::Cursor;
use crate::error::{Error, ErrorKind, Result};

/// Characters of a tenant's name. Long enough for a UUID or a host name's label.
const MAX_TENANT_CHARS: usize = 64;

/// The name of a tenant: 1 to 64 of `A-Z a-z 0-9 _ . -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tenant(String);

impl Tenant {
    /// Checks a name.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub fn new(name: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        if name.is_empty() || name.len() > MAX_TENANT_CHARS || !name.bytes().all(allowed) {
            let message = format!("a tenant's name has 1 to {MAX_TENANT_CHARS} of the characters A-Z a-z 0-9 _ . -");
            return Err(Error::new(ErrorKind::ArgumentInvalid, "/tenant", message));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An accepted record as a store keeps it: what it is found by, and its canonical text.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// `schema` of the record.
    pub schema: &'static str,
    /// The record's id (RFC 9562), with which a repetition is recognised.
    pub id: [u8; 16],
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub timestamp: i64,
    /// `channel` of the record, or the word of its kind: `trace`, `log`, `metric`, `span`, `perf_sample`,
    /// `replay_inconsistency`.
    pub channel: String,
    /// `event` of the record, or what names a record of its kind: event key, event type, name, platform, version.
    pub event: String,
    /// `user_id` of the record.
    pub user_id: Option<String>,
    /// `session_id` of the record.
    pub session_id: Option<String>,
    /// `trace_id` of the record or its context, 32 hex digits.
    pub trace_id: Option<String>,
    /// `sample_rate` of the record.
    pub sample_rate: Option<f64>,
    /// `actor_id` of the record.
    pub actor_id: Option<String>,
    /// The canonical text.
    pub record: String,
}

/// What an append did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Records that are new.
    pub stored: u64,
    /// Records that were there already, or came twice in this batch.
    pub duplicates: u64,
}

/// One page of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Canonical records by rising time.
    pub records: Vec<String>,
    /// Where the next page begins; nothing after the last.
    pub next: Option<Cursor>,
}

impl Page {
    /// `{"records":[…],"next":cursor|null}`.
    pub fn to_json(&self) -> String {
        let next = self.next.as_ref().map_or_else(|| "null".to_owned(), |next| format!("\"{next}\""));
        format!("{{\"records\":[{}],\"next\":{next}}}", self.records.join(","))
    }
}

/// What one day holds, over all tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayStats {
    /// The day.
    pub day: Day,
    /// Its records.
    pub records: u64,
    /// Bytes of its file and log on disk.
    pub bytes: u64,
}

/// What a store holds, over all tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// By day, oldest first.
    pub days: Vec<DayStats>,
    /// Tenants that have a record.
    pub tenants: u64,
}

impl StoreStats {
    /// `{"records":n,"days":[{"day","records","bytes"}],"bytes":n,"tenants":n}`.
    pub fn to_json(&self) -> String {
        let day = |d: &DayStats| format!("{{\"day\":\"{}\",\"records\":{},\"bytes\":{}}}", d.day, d.records, d.bytes);
        let records: u64 = self.days.iter().map(|day| day.records).sum();
        let bytes: u64 = self.days.iter().map(|day| day.bytes).sum();
        let days = self.days.iter().map(day).collect::<Vec<_>>().join(",");
        let tenants = self.tenants;
        format!("{{\"records\":{records},\"days\":[{days}],\"bytes\":{bytes},\"tenants\":{tenants}}}")
    }
}

/// A user's decision on one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Whose decision.
    pub user_id: String,
    /// What it is about: `diagnostics`, `performance`, `analytics`.
    pub purpose: String,
    /// Yes or no.
    pub granted: bool,
    /// The notice that was shown.
    pub notice_version: String,
    /// Where it was given, such as `settings`.
    pub source: String,
}

/// Something an operator or user did that must remain known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Who did it.
    pub actor: String,
    /// What was done, such as `user.delete`.
    pub action: String,
    /// To what or whom.
    pub subject: String,
    /// JSON, or empty.
    pub detail: String,
}

/// What reading the whole audit trail found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditState {
    /// Entries up to the break, or all.
    pub entries: u64,
    /// Hash of the last of them. Kept elsewhere, it also shows when the tail was cut off.
    pub head: [u8; 32],
    /// Sequence number of the first entry that is not what was written; nothing where all are.
    pub broken_at: Option<i64>,
}
