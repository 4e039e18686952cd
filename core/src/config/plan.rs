//! The `plan` section of a configuration, read from its own text: a value of the reader that the other sections use
//! would have lost digits.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Key;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Plan;

/// The section's keys. They are no layers: the plan comes whole from one place.
pub(super) const KEYS: &[Key] = &[
    Key::new("/plan", "Tracking plan: the schema of each event's payload."),
    Key::new("/plan/version", "The plan's own version."),
    Key::new("/plan/unplanned", "What becomes of events that the plan does not name: allow or reject.")
        .default("\"allow\""),
    Key::new("/plan/events", "From channel.event to the schema of its payload."),
];

/// A configuration as far as its plan.
#[derive(Deserialize)]
struct Section<'a> {
    #[serde(borrow)]
    plan: Option<&'a RawValue>,
}

/// Takes the plan out of `value`, which was read from `text`. A plan that is null is none.
pub(super) fn take(text: &str, value: &mut Value) -> Result<Option<Plan>> {
    if value.as_object_mut().and_then(|sections| sections.remove("plan")).is_none_or(|plan| plan.is_null()) {
        return Ok(None);
    }
    let twice = |_| Error::new(ErrorKind::ConfigInvalid, "/plan", "stands twice; remove one of them");
    let section: Section<'_> = serde_json::from_str(text).map_err(twice)?;
    let plan = section.plan.map(|plan| Plan::from_json(plan.get())).transpose();
    plan.map_err(|e| Error::new(e.kind(), format!("/plan{}", e.path()), e.message()))
}
