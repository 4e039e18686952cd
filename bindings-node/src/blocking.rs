//! Calls that may block, as promises; none of them runs on the event loop.
//!
//! What reads and writes takes a place in libuv's pool. What merely waits gets a thread of its own: the pool
//! has four places for the whole process, and Node does not exit while one of them is taken. Bodies go to
//! [`workers`](crate::workers).

use std::sync::Arc;
use std::thread;

use napi::bindgen_prelude::{AsyncTask, Buffer, Object, ToNapiValue, TypeName};
use napi::{Env, Result, Task};
use scrubjay_core::{Error, ErrorKind};

use crate::error::to_js;
use crate::promises::promise;
use crate::workers;

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

/// Hears once what a body came to.
pub(crate) type Told<T> = Box<dyn FnOnce(scrubjay_core::Result<T>) + Send>;

/// Has a worker begin with a body, and returns the promise of what it tells, then or later.
///
/// # Errors
/// Where the environment is ending.
pub(crate) fn begin<T: ToNapiValue + Send + 'static>(
    env: &Env,
    body: Buffer,
    call: impl FnOnce(&[u8], Told<T>) + Send + 'static,
) -> Result<Object<'_>> {
    let (deferred, promise) = promise(env)?;
    let body = Arc::new(body);
    // Held until the event loop is reached, which alone can let go of it without being woken for that.
    let held = Arc::clone(&body);
    let told = move |said: scrubjay_core::Result<T>| {
        deferred.settle(move |env: Env| {
            drop(held);
            said.map_err(|e| to_js(env, &e))
        });
    };
    workers::run(move || call(&body, Box::new(told)));
    Ok(promise)
}
