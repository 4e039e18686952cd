//! What users may ask for: their data, its erasure, and what they agreed to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::day::rfc3339;
use super::known::Known;
use super::model::{Adopted, AuditEntry, Consent, Deletion, Page, Part};
use super::spec::{Keys, QUERY_LIMIT, QuerySpec, invalid, object};
use super::{Store, Tenant, TenantStore};
use crate::config::Purpose;
use crate::engine::Engine;
use crate::error::Result;
use crate::json::write_string;
use crate::record::Head;
use crate::record::limits::MAX_NAME_CHARS;
use crate::record::time::Timestamp;
use crate::scrub::is_token;
use crate::stamp::Stamp;

/// Interrupted erasures that are looked for at a time.
const OLDEST: Part = Part { after: None, limit: 100, is_newest_first: false };

/// Who asks for an erasure, as its caller writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Word {
    /// Who, such as the id of an operator.
    actor: String,
    /// From where, such as `dashboard`.
    source: String,
}

/// Decisions, as their caller writes them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decisions {
    user_id: String,
    purposes: BTreeMap<Purpose, bool>,
    #[serde(default)]
    notice_version: String,
    #[serde(default)]
    source: String,
}

impl TenantStore<'_> {
    /// How records of a user name them: as the engine writes a record that names its tenant, and one that does not.
    ///
    /// # Errors
    /// `argument_invalid` for no id, and where the engine gives all users one name.
    fn stored_users(&self, engine: &Engine, user_id: &str) -> Result<Vec<String>> {
        let length = user_id.chars().count();
        if length == 0 || length > MAX_NAME_CHARS {
            return Err(invalid("/user_id", format!("expected 1 to {MAX_NAME_CHARS} characters")));
        }
        let mut users = Vec::new();
        for tenant in [json!(self.tenant.as_str()), json!(null)] {
            let record = json!({
                "schema": "telemetry_event_v1", "tenant_id": tenant, "user_id": user_id, "channel": "privacy",
                "event": "lookup", "payload": {},
            });
            let outcome = engine.process(record.to_string().as_bytes(), Some(&Stamp::now()));
            let stored = outcome.record.as_deref().and_then(Head::of).and_then(|h| h.text("user_id").map(Into::into));
            let stored: String = stored.ok_or_else(|| invalid("/user_id", "expected the id of a user"))?;
            // Everybody's name: what it erased would be everything.
            if is_token(&stored) && !stored.starts_with("[hash:") && stored != user_id {
                let message = "this engine gives all users the same name, so none can be told from another: set \
                               privacy.pseudonym_key, or name the user as records do";
                return Err(invalid("/user_id", message));
            }
            if is_token(&stored) && !stored.starts_with("[hash:") {
                return Err(invalid("/user_id", "a name that many users share"));
            }
            if !users.contains(&stored) {
                users.push(stored);
            }
        }
        Ok(users)
    }

    fn subjects(&self, users: &[String]) -> Vec<String> {
        let known = self.store.shared.known.read();
        users.iter().map(|user| known.subjects.name(&self.tenant, user)).collect()
    }

    /// One page of all that is kept of a user, whatever its kind, by rising time.
    ///
    /// # Errors
    /// `argument_invalid`; those of [`EventStore`](super::EventStore).
    pub fn user_data(&self, engine: &Engine, user_id: &str, spec: &str) -> Result<Page> {
        self.query(&QuerySpec::of_users(self.stored_users(engine, user_id)?, spec)?)
    }

    /// Erases a user: rows, what the ingest log holds of them, and the free space they stood in. Their tombstone
    /// refuses what comes later from before this moment. `word` is `{"actor","source"}`, for the audit trail.
    ///
    /// # Errors
    /// `argument_invalid`; those of [`EventStore`](super::EventStore). An erasure that failed is finished by the next,
    /// or when the store is opened again.
    pub fn delete_user(&self, engine: &Engine, user_id: &str, word: &str) -> Result<Deletion> {
        let word: Word = object("/word", word, r#"{"actor":text,"source":text}"#)?;
        // What is indexed already is counted in the receipt. Where it cannot be, the tombstone keeps it out.
        let _ = self.store.settle();
        let users = self.stored_users(engine, user_id)?;
        let subjects = self.subjects(&users);
        let now = Timestamp::now().microseconds();
        let deletion = Deletion {
            request_id: Stamp::now().id().as_str().to_owned(),
            user: subjects.first().cloned().unwrap_or_default(),
            records: 0,
            requested_at: rfc3339(now),
            completed_at: None,
            audit_seq: None,
        };
        let by = AuditEntry { actor: word.actor, detail: word.source, ..AuditEntry::default() };
        let pending: Vec<_> = subjects.into_iter().zip(users.iter().cloned()).collect();
        let shared = &self.store.shared;
        shared.meta.deletion_begin(&self.tenant, &deletion, &by, &pending)?;
        let mut known = shared.known.write();
        for (subject, _) in &pending {
            known.subjects.bury(&self.tenant, subject, now);
        }
        drop(known);
        self.store.finish(&self.tenant, deletion, &by, &users)
    }

    /// A page of deletions, oldest first: `{"deletions":[…],"next":cursor|null}`. `spec` is `{"limit","cursor","order"}`,
    /// `order` being `asc` or `desc`: the newest first.
    ///
    /// # Errors
    /// `argument_invalid`; those of [`MetaStore`](super::MetaStore).
    pub fn deletions(&self, spec: &str) -> Result<String> {
        let part = part(spec)?;
        let mut kept = self.store.shared.meta.deletions(Some(&self.tenant), one_more(part))?;
        let next = cut(&mut kept, part.limit).map(|last| last.seq.to_string());
        let deletions: Vec<Deletion> = kept.into_iter().map(|kept| kept.deletion).collect();
        Ok(json!({"deletions": deletions, "next": next}).to_string())
    }

    /// Keeps decisions: `{"user_id","purposes":{purpose:bool},"notice_version","source"}`. Returns what then holds, as
    /// [`consent_status`](Self::consent_status) does.
    ///
    /// # Errors
    /// `argument_invalid`; those of [`MetaStore`](super::MetaStore).
    pub fn consent_update(&self, engine: &Engine, word: &str) -> Result<String> {
        let expected = r#"{"user_id":text,"purposes":{"diagnostics"|"performance"|"analytics":bool},
                          "notice_version":text,"source":text}"#;
        let word: Decisions = object("", word, expected)?;
        if word.purposes.is_empty() {
            return Err(invalid("/purposes", "name at least one purpose"));
        }
        let at = Timestamp::now().microseconds();
        let subjects = self.subjects(&self.stored_users(engine, &word.user_id)?);
        let consents: Vec<Consent> = subjects
            .iter()
            .flat_map(|subject| word.purposes.iter().map(move |decision| (subject, decision)))
            .map(|(subject, (purpose, granted))| Consent {
                at,
                user_id: subject.clone(),
                purpose: purpose.as_str().to_owned(),
                granted: *granted,
                notice_version: word.notice_version.clone(),
                source: word.source.clone(),
            })
            .collect();
        self.store.shared.meta.consent_put(&self.tenant, &consents)?;
        let mut known = self.store.shared.known.write();
        for Consent { user_id, purpose, granted, .. } in &consents {
            known.subjects.decide(&self.tenant, user_id, purpose, *granted);
        }
        drop(known);
        self.consent_of(&subjects)
    }

    /// What a user decided: `{"user","purposes":{purpose:{"granted","at","notice_version","source"}},"history":[{"at",
    /// "purpose","granted","notice_version","source"}…]}`, oldest first.
    ///
    /// # Errors
    /// `argument_invalid`; those of [`MetaStore`](super::MetaStore).
    pub fn consent_status(&self, engine: &Engine, user_id: &str) -> Result<String> {
        self.consent_of(&self.subjects(&self.stored_users(engine, user_id)?))
    }

    fn consent_of(&self, subjects: &[String]) -> Result<String> {
        let subject = subjects.first().map(String::as_str).unwrap_or_default();
        let history = self.store.shared.meta.consent_get(&self.tenant, subject)?;
        let told = |consent: &Consent| {
            let Consent { at, granted, notice_version, source, .. } = consent;
            json!({"granted": granted, "at": rfc3339(*at), "notice_version": notice_version, "source": source})
        };
        // The last of each purpose stays.
        let purposes: BTreeMap<&str, _> = history.iter().map(|c| (c.purpose.as_str(), told(c))).collect();
        let history: Vec<_> = history
            .iter()
            .map(|consent| {
                let mut entry = told(consent);
                entry["purpose"] = json!(consent.purpose);
                entry
            })
            .collect();
        Ok(json!({"user": subject, "purposes": purposes, "history": history}).to_string())
    }

    /// A page of the audit trail, oldest first: `{"entries":[{"seq","at","actor","action","subject","detail","hash"}],
    /// "next":cursor|null}`. `spec` is as of [`deletions`](Self::deletions).
    ///
    /// # Errors
    /// `argument_invalid`; those of [`MetaStore`](super::MetaStore).
    pub fn audit_page(&self, spec: &str) -> Result<String> {
        let part = part(spec)?;
        let mut entries = self.store.shared.meta.audit_page(&self.tenant, one_more(part))?;
        let next = cut(&mut entries, part.limit).map(|last| last.seq.to_string());
        let mut out = String::from("{\"entries\":[");
        for (i, audited) in entries.iter().enumerate() {
            let _ = write!(
                out,
                "{}{{\"seq\":{},\"at\":\"{}\"",
                if i == 0 { "" } else { "," },
                audited.seq,
                rfc3339(audited.at)
            );
            let AuditEntry { actor, action, subject, detail } = &audited.entry;
            for (name, text) in [("actor", actor), ("action", action), ("subject", subject), ("detail", detail)] {
                let _ = write!(out, ",\"{name}\":");
                write_string(text, &mut out);
            }
            out.push_str(",\"hash\":\"");
            for byte in audited.hash {
                let _ = write!(out, "{byte:02x}");
            }
            out.push_str("\"}");
        }
        let next = next.map_or_else(|| "null".to_owned(), |next| format!("\"{next}\""));
        let _ = write!(out, "],\"next\":{next}}}");
        Ok(out)
    }
}

impl Store {
    /// Applies to this store what another state of it knows and this one does not: after a backup was restored, the
    /// erasures, decisions on consent and revoked keys since it was made. `folder` has the newest `meta.db` there is.
    ///
    /// # Errors
    /// `argument_invalid` where that is no state of this store; those of [`EventStore`](super::EventStore). Repeating it
    /// completes what was interrupted.
    pub fn apply_deletions(&self, folder: &Path) -> Result<Adopted> {
        let shared = &self.shared;
        let _ = self.settle();
        let mut adopted = shared.meta.adopt(folder)?;
        *shared.known.write() = Known::read(shared.meta.as_ref())?;
        shared.recent.clear();
        let known = shared.known.read();
        let deleted = shared.events.delete_erased(&|tenant, user| known.subjects.erased_until(tenant, user))?;
        drop(known);
        for (tenant, records) in deleted {
            adopted.records += records;
            let detail = json!({"records": records}).to_string();
            let entry = AuditEntry { action: "deletions.apply".to_owned(), detail, ..AuditEntry::default() };
            shared.meta.audit_append(&tenant, &entry)?;
        }
        Ok(adopted)
    }

    /// Erases users whose deletion is noted, and completes the note.
    fn finish(&self, tenant: &Tenant, deletion: Deletion, by: &AuditEntry, users: &[String]) -> Result<Deletion> {
        if let Some(log) = &self.log {
            // The tombstone is there, so nothing of theirs comes out of the log any more.
            log.purge()?;
        }
        self.shared.recent.clear();
        let records = self.shared.events.delete_user(tenant, users)?;
        let entry = AuditEntry {
            actor: by.actor.clone(),
            action: "user.delete".to_owned(),
            subject: deletion.user.clone(),
            detail: json!({"request_id": deletion.request_id, "records": records, "source": by.detail}).to_string(),
        };
        let audit_seq = Some(self.shared.meta.audit_append(tenant, &entry)?);
        let completed_at = Some(rfc3339(Timestamp::now().microseconds()));
        let deletion = Deletion { records, completed_at, audit_seq, ..deletion };
        self.shared.meta.deletion_end(tenant, &deletion)?;
        Ok(deletion)
    }

    /// Finishes what was interrupted. What fails again is left for the next time; its tombstone holds anyway.
    pub(super) fn finish_deletions(&self) {
        let pending = self.shared.meta.deletions(None, OLDEST).unwrap_or_default();
        for kept in pending {
            if let Ok(tenant) = Tenant::new(&kept.tenant) {
                let _ = self.finish(&tenant, kept.deletion, &kept.by, &kept.pending);
            }
        }
    }
}

/// Which part of a list a page is.
fn part(spec: &str) -> Result<Part> {
    let keys = Keys::read(spec, &["limit", "cursor", "order"])?;
    let wrong = || invalid("/cursor", "expected the `next` of an earlier answer, unchanged");
    let after = keys.text("cursor")?.map(|text| text.parse().map_err(|_| wrong())).transpose()?;
    let is_newest_first = match keys.text("order")? {
        Some("desc") => true,
        Some("asc") | None => false,
        Some(_) => return Err(invalid("/order", "expected asc or desc")),
    };
    Ok(Part { after, limit: keys.limit("limit", QUERY_LIMIT)?, is_newest_first })
}

/// Whether there is another page shows in one entry more.
fn one_more(part: Part) -> Part {
    Part { limit: part.limit + 1, ..part }
}

/// Leaves `limit` items, and returns the last of them where there are more.
fn cut<T>(items: &mut Vec<T>, limit: usize) -> Option<&T> {
    let more = items.len() > limit;
    items.truncate(limit);
    items.last().filter(|_| more)
}
