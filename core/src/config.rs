//! Configuration as people write it: one JSON object, checked whole before anything runs.
//!
//! [`keys`] names every key once; reading refuses what is not in it and suggests the nearest. What the loop
//! needs is compiled from this by [`Engine::new`](crate::Engine::new).

mod client;
mod export;
#[cfg(feature = "client")]
mod file;
mod key;
mod metrics;
mod plan;
mod privacy;
mod profile;
mod sampling;
mod signal;
#[cfg(feature = "client")]
mod sources;
mod spool;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::client::{ClientConfig, Purpose};
pub use self::export::{Compression, ExportConfig, ExporterKind, OtlpProtocol};
#[cfg(feature = "client")]
pub(crate) use self::file::find;
#[cfg(feature = "client")]
use self::key::OTHER_VARIABLES;
pub(crate) use self::key::{Form, Key, keys};
pub use self::metrics::{MetricTemporality, MetricsConfig};
pub use self::privacy::{AllowConfig, CustomRule, PrivacyConfig, PrivacyMode, RuleAction, SealConfig};
pub(crate) use self::profile::profile;
pub use self::sampling::SamplingConfig;
pub use self::signal::SignalConfig;
#[cfg(feature = "client")]
pub(crate) use self::sources::{Environment, Resolved, Source, Warning, resolve, unknown_variables};
pub use self::spool::SpoolConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::json_value::{self, escaped};
use crate::schema::Plan;

/// The whole configuration. Serialised, it holds its secrets: for [`Client`](crate::Client) to lay it over files and
/// the environment, not for printing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// What is scrubbed and how.
    pub privacy: PrivacyConfig,
    /// Tracking plan. Read apart, so that its numbers keep the text in which they stand.
    #[serde(skip)]
    pub plan: Option<Plan>,
    /// Which share of the records is kept.
    pub sampling: SamplingConfig,
    /// Queue, batches and export.
    pub client: ClientConfig,
    /// Which keys the text named that this was read from.
    #[serde(skip)]
    pub(crate) written: Written,
}

/// Pointers to the values that a configuration's text names, be they the default or not. How something was said does
/// not make another configuration: all are equal.
#[derive(Clone, Default)]
pub(crate) struct Written(pub(crate) BTreeSet<&'static str>);

impl PartialEq for Written {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Written {}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Shorter keys are guessed too fast to protect a pseudonym (NIST SP 800-107: at least 112 bits).
pub(crate) const MIN_PSEUDONYM_KEY_BYTES: usize = 16;

impl Config {
    /// Reads and checks a configuration.
    ///
    /// # Errors
    /// `config_unknown_key` names the key and the nearest known one; `config_invalid` names the place and what
    /// is expected there.
    pub fn from_json(text: &str) -> Result<Self> {
        let mut value: Value = serde_json::from_str(text).map_err(|e| {
            let place = format!("not JSON at line {} column {}", e.line(), e.column());
            Error::new(ErrorKind::ConfigInvalid, "", place)
        })?;
        if !value.is_object() {
            return Err(Error::new(ErrorKind::ConfigInvalid, "", "expected a JSON object"));
        }
        let plan = plan::take(text, &mut value)?;
        refuse_unknown_keys(&value, "")?;
        let is_written = |key: &&Key| key.is_leaf() && value.pointer(key.path).is_some_and(|said| !said.is_null());
        let mut written = Written::default();
        written.0.extend(keys().filter(is_written).map(|key| key.path));
        let mut config: Self = json_value::read(&value).map_err(|misplaced| {
            let message = expected_at(&misplaced.path);
            Error::new(ErrorKind::ConfigInvalid, misplaced.path, message)
        })?;
        config.plan = plan;
        config.written = written;
        config.check()?;
        Ok(config)
    }

    /// Checks what types alone cannot say.
    ///
    /// # Errors
    /// `config_invalid` with the place.
    pub fn check(&self) -> Result<()> {
        let privacy = &self.privacy;
        if let Some(key) = &privacy.pseudonym_key {
            require(key.len() >= MIN_PSEUDONYM_KEY_BYTES, "/privacy/pseudonym_key", "must have at least 16 bytes")?;
        }
        require(
            privacy.hash_identifiers != Some(true) || privacy.pseudonym_key.is_some(),
            "/privacy/hash_identifiers",
            "needs /privacy/pseudonym_key: a hash without a key can be reversed by guessing",
        )?;
        if let Some(place) = self.plan.as_ref().filter(|_| privacy.pseudonym_key.is_none()).and_then(Plan::first_hash) {
            let place = format!("/plan{place}");
            require(
                false,
                &place,
                "hash needs /privacy/pseudonym_key: a hash without a key can be reversed by guessing",
            )?;
        }
        self.sampling.check()?;
        self.client.check()
    }
}

fn require(holds: bool, path: &str, message: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::new(ErrorKind::ConfigInvalid, path, message)) }
}

fn expected_at(path: &str) -> String {
    let known = keys().filter(|key| matches(key.path, path, true)).max_by_key(|key| key.path.len());
    format!("wrong type or value; expected: {}", known.map_or("", |key| key.doc))
}

/// Whether `pattern` is of `path`, or of something above it where `above` says so.
fn matches(pattern: &str, path: &str, above: bool) -> bool {
    let mut names = path.split('/');
    let fits = pattern.split('/').all(|part| names.next().is_some_and(|name| part == "*" || part == name));
    fits && (above || names.next().is_none())
}

fn refuse_unknown_keys(value: &Value, parent: &str) -> Result<()> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, child)| (escaped(name), child)).collect(),
        // A list may have thousands of words, in which there are no keys.
        Value::Array(elements) => {
            let inner = elements.iter().enumerate().filter(|(_, child)| child.is_object() || child.is_array());
            inner.map(|(i, child)| (i.to_string(), child)).collect()
        }
        _ => return Ok(()),
    };
    for (name, child) in children {
        let path = format!("{parent}/{name}");
        if keys().any(|key| matches(key.path, &path, false)) {
            refuse_unknown_keys(child, &path)?;
        } else if value.is_object() {
            let hint = nearest(&path).map_or_else(String::new, |known| format!("; did you mean {known}?"));
            return Err(Error::new(ErrorKind::ConfigUnknownKey, path, format!("no such key{hint}")));
        }
    }
    Ok(())
}

/// The known key most like `path`, if any is near enough to be a likely slip.
fn nearest(path: &str) -> Option<&'static str> {
    nearest_of(path, keys().map(|key| key.path))
}

/// The word of `known` most like `word`, if any is near enough to be a likely slip.
pub(crate) fn nearest_of<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this similarity (Jaro-Winkler, 0 to 1) a suggestion confuses more than it helps.
    const LIKELY: f64 = 0.8;
    known
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(likeness, _)| *likeness >= LIKELY)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        let error = Config::from_json(r#"{"privacy":{"moed":"strict"}}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigUnknownKey);
        assert_eq!(error.path(), "/privacy/moed");
        assert_eq!(error.message(), "no such key; did you mean /privacy/mode?");
    }

    #[test]
    fn a_wrong_type_is_an_error_at_its_place_and_quotes_no_value() {
        let error = Config::from_json(r#"{"client":{"endpoint":["secret-host"]}}"#).unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, "/client/endpoint"));
        assert!(!error.to_string().contains("secret-host"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let text = r#"{"privacy":{"pseudonym_key":"0123456789abcdef"},"client":{"api_key":"hunter2hunter2"}}"#;
        let shown = format!("{:?}", Config::from_json(text).unwrap());
        assert!(!shown.contains("0123456789abcdef") && !shown.contains("hunter2"), "{shown}");
    }
}
