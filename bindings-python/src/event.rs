//! The arguments of `track` as a record.

use pyo3::prelude::*;

use crate::ambient;
use crate::capture::{Stop, Walk};

/// The arguments of `track`; `None` stands for an absent one.
pub(crate) struct Event<'a, 'py> {
    pub(crate) channel: &'a Bound<'py, PyAny>,
    pub(crate) name: &'a Bound<'py, PyAny>,
    pub(crate) payload: Option<&'a Bound<'py, PyAny>>,
    pub(crate) timestamp: Option<&'a Bound<'py, PyAny>>,
    pub(crate) user_id: Option<&'a Bound<'py, PyAny>>,
    pub(crate) session_id: Option<&'a Bound<'py, PyAny>>,
    pub(crate) tenant_id: Option<&'a Bound<'py, PyAny>>,
    pub(crate) context: Option<&'a Bound<'py, PyAny>>,
}

impl<'py> Event<'_, 'py> {
    /// Writes the record. `ambient` is `_ambient.merged`, which adds the current span and request to the context.
    #[inline]
    pub(crate) fn walk(&self, walk: &mut Walk<'_, 'py>, ambient: &Bound<'py, PyAny>) -> Result<(), Stop> {
        walk.record.begin_object();
        walk.member("channel", self.channel)?;
        walk.member("event", self.name)?;
        match self.payload {
            Some(payload) => walk.member("payload", payload)?,
            None => _ = walk.record.name("payload").begin_object().end(),
        }
        let others = [
            ("timestamp", self.timestamp),
            ("user_id", self.user_id),
            ("session_id", self.session_id),
            ("tenant_id", self.tenant_id),
        ];
        for (name, value) in others {
            if let Some(value) = value {
                walk.member(name, value)?;
            }
        }
        if ambient::is_open() {
            let merged = ambient.call1((self.context,))?;
            if !merged.is_none() {
                walk.member("context", &merged)?;
            }
        } else if let Some(context) = self.context {
            walk.member("context", context)?;
        }
        walk.record.end();
        Ok(())
    }
}
