//! A call that may block, as a promise: it runs on libuv's pool, never on the event loop.

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Result, Task};

/// A facade call with everything it needs.
pub struct Blocking<T>(Box<dyn Fn() -> scrubjay_core::Result<T> + Send>);

/// Queues `call` and returns its promise.
pub(crate) fn promise<T>(call: impl Fn() -> scrubjay_core::Result<T> + Send + 'static) -> AsyncTask<Blocking<T>>
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
        output.map_err(|e| crate::error::to_js(&env, &e))
    }
}
