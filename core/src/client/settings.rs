//! The client's configuration as run: what is fallible is decided here, before anything starts.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::client::switch::{self, Environment, OffReason, World};
use crate::config::{self, ClientConfig, Config, Resolved};
use crate::consent::{Gate, Refusal, Register, Rule};
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

/// How often a client takes another configuration: each is kept until the client goes, since its parts are in use.
const MAX_CHANGES: usize = 1_000;

/// A client's configuration as run, and those that followed it. Dereferences to the one that holds now.
///
/// Nobody who reads it waits: a change appends, and never touches what is in use.
pub(crate) struct Settings {
    first: Snapshot,
    next: OnceLock<Box<Settings>>,
}

impl Deref for Settings {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.last().0.first
    }
}

/// Everything a running client needs.
pub(crate) struct Snapshot {
    pub(crate) engine: Engine,
    /// Where records go, or what keeps the client off whatever the user consents to.
    pub(crate) target: std::result::Result<Target, OffReason>,
    /// What the user consents to.
    pub(crate) gate: Gate,
    /// Whether records leave this machine.
    pub(crate) upload: bool,
    pub(crate) queue: Bounds,
    pub(crate) batch: Bounds,
    pub(crate) flush_interval: Duration,
    pub(crate) retry: RetryPolicy,
    /// The configuration and who decided what in it.
    pub(crate) resolved: Resolved,
    /// The configuration file that counted.
    pub(crate) file: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn new(config: &Config, world: &World<'_>) -> Result<Self> {
        Ok(Self { first: Snapshot::new(config, world)?, next: OnceLock::new() })
    }

    /// Those of somebody who only asks or withdraws: no endpoint is needed, and none that is wrong is in the way.
    pub(crate) fn without_sending(config: &Config, world: &World<'_>) -> Result<Self> {
        match Self::new(config, world) {
            Err(error) if error.path() == "/client/endpoint" => {
                let mut silent = config.clone();
                silent.client.enabled = Some(false);
                silent.client.endpoint = None;
                let mut settings = Self::new(&silent, world)?;
                settings.first.resolved.warnings.push(error.to_string());
                Ok(settings)
            }
            settings => settings,
        }
    }

    /// Lets another configuration hold from now on.
    ///
    /// # Errors
    /// `closed` after [`MAX_CHANGES`].
    pub(crate) fn replace(&self, fresh: Self) -> Result<()> {
        let mut fresh = Box::new(fresh);
        loop {
            let (last, changes) = self.last();
            if changes >= MAX_CHANGES {
                return Err(Error::new(
                    ErrorKind::Closed,
                    "",
                    "the client took 1000 configurations: make a new client",
                ));
            }
            fresh.first.gate.inherit(&last.first.gate);
            // Somebody else may be faster: then it follows theirs.
            let Err(back) = last.next.set(fresh) else { return Ok(()) };
            fresh = back;
        }
    }

    /// Differs after each change.
    pub(crate) fn revision(&self) -> usize {
        self.last().1
    }

    fn last(&self) -> (&Self, usize) {
        let mut last = (self, 0);
        while let Some(next) = last.0.next.get() {
            last = (next, last.1 + 1);
        }
        last
    }
}

impl Snapshot {
    fn new(code: &Config, world: &World<'_>) -> Result<Self> {
        code.check()?;
        let environment = world.environment;
        let mut warnings = config::unknown_variables(world.names.iter().cloned());
        let file = config::find(environment, world.folder.as_deref(), &mut warnings)?;
        let mut resolved = config::resolve(code, environment, file.as_ref().map(|file| &file.config))?;
        resolved.warnings.splice(0..0, warnings);
        let config = &resolved.config;
        let client = &config.client;
        let bounds = |items: u32, bytes: u32| Bounds { items: items as usize, bytes: bytes as usize };
        let queue = bounds(client.queue_max_items, client.queue_max_bytes);
        let batch = bounds(client.batch_max_items, client.batch_max_bytes);
        let off = switch::off_reason(client.enabled, resolved.source("/client/enabled"), environment);
        let target = match (off, client.enabled) {
            (Some(reason), _) => Err(reason),
            // Nobody but the user can turn it on, and who is not asked needs no endpoint.
            (None, None) => target(client, environment).map_err(|_| OffReason::Configuration),
            (None, Some(_)) => Ok(target(client, environment)?),
        };
        Ok(Self {
            engine: Engine::new(config)?,
            target,
            gate: gate(client, world),
            upload: client.upload_enabled,
            queue,
            // A batch that the queue cannot hold would never fill.
            batch: Bounds { items: batch.items.min(queue.items), bytes: batch.bytes.min(queue.bytes) },
            flush_interval: millis(client.flush_interval_ms),
            retry: RetryPolicy {
                max_attempts: client.retry_max_attempts,
                initial: millis(client.retry_initial_ms),
                max: millis(client.retry_max_ms),
            },
            file: file.map(|file| file.path),
            resolved,
        })
    }

    /// What keeps the client off.
    pub(crate) fn off(&self) -> Option<OffReason> {
        match &self.target {
            Err(reason) => Some(*reason),
            Ok(_) => self.gate.verdict().err().map(OffReason::from),
        }
    }

    /// Whether anything may be captured.
    pub(crate) fn is_on(&self) -> bool {
        self.target.is_ok() && self.gate.is_open()
    }
}

/// An explicit "on" is the operator's grant where no user was asked; without one, or where consent is required, only
/// the user's word opens the gate.
fn gate(client: &ClientConfig, world: &World<'_>) -> Gate {
    let absent = match (client.require_consent, client.enabled) {
        (true, _) => Some(Refusal::NotGranted),
        (false, Some(true)) => None,
        (false, _) => Some(Refusal::NotAsked),
    };
    let rule = Rule { absent, notice_version: client.notice_version.clone() };
    let folder = client.state_dir.as_ref().map(PathBuf::from).or_else(|| world.state_dir());
    Gate::new(folder.map(|folder| Register::new(folder, client.service_name.clone())), rule)
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
        Ok(Settings::new(&config, &World::of(&lookup))?.first.target.unwrap())
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
        let lookup = |name: &str| (name == "DO_NOT_TRACK").then(|| "1".to_owned());
        let settings = Settings::new(&config, &World::of(&lookup)).unwrap();
        assert_eq!(settings.off(), Some(OffReason::DoNotTrack));
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
