//! The memory that JavaScript writes records into, and what becomes of it when its environment ends.
//!
//! A worker thread that is terminated runs no more JavaScript, so only the addon can save what is in the slab. Node calls
//! one hook for each environment while its memory is still there.

#![cfg_attr(test, allow(dead_code, reason = "a build of tests registers nothing with Node"))]

use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use napi::bindgen_prelude::{Buffer, JsObjectValue, Object, ToNapiValue};
use napi::{Env, JsError, Result, sys};
use napi_derive::napi;
use scrubjay_core::{Error, ErrorKind, ffi};

use crate::error::to_js;
use crate::leaving;
use crate::text::OneByte;

/// The slab begins with the length, in 4 bytes of the machine's order, of the complete records behind these bytes.
/// Eight, so that what follows is aligned as JavaScript's views want it.
const LENGTH_BYTES: usize = 8;

/// Before each record: its length and time, which a record that is checked at once does not have.
const HEAD_BYTES: usize = 12;

/// One client's slab.
pub(crate) struct Slab {
    client: Arc<ffi::Client>,
    memory: RefCell<Buffer>,
}

impl Slab {
    /// The outcome of the record that is alone in the slab and ends there; of nothing where there is no such place.
    fn check(&self, end: u32) -> scrubjay_core::Result<String> {
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        let memory = self.memory.borrow();
        let record = memory.get(LENGTH_BYTES + HEAD_BYTES..end).unwrap_or_default();
        self.client.check_captured(record)?.into_short()
    }

    /// Captures the complete records and forgets them; whether the client still captures. JavaScript cannot be stopped
    /// in between, so each record is captured once.
    pub(crate) fn hand_over(&self) -> bool {
        let mut memory = self.memory.borrow_mut();
        let Some((head, records)) = memory.split_at_mut_checked(LENGTH_BYTES) else { return true };
        let length = head.first_chunk().map_or(0, |bytes| u32::from_ne_bytes(*bytes));
        head.fill(0);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        records.get(..length).is_none_or(|records| self.client.track_framed(records))
    }
}

thread_local! {
    /// The slabs of this thread's environment by their numbers, which rise.
    static SLABS: RefCell<Vec<(u32, Weak<Slab>)>> = const { RefCell::new(Vec::new()) };
    /// The next slab's.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
    /// Whether the hook is set.
    static IS_HOOKED: Cell<bool> = const { Cell::new(false) };
}

/// A slab of a client, which is handed over when the environment ends, and its number. No other slab of the thread ever
/// has that.
///
/// # Errors
/// Where the environment is ending already.
pub(crate) fn attach(env: Env, client: &Arc<ffi::Client>, memory: Buffer) -> Result<(Rc<Slab>, u32)> {
    if !IS_HOOKED.replace(true) {
        env.add_env_cleanup_hook((), |()| hand_over_all())?;
    }
    let slab = Rc::new(Slab { client: Arc::clone(client), memory: RefCell::new(memory) });
    let number = NUMBER.get();
    NUMBER.set(number.wrapping_add(1));
    SLABS.with_borrow_mut(|slabs| {
        // Those of clients that are gone.
        slabs.retain(|(_, slab)| slab.strong_count() > 0);
        slabs.push((number, Rc::downgrade(&slab)));
    });
    Ok((slab, number))
}

/// `trackChecked` of a record that JavaScript wrote into the slab of this number: the outcome as text, or its record
/// alone where that says all. A function and no method: Node would take longer to find the client behind an object than
/// to do all the rest.
///
/// # Errors
/// `closed` where there is no such slab any more, else `internal` only.
fn check(slab: u32, end: u32) -> scrubjay_core::Result<String> {
    let found = SLABS.with_borrow(|slabs| {
        let place = slabs.binary_search_by_key(&slab, |(number, _)| *number).ok()?;
        slabs.get(place)?.1.upgrade()
    });
    found.ok_or_else(|| Error::new(ErrorKind::Closed, "", "the client captures no more"))?.check(end)
}

/// [`check`] as Node calls it. What the macro of napi-rs does around a call, two locks and an allocation, would cost a
/// tenth of `trackChecked`.
#[allow(unsafe_code, reason = "Node-API itself")]
unsafe extern "C" fn check_captured(env: sys::napi_env, call: sys::napi_callback_info) -> sys::napi_value {
    let (mut given, mut count) = ([ptr::null_mut(); 2], 2);
    // Of no slab: what is no number stays so.
    let mut numbers = [u32::MAX; 2];
    // SAFETY: environment and call are Node's. There is room for so many values, and those that are missing are undefined.
    unsafe {
        sys::napi_get_cb_info(env, call, &raw mut count, given.as_mut_ptr(), ptr::null_mut(), ptr::null_mut());
        for (number, value) in numbers.iter_mut().zip(given) {
            sys::napi_get_value_uint32(env, value, number);
        }
    }
    let [slab, end] = numbers;
    // SAFETY: the environment is the caller's.
    let made = check(slab, end)
        .map_err(|error| to_js(Env::from_raw(env), &error))
        .and_then(|text| unsafe { OneByte::to_napi_value(env, OneByte(text)) });
    made.unwrap_or_else(|error| {
        // SAFETY: as above.
        unsafe { JsError::from(error).throw_into(env) };
        ptr::null_mut()
    })
}

/// Exports [`check_captured`].
///
/// # Errors
/// Where the environment is ending.
#[napi(module_exports)]
pub(crate) fn export_check_captured(mut exports: Object<'_>, env: Env) -> Result<()> {
    const NAME: &str = "checkCaptured";
    exports.set_named_property(NAME, env.create_function::<(u32, u32), String>(NAME, check_captured)?)
}

fn hand_over_all() {
    IS_HOOKED.set(false);
    for slab in SLABS.take().iter().filter_map(|(_, slab)| slab.upgrade()) {
        slab.hand_over();
        leaving::deliver(Arc::clone(&slab.client));
    }
}
