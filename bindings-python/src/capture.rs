//! Python values straight into the engine's compact records.
//!
//! What a value means as JSON is what `json.dumps` makes of it, with `_json.plain` for what JSON has no word for; the
//! tests compare both ways. A dict literal of the caller costs more than walking it here.

#![allow(
    unsafe_code,
    reason = "walks dicts by the interpreter's own cursor; its safe wrapper panics where one changes"
)]

use std::cell::Cell;
use std::{ptr, slice};

use pyo3::exceptions::{PyRecursionError, PyTypeError};
use pyo3::ffi;
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
    /// There is more than any record may have; what was written says so by its length.
    TooLarge,
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Self {
        Self::Unwritable(error)
    }
}

thread_local! {
    /// One writer a thread, and memory for a line, kept from record to record. A value's own code may track another record
    /// meanwhile, which then finds none and makes its own.
    static KEPT: Cell<Option<(CapturedRecord, Vec<u8>)>> = const { Cell::new(None) };
}

/// Hands an empty writer to `call`.
pub(crate) fn with_writer<T>(call: impl FnOnce(&mut CapturedRecord) -> T) -> T {
    with_writer_and_line(|record, _| call(record))
}

/// Hands an empty writer and empty memory for a line to `call`.
pub(crate) fn with_writer_and_line<T>(call: impl FnOnce(&mut CapturedRecord, &mut Vec<u8>) -> T) -> T {
    let (mut record, mut line) = KEPT.take().unwrap_or_default();
    record.clear();
    line.clear();
    let result = call(&mut record, &mut line);
    KEPT.set(Some((record, line)));
    result
}

/// Writes values into a record.
pub(crate) struct Walk<'a, 'py> {
    pub(crate) record: &'a mut CapturedRecord,
    /// `_json.plain`.
    pub(crate) plain: &'a Bound<'py, PyAny>,
}

// References are borrowed as long as no Python code runs, types are told apart by their addresses, and values read by
// the interpreter's own calls: counting references and asking about classes took half of a capture's time.
impl<'py> Walk<'_, 'py> {
    /// A member of the record itself.
    #[inline]
    pub(crate) fn member(&mut self, name: &str, value: &Bound<'py, PyAny>) -> Result<(), Stop> {
        self.record.name(name);
        self.value(value.as_borrowed(), 2)
    }

    /// `level` is the one at which a container would stand; the record's own is the first.
    #[inline]
    pub(crate) fn value(&mut self, value: Borrowed<'_, 'py, PyAny>, level: usize) -> Result<(), Stop> {
        // SAFETY: an object has a type, which outlives it.
        let class = unsafe { ffi::Py_TYPE(value.as_ptr()) };
        // The most frequent types first.
        if class == &raw mut ffi::PyUnicode_Type {
            return self.text(value);
        }
        if class == &raw mut ffi::PyLong_Type {
            return self.int(value);
        }
        if class == &raw mut ffi::PyFloat_Type {
            // SAFETY: it is a float, of which this reads the number.
            self.record.float(unsafe { ffi::PyFloat_AsDouble(value.as_ptr()) });
        } else if class == &raw mut ffi::PyBool_Type {
            // SAFETY: the one object that is true lives for ever.
            self.record.bool(value.as_ptr() == unsafe { ffi::Py_True() });
        } else if value.is_none() {
            self.record.null();
        } else {
            return self.container(&value.to_owned(), level);
        }
        Ok(())
    }

    fn container(&mut self, value: &Bound<'py, PyAny>, level: usize) -> Result<(), Stop> {
        match value.cast_exact::<PyDict>() {
            Ok(dict) => self.dict(dict, level),
            Err(_) => self.other(value, level, 0),
        }
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
        if value.is_instance_of::<PyString>() {
            return self.text(value.as_borrowed());
        }
        if value.is_instance_of::<PyInt>() {
            return self.int(value.as_borrowed());
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
            return self.value(plain.as_borrowed(), level);
        }
        self.other(&plain, level, conversions + 1)
    }

    fn items(&mut self, level: usize, item: impl Fn(usize) -> Option<Bound<'py, PyAny>>) -> Result<(), Stop> {
        self.record.begin_array();
        if level < WALKED_LEVELS {
            for at in 0.. {
                let Some(item) = item(at) else { break };
                self.value(item.as_borrowed(), level + 1)?;
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
        while unsafe { ffi::PyDict_Next(dict.as_ptr(), &raw mut place, &raw mut name, &raw mut value) } != 0 {
            // SAFETY: the dict holds both as long as nobody changes it. Whatever runs Python code, which might, takes
            // references of its own first, and does not look at the name again.
            let (name, value) = unsafe { (Borrowed::from_ptr(dict.py(), name), Borrowed::from_ptr(dict.py(), value)) };
            // Such as an enumeration, whose members are strings.
            let held = (!is_exact_text(name)).then(|| (name.to_owned(), value.to_owned()));
            self.name(name)?;
            self.value(value, level + 1)?;
            drop(held);
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
                self.name(name.as_borrowed())?;
                self.value(value.as_borrowed(), level + 1)?;
                self.check_size()?;
            }
        }
        self.record.end();
        Ok(())
    }

    #[inline]
    fn name(&mut self, name: Borrowed<'_, 'py, PyAny>) -> Result<(), Stop> {
        if is_exact_text(name) || name.is_instance_of::<PyString>() {
            return self.text(name);
        }
        self.record.text(&other_name(&name)?);
        Ok(())
    }

    /// `text` is a string, of its own class or one below.
    #[inline]
    fn text(&mut self, text: Borrowed<'_, 'py, PyAny>) -> Result<(), Stop> {
        let mut length = 0;
        // SAFETY: it is a string, which keeps the bytes for as long as it lives.
        let bytes = unsafe { ffi::PyUnicode_AsUTF8AndSize(text.as_ptr(), &raw mut length) };
        let (false, Ok(length)) = (bytes.is_null(), usize::try_from(length)) else { return self.halved_text(&text) };
        // SAFETY: so many bytes are there.
        self.record.text_bytes(unsafe { slice::from_raw_parts(bytes.cast(), length) });
        Ok(())
    }

    /// A string with half a surrogate pair. As bytes it is no UTF-8, for which the engine has a verdict.
    #[cold]
    fn halved_text(&mut self, text: &Bound<'py, PyAny>) -> Result<(), Stop> {
        drop(PyErr::take(text.py()));
        let bytes = text.call_method1("encode", ("utf-8", "surrogatepass"))?;
        self.record.text_bytes(bytes.cast_into::<PyBytes>().map_err(PyErr::from)?.as_bytes());
        Ok(())
    }

    /// `int` is a whole number, of its own class or one below.
    #[inline]
    fn int(&mut self, int: Borrowed<'_, 'py, PyAny>) -> Result<(), Stop> {
        let mut is_large = 0;
        // SAFETY: it is a whole number.
        let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(int.as_ptr(), &raw mut is_large) };
        if is_large == 0 {
            self.record.int(value);
        } else {
            self.record.json(digits(&int)?.as_bytes());
        }
        Ok(())
    }

    /// Before each further member, so that a container costs no more than the largest record does.
    #[inline]
    fn check_size(&self) -> Result<(), Stop> {
        if self.record.len() > MAX_CAPTURED_BYTES { Err(Stop::TooLarge) } else { Ok(()) }
    }
}

fn is_exact_text(name: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: an object has a type, which outlives it.
    unsafe { ffi::Py_TYPE(name.as_ptr()) == &raw mut ffi::PyUnicode_Type }
}

/// A whole number's digits; raises where there are more than the interpreter prints.
fn digits(int: &Bound<'_, PyAny>) -> PyResult<String> {
    // The class's own: an enumeration's members print as their names.
    int.py().get_type::<PyInt>().call_method1("__repr__", (int,))?.extract()
}

/// A name that is no string, as `json.dumps` writes it.
#[cold]
fn other_name(name: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(bool) = name.cast::<PyBool>() {
        return Ok(if bool.is_true() { "true" } else { "false" }.to_owned());
    }
    if name.is_instance_of::<PyInt>() {
        return digits(name);
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
