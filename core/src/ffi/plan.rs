//! Tracking plans behind text.

use super::guard;
use crate::engine::check_names;
use crate::error::{Error, Result};
use crate::schema::Plan;
use crate::scrub::Scrubber;

/// What a tracking plan holds, in figures: `{"version":…,"unplanned":…,"events":n,"fields":n,"pii":{"remove":n,…}}`.
///
/// # Errors
/// `config_invalid`, `config_unknown_key` with the place in the plan where it cannot be used.
pub fn plan_check(plan: &str) -> Result<String> {
    guard(|| {
        let plan = Plan::from_json(plan)?;
        check_names(&plan, &Scrubber::new(&crate::PrivacyConfig::default())?)?;
        Ok(plan.to_json())
    })
}

/// What a change of a tracking plan means for who follows the old one:
/// `{"old_version":…,"new_version":…,"breaking":…,"changes":[{"path":…,"kind":…,"breaking":…,"reason":…}]}`.
///
/// # Errors
/// `config_invalid`, `config_unknown_key` with the place, which begins with `/old` or `/new`.
pub fn plan_diff(old: &str, new: &str) -> Result<String> {
    let read = |side: &str, text: &str| {
        Plan::from_json(text).map_err(|e| Error::new(e.kind(), format!("/{side}{}", e.path()), e.message()))
    };
    guard(|| Ok(read("old", old)?.diff(&read("new", new)?).to_json()))
}
