//! The client's configuration as run: what is fallible is decided here, before anything starts.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::client::spool::SpoolSettings;
use crate::client::switch::{self, Environment, OffReason};
use crate::config::{ClientConfig, Config};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::export::{RetryPolicy, Target};

/// What the collector's base URL is continued by.
const BATCH_ROUTE: [&str; 5] = ["api", "v1", "telemetry", "events", "batch"];

/// How many records and bytes something holds at most.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
}

/// Everything a running client needs and never changes.
pub(crate) struct Settings {
    pub(crate) engine: Engine,
    /// Where records go, or what keeps the client off.
    pub(crate) target: std::result::Result<Target, OffReason>,
    pub(crate) queue: Bounds,
    pub(crate) batch: Bounds,
    pub(crate) flush_interval: Duration,
    pub(crate) retry: RetryPolicy,
    /// Where records wait that cannot be sent.
    pub(crate) spool: Option<SpoolSettings>,
    /// Whether `track` returns when its record is in the spool.
    pub(crate) durable: bool,
    pub(crate) self_metrics: bool,
    /// Whether warnings go to standard error (`TELEMETRY_DEBUG`).
    pub(crate) is_debug: bool,
}

impl Settings {
    pub(crate) fn new(config: &Config, environment: Environment<'_>) -> Result<Self> {
        config.check()?;
        let client = &config.client;
        let bounds = |items: u32, bytes: u32| Bounds { items: items as usize, bytes: bytes as usize };
        let queue = bounds(client.queue_max_items, client.queue_max_bytes);
        let batch = bounds(client.batch_max_items, client.batch_max_bytes);
        Ok(Self {
            engine: Engine::new(config)?,
            target: match switch::off_reason(client.enabled, environment) {
                Some(reason) => Err(reason),
                None => Ok(target(client, environment)?),
            },
            queue,
            // A batch that the queue cannot hold would never fill.
            batch: Bounds { items: batch.items.min(queue.items), bytes: batch.bytes.min(queue.bytes) },
            flush_interval: millis(client.flush_interval_ms),
            retry: RetryPolicy {
                max_attempts: client.retry_max_attempts,
                initial: millis(client.retry_initial_ms),
                max: millis(client.retry_max_ms),
            },
            spool: SpoolSettings::new(client, environment)?,
            durable: client.durable,
            self_metrics: client.self_metrics,
            is_debug: switch::text("TELEMETRY_DEBUG", environment).is_some_and(|word| word == "1"),
        })
    }
}

fn millis(value: u32) -> Duration {
    Duration::from_millis(u64::from(value))
}

fn target(client: &ClientConfig, environment: Environment<'_>) -> Result<Target> {
    let endpoint = client.endpoint.clone().or_else(|| switch::text("TELEMETRY_ENDPOINT", environment));
    let Some(endpoint) = endpoint else {
        return Err(bad_endpoint("telemetry is on but has no collector: set /client/endpoint or TELEMETRY_ENDPOINT"));
    };
    let api_key = client.api_key.clone().or_else(|| switch::text("TELEMETRY_API_KEY", environment));
    Ok(Target {
        url: batch_url(&endpoint)?,
        authorization: api_key.as_deref().map(bearer).transpose()?,
        request_timeout: millis(client.request_timeout_ms),
    })
}

fn bad_endpoint(message: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, "/client/endpoint", message)
}

fn batch_url(endpoint: &str) -> Result<Url> {
    let not_a_url =
        || bad_endpoint("must be a URL that starts with http:// or https:// (set here or by TELEMETRY_ENDPOINT)");
    let mut url = Url::parse(endpoint).map_err(|_| not_a_url())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(not_a_url());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad_endpoint("must not carry credentials: use /client/api_key or TELEMETRY_API_KEY"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad_endpoint("must be a base URL, without query or fragment"));
    }
    url.path_segments_mut().map_err(|()| not_a_url())?.pop_if_empty().extend(BATCH_ROUTE);
    Ok(url)
}

fn bearer(api_key: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {api_key}")).map_err(|_| {
        let message = "must be visible ASCII: it is sent as a bearer token (set here or by TELEMETRY_API_KEY)";
        Error::new(ErrorKind::ConfigInvalid, "/client/api_key", message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(endpoint: Option<&str>, variables: &[(&str, &str)]) -> Result<Target> {
        let mut config = Config::default();
        config.client.enabled = Some(true);
        config.client.endpoint = endpoint.map(str::to_owned);
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Ok(Settings::new(&config, &lookup)?.target.unwrap())
    }

    fn refusal(endpoint: Option<&str>, variables: &[(&str, &str)]) -> Error {
        on(endpoint, variables).err().unwrap()
    }

    #[test]
    fn the_batch_route_continues_the_base_url() {
        for (base, full) in [
            ("http://localhost:4000", "http://localhost:4000/api/v1/telemetry/events/batch"),
            ("http://localhost:4000/", "http://localhost:4000/api/v1/telemetry/events/batch"),
            ("https://example.com/in", "https://example.com/in/api/v1/telemetry/events/batch"),
        ] {
            assert_eq!(on(Some(base), &[]).unwrap().url.as_str(), full);
        }
    }

    #[test]
    fn the_environment_fills_in_what_the_configuration_leaves_open() {
        let variables = [("TELEMETRY_ENDPOINT", "http://from-env"), ("TELEMETRY_API_KEY", "k1")];
        let target = on(None, &variables).unwrap();
        assert_eq!(target.url.host_str(), Some("from-env"));
        assert_eq!(target.authorization.unwrap(), "Bearer k1");
        assert_eq!(on(Some("http://from-code"), &variables).unwrap().url.host_str(), Some("from-code"));
    }

    #[test]
    fn on_without_an_endpoint_is_an_error_that_says_how_to_set_it() {
        let error = refusal(None, &[("TELEMETRY_ENDPOINT", " ")]);
        assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, "/client/endpoint"));
        assert!(error.message().contains("TELEMETRY_ENDPOINT"), "{error}");
    }

    #[test]
    fn off_needs_no_endpoint() {
        let mut config = Config::default();
        config.client.enabled = Some(true);
        let settings = Settings::new(&config, &|name| (name == "DO_NOT_TRACK").then(|| "1".to_owned())).unwrap();
        assert_eq!(settings.target.err(), Some(OffReason::DoNotTrack));
    }

    #[test]
    fn an_endpoint_is_a_plain_base_url_and_is_never_quoted() {
        for bad in
            ["file:///hunter2", "http://", "hunter2", "http://u:hunter2@h", "http://h/?k=hunter2", "http://h#hunter2"]
        {
            let error = refusal(None, &[("TELEMETRY_ENDPOINT", bad)]);
            assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, "/client/endpoint"), "{bad}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_api_key_that_no_header_can_carry_is_refused() {
        let error = refusal(Some("http://h"), &[("TELEMETRY_API_KEY", "hunter2\r\nx: y")]);
        assert_eq!((error.kind(), error.path()), (ErrorKind::ConfigInvalid, "/client/api_key"));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
