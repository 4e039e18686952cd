//! Calls that may block, as promises; none of them runs on the event loop.
//!
//! What works (reads, writes) takes a place in libuv's pool. What merely waits gets a thread of its own: the pool
//! has four places for the whole process, and Node does not exit while one of them is taken.

use std::thread;

use napi::bindgen_prelude::{AsyncTask, Object, ToNapiValue, TypeName};
use napi::{Env, Result, Task};
use scrubjay_core::{Error, ErrorKind};

use crate::error::to_js;

/// A facade call with everything it needs.
pub struct Blocking<T>(Box<dyn Fn() -> scrubjay_core::Result<T> + Send>);

/// Queues work and returns its promise.
pub(crate) fn work<T>(call: impl Fn() -> scrubjay_core::Result<T> + Send + 'static) -> AsyncTask<Blocking<T>>
where
    T: ToNapiValue + TypeName + Send + 'static,
{
    AsyncTask::new(Blocking(Box::new(call)))
}

impl<T: ToNapiValue + TypeName + Send + 'static> Task for Blocking<T> {
    // The engine's own result: its code and path become JavaScript only back on the event loop.
    type Output = scrubjay_core::Result<T>;
    type JsValue = T;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok((self.0)())
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> Result<T> {
        output.map_err(|e| to_js(env, &e))
    }
}

/// Starts a wait and returns its promise. The process may exit meanwhile.
///
/// # Errors
/// `internal` where no thread can be had.
pub(crate) fn wait(env: &Env, call: impl FnOnce() -> bool + Send + 'static) -> Result<Object<'_>> {
    let (deferred, promise) = env.create_deferred()?;
    let started = thread::Builder::new().name("scrubjay-wait".to_owned()).spawn(move || {
        let done = call();
        deferred.resolve(move |_| Ok(done));
    });
    let refused = |_| Error::new(ErrorKind::Internal, "", "the system refused a thread; try again later");
    started.map(|_| promise).map_err(refused).map_err(|e| to_js(*env, &e))
}
