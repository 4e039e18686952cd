//! An outcome that becomes Python's objects when somebody looks at more than its status.

use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};
use scrubjay_core::ffi::Checked;

use crate::to_py;

/// What `track_checked` returns: a mapping of an outcome's members. Making all of them costs twice what the engine does,
/// and most callers ask for the status alone.
#[pyclass(frozen, mapping, module = "scrubjay._scrubjay")]
pub(crate) struct CheckedOutcome {
    checked: Checked,
    read: PyOnceLock<Py<PyDict>>,
}

impl From<Checked> for CheckedOutcome {
    fn from(checked: Checked) -> Self {
        Self { checked, read: PyOnceLock::new() }
    }
}

impl CheckedOutcome {
    fn text(&self, py: Python<'_>) -> PyResult<String> {
        self.checked.to_json().map_err(|error| to_py(py, &error))
    }

    fn read<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        let read = self.read.get_or_try_init(py, || {
            let loaded = py.import(intern!(py, "json"))?.call_method1(intern!(py, "loads"), (self.text(py)?,))?;
            PyResult::Ok(loaded.cast_into::<PyDict>()?.unbind())
        })?;
        Ok(read.bind(py))
    }

    fn member<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = name.py();
        if name.cast_exact::<PyString>().is_ok_and(|name| name.to_str().is_ok_and(|name| name == "status")) {
            return Ok(Some(status(py, self.checked.status()).clone().into_any()));
        }
        self.read(py)?.get_item(name)
    }
}

/// Python's own text for a status.
fn status<'py>(py: Python<'py>, status: &str) -> &'py Bound<'py, PyString> {
    match status {
        "accepted" => intern!(py, "accepted"),
        "rejected" => intern!(py, "rejected"),
        _ => intern!(py, "dropped"),
    }
}

#[pymethods]
impl CheckedOutcome {
    fn __getitem__<'py>(&self, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.member(name)?.ok_or_else(|| PyKeyError::new_err(name.clone().unbind()))
    }

    #[pyo3(signature = (name, default = None, /))]
    fn get<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        default: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.member(name)?.or_else(|| default.cloned()))
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.read(name.py())?.contains(name)
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.read(py)?.len())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.read(py)?.try_iter()?.into_any())
    }

    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.read(py)?.call_method0(intern!(py, "keys"))
    }

    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.read(py)?.call_method0(intern!(py, "values"))
    }

    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.read(py)?.call_method0(intern!(py, "items"))
    }

    /// A dict of its own, such as `json.dumps` wants.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.read(py)?.copy()
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = other.py();
        match other.cast::<Self>() {
            Ok(other) => self.read(py)?.eq(other.get().read(py)?),
            Err(_) => self.read(py)?.eq(other),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("CheckedOutcome({})", self.read(py)?.repr()?))
    }

    /// Copies and pickles are plain dicts.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (Bound<'py, PyDict>,))> {
        let py = slf.py();
        Ok((py.get_type::<PyDict>().into_any(), (slf.get().read(py)?.clone(),)))
    }
}
