//! The engine's error as JavaScript's: an `Error` with `code` and `path`.

use napi::bindgen_prelude::{JsObjectValue, JsValue};
use napi::{Env, Error, Result};

/// What to throw for `error`. Where the environment can build no error object (it is being torn down), the
/// message alone remains.
pub(crate) fn to_js(env: Env, error: &scrubjay_core::Error) -> Error {
    described(env, error).unwrap_or_else(|_| Error::from_reason(error.to_string()))
}

fn described(env: Env, error: &scrubjay_core::Error) -> Result<Error> {
    let mut object = env.create_error(Error::from_reason(error.to_string()))?;
    object.set_named_property("code", error.kind().code())?;
    object.set_named_property("path", error.path())?;
    Ok(Error::from(object.to_unknown()))
}
