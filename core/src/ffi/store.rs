//! [`crate::Store`] behind text.

use std::path::Path;

use super::{Engine, guard};
use crate::error::Result;
use crate::store::{AggregateSpec, QuerySpec};

/// What a collector accepted, in a folder. Shared between threads; a call that writes is on disk when it returns.
pub struct Store(pub(crate) crate::Store);

impl Store {
    /// Opens a folder, or makes it.
    ///
    /// # Errors
    /// `store_unavailable`; `store_version` where a newer version wrote it.
    pub fn open(folder: &str) -> Result<Self> {
        guard(|| Ok(Self(crate::Store::open(Path::new(folder))?)))
    }

    /// Divides a body (`format`: `record`, `batch` or `ndjson`), processes each record and keeps what is accepted:
    /// `{"accepted":n,"rejected":n,"dropped":n,"duplicates":n,"results":[{"status","id","violations":[…]}…],
    /// "redactions":{"rule":n}}`, results in the order of the body.
    ///
    /// # Errors
    /// `argument_invalid` for tenant or format, `batch_unreadable`, `store_unavailable`, `store_version`, `closed`.
    /// After an error some of the body may be stored; sending it again is safe.
    pub fn ingest(&self, engine: &Engine, tenant: &str, format: &str, body: &[u8]) -> Result<String> {
        guard(|| Ok(self.0.tenant(tenant)?.ingest(&engine.0, format, body)?.to_json()))
    }

    /// One page of a tenant's records, by rising time: `{"records":[…],"next":cursor|null}`. `spec` is
    /// `{"start_time","end_time","schema","channel","event","user_id","limit","cursor"}`, every key optional; the
    /// default kind is `telemetry_event_v1`, the default range the last 24 hours, the default limit 100, at most 1,000. A page also ends after 4 MiB.
    ///
    /// # Errors
    /// `argument_invalid` with the key, `store_unavailable`, `store_version`, `closed`.
    pub fn query(&self, tenant: &str, spec: &str) -> Result<String> {
        guard(|| Ok(self.0.tenant(tenant)?.query(&QuerySpec::from_json(spec)?)?.to_json()))
    }

    /// Figures over a tenant's records: `{"buckets":[{"start":RFC 3339,"group":{…},"count":n,"avg":n|null,…}],
    /// "truncated":bool}` by start, then group. `spec` is `{"start_time","end_time","schema","channel","event","user_id",
    /// "field","aggregations","group_by","interval","limit"}`, every key optional; the default range is the last
    /// 24 hours, the default aggregation `count`, the default limit 1,000 buckets, at most 20,000.
    ///
    /// # Errors
    /// `argument_invalid` with the key, `store_unavailable`, `store_version`, `closed`.
    pub fn aggregate(&self, tenant: &str, spec: &str) -> Result<String> {
        guard(|| Ok(self.0.tenant(tenant)?.aggregate(&AggregateSpec::from_json(spec)?)?.to_json()))
    }

    /// What is there, over all tenants: `{"records":n,"days":[{"day","records","bytes"}],"bytes":n,"tenants":n}`.
    ///
    /// # Errors
    /// `store_unavailable`, `store_version`, `closed`.
    pub fn stats(&self) -> Result<String> {
        guard(|| Ok(self.0.events().stats()?.to_json()))
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
