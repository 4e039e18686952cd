//! Python values straight into the engine's compact records.
//!
//! What a value means as JSON is what `json.dumps` makes of it, with `_json.plain` for what JSON has no word for; the
//! tests compare both ways. A dict literal of the caller costs more than walking it here.

#![allow(
    unsafe_code,
    reason = "walks dicts by the interpreter's own cursor; its safe wrapper panics where one changes"
)]

use std::cell::Cell;
use std::ptr;

use pyo3::exceptions::{PyRecursionError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use scrubjay_core::ffi::{CapturedRecord, MAX_CAPTURED_BYTES, WALKED_LEVELS};

/// Conversions of one value into another that are followed, as in an enumeration whose value is a decimal. Each runs
/// Python code, and a value may claim to stand for itself.
const MAX_CONVERSIONS: usize = 16;

/// Why a walk ended early.
pub(crate) enum Stop {
    /// A value cannot be written, or raised while it was looked at.
    Unwritable(PyErr),
    /// There is more than any record may have.
    TooLarge,
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Self::Unwritable(error)
    }
}

thread_local! {
    /// One writer a thread, kept from record to record. A value's own code may track another record meanwhile, which
    /// then finds none and makes its own.
    static WRITER: Cell<Option<CapturedRecord>> = const { Cell::new(None) };
}

/// Hands an empty writer to `call`.
pub(crate) fn with_writer<T>(call: impl FnOnce(&mut CapturedRecord) -> T) -> T {
    let mut record = WRITER.take().unwrap_or_default();
    record.clear();
    let result = call(&mut record);
    WRITER.set(Some(record));
    result
}

/// Writes values into a record.
pub(crate) struct Walk<'a, 'py> {
    pub(crate) record: &'a mut CapturedRecord,
    /// `_json.plain`.
    pub(crate) plain: &'a Bound<'py, PyAny>,
}

impl<'py> Walk<'_, 'py> {
    /// A member of the record itself.
    #[inline]
    pub(crate) fn member(&mut self, name: &str, value: &Bound<'py, PyAny>) -> Result<(), Stop> {
        self.record.name(name);
        self.value(value, 2)
    }

    /// `level` is the one at which a container would stand; the record's own is the first.
    pub(crate) fn value(&mut self, value: &Bound<'py, PyAny>, level: usize) -> Result<(), Stop> {
        // The most frequent types first. Each test compares one pointer.
        if let Ok(text) = value.cast_exact::<PyString>() {
            return self.text(text);
        }
        if let Ok(int) = value.cast_exact::<PyInt>() {
            return self.int(int);
        }
        if value.is_none() {
            self.record.null();
        } else if let Ok(bool) = value.cast_exact::<PyBool>() {
            self.record.bool(bool.is_true());
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            self.record.float(float.value());
        } else if let Ok(dict) = value.cast_exact::<PyDict>() {
            return self.dict(dict, level);
        } else {
            return self.other(value, level, 0);
        }
        Ok(())
    }

    #[cold]
    fn other(&mut self, value: &Bound<'py, PyAny>, level: usize, conversions: usize) -> Result<(), Stop> {
        if let Ok(list) = value.cast::<PyList>() {
            // By index: a value's own code may shorten the list meanwhile.
            return self.items(level, |at| list.get_item(at).ok());
        }
        if let Ok(tuple) = value.cast::<PyTuple>() {
            return self.items(level, |at| tuple.get_item(at).ok());
        }
        if let Ok(text) = value.cast::<PyString>() {
            return self.text(text);
        }
        if let Ok(int) = value.cast::<PyInt>() {
            return self.int(int);
        }
        if let Ok(float) = value.cast::<PyFloat>() {
            self.record.float(float.value());
            return Ok(());
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            return self.subclass(dict, level);
        }
        if conversions == MAX_CONVERSIONS {
            return Err(PyRecursionError::new_err("a value stands for another too often").into());
        }
        let plain = self.plain.call1((value,))?;
        if let Ok(dict) = plain.cast_exact::<PyDict>() {
            return self.dict(dict, level);
        }
        if plain.is_none() || plain.is_exact_instance_of::<PyBool>() {
            return self.value(&plain, level);
        }
        self.other(&plain, level, conversions + 1)
    }

    fn items(&mut self, level: usize, item: impl Fn(usize) -> Option<Bound<'py, PyAny>>) -> Result<(), Stop> {
        self.record.begin_array();
        if level < WALKED_LEVELS {
            for at in 0.. {
                let Some(item) = item(at) else { break };
                self.value(&item, level + 1)?;
                self.check_size()?;
            }
        }
        self.record.end();
        Ok(())
    }

    fn dict(&mut self, dict: &Bound<'py, PyDict>, level: usize) -> Result<(), Stop> {
        self.record.begin_object();
        if level < WALKED_LEVELS {
            // Does nothing where there is a lock around the interpreter.
            with_critical_section(dict.as_any(), || self.members(dict, level))?;
        }
        self.record.end();
        Ok(())
    }

    fn members(&mut self, dict: &Bound<'py, PyDict>, level: usize) -> Result<(), Stop> {
        let (mut place, mut name, mut value) = (0, ptr::null_mut(), ptr::null_mut());
        // SAFETY: all pointers are valid, and the dict outlives the loop. The cursor is checked against the dict each
        // time, so one that a value's own code changed meanwhile gives other members, but valid ones.
        while unsafe { pyo3::ffi::PyDict_Next(dict.as_ptr(), &raw mut place, &raw mut name, &raw mut value) } != 0 {
            // SAFETY: the dict holds both for now; the references taken here hold them while they are walked.
            let (name, value) =
                unsafe { (Bound::from_borrowed_ptr(dict.py(), name), Bound::from_borrowed_ptr(dict.py(), value)) };
            self.name(&name)?;
            self.value(&value, level + 1)?;
            self.check_size()?;
        }
        Ok(())
    }

    /// A dict of another class may mean something else by its items.
    fn subclass(&mut self, dict: &Bound<'py, PyDict>, level: usize) -> Result<(), Stop> {
        self.record.begin_object();
        if level < WALKED_LEVELS && !dict.is_empty() {
            for item in dict.as_any().call_method0("items")?.try_iter()? {
                let (name, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item?.extract()?;
                self.name(&name)?;
                self.value(&value, level + 1)?;
                self.check_size()?;
            }
        }
        self.record.end();
        Ok(())
    }

    fn name(&mut self, name: &Bound<'py, PyAny>) -> Result<(), Stop> {
        if let Ok(text) = name.cast::<PyString>() {
            return self.text(text);
        }
        self.record.text(&other_name(name)?);
        Ok(())
    }

    fn text(&mut self, text: &Bound<'py, PyString>) -> Result<(), Stop> {
        let Ok(utf8) = text.to_str() else {
            // Half surrogates. As bytes they are no UTF-8, for which the engine has a verdict.
            let bytes = text.call_method1("encode", ("utf-8", "surrogatepass"))?;
            let bytes = bytes.cast_into::<PyBytes>().map_err(PyErr::from)?;
            self.record.text_bytes(bytes.as_bytes());
            return Ok(());
        };
        self.record.text(utf8);
        Ok(())
    }

    fn int(&mut self, int: &Bound<'py, PyInt>) -> Result<(), Stop> {
        match int.extract::<i64>() {
            Ok(value) => self.record.int(value),
            Err(_) => self.record.json(digits(int)?.as_bytes()),
        };
        Ok(())
    }

    /// Before each further member, so that a container costs no more than the largest record does.
    #[inline]
    fn check_size(&self) -> Result<(), Stop> {
        if self.record.len() > MAX_CAPTURED_BYTES { Err(Stop::TooLarge) } else { Ok(()) }
    }
}

/// A whole number's digits; raises where there are more than the interpreter prints.
fn digits(int: &Bound<'_, PyInt>) -> PyResult<String> {
    // The class's own: an enumeration's members print as their names.
    int.py().get_type::<PyInt>().call_method1("__repr__", (int,))?.extract()
}

/// A name that is no string, as `json.dumps` writes it.
#[cold]
fn other_name(name: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(bool) = name.cast::<PyBool>() {
        return Ok(if bool.is_true() { "true" } else { "false" }.to_owned());
    }
    if let Ok(int) = name.cast::<PyInt>() {
        return digits(int);
    }
    if let Ok(float) = name.cast::<PyFloat>() {
        let mut record = CapturedRecord::new();
        let text = record.float(float.value()).to_json().unwrap_or_default();
        return Ok(String::from_utf8(text)?);
    }
    if name.is_none() {
        return Ok("null".to_owned());
    }
    Err(PyTypeError::new_err("a name in an object is a string, a number, a boolean or None"))
}
