//! Configuration as people write it: one JSON object, checked whole before anything runs.
//!
//! [`keys`] names every key once; reading refuses what is not in it and suggests the nearest. What the loop
//! needs is compiled from this by [`Engine::new`](crate::Engine::new).

mod plan;
mod privacy;
mod spool;

use serde::Deserialize;
use serde_json::Value;

pub use self::privacy::{AllowConfig, CustomRule, PrivacyConfig, PrivacyMode, RuleAction, SealConfig};
pub use self::spool::SpoolConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Plan;

/// One key of the configuration: where it stands and what it is for.
pub(crate) struct Key {
    /// JSON Pointer; `*` stands for any one name or index.
    pub(crate) path: &'static str,
    /// One sentence for the documentation.
    pub(crate) doc: &'static str,
}

/// The keys of the other sections than `privacy`. Sections are keys too.
const KEYS: &[Key] = &[
    Key { path: "/plan", doc: "Tracking plan: the schema of each event's payload." },
    Key { path: "/plan/version", doc: "The plan's own version." },
    Key {
        path: "/plan/unplanned",
        doc: "What becomes of events that the plan does not name: allow (default) or reject.",
    },
    Key { path: "/plan/events", doc: "From channel.event to the schema of its payload." },
    Key { path: "/client", doc: "Queue, batches and export." },
    Key { path: "/client/enabled", doc: "Turns collection on; off unless true (or TELEMETRY_ENABLED)." },
    Key { path: "/client/endpoint", doc: "Base URL of the collector, http or https (or TELEMETRY_ENDPOINT)." },
    Key { path: "/client/api_key", doc: "Sent as a bearer token (or TELEMETRY_API_KEY)." },
    Key { path: "/client/queue_max_items", doc: "Records the queue holds; the oldest go first." },
    Key { path: "/client/queue_max_bytes", doc: "Bytes the queue holds; the oldest go first." },
    Key { path: "/client/batch_max_items", doc: "Records a request carries at most." },
    Key { path: "/client/batch_max_bytes", doc: "Bytes a request carries at most, before compression." },
    Key { path: "/client/flush_interval_ms", doc: "The longest a record waits for its batch to fill." },
    Key { path: "/client/request_timeout_ms", doc: "The longest one request may take." },
    Key { path: "/client/retry_max_attempts", doc: "Tries of one batch, the first included." },
    Key { path: "/client/retry_initial_ms", doc: "Upper end of the first retry's random wait; doubles each time." },
    Key { path: "/client/retry_max_ms", doc: "Upper end of any retry's wait." },
];

/// Every key there is.
pub(crate) fn keys() -> impl Iterator<Item = &'static Key> {
    privacy::KEYS.iter().chain(KEYS).chain(spool::KEYS)
}

/// The whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Config {
    /// What is scrubbed and how.
    pub privacy: PrivacyConfig,
    /// Tracking plan. Read apart, so that its numbers keep the text in which they stand.
    #[serde(skip)]
    pub plan: Option<Plan>,
    /// Queue, batches and export.
    pub client: ClientConfig,
}

/// The `client` section: plain numbers; nothing here starts anything.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ClientConfig {
    /// Explicit switch; absent means the environment decides, and the default is off.
    pub enabled: Option<bool>,
    /// Base URL of the collector; `/api/v1/telemetry/events/batch` is appended.
    pub endpoint: Option<String>,
    /// Sent as `authorization: Bearer …`. Never printed.
    pub api_key: Option<String>,
    /// Records the queue holds. OpenTelemetry's default for a batch processor.
    pub queue_max_items: u32,
    /// Bytes the queue holds: eight full batches.
    pub queue_max_bytes: u32,
    /// Records a request carries (R4: 100).
    pub batch_max_items: u32,
    /// Bytes a request carries: large enough to compress well, small enough to resend.
    pub batch_max_bytes: u32,
    /// Milliseconds a record waits for its batch (R4: 5 s).
    pub flush_interval_ms: u32,
    /// Milliseconds one request may take (OTLP's default: 10 s).
    pub request_timeout_ms: u32,
    /// Tries of one batch, the first included (R4: 3 retries).
    pub retry_max_attempts: u32,
    /// Milliseconds: upper end of the first wait.
    pub retry_initial_ms: u32,
    /// Milliseconds: upper end of any wait.
    pub retry_max_ms: u32,
    /// What cannot be sent waits on the disk, where a folder is given.
    pub spool: SpoolConfig,
    /// Whether `track` returns when the scrubbed record is on the disk for good. Needs a spool.
    pub durable: bool,
    /// Whether the client's own books are sent as metrics, once a minute.
    pub self_metrics: bool,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            enabled: None,
            endpoint: None,
            api_key: None,
            queue_max_items: 2_048,
            queue_max_bytes: 4 << 20,
            batch_max_items: 100,
            batch_max_bytes: 512 << 10,
            flush_interval_ms: 5_000,
            request_timeout_ms: 10_000,
            retry_max_attempts: 4,
            retry_initial_ms: 1_000,
            retry_max_ms: 30_000,
            spool: SpoolConfig::default(),
            durable: false,
            self_metrics: false,
        }
    }
}

impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig")
            .field("enabled", &self.enabled)
            .field("endpoint", &self.endpoint)
            .field("api_key", &self.api_key.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
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
        let mut config: Self = serde_path_to_error::deserialize(value).map_err(|e| {
            let path = pointer(e.path());
            let message = expected_at(&path);
            Error::new(ErrorKind::ConfigInvalid, path, message)
        })?;
        config.plan = plan;
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
        let client = &self.client;
        if let Some(endpoint) = &client.endpoint {
            require(
                endpoint.starts_with("http://") || endpoint.starts_with("https://"),
                "/client/endpoint",
                "must be a URL that starts with http:// or https://",
            )?;
        }
        for (value, path) in [
            (client.queue_max_items, "/client/queue_max_items"),
            (client.queue_max_bytes, "/client/queue_max_bytes"),
            (client.batch_max_items, "/client/batch_max_items"),
            (client.batch_max_bytes, "/client/batch_max_bytes"),
            (client.flush_interval_ms, "/client/flush_interval_ms"),
            (client.request_timeout_ms, "/client/request_timeout_ms"),
            (client.retry_max_attempts, "/client/retry_max_attempts"),
        ] {
            require(value > 0, path, "must be greater than 0")?;
        }
        require(client.batch_max_items <= 1_000, "/client/batch_max_items", "must be at most 1000")?;
        client.spool.check()
    }
}

fn require(holds: bool, path: &str, message: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::new(ErrorKind::ConfigInvalid, path, message)) }
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.extend(["/", &index.to_string()]),
            Segment::Map { key } => pointer.extend(["/", &escaped(key)]),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
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
        Value::Array(elements) => elements.iter().enumerate().map(|(i, child)| (i.to_string(), child)).collect(),
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

/// A name as a part of a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
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
    fn every_key_of_the_table_can_be_read() {
        for key in keys() {
            let mut value = serde_json::json!(null);
            for name in key.path.rsplit('/').filter(|name| !name.is_empty()) {
                value = serde_json::json!({ name: value });
            }
            // Known to the table; a null may be refused by type, but never as unknown.
            let refused = Config::from_json(&value.to_string()).err().map(|e| e.kind());
            assert_ne!(refused, Some(ErrorKind::ConfigUnknownKey), "{}", key.path);
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let text = r#"{"privacy":{"pseudonym_key":"0123456789abcdef"},"client":{"api_key":"hunter2hunter2"}}"#;
        let shown = format!("{:?}", Config::from_json(text).unwrap());
        assert!(!shown.contains("0123456789abcdef") && !shown.contains("hunter2"), "{shown}");
    }
}
