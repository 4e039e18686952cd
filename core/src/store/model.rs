//! What goes into a store and comes out of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::day::{Day, rfc3339};
use super::spec::Cursor;
use crate::error::{Error, ErrorKind, Result};

/// Characters of a tenant's name. Long enough for a UUID or a host name's label.
const MAX_TENANT_CHARS: usize = 64;

/// The name of a tenant: 1 to 64 of `A-Z a-z 0-9 _ . -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(Arc<str>);

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
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An accepted record as a store keeps it: what it is found by, and its canonical text.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// Whose record it is.
    pub tenant: Tenant,
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
    /// `request_id` of the record or its context.
    pub request_id: Option<String>,
    /// `sample_rate` of the record.
    pub sample_rate: Option<f64>,
    /// `actor_id` of the record.
    pub actor_id: Option<String>,
    /// What the record came with, where its time could not be right: microseconds since 1970-01-01T00:00:00Z.
    pub original_timestamp: Option<i64>,
    /// The canonical text.
    pub record: String,
}

impl StoredEvent {
    /// Puts a record with an impossible stamp under another time.
    pub(super) fn put_at(&mut self, at: i64) {
        if at != self.timestamp {
            let member = |at| format!("\"timestamp\":\"{}\"", rfc3339(at));
            // The first one is the record's own: id and schema alone stand before it.
            self.record = self.record.replacen(&member(self.timestamp), &member(at), 1);
            self.timestamp = at;
        }
    }
}

/// What an append did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Records that are new.
    pub stored: u64,
    /// Records that were there already, or came twice in this batch.
    pub duplicates: u64,
}

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retained {
    /// Days whose file is gone.
    pub days: u64,
    /// Records of tables that were emptied within days that stay.
    pub records: u64,
}

/// What a check found in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Its name within the folder.
    pub file: String,
    /// What is wrong with it; nothing where it is whole.
    pub faults: Vec<String>,
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
    /// The log in front of them; nothing where records go straight into the day files.
    pub ingest_log: Option<LogStats>,
    /// Records that tombstones refused.
    pub refused: u64,
}

/// What waits in the ingest log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogStats {
    /// Records that are durable and not indexed yet.
    pub pending: u64,
    /// Bytes of its segments.
    pub bytes: u64,
    /// Records indexed since the store was opened.
    pub indexed: u64,
    /// Records of the log that could not be read; a defect of the disk.
    pub lost: u64,
    /// Why the indexer does not get on, at the moment.
    pub error: Option<String>,
}

impl StoreStats {
    /// `{"records":n,"days":[{"day","records","bytes"}],"bytes":n,"tenants":n,"refused":n,"ingest_log":null|{"pending":n,
    /// "bytes":n,"indexed":n,"lost":n,"error":text|null}}`.
    pub fn to_json(&self) -> String {
        let day = |d: &DayStats| format!("{{\"day\":\"{}\",\"records\":{},\"bytes\":{}}}", d.day, d.records, d.bytes);
        let records: u64 = self.days.iter().map(|day| day.records).sum();
        let bytes: u64 = self.days.iter().map(|day| day.bytes).sum();
        let days = self.days.iter().map(day).collect::<Vec<_>>().join(",");
        let (tenants, refused) = (self.tenants, self.refused);
        let log = self.ingest_log.as_ref().map_or_else(|| "null".to_owned(), LogStats::to_json);
        format!(
            "{{\"records\":{records},\"days\":[{days}],\"bytes\":{bytes},\"tenants\":{tenants},\"refused\":{refused},\
             \"ingest_log\":{log}}}"
        )
    }
}

impl LogStats {
    fn to_json(&self) -> String {
        let Self { pending, bytes, indexed, lost, error } = self;
        let error = serde_json::to_string(error).unwrap_or_default();
        format!("{{\"pending\":{pending},\"bytes\":{bytes},\"indexed\":{indexed},\"lost\":{lost},\"error\":{error}}}")
    }
}

/// A user's decision on one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// When it was kept, in microseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditEntry {
    /// Who did it.
    pub actor: String,
    /// What was done, such as `user.delete`.
    pub action: String,
    /// To what or whom.
    pub subject: String,
    /// What else is to be known, text or JSON.
    pub detail: String,
}

/// An entry with its place in the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// Its number, from 1, over all tenants.
    pub seq: i64,
    /// When it was written, in microseconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// What it says.
    pub entry: AuditEntry,
    /// What seals it and all before it.
    pub hash: [u8; 32],
}

/// Which entries of a numbered list are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The number of the last entry that is known; nothing at the beginning.
    pub after: Option<i64>,
    /// Entries at most.
    pub limit: usize,
    /// Whether the list begins with its newest entry.
    pub is_newest_first: bool,
}

impl Part {
    /// The condition on `seq`, whose bound is `?1`, with the order; and that bound.
    pub(super) fn condition(self) -> (&'static str, &'static str, i64) {
        if self.is_newest_first {
            ("seq < ?1", "seq DESC", self.after.unwrap_or(i64::MAX))
        } else {
            ("seq > ?1", "seq", self.after.unwrap_or(0))
        }
    }
}

/// What was taken over from another state of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// Users who were erased there.
    pub deletions: u64,
    /// Decisions on consent.
    pub consents: u64,
    /// API keys that were revoked there.
    pub revoked_keys: u64,
    /// Records that were erased here for it.
    pub records: u64,
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

/// Somebody's wish to be forgotten, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deletion {
    /// A UUID.
    pub request_id: String,
    /// The user as the store names them: their pseudonym, or a salted hash of an id that was none.
    pub user: String,
    /// Records that were erased.
    pub records: u64,
    /// RFC 3339.
    pub requested_at: String,
    /// RFC 3339; nothing where it is still under way.
    pub completed_at: Option<String>,
    /// Its entry in the audit trail.
    pub audit_seq: Option<i64>,
}

/// A key that a program authenticates with, without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// Its name for people and logs; tells nothing of the key.
    pub id: String,
    /// Whose it is.
    pub tenant: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub roles: Vec<String>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub expires_at: Option<String>,
    /// RFC 3339.
    pub revoked_at: Option<String>,
}
