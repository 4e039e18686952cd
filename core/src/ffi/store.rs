//! [`crate::Store`] behind text.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::record::time::Timestamp;
use crate::store::{
    AggregateSpec, AuditEntry, ExportFormat, IngestOptions, QuerySpec, StoreOptions, object, pass, promised, shut,
};

/// How long the end of a process waits for those who are in a store.
const EXIT_WAIT: Duration = Duration::from_secs(5);

/// Guards a call into a store, which the end of the process waits for.
fn guard<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    let _passed = pass();
    super::guard(call)
}

/// Ends every work in stores, for good: for a process that exits, which takes from under them what they stand on. Only
/// who may encrypt needs it. Calls that come then never return, so whoever calls this must not use a store again.
pub fn leave_stores() {
    shut(EXIT_WAIT);
}

/// Whether stores can be encrypted in this build.
pub fn encrypts_stores() -> bool {
    cfg!(feature = "encryption")
}

/// Gives all files of a store another key: `{"files":n}`. `keys` is `{"from":base64|null,"to":base64|null}`; null, or
/// absent, stands for files that are not encrypted. Nobody else may have the store open. An interrupted call is repeated.
///
/// # Errors
/// `argument_invalid` with the key or `/folder`, `store_unavailable`, `store_version`.
pub fn convert_store(folder: &str, keys: &str) -> Result<String> {
    guard(|| Ok(format!("{{\"files\":{}}}", crate::store::convert(Path::new(folder), keys)?)))
}

/// What a collector accepted, in a folder. Shared between threads; a call that writes is on disk when it returns.
///
/// Each call may fail with `argument_invalid` and the key, `store_unavailable`, `store_version` or `closed`.
pub struct Store(pub(crate) crate::Store);

#[allow(clippy::missing_errors_doc, reason = "said once, at the type")]
impl Store {
    /// Opens a folder, or makes it. `options` is `{"ingest_log":bool,"retention_days":{"events","metrics","traces",
    /// "logs"},"encryption_key":base64,"purposes":{channel:purpose},"max_past_days":n,"max_log_bytes":n}`, every key
    /// optional: see [`StoreOptions`].
    pub fn open(folder: &str, options: &str) -> Result<Self> {
        guard(|| Ok(Self(crate::Store::open(Path::new(folder), StoreOptions::from_json(options)?)?)))
    }

    /// Divides a body (`format`: `record`, `batch` or `ndjson`), processes each record and keeps what is accepted:
    /// `{"accepted":n,"rejected":n,"dropped":n,"opted_out":n,"refused":n,"duplicates":n,"clamped":n,"results":[{"status",
    /// "id","violations":[…]}…],"redactions":{"rule":n}}`, results in the order of the body. `options` is
    /// `{"opt_out_enforce":bool}`. Also fails with `batch_unreadable`. After an error some of the body may be stored;
    /// sending it again is safe.
    pub fn ingest(&self, engine: &Engine, tenant: &str, format: &str, body: &[u8], options: &str) -> Result<String> {
        guard(|| {
            let options = IngestOptions::from_json(options)?;
            Ok(self.0.tenant(tenant)?.ingest(&engine.0, format, body, options)?.to_json())
        })
    }

    /// The same for hosts that do not wait for the disk: returns when the body is processed, and `told` hears the verdict
    /// once what was accepted of it is durable, on whichever thread. It must not wait for anything, nor drop this store.
    pub fn ingest_then(
        &self,
        engine: &Engine,
        tenant: &str,
        format: &str,
        body: &[u8],
        options: &str,
        told: impl FnOnce(Result<String>) + Send + 'static,
    ) {
        let judged = promised(told);
        match guard(|| Ok((IngestOptions::from_json(options)?, self.0.tenant(tenant)?))) {
            // A defect drops the promise, which says so.
            Ok((options, tenant)) => {
                drop(guard(|| {
                    tenant.ingest_later(&engine.0, format, body, options, judged);
                    Ok(())
                }));
            }
            Err(error) => judged.resolve(Err(error)),
        }
    }

    /// Returns when everything that was acknowledged before can be found.
    pub fn settle(&self) -> Result<()> {
        guard(|| self.0.settle())
    }

    /// One page of a tenant's records, by rising time: `{"records":[…],"next":cursor|null}`. `spec` is
    /// `{"start_time","end_time","schema","channel","event","name","user_id","trace_id","request_id","consistency","limit",
    /// "cursor"}`,
    /// every key optional; the default kind is `telemetry_event_v1`, of a trace or request any, the default range the last 24
    /// hours, the default limit 100, at most 1,000. A page also ends after 4 MiB.
    pub fn query(&self, tenant: &str, spec: &str) -> Result<String> {
        guard(|| Ok(self.0.tenant(tenant)?.query(&QuerySpec::from_json(spec)?)?.to_json()))
    }

    /// Figures over a tenant's records: `{"buckets":[{"start":RFC 3339,"group":{…},"count":n,"avg":n|null,…}],
    /// "truncated":bool}` by start, then group. `spec` has the keys of a query but the cursor, and `field`,
    /// `aggregations`, `group_by`, `interval`, `top`, `order_by`; the default aggregation is `count`, the default limit
    /// 1,000 buckets, at most 20,000.
    pub fn aggregate(&self, tenant: &str, spec: &str) -> Result<String> {
        guard(|| Ok(self.0.tenant(tenant)?.aggregate(&AggregateSpec::from_json(spec)?)?.to_json()))
    }

    /// One page of a query as `json`, `ndjson` or `csv`: `{"content":text,"records":n,"next":cursor|null}`.
    pub fn export(&self, tenant: &str, spec: &str, format: &str) -> Result<String> {
        guard(|| {
            let format = ExportFormat::parse(format)?;
            Ok(self.0.tenant(tenant)?.export(&QuerySpec::from_json(spec)?, format)?.to_json())
        })
    }

    /// One page of a query as a Parquet file: its bytes, the records in it, and where the next page begins.
    #[cfg(feature = "report")]
    pub fn export_parquet(
        &self,
        engine: &Engine,
        tenant: &str,
        spec: &str,
    ) -> Result<(Vec<u8>, usize, Option<String>)> {
        guard(|| {
            let page = self.0.tenant(tenant)?.query(&QuerySpec::from_json(spec)?)?;
            let file = crate::report::to_parquet(&engine.0, page.records.join("\n").as_bytes())?;
            Ok((file, page.records.len(), page.next.map(|next| next.to_string())))
        })
    }

    /// The report about all records that a query selects, whatever its `limit`: what [`super::Report::to_json`] says.
    #[cfg(feature = "report")]
    pub fn report(&self, engine: &Engine, tenant: &str, spec: &str) -> Result<String> {
        /// Records that are in memory at a time.
        const PAGE: usize = 1_000;
        guard(|| {
            let (tenant, mut report) = (self.0.tenant(tenant)?, crate::Report::default());
            let mut spec = QuerySpec { limit: PAGE, ..QuerySpec::from_json(spec)? };
            loop {
                let page = tenant.query(&spec)?;
                report.add_lines(&engine.0, page.records.join("\n").as_bytes());
                let Some(next) = page.next else { return Ok(report.to_json()) };
                // What was accepted meanwhile may wait for the next report.
                spec = QuerySpec { cursor: Some(next), is_consistent: false, ..spec };
            }
        })
    }

    /// Erases a user, named by their id or as records do: `{"request_id","user","records","requested_at","completed_at",
    /// "audit_seq"}`. `word` is `{"actor","source"}`.
    pub fn delete_user(&self, engine: &Engine, tenant: &str, user_id: &str, word: &str) -> Result<String> {
        guard(|| Ok(to_json(&self.0.tenant(tenant)?.delete_user(&engine.0, user_id, word)?)))
    }

    /// One page of all that is kept of a user, as a query gives it. `spec` is `{"start_time","end_time","consistency",
    /// "limit","cursor"}`; without `start_time` whatever its time.
    pub fn user_data(&self, engine: &Engine, tenant: &str, user_id: &str, spec: &str) -> Result<String> {
        guard(|| Ok(self.0.tenant(tenant)?.user_data(&engine.0, user_id, spec)?.to_json()))
    }

    /// `{"deletions":[…],"next":cursor|null}`, oldest first. `spec` is `{"limit","cursor","order":"asc"|"desc"}`,
    /// every key optional.
    pub fn deletions(&self, tenant: &str, spec: &str) -> Result<String> {
        guard(|| self.0.tenant(tenant)?.deletions(spec))
    }

    /// Keeps decisions: `{"user_id","purposes":{purpose:bool},"notice_version","source"}`. Returns the status.
    pub fn consent_update(&self, engine: &Engine, tenant: &str, word: &str) -> Result<String> {
        guard(|| self.0.tenant(tenant)?.consent_update(&engine.0, word))
    }

    /// `{"user","purposes":{purpose:{"granted","at","notice_version","source"}},"history":[…]}`.
    pub fn consent_status(&self, engine: &Engine, tenant: &str, user_id: &str) -> Result<String> {
        guard(|| self.0.tenant(tenant)?.consent_status(&engine.0, user_id))
    }

    /// Appends `{"actor","action","subject","detail"}` to the audit trail: `{"seq":n}`.
    pub fn audit_append(&self, tenant: &str, entry: &str) -> Result<String> {
        guard(|| {
            let expected = r#"{"actor":text,"action":text,"subject":text,"detail":text}"#;
            let entry: AuditEntry = object("/entry", entry, expected)?;
            if entry.action.is_empty() {
                return Err(Error::new(ErrorKind::ArgumentInvalid, "/entry/action", "needed: what was done"));
            }
            Ok(format!("{{\"seq\":{}}}", self.0.tenant(tenant)?.audit_append(&entry)?))
        })
    }

    /// `{"entries":[{"seq","at","actor","action","subject","detail","hash"}],"next":cursor|null}`, oldest first. `spec` is
    /// as of `deletions`.
    pub fn audit(&self, tenant: &str, spec: &str) -> Result<String> {
        guard(|| self.0.tenant(tenant)?.audit_page(spec))
    }

    /// Checks the whole trail, of all tenants: `{"entries":n,"head":hash,"broken_at":n|null}`.
    pub fn audit_verify(&self) -> Result<String> {
        guard(|| {
            let state = self.0.meta().audit_verify()?;
            let mut head = String::new();
            for byte in state.head {
                let _ = write!(head, "{byte:02x}");
            }
            let broken_at = state.broken_at.map_or_else(|| "null".to_owned(), |seq| seq.to_string());
            Ok(format!("{{\"entries\":{},\"head\":\"{head}\",\"broken_at\":{broken_at}}}", state.entries))
        })
    }

    /// Makes a key: `{"id","key"}`; `key` is never shown again. `wanted` is `{"name","roles":[…],"expires_at"}`.
    pub fn api_key_add(&self, tenant: &str, wanted: &str) -> Result<String> {
        guard(|| self.0.tenant(tenant)?.api_key_add(wanted))
    }

    /// `{"id","tenant","name","roles","created_at","expires_at","revoked_at"}` of a living key, or `null`.
    pub fn api_key_find(&self, key: &str) -> Result<String> {
        guard(|| Ok(to_json(&self.0.api_key_find(key)?)))
    }

    /// Ends a key: `{"revoked":bool}`.
    pub fn api_key_revoke(&self, tenant: &str, id: &str) -> Result<String> {
        guard(|| Ok(format!("{{\"revoked\":{}}}", self.0.tenant(tenant)?.api_key_revoke(id)?)))
    }

    /// A tenant's keys as an array, oldest first.
    pub fn api_keys(&self, tenant: &str) -> Result<String> {
        guard(|| Ok(to_json(&self.0.tenant(tenant)?.api_keys()?)))
    }

    /// Removes what is older than its table keeps it, as of `now` (RFC 3339) or the clock: `{"days":n,"records":n}`.
    pub fn retain(&self, now: Option<&str>) -> Result<String> {
        guard(|| {
            let wrong = || Error::new(ErrorKind::ArgumentInvalid, "/now", "expected an RFC 3339 time with an offset");
            let now = now.map(|text| Timestamp::parse(text).ok_or_else(wrong)).transpose()?;
            Ok(to_json(&self.0.retain(now.map(Timestamp::microseconds))?))
        })
    }

    /// Gives unused space back, and folds logs into their files.
    pub fn vacuum(&self) -> Result<()> {
        guard(|| self.0.events().vacuum())
    }

    /// Copies the store into a new folder while it is in use.
    pub fn backup(&self, folder: &str) -> Result<()> {
        guard(|| self.0.backup(Path::new(folder)))
    }

    /// Applies what another state of this store knows: erasures, decisions, revoked keys. `folder` has the newest
    /// `meta.db`. Returns `{"deletions":n,"consents":n,"revoked_keys":n,"records":n}`.
    pub fn apply_deletions(&self, folder: &str) -> Result<String> {
        guard(|| Ok(to_json(&self.0.apply_deletions(Path::new(folder))?)))
    }

    /// Reads everything: `{"ok":bool,"files":[{"file","faults":[…]}]}`.
    pub fn check(&self) -> Result<String> {
        guard(|| {
            let files = self.0.check()?;
            let ok = files.iter().all(|file| file.faults.is_empty());
            Ok(to_json(&serde_json::json!({"ok": ok, "files": files})))
        })
    }

    /// What is there, over all tenants: `{"records":n,"days":[{"day","records","bytes"}],"bytes":n,"tenants":n,
    /// "refused":n,"ingest_log":null|{"pending":n,"bytes":n,"indexed":n,"lost":n,"error":text|null}}`.
    pub fn stats(&self) -> Result<String> {
        guard(|| Ok(self.0.stats()?.to_json()))
    }

    /// Ends the store; later calls fail with `closed`. Repeating it does nothing.
    pub fn close(&self) {
        // A close has nobody to report to; a defect in it is still kept from the host.
        let _ = guard(|| {
            self.0.close();
            Ok(())
        });
    }
}

/// Plain data always serialises.
fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
