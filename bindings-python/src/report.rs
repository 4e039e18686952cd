//! Reports, the ETL, Parquet and Arrow for CPython.

use std::path::PathBuf;
use std::sync::Mutex;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};
use scrubjay_core::{ArrowRecords, ffi};

use crate::{Octets, detached, to_py};

/// The aggregate of archived records.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
pub(crate) struct Report(ffi::Report);

#[pymethods]
impl Report {
    #[new]
    #[pyo3(signature = (config = "{}"))]
    fn new(py: Python<'_>, config: &str) -> PyResult<Self> {
        detached(py, || ffi::Report::new(config)).map(Self)
    }

    /// Adds whole lines of JSON: `{"read":n,"accepted":n,"rejected":n,"dropped":n}`.
    fn add(&self, py: Python<'_>, lines: Octets) -> PyResult<String> {
        detached(py, || self.0.add(lines.as_ref()))
    }

    /// The aggregate report, as JSON text.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || self.0.to_json())
    }
}

/// A report's JSON as one page of HTML.
#[pyfunction]
pub(crate) fn report_page(py: Python<'_>, report: &str) -> PyResult<String> {
    detached(py, || ffi::report_page(report))
}

/// The accepted records of JSON Lines as a Parquet file.
#[pyfunction]
pub(crate) fn to_parquet<'py>(py: Python<'py>, config: &str, lines: Octets) -> PyResult<Bound<'py, PyBytes>> {
    detached(py, || ffi::to_parquet(config, lines.as_ref())).map(|bytes| PyBytes::new(py, &bytes))
}

/// Reads what is new in archives; the summary as JSON text. `progress` is called with the bytes read so far.
#[pyfunction]
#[pyo3(signature = (config, options, progress = None))]
pub(crate) fn etl(py: Python<'_>, config: &str, options: &str, progress: Option<Py<PyAny>>) -> PyResult<String> {
    // What ended the run early: an interrupt, or an error of the callback.
    let raised: Mutex<Option<PyErr>> = Mutex::new(None);
    let done = py.detach(|| {
        ffi::etl(config, options, &mut |read| {
            let told = Python::attach(|py| {
                py.check_signals()?;
                progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, (read,)).map(drop))
            });
            let goes_on = told.is_ok();
            if let (Err(error), Ok(mut raised)) = (told, raised.lock()) {
                *raised = Some(error);
            }
            goes_on
        })
    });
    match raised.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => done.map_err(|error| to_py(py, &error)),
    }
}

/// The accepted records of archives as a stream of Arrow batches, which can be read once.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
pub(crate) struct ArrowStream(Mutex<Option<ArrowRecords>>);

#[pymethods]
impl ArrowStream {
    #[new]
    fn new(py: Python<'_>, config: &str, archives: Vec<PathBuf>) -> PyResult<Self> {
        detached(py, || ArrowRecords::new(config, archives)).map(|records| Self(Mutex::new(Some(records))))
    }

    /// The Arrow `PyCapsule` protocol. Consumers ask for no other schema: there is only one.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The protocol lets a producer that cannot cast hand out what it has.
        let _ = requested_schema;
        let records = self.0.lock().ok().and_then(|mut records| records.take());
        let records = records
            .ok_or_else(|| pyo3::exceptions::PyValueError::new_err("the stream was read already: make a new one"))?;
        let stream = FFI_ArrowArrayStream::new(Box::new(records));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }
}
