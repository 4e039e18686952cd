//! The `sampling` section: which share of the records is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Form, Key, require};
use crate::error::{Error, ErrorKind, Result};
use crate::json_value::escaped;

/// The keys of the section.
pub(super) const KEYS: &[Key] = &[
    Key::new("/sampling", "Which share of the records is kept."),
    Key::new("/sampling/rate", "Share that is kept, from 0 to 1; all unless set.")
        .variables(&[("TELEMETRY_SAMPLING_RATE", Form::Number), ("TELEMETRY_SAMPLE_RATE", Form::Number)]),
    Key::new("/sampling/channels", "Shares of single channels, in place of the rate."),
    Key::new("/sampling/channels/*", "Share of this channel's records that is kept, from 0 to 1."),
    Key::new("/sampling/metrics", "Shares of single metrics by name, in place of the rate."),
    Key::new("/sampling/metrics/*", "Share of this metric's records that is kept, from 0 to 1."),
    Key::new(
        "/sampling/adaptive",
        "Keeps every error, and lowers the other shares while the queue is more than half full.",
    )
    .default("false"),
];

/// The `sampling` section.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SamplingConfig {
    /// Share of records that is kept, from 0 to 1. Absent means the environment decides, and the default is 1.
    pub rate: Option<f64>,
    /// Shares of single channels, in place of the rate.
    pub channels: BTreeMap<String, f64>,
    /// Shares of single metrics by their canonical names, in place of the rate.
    pub metrics: BTreeMap<String, f64>,
    /// Whether errors are always kept, and the others' share falls while the queue fills.
    pub adaptive: bool,
}

// Shares are checked to be numbers, which are equal to themselves.
impl Eq for SamplingConfig {}

impl SamplingConfig {
    /// Checks that every share is one.
    pub(super) fn check(&self) -> Result<()> {
        let of = |section: &'static str, shares: &BTreeMap<String, f64>| -> Result<()> {
            shares.iter().try_for_each(|(name, share)| check_share(*share, &format!("{section}/{}", escaped(name))))
        };
        check_share(self.rate.unwrap_or(1.0), "/sampling/rate")?;
        of("/sampling/channels", &self.channels)?;
        of("/sampling/metrics", &self.metrics)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature of a filter")]
fn is_share(share: &f64) -> bool {
    (0.0..=1.0).contains(share)
}

fn no_share(path: &str) -> Error {
    let message = "must be a share, from 0 (nothing) to 1 (everything); the rate can be set by TELEMETRY_SAMPLING_RATE";
    Error::new(ErrorKind::ConfigInvalid, path, message)
}

fn check_share(share: f64, path: &str) -> Result<()> {
    require(is_share(&share), path, no_share(path).message())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn what_is_no_share_is_refused_with_its_place() {
        for (text, path) in [
            (r#"{"sampling":{"rate":1.5}}"#, "/sampling/rate"),
            (r#"{"sampling":{"rate":-0.1}}"#, "/sampling/rate"),
            (r#"{"sampling":{"rate":"0.1"}}"#, "/sampling/rate"),
            (r#"{"sampling":{"channels":{"a/b":2}}}"#, "/sampling/channels/a~1b"),
            (r#"{"sampling":{"metrics":{"m":-1}}}"#, "/sampling/metrics/m"),
        ] {
            let error = Config::from_json(text).unwrap_err();
            assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, path), "{text}");
        }
    }
}
