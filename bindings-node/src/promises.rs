//! Promises that other threads settle, all of an environment by one way onto its event loop.
//!
//! napi-rs takes that way anew for each promise: a handle of the event loop, a hook for the environment's end, and a wakeup.
//! A collector makes thousands a second, and the thread that syncs its log settles many at once. Here what was settled
//! gathers until the event loop comes by, which is woken once for all of it.

#![cfg_attr(test, allow(dead_code, reason = "a build of tests registers nothing with Node"))]
#![allow(unsafe_code, reason = "Node-API itself: napi-rs has promises with a way each only")]

use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_void};
use std::ptr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsError, Result, check_status, sys};
use scrubjay_core::ErrorKind;

use crate::error::to_js;

/// Makes what a promise comes to, on the event loop.
type Said = Box<dyn FnOnce(sys::napi_env) -> Result<sys::napi_value> + Send>;

/// What other threads see of an environment.
#[derive(Default)]
struct Gathered {
    settled: Vec<(Handle, Said)>,
    /// Nothing once the environment ends.
    way: Option<Way>,
}

/// A promise as Node-API knows it.
struct Handle(sys::napi_deferred);

// SAFETY: other threads hand it on; it is used on the event loop alone.
unsafe impl Send for Handle {}

/// A threadsafe function.
#[derive(Clone, Copy)]
struct Way(sys::napi_threadsafe_function);

// SAFETY: to be called from any thread is what it is for.
unsafe impl Send for Way {}

/// What an environment's own thread knows.
struct Here {
    env: sys::napi_env,
    way: Way,
    gathered: Arc<Mutex<Gathered>>,
    /// Promises that are not settled: while there are any, the event loop goes on.
    open: Cell<usize>,
}

thread_local! {
    /// The environments of this thread. One, unless somebody loads the addon twice.
    static HERE: RefCell<Vec<Rc<Here>>> = const { RefCell::new(Vec::new()) };
}

/// Settles its promise once, from any thread. Dropped before, it rejects.
pub(crate) struct Deferred {
    handle: Option<Handle>,
    gathered: Arc<Mutex<Gathered>>,
}

/// A promise, and what settles it.
///
/// # Errors
/// Where the environment is ending.
pub(crate) fn promise(env: &Env) -> Result<(Deferred, Object<'_>)> {
    let here = here(env)?;
    let (mut handle, mut promise) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: environment and threadsafe function are this thread's, and alive.
    unsafe {
        check_status!(sys::napi_create_promise(env.raw(), &raw mut handle, &raw mut promise))?;
        if here.open.replace(here.open.get() + 1) == 0 {
            sys::napi_ref_threadsafe_function(env.raw(), here.way.0);
        }
    }
    let deferred = Deferred { handle: Some(Handle(handle)), gathered: Arc::clone(&here.gathered) };
    Ok((deferred, Object::from_raw(env.raw(), promise)))
}

impl Deferred {
    /// Has the event loop settle the promise with what `said` makes there.
    pub(crate) fn settle<T: ToNapiValue>(mut self, said: impl FnOnce(Env) -> Result<T> + Send + 'static) {
        self.tell(Box::new(move |env| {
            let value = said(Env::from_raw(env))?;
            // SAFETY: the event loop calls with its environment.
            unsafe { T::to_napi_value(env, value) }
        }));
    }

    fn tell(&mut self, said: Said) {
        let Some(handle) = self.handle.take() else { return };
        let mut gathered = locked(&self.gathered);
        // Of an environment that is gone nobody waits.
        let Some(way) = gathered.way else { return };
        gathered.settled.push((handle, said));
        if gathered.settled.len() == 1 {
            // SAFETY: there until it is taken out of `gathered`, which is locked. Its queue has no bound to wait for.
            unsafe {
                sys::napi_call_threadsafe_function(
                    way.0,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                );
            }
        }
    }
}

impl Drop for Deferred {
    fn drop(&mut self) {
        self.tell(Box::new(|env| {
            let defect = scrubjay_core::Error::new(ErrorKind::Internal, "", "a defect was contained; try again");
            Err(to_js(Env::from_raw(env), &defect))
        }));
    }
}

/// What this thread knows of the environment, which is made with its first promise.
fn here(env: &Env) -> Result<Rc<Here>> {
    let raw = env.raw();
    let found = HERE.with_borrow(|all| all.iter().find(|here| here.env == raw).cloned());
    found.map_or_else(|| begin(env), Ok)
}

fn begin(env: &Env) -> Result<Rc<Here>> {
    const NAME: &str = "scrubjay";
    let (mut name, mut way) = (ptr::null_mut(), ptr::null_mut());
    let length = isize::try_from(NAME.len()).unwrap_or(isize::MAX);
    // SAFETY: the environment is the caller's, and all that is passed lives as long as the calls.
    unsafe {
        let text = NAME.as_ptr().cast::<c_char>();
        check_status!(sys::napi_create_string_utf8(env.raw(), text, length, &raw mut name))?;
        check_status!(sys::napi_create_threadsafe_function(
            env.raw(),
            ptr::null_mut(),
            ptr::null_mut(),
            name,
            // No bound, and one user: this environment.
            0,
            1,
            ptr::null_mut(),
            None,
            ptr::null_mut(),
            Some(settle_all),
            &raw mut way,
        ))?;
        // Whoever has no open promise may end.
        sys::napi_unref_threadsafe_function(env.raw(), way);
    }
    let way = Way(way);
    let gathered = Arc::new(Mutex::new(Gathered { settled: Vec::new(), way: Some(way) }));
    let here = Rc::new(Here { env: env.raw(), way, gathered, open: Cell::new(0) });
    // Called before the threadsafe function goes, which has a hook of its own from before.
    env.add_env_cleanup_hook(Rc::clone(&here), |here| {
        let Gathered { settled, .. } = std::mem::take(&mut *locked(&here.gathered));
        HERE.with_borrow_mut(|all| all.retain(|other| !Rc::ptr_eq(other, &here)));
        drop(settled);
    })?;
    HERE.with_borrow_mut(|all| all.push(Rc::clone(&here)));
    Ok(here)
}

/// Settles what has gathered, on the event loop. The promises' callers go on when all are settled.
unsafe extern "C" fn settle_all(env: sys::napi_env, _: sys::napi_value, _: *mut c_void, _: *mut c_void) {
    let Some(here) = HERE.with_borrow(|all| all.iter().find(|here| here.env == env).cloned()) else { return };
    let settled = std::mem::take(&mut locked(&here.gathered).settled);
    let count = settled.len();
    for (handle, said) in settled {
        // SAFETY: the environment is this event loop's, and each promise is settled once.
        unsafe {
            match said(env) {
                Ok(value) => sys::napi_resolve_deferred(env, handle.0, value),
                Err(error) => sys::napi_reject_deferred(env, handle.0, JsError::from(error).into_value(env)),
            };
        }
    }
    let open = here.open.get().saturating_sub(count);
    here.open.set(open);
    if open == 0 && count > 0 {
        // SAFETY: as above.
        unsafe { sys::napi_unref_threadsafe_function(env, here.way.0) };
    }
}

fn locked(gathered: &Mutex<Gathered>) -> MutexGuard<'_, Gathered> {
    gathered.lock().unwrap_or_else(PoisonError::into_inner)
}
