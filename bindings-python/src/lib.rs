//! The Python shell: names the calls of [`scrubjay_core::ffi`] for CPython, and converts nothing but text.
//!
//! The idiomatic package `scrubjay` beside this crate is what people import; it alone calls this module.

#![allow(clippy::needless_pass_by_value, reason = "the interpreter hands arguments over by value")]

mod ambient;
mod archiver;
mod capture;
mod client;
mod event;
mod outcome;
mod report;
mod store;

use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyBytes;
use scrubjay_core::ffi;

use self::ambient::{ambient_enter, ambient_is_open, ambient_leave};
use self::archiver::Archiver;
use self::capture::{Stop, Walk, with_writer};
use self::client::{Client, Tickets};
use self::outcome::CheckedOutcome;
use self::report::{ArrowStream, Report, etl, report_page, to_parquet};
use self::store::Store;

pyo3::create_exception!(
    scrubjay,
    ScrubjayError,
    pyo3::exceptions::PyException,
    "A bad call: stable `code`, JSON Pointer `path` (or empty), and a `message` that says how to mend it."
);

/// A record as hosts hold it. Both share the interpreter's buffer; neither copies.
#[derive(FromPyObject)]
pub(crate) enum Octets {
    #[pyo3(annotation = "bytes")]
    Bytes(PyBackedBytes),
    #[pyo3(annotation = "str")]
    Text(PyBackedStr),
}

impl AsRef<[u8]> for Octets {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Text(text) => text.as_bytes(),
        }
    }
}

fn to_py(py: Python<'_>, error: &scrubjay_core::Error) -> PyErr {
    let raised = ScrubjayError::new_err(error.to_string());
    let value = raised.value(py);
    let named = value
        .setattr("code", error.kind().code())
        .and_then(|()| value.setattr("path", error.path()))
        .and_then(|()| value.setattr("message", error.message()));
    named.err().unwrap_or(raised)
}

/// Runs `call` without holding the interpreter.
fn detached<T: Send>(py: Python<'_>, call: impl FnOnce() -> scrubjay_core::Result<T> + Send) -> PyResult<T> {
    py.detach(call).map_err(|error| to_py(py, &error))
}

/// The version of the engine.
#[pyfunction]
fn version() -> &'static str {
    ffi::version()
}

/// Every stable code, as JSON text.
#[pyfunction]
fn codes() -> String {
    ffi::codes()
}

/// The record kinds as JSON Schema documents by their names, as JSON text.
#[pyfunction]
fn schemas() -> String {
    ffi::schemas()
}

/// The metrics catalog, as JSON text.
#[pyfunction]
fn metrics_catalog() -> String {
    ffi::metrics_catalog()
}

/// Opens the sealed values in a text: `{"opened":n,"failed":n,"text":…}`.
#[pyfunction]
fn unseal(py: Python<'_>, secret_key: &str, text: &str) -> PyResult<String> {
    detached(py, || ffi::unseal(secret_key, text))
}

/// A fresh key pair for sealed values: `{"public_key":…,"secret_key":…}`.
#[pyfunction]
fn seal_keypair(py: Python<'_>) -> PyResult<String> {
    detached(py, ffi::seal_keypair)
}

/// A configuration with a name, as JSON text.
#[pyfunction]
fn profile(py: Python<'_>, name: &str) -> PyResult<String> {
    detached(py, || ffi::profile(name))
}

/// Checks what a client of this configuration needs: `{"ok":bool,"checks":[…]}`.
#[pyfunction]
fn doctor(py: Python<'_>, config: &str) -> PyResult<String> {
    detached(py, || ffi::doctor(config))
}

/// What sampling makes of a record: `{"kept":bool,"sample_rate":n|null}`.
#[pyfunction]
fn sample(py: Python<'_>, config: &str, record: &str) -> PyResult<String> {
    detached(py, || ffi::sample(config, record))
}

/// The `traceparent` of a new span, below the one that `parent` names or at the root of a new trace.
#[pyfunction]
#[pyo3(signature = (parent = ""))]
fn new_traceparent(parent: &str) -> String {
    ffi::new_traceparent(parent)
}

/// A `traceparent` as JSON text, `null` where it is none.
#[pyfunction]
fn read_traceparent(header: &str) -> String {
    ffi::read_traceparent(header)
}

/// Panics inside the engine's guard: the proof that a host sees an error, not a crash.
#[pyfunction]
fn panic_for_test(py: Python<'_>) -> PyResult<String> {
    detached(py, ffi::panic_for_test)
}

/// Fails with the error of a code: the proof that a host maps every one.
#[pyfunction]
fn fail_for_test(py: Python<'_>, code: &str) -> PyResult<String> {
    detached(py, || ffi::fail_for_test(code))
}

/// What a tracking plan holds, as JSON text.
#[pyfunction]
fn plan_check(py: Python<'_>, plan: &str) -> PyResult<String> {
    detached(py, || ffi::plan_check(plan))
}

/// What a change of a tracking plan means, as JSON text.
#[pyfunction]
fn plan_diff(py: Python<'_>, old: &str, new: &str) -> PyResult<String> {
    detached(py, || ffi::plan_diff(old, new))
}

/// What waits in a spool's folder, as JSON text.
#[pyfunction]
fn spool_inspect(py: Python<'_>, folder: &str) -> PyResult<String> {
    detached(py, || ffi::spool_inspect(folder))
}

/// Every record that waits in a spool's folder, one line each.
#[pyfunction]
fn spool_records<'py>(py: Python<'py>, folder: &str) -> PyResult<Bound<'py, PyBytes>> {
    detached(py, || ffi::spool_records(folder)).map(|lines| PyBytes::new(py, &lines))
}

/// Removes records from a spool's folder: `{"records":n,"bytes":n,"segments":n}`.
#[pyfunction]
#[pyo3(signature = (folder, older_than_s = None))]
fn spool_purge(py: Python<'_>, folder: &str, older_than_s: Option<u64>) -> PyResult<String> {
    detached(py, || ffi::spool_purge(folder, older_than_s))
}

/// A compiled configuration: (record) to outcome, as JSON text.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
pub(crate) struct Engine(pub(crate) ffi::Engine);

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (config = "{}"))]
    fn new(py: Python<'_>, config: &str) -> PyResult<Self> {
        detached(py, || ffi::Engine::new(config)).map(Self)
    }

    /// The outcome of one record; pure.
    #[pyo3(signature = (record, stamp = None))]
    fn process(&self, py: Python<'_>, record: Octets, stamp: Option<&str>) -> PyResult<String> {
        detached(py, || self.0.process(record.as_ref(), stamp))
    }

    /// The outcome of one record as a client would capture it; pure. `plain` is `_json.plain`.
    #[pyo3(signature = (record, plain, stamp = None))]
    fn process_captured<'py>(
        &self,
        record: &Bound<'py, PyAny>,
        plain: &Bound<'py, PyAny>,
        stamp: Option<&str>,
    ) -> PyResult<String> {
        let py = record.py();
        with_writer(|writer| {
            if let Err(Stop::Unwritable(error)) = (Walk { record: writer, plain }).value(record.as_borrowed(), 1) {
                return Err(error);
            }
            self.0.process_captured(writer.as_bytes(), stamp).map_err(|error| to_py(py, &error))
        })
    }

    /// The outcome of one record; an absent id or timestamp is filled in.
    fn process_now(&self, py: Python<'_>, record: Octets) -> PyResult<String> {
        detached(py, || self.0.process_now(record.as_ref()))
    }

    /// `{"status":…,"violations":[…],"decisions":[…]}`; pure.
    #[pyo3(signature = (record, stamp = None))]
    fn explain(&self, py: Python<'_>, record: Octets, stamp: Option<&str>) -> PyResult<String> {
        detached(py, || self.0.explain(record.as_ref(), stamp))
    }

    /// `{"redactions":[…],"text":…}`.
    fn scrub_text(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        detached(py, || self.0.scrub_text(text))
    }

    /// `{"violations":[…],"redactions":[…],"json":…}`.
    fn scrub_json(&self, py: Python<'_>, document: Octets) -> PyResult<String> {
        detached(py, || self.0.scrub_json(document.as_ref()))
    }
}

/// The consent of the user who runs this program.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
struct Consent(ffi::Consent);

#[pymethods]
impl Consent {
    #[new]
    #[pyo3(signature = (config = "{}"))]
    fn new(py: Python<'_>, config: &str) -> PyResult<Self> {
        detached(py, || ffi::Consent::new(config)).map(Self)
    }

    /// What holds and who decided it, as JSON text.
    fn status(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || self.0.status())
    }

    /// Records that the user agrees.
    fn grant(&self, py: Python<'_>, grant: &str) -> PyResult<()> {
        detached(py, || self.0.grant(grant))
    }

    /// Records that the user no longer agrees, and erases what is left to be sent.
    fn withdraw(&self, py: Python<'_>, word: &str) -> PyResult<()> {
        detached(py, || self.0.withdraw(word))
    }

    /// Every change, as JSON text.
    fn history(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || self.0.history())
    }

    /// `{"entries":n,"head":…,"broken_at":n|null,"keyed":n,"proved_up_to":n|null}`.
    fn verify(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || self.0.verify())
    }
}

/// The native part of the package `scrubjay`.
#[pymodule(gil_used = false)]
mod _scrubjay {
    #[pymodule_export]
    use super::{
        Archiver, ArrowStream, CheckedOutcome, Client, Consent, Engine, Report, ScrubjayError, Store, Tickets,
        ambient_enter, ambient_is_open, ambient_leave, codes, doctor, etl, fail_for_test, metrics_catalog,
        new_traceparent, panic_for_test, plan_check, plan_diff, profile, read_traceparent, report_page, sample,
        schemas, seal_keypair, spool_inspect, spool_purge, spool_records, to_parquet, unseal, version,
    };

    #[pymodule_init]
    #[allow(clippy::unnecessary_wraps, reason = "the signature is the interpreter's")]
    fn init(_module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        scrubjay_core::ffi::hide_panic_messages();
        Ok(())
    }
}
