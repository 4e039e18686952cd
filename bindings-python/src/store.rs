//! `Store` for Python: what a collector keeps in a folder, for those who may read it.

use std::sync::Arc;

use pyo3::prelude::*;
use scrubjay_core::ffi;

use crate::{Engine, Octets, detached};

/// Without the log: a collector may have it, and who reads needs none.
const BESIDE_A_COLLECTOR: &str = r#"{"ingest_log":false}"#;

/// Keeps accepted records in a folder and answers questions about them.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
pub(crate) struct Store(Arc<ffi::Store>);

#[pymethods]
impl Store {
    #[new]
    fn new(py: Python<'_>, folder: &str) -> PyResult<Self> {
        detached(py, || ffi::Store::open(folder, BESIDE_A_COLLECTOR)).map(|store| Self(Arc::new(store)))
    }

    /// Processes a body (`record`, `batch` or `ndjson`) and stores what is accepted: the verdict as JSON text.
    fn ingest(&self, py: Python<'_>, engine: &Engine, tenant: &str, format: &str, body: Octets) -> PyResult<String> {
        detached(py, || self.0.ingest(&engine.0, tenant, format, body.as_ref(), "{}"))
    }

    /// One page of records, as JSON text.
    fn query(&self, py: Python<'_>, tenant: &str, spec: &str) -> PyResult<String> {
        detached(py, || self.0.query(tenant, spec))
    }

    /// Figures over records, as JSON text.
    fn aggregate(&self, py: Python<'_>, tenant: &str, spec: &str) -> PyResult<String> {
        detached(py, || self.0.aggregate(tenant, spec))
    }

    /// What is there, as JSON text.
    fn stats(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || self.0.stats())
    }

    /// Ends the store; later calls fail with `closed`.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }
}
