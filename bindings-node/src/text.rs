//! Text for JavaScript, by the cheapest way there is.

use std::ffi::c_char;
use std::ptr;

use napi::bindgen_prelude::{ToNapiValue, TypeName};
use napi::{Result, ValueType, check_status, sys};

/// A string that is ASCII as a rule: Node then copies it, without looking at each byte for what it stands for.
pub struct OneByte(pub(crate) String);

impl TypeName for OneByte {
    fn type_name() -> &'static str {
        "string"
    }

    fn value_type() -> ValueType {
        ValueType::String
    }
}

impl ToNapiValue for OneByte {
    #[allow(unsafe_code, reason = "Node-API itself: napi-rs has no function that returns such a string")]
    unsafe fn to_napi_value(env: sys::napi_env, value: Self) -> Result<sys::napi_value> {
        if !value.0.is_ascii() {
            // SAFETY: the environment is the caller's.
            return unsafe { String::to_napi_value(env, value.0) };
        }
        let (text, mut made) = (value.0.as_bytes(), ptr::null_mut());
        let length = isize::try_from(text.len()).unwrap_or(isize::MAX);
        // SAFETY: the environment is the caller's; the text is read during the call only.
        let status =
            unsafe { sys::napi_create_string_latin1(env, text.as_ptr().cast::<c_char>(), length, &raw mut made) };
        check_status!(status, "a string could not be made")?;
        Ok(made)
    }
}
