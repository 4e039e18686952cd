//! The short way of `TelemetryRouter.track`: a record that is accepted, for an archive that is open and not due for
//! rotation, goes from the caller's values to the file without becoming a Python object.
//!
//! Where the time of a plain record's line goes, by samples (Linux 6.18, ext4): the one system call a little more than half,
//! walking the caller's dict an eighth, the engine an eighth, the call and its arguments 6 %, letting go of the interpreter
//! and taking it again 3 %, keeping the line 2 %. Asking for the file's state at every line took another 12 %, JSON text in
//! between another 20 %, memory for each line and an outcome around it 3 %.
//!
//! No function of ours is above 2 %, and a write of one byte costs three quarters of a line's: only fewer writes would be
//! much cheaper. The interpreter is let go of all the same: a full or slow disk would else stop every thread.
//!
//! All else (names, rotation, dead letters, trouble) is the package's: it is told of what could not go this way, and
//! says which archives may be written to.

mod file;
mod waiting;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyException;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use scrubjay_core::ffi;
use scrubjay_core::ffi::{Archived, microseconds_now};

use self::file::{Admitted, copy_of};
use self::waiting::Waiting;
use crate::capture::{Stop, Walk, with_writer_and_line};
use crate::event::Event;
use crate::{Engine, to_py};

/// What became of a line.
enum Written {
    Yes,
    /// No archive of this channel is admitted, or it is due.
    NotHere,
    /// The file system refused so many lines; a part of them may be in the file.
    Refused(io::Error, u64),
}

thread_local! {
    /// Whether this thread drains. What the host does meanwhile, such as in a handler of a complaint, may track again.
    static DRAINING: Cell<bool> = const { Cell::new(false) };
}

/// Buffers full of records that wait at most, before callers help.
const MOST_WAITING: usize = 64;

/// Files of one router by their channels' names. Only whoever let go of the interpreter takes the lock, so that nobody
/// waits for the one while holding the other.
#[pyclass(frozen, module = "scrubjay._scrubjay")]
pub(crate) struct Archiver {
    engine: ffi::ArchiveEngine,
    plain: Py<PyAny>,
    /// Told of each exception that kept a record from being written.
    refused: Py<PyAny>,
    ambient: Py<PyAny>,
    /// Makes a token of a session's id, where the engine has no key for it.
    session: Option<Py<PyAny>>,
    /// Gets what cannot go the short way: `(text, is_line)`; answers whether the record stands in its archive.
    settle: Py<PyAny>,
    /// Gets a channel and the reason where the file system refused a line.
    failed: Py<PyAny>,
    /// Told that something waits, and whether it is as much as shall wait: `(is_full,)`.
    wake: Py<PyAny>,
    /// Bytes of records that are processed, and of lines that are appended, together; nothing for each by itself.
    buffer_bytes: usize,
    /// Records that wait to be processed.
    waiting: Mutex<Waiting>,
    /// Held while they are, so that they stay in order.
    draining: Mutex<()>,
    admitted: Mutex<BTreeMap<String, Admitted>>,
    written: AtomicU64,
}

#[pymethods]
impl Archiver {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "one caller, in this package")]
    fn new(
        engine: &Engine,
        plain: Py<PyAny>,
        refused: Py<PyAny>,
        ambient: Py<PyAny>,
        session: Option<Py<PyAny>>,
        settle: Py<PyAny>,
        failed: Py<PyAny>,
        wake: Py<PyAny>,
        buffer_bytes: usize,
    ) -> Self {
        let (waiting, draining) = (Mutex::default(), Mutex::default());
        let (admitted, written) = (Mutex::default(), AtomicU64::new(0));
        let engine = ffi::ArchiveEngine::new(engine.0.clone());
        Self {
            engine,
            plain,
            refused,
            ambient,
            session,
            settle,
            failed,
            wake,
            buffer_bytes,
            waiting,
            draining,
            admitted,
            written,
        }
    }

    /// Whether the record stands in its channel's archive.
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
        let py = channel.py();
        let anonymous = match (&self.session, session_id) {
            (Some(session), Some(id)) => Some(session.call1(py, (id,))?.into_bound(py)),
            _ => None,
        };
        let session_id = anonymous.as_ref().or(session_id);
        let event = Event { channel, name: event, payload, timestamp, user_id, session_id, tenant_id, context };
        let name = channel.cast::<PyString>().ok().and_then(|name| name.to_str().ok());
        let taken = with_writer_and_line(|record, line| {
            let walked = event.walk(&mut Walk { record, plain: self.plain.bind(py) }, self.ambient.bind(py));
            match walked {
                // What is too large is the engine's to refuse.
                Ok(()) | Err(Stop::TooLarge) if self.buffer_bytes == 0 => {
                    // One reading of the clock for the record and for its file.
                    let now = microseconds_now();
                    let processed = self.engine.process(record.as_bytes(), now, line);
                    py.detach(|| self.finish(name, processed, line, now)).map(Some)
                }
                Ok(()) | Err(Stop::TooLarge) => Ok(Some(self.wait(py, name, record.as_bytes())?)),
                Err(Stop::Unwritable(error)) if error.is_instance_of::<PyException>(py) => {
                    self.refused.call1(py, (error.into_value(py),))?;
                    Ok(None)
                }
                Err(Stop::Unwritable(error)) => Err(error),
            }
        })?;
        Ok(taken.unwrap_or_default())
    }

    /// Processes what waits, in order. Does nothing where this thread is at it already.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        if DRAINING.get() {
            return Ok(());
        }
        py.detach(|| {
            let _alone = self.draining.lock().unwrap_or_else(PoisonError::into_inner);
            DRAINING.set(true);
            let drained = self.drain_alone();
            DRAINING.set(false);
            drained
        })
    }

    /// Lets records of a channel be written to the open file `fd`, of which this keeps a copy, until it has `max_bytes`
    /// or the clock says `until`, in seconds since 1970. Only where the platform has such files.
    fn admit(&self, py: Python<'_>, channel: &str, fd: i32, max_bytes: u64, until: i64) -> PyResult<()> {
        let Some(file) = copy_of(fd)? else { return Ok(()) };
        py.detach(|| {
            let mut archive = Admitted::new(file, max_bytes, until)?;
            let mut admitted = self.locked();
            // What was admitted before is the same file: who opens another one dismisses first.
            archive.recent = admitted.remove(channel).map(|before| before.recent).unwrap_or_default();
            admitted.insert(channel.to_owned(), archive);
            Ok(())
        })
    }

    /// Ends that, after what waits was appended. Returns lines that went to a file that was removed meanwhile, without the
    /// last one's newline, and how many: they no longer count as written.
    fn dismiss<'py>(&self, py: Python<'py>, channel: &str) -> PyResult<Option<(Bound<'py, PyBytes>, u64)>> {
        self.flush(py, Some(channel))?;
        let dismissed = py.detach(|| self.locked().remove(channel));
        let Some(mut archive) = dismissed.filter(|archive| archive.recent.count > 0) else { return Ok(None) };
        if !py.detach(|| archive.has_lost()) {
            return Ok(None);
        }
        self.written.fetch_sub(archive.recent.count, Ordering::Relaxed);
        let lines = archive.recent.bytes.strip_suffix(b"\n").unwrap_or_default();
        Ok(Some((PyBytes::new(py, lines), archive.recent.count)))
    }

    /// Appends what waits, of one channel or all. Returns the channels some of whose lines went to a file that was removed:
    /// `dismiss` has them.
    #[pyo3(signature = (channel = None))]
    fn flush(&self, py: Python<'_>, channel: Option<&str>) -> PyResult<Vec<String>> {
        let (refused, lost) = py.detach(|| {
            let (mut refused, mut lost) = (Vec::new(), Vec::new());
            self.locked().retain(|name, archive| {
                if channel.is_some_and(|channel| channel != name) {
                    return true;
                }
                if archive.has_lost() {
                    lost.push(name.clone());
                }
                let lines = archive.waiting.count;
                archive.append().map_err(|error| refused.push((name.clone(), error, lines))).is_ok()
            });
            (refused, lost)
        });
        for (name, error, lines) in refused {
            self.written.fetch_sub(lines, Ordering::Relaxed);
            self.failed.call1(py, (name, error.to_string(), lines))?;
        }
        Ok(lost)
    }

    /// The callables belong to the router that holds this: the interpreter must see the circle to end it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.settle)?;
        visit.call(&self.failed)?;
        visit.call(&self.wake)?;
        visit.call(&self.refused)
    }

    /// Records that went the short way.
    fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
}

impl Archiver {
    /// Lets a record wait for whoever drains. Where too many do, the caller drains: nothing is lost for lack of room.
    fn wait(&self, py: Python<'_>, channel: Option<&str>, record: &[u8]) -> PyResult<bool> {
        // Nobody who holds this waits for the interpreter.
        let (before, now) = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let before = waiting.len();
            waiting.push(channel, record);
            (before, waiting.len())
        };
        if before == 0 || (before < self.buffer_bytes && now >= self.buffer_bytes) {
            self.wake.call1(py, (now >= self.buffer_bytes,))?;
        }
        if now > self.buffer_bytes.saturating_mul(MOST_WAITING) {
            self.drain(py)?;
        }
        Ok(true)
    }

    fn drain_alone(&self) -> PyResult<()> {
        let mut line = Vec::new();
        loop {
            let waiting = mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if waiting.len() == 0 {
                return Ok(());
            }
            // The day at which lines are appended, rather than that of their records, says which file is due.
            let now = microseconds_now();
            for (at, channel, record) in waiting.each() {
                line.clear();
                let processed = self.engine.process(record, at, &mut line);
                self.finish(channel, processed, &line, now)?;
            }
        }
    }

    /// Puts what the engine made of a record where it belongs, an accepted one's `line` or its outcome; whether that is its
    /// channel's archive. The caller has let go of the interpreter.
    fn finish(
        &self,
        channel: Option<&str>,
        processed: scrubjay_core::Result<Archived>,
        line: &[u8],
        now: i64,
    ) -> PyResult<bool> {
        let (text, is_line) = match processed {
            Ok(Archived::Line) => {
                match channel.map_or(Written::NotHere, |channel| self.write(channel, line, now)) {
                    Written::Yes => return Ok(true),
                    Written::Refused(error, lines) => {
                        return Python::attach(|py| {
                            self.failed.call1(py, (channel, error.to_string(), lines)).map(|_| false)
                        });
                    }
                    // What the engine writes is text.
                    Written::NotHere => (String::from_utf8_lossy(line.trim_ascii_end()), true),
                }
            }
            Ok(Archived::Outcome(outcome)) => (outcome.into(), false),
            // A contained defect of the engine: what it could not scrub is not kept.
            Err(error) => {
                return Python::attach(|py| self.refused.call1(py, (to_py(py, &error).into_value(py),)).map(|_| false));
            }
        };
        Python::attach(|py| self.settle.call1(py, (text, is_line))?.extract(py))
    }

    /// Appends a line, which ends with a newline, or lets it wait for others, at this moment in microseconds since 1970.
    fn write(&self, channel: &str, line: &[u8], now: i64) -> Written {
        let mut admitted = self.locked();
        let Some(archive) = admitted.get_mut(channel).filter(|archive| !archive.is_over) else {
            return Written::NotHere;
        };
        let has_room = archive.has_room(line.len(), now);
        if self.buffer_bytes == 0 {
            archive.is_over = !has_room;
            // Whoever writes line by line wants to know soon that a file was removed.
            return match has_room.then(|| archive.append_line(line, now)) {
                Some(Ok(true)) => {
                    self.written.fetch_add(1, Ordering::Relaxed);
                    Written::Yes
                }
                Some(Ok(false)) | None => Written::NotHere,
                Some(Err(error)) => Written::Refused(error, 1),
            };
        }
        if !has_room {
            let (appended, lines) = (archive.append(), archive.waiting.count);
            admitted.remove(channel);
            return match appended {
                Ok(()) => Written::NotHere,
                Err(error) => self.refused(error, lines),
            };
        }
        archive.wait(line);
        self.written.fetch_add(1, Ordering::Relaxed);
        if archive.waiting.bytes.len() >= self.buffer_bytes {
            let lines = archive.waiting.count;
            if let Err(error) = archive.append() {
                admitted.remove(channel);
                return self.refused(error, lines);
            }
        }
        Written::Yes
    }

    /// Lines that were taken and then refused.
    fn refused(&self, error: io::Error, lines: u64) -> Written {
        self.written.fetch_sub(lines, Ordering::Relaxed);
        Written::Refused(error, lines)
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Admitted>> {
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
