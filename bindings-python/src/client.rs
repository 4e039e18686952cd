//! `Client` for Python.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use scrubjay_core::ffi::{self, CapturedRecord};

use crate::capture::{Stop, Walk, with_writer};
use crate::event::Event;
use crate::outcome::CheckedOutcome;
use crate::{detached, to_py};

/// What became of records whose callers go on meanwhile.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
pub(crate) struct Tickets(ffi::Tickets);

#[pymethods]
impl Tickets {
    #[new]
    fn new() -> Self {
        Self(ffi::Tickets::default())
    }

    /// The numbers of which something was told since this was asked last, each with what `track` would have returned.
    fn take(&self) -> Vec<(u64, bool)> {
        self.0.take()
    }
}

/// Queue, worker and exporter of one configuration.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
pub(crate) struct Client {
    inner: ffi::Client,
    /// `_json.plain`, or what else says a value as JSON's types.
    plain: Py<PyAny>,
    /// Told of each exception that kept a record from being captured.
    refused: Py<PyAny>,
    /// `_ambient.merged`, or what else adds the current span and request to a record's context.
    ambient: Py<PyAny>,
    /// `_complaint.warn`, or what else says the lines that the worker found. Called in the caller's thread: the worker's
    /// own could not enter an interpreter that ends.
    warn: Py<PyAny>,
}

impl Client {
    /// Walks the arguments of a `track` into a record and hands it to `call`; nothing where they cannot be written,
    /// which was then said. What a host must not miss, as an interrupt from the keyboard, passes.
    fn walk<'py, T>(
        &self,
        py: Python<'py>,
        walk: impl FnOnce(&mut Walk<'_, 'py>) -> Result<(), Stop>,
        call: impl FnOnce(&CapturedRecord) -> T,
    ) -> PyResult<Option<T>> {
        with_writer(|record| match walk(&mut Walk { record, plain: self.plain.bind(py) }) {
            // What is too large is the engine's to count.
            Ok(()) | Err(Stop::TooLarge) => Ok(Some(call(record))),
            Err(Stop::Unwritable(error)) if error.is_instance_of::<PyException>(py) => {
                self.refused.call1(py, (error.into_value(py),))?;
                Ok(None)
            }
            Err(Stop::Unwritable(error)) => Err(error),
        })
    }
}

impl Client {
    /// Captures a record. In durable mode it waits for the disk, and other threads join in its sync.
    fn take(&self, py: Python<'_>, record: &CapturedRecord) -> bool {
        let bytes = record.as_bytes();
        self.warn_if_due(py);
        if self.inner.is_durable() {
            return py.detach(|| self.inner.track_captured(bytes));
        }
        self.inner.track_captured(bytes)
    }

    #[inline]
    fn warn_if_due(&self, py: Python<'_>) {
        if self.inner.has_warnings() {
            self.warn(py);
        }
    }

    /// Says what there is to say. What a host's log handler raises is no reason to stop it.
    #[cold]
    fn warn(&self, py: Python<'_>) {
        let lines = py.detach(|| self.inner.take_warnings());
        if !lines.is_empty() {
            let _ = self.warn.call1(py, (lines,));
        }
    }
}

#[pymethods]
impl Client {
    #[new]
    fn new(
        py: Python<'_>,
        config: &str,
        plain: Py<PyAny>,
        refused: Py<PyAny>,
        ambient: Py<PyAny>,
        warn: Py<PyAny>,
    ) -> PyResult<Self> {
        let inner = detached(py, || ffi::Client::new(config))?;
        let client = Self { inner, plain, refused, ambient, warn };
        client.warn_if_due(py);
        Ok(client)
    }

    /// Whether the event was captured; its values are copied before this returns.
    // Holds the interpreter: giving it up for an append under a short lock would cost more than the append, and
    // another thread may keep it for a whole switch interval (5 ms).
    #[pyo3(signature = (channel, event, payload = None, *, user_id = None, session_id = None, tenant_id = None, context = None, timestamp = None))]
    #[allow(clippy::too_many_arguments, reason = "Python's own, by name")]
    fn track<'py>(
        &self,
        channel: &Bound<'py, PyAny>,
        event: &Bound<'py, PyAny>,
        payload: Option<&Bound<'py, PyAny>>,
        user_id: Option<&Bound<'py, PyAny>>,
        session_id: Option<&Bound<'py, PyAny>>,
        tenant_id: Option<&Bound<'py, PyAny>>,
        context: Option<&Bound<'py, PyAny>>,
        timestamp: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<bool> {
        if self.inner.is_off() {
            return Ok(self.inner.track(b""));
        }
        let event = Event { channel, name: event, payload, timestamp, user_id, session_id, tenant_id, context };
        let py = channel.py();
        let taken = self.walk(py, |walk| event.walk(walk, self.ambient.bind(py)), |record| self.take(py, record));
        taken.map(Option::unwrap_or_default)
    }

    /// The number under which `tickets` tells what `track` would have returned, which may have to wait for the disk;
    /// nothing for what is not captured at all.
    #[pyo3(signature = (tickets, channel, event, payload = None, *, user_id = None, session_id = None, tenant_id = None, context = None, timestamp = None))]
    #[allow(clippy::too_many_arguments, reason = "Python's own, by name")]
    fn track_async<'py>(
        &self,
        tickets: &Tickets,
        channel: &Bound<'py, PyAny>,
        event: &Bound<'py, PyAny>,
        payload: Option<&Bound<'py, PyAny>>,
        user_id: Option<&Bound<'py, PyAny>>,
        session_id: Option<&Bound<'py, PyAny>>,
        tenant_id: Option<&Bound<'py, PyAny>>,
        context: Option<&Bound<'py, PyAny>>,
        timestamp: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<u64>> {
        let event = Event { channel, name: event, payload, timestamp, user_id, session_id, tenant_id, context };
        let capture = |record: &CapturedRecord| self.inner.track_captured_async(record.as_bytes(), &tickets.0);
        self.walk(channel.py(), |walk| event.walk(walk, self.ambient.bind(channel.py())), capture)
    }

    /// The outcome of one event, which is queued if accepted; where it cannot be written, that of nothing.
    #[pyo3(signature = (channel, event, payload = None, *, user_id = None, session_id = None, tenant_id = None, context = None, timestamp = None))]
    #[allow(clippy::too_many_arguments, reason = "Python's own, by name")]
    fn track_checked<'py>(
        &self,
        channel: &Bound<'py, PyAny>,
        event: &Bound<'py, PyAny>,
        payload: Option<&Bound<'py, PyAny>>,
        user_id: Option<&Bound<'py, PyAny>>,
        session_id: Option<&Bound<'py, PyAny>>,
        tenant_id: Option<&Bound<'py, PyAny>>,
        context: Option<&Bound<'py, PyAny>>,
        timestamp: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<CheckedOutcome> {
        let py = channel.py();
        let event = Event { channel, name: event, payload, timestamp, user_id, session_id, tenant_id, context };
        self.warn_if_due(py);
        let is_durable = self.inner.is_durable();
        let check = |record: &CapturedRecord| {
            let bytes = record.as_bytes();
            // Holds the interpreter too, unless it waits for the disk: the engine needs less time than to give it up and
            // get it back.
            if is_durable { py.detach(|| self.inner.check_captured(bytes)) } else { self.inner.check_captured(bytes) }
        };
        let checked = self.walk(py, |walk| event.walk(walk, self.ambient.bind(py)), check)?;
        let checked = checked.unwrap_or_else(|| self.inner.unwritten());
        checked.map(CheckedOutcome::from).map_err(|error| to_py(py, &error))
    }

    /// Whether a record of any kind was captured, which is a mapping of its members.
    fn track_record(&self, record: &Bound<'_, PyAny>) -> PyResult<bool> {
        let taken = self.walk(
            record.py(),
            |walk| walk.value(record.as_borrowed(), 1),
            |captured| self.take(record.py(), captured),
        );
        taken.map(Option::unwrap_or_default)
    }

    /// Whether a measurement was added up.
    #[pyo3(signature = (kind, name, value, unit = None, attributes = None))]
    fn measure<'py>(
        &self,
        kind: &str,
        name: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
        unit: Option<&Bound<'py, PyAny>>,
        attributes: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<bool> {
        if self.inner.is_off() {
            return Ok(false);
        }
        let py = name.py();
        let members = [("name", Some(name)), ("value", Some(value)), ("unit", unit), ("attributes", attributes)];
        let text = self.walk(
            py,
            |walk| {
                walk.record.begin_object().name("type").text(kind);
                for (name, value) in members {
                    if let Some(value) = value {
                        walk.member(name, value)?;
                    }
                }
                walk.record.end();
                Ok(())
            },
            CapturedRecord::to_json,
        )?;
        // Why it cannot be written was said.
        let Some(text) = text else { return Ok(false) };
        // What is no measurement, as a number that JSON cannot hold, is the host's mistake, and no reason to stop the host:
        // the core tells of it.
        let text = text.and_then(|text| String::from_utf8(text).ok()).unwrap_or_default();
        let is_taken = py.detach(|| self.inner.measure(&text)).unwrap_or(false);
        self.warn_if_due(py);
        Ok(is_taken)
    }

    /// Whether `track` waits for the disk.
    fn is_durable(&self) -> bool {
        self.inner.is_durable()
    }

    /// Lets go in a forked child of what the parent holds.
    fn after_fork(&self) {
        self.inner.after_fork();
    }

    /// Whether nothing is captured, so that nobody need prepare it.
    fn is_off(&self) -> bool {
        self.inner.is_off()
    }

    /// What the next requests would carry, as JSON text.
    fn preview(&self, py: Python<'_>) -> PyResult<String> {
        detached(py, || self.inner.preview())
    }

    /// Whether everything captured before the call was delivered or finally dropped in time.
    fn flush(&self, py: Python<'_>, timeout_ms: u64) -> bool {
        let is_done = py.detach(|| self.inner.flush(timeout_ms));
        self.warn(py);
        is_done
    }

    /// Whether nothing was left behind in time; idempotent.
    fn shutdown(&self, py: Python<'_>, timeout_ms: u64) -> bool {
        let is_complete = py.detach(|| self.inner.shutdown(timeout_ms));
        self.warn(py);
        is_complete
    }

    /// The books, as JSON text.
    fn stats(&self) -> String {
        self.inner.stats()
    }

    /// What holds and who decided it, as JSON text.
    fn status(&self, py: Python<'_>) -> String {
        py.detach(|| self.inner.status())
    }

    /// Whether collection is on after the grant, JSON text.
    fn opt_in(&self, py: Python<'_>, grant: &str) -> PyResult<bool> {
        detached(py, || self.inner.opt_in(grant))
    }

    /// Returns when nothing more will be sent.
    fn opt_out(&self, py: Python<'_>, word: &str) -> PyResult<()> {
        detached(py, || self.inner.opt_out(word))
    }

    /// Keeps a user's wish to be deleted at the collector, JSON text, until that has confirmed it.
    fn request_deletion(&self, py: Python<'_>, wish: &str) -> PyResult<()> {
        detached(py, || self.inner.request_deletion(wish))
    }

    /// The changed keys, as JSON text.
    fn reconfigure(&self, py: Python<'_>, config: &str) -> PyResult<String> {
        detached(py, || self.inner.reconfigure(config))
    }

    /// What changed since, as JSON text.
    fn changes(&self, py: Python<'_>, since: u64) -> String {
        py.detach(|| self.inner.changes(since))
    }
}
