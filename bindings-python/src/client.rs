//! `Client` for Python.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use scrubjay_core::ffi::{self, CapturedRecord};

use crate::capture::{Stop, Walk, with_writer};
use crate::{detached, to_py};

/// Queue, worker and exporter of one configuration.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
pub(crate) struct Client {
    inner: ffi::Client,
    /// `_json.plain`, or what else says a value as JSON's types.
    plain: Py<PyAny>,
    /// Told of each exception that kept a record from being captured.
    refused: Py<PyAny>,
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
        if self.inner.is_durable() {
            return py.detach(|| self.inner.track_captured(bytes));
        }
        self.inner.track_captured(bytes)
    }
}

/// The members of an event; `None` stands for an absent one.
struct Event<'a, 'py> {
    channel: &'a Bound<'py, PyAny>,
    name: &'a Bound<'py, PyAny>,
    payload: Option<&'a Bound<'py, PyAny>>,
    others: [(&'static str, Option<&'a Bound<'py, PyAny>>); 5],
}

impl<'py> Event<'_, 'py> {
    fn walk(&self, walk: &mut Walk<'_, 'py>) -> Result<(), Stop> {
        walk.record.begin_object();
        walk.member("channel", self.channel)?;
        walk.member("event", self.name)?;
        match self.payload {
            Some(payload) => walk.member("payload", payload)?,
            None => _ = walk.record.name("payload").begin_object().end(),
        }
        for (name, value) in &self.others {
            if let Some(value) = value {
                walk.member(name, value)?;
            }
        }
        walk.record.end();
        Ok(())
    }
}

#[pymethods]
impl Client {
    #[new]
    fn new(py: Python<'_>, config: &str, plain: Py<PyAny>, refused: Py<PyAny>) -> PyResult<Self> {
        detached(py, || ffi::Client::new(config)).map(|inner| Self { inner, plain, refused })
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
        let others = [
            ("timestamp", timestamp),
            ("user_id", user_id),
            ("session_id", session_id),
            ("tenant_id", tenant_id),
            ("context", context),
        ];
        let event = Event { channel, name: event, payload, others };
        let taken = self.walk(channel.py(), |walk| event.walk(walk), |record| self.take(channel.py(), record));
        taken.map(Option::unwrap_or_default)
    }

    /// The outcome of one event, which is queued if accepted; `None` where it cannot be written.
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
    ) -> PyResult<Option<String>> {
        let py = channel.py();
        let others = [
            ("timestamp", timestamp),
            ("user_id", user_id),
            ("session_id", session_id),
            ("tenant_id", tenant_id),
            ("context", context),
        ];
        let event = Event { channel, name: event, payload, others };
        // Holds the interpreter too: the engine needs less time than to give it up and get it back.
        let check = |record: &CapturedRecord| self.inner.track_captured_checked(record.as_bytes());
        let checked = self.walk(py, |walk| event.walk(walk), check)?;
        checked.transpose().map_err(|error| to_py(py, &error))
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

    /// Whether everything captured before the call was delivered or finally dropped in time.
    fn flush(&self, py: Python<'_>, timeout_ms: u64) -> bool {
        py.detach(|| self.inner.flush(timeout_ms))
    }

    /// Whether nothing was left behind in time; idempotent.
    fn shutdown(&self, py: Python<'_>, timeout_ms: u64) -> bool {
        py.detach(|| self.inner.shutdown(timeout_ms))
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

    /// The changed keys, as JSON text.
    fn reconfigure(&self, py: Python<'_>, config: &str) -> PyResult<String> {
        detached(py, || self.inner.reconfigure(config))
    }

    /// What changed since, as JSON text.
    fn changes(&self, py: Python<'_>, since: u64) -> String {
        py.detach(|| self.inner.changes(since))
    }
}
