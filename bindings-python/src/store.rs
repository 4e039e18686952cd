//! `Store` for Python: what a collector keeps in a folder, for those who may read it.

use std::sync::{Arc, Once};

use pyo3::prelude::*;
use scrubjay_core::ffi;

use crate::{Engine, Octets, detached};

/// Keeps accepted records in a folder and answers questions about them.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
pub(crate) struct Store(Arc<ffi::Store>);

#[pymethods]
impl Store {
    /// `options` is JSON text. The default is without the log: a collector may have it, and who reads needs none.
    #[new]
    #[pyo3(signature = (folder, options = r#"{"ingest_log":false}"#))]
    fn new(py: Python<'_>, folder: &str, options: &str) -> PyResult<Self> {
        let store = detached(py, || ffi::Store::open(folder, options))?;
        leave_stores_at_exit();
        Ok(Self(Arc::new(store)))
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

/// Ends the work of other threads in stores before the process does: called once one is open. What SQLCipher and libcrypto
/// do at the end was registered by then, and what was registered last runs first.
#[allow(unsafe_code, reason = "the C library's own; std has nothing that runs at the end of a process")]
fn leave_stores_at_exit() {
    static ONCE: Once = Once::new();
    unsafe extern "C" {
        fn atexit(function: extern "C" fn()) -> i32;
    }
    extern "C" fn leave() {
        ffi::leave_stores();
    }
    if ffi::encrypts_stores() {
        ONCE.call_once(|| {
            // SAFETY: the function is of the form that C wants, and neither unwinds nor ends the process.
            let _ = unsafe { atexit(leave) };
        });
    }
}
