//! The client's configuration as run: what is fallible is decided here, before anything starts.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use crate::client::measure::MeterSettings;
use crate::client::spool::SpoolSettings;
use crate::client::switch::{self, Environment, OffReason, World};
use crate::config::{self, ClientConfig, Config, Resolved};
use crate::consent::{Gate, Refusal, Register, Rule, TrailKey};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::export::{DeletionRoute, RetryPolicy, Target};
use crate::sampling::Sampler;

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
        self.current()
    }
}

/// Everything a running client needs.
#[allow(clippy::struct_excessive_bools, reason = "switches, as the configuration has them")]
pub(crate) struct Snapshot {
    pub(crate) engine: Engine,
    /// Absent where everything is kept.
    pub(crate) sampler: Option<Sampler>,
    /// Where records go, or what keeps the client off whatever the user consents to.
    pub(crate) target: std::result::Result<Target, OffReason>,
    /// The way to the collector for what the user wants deleted, whatever keeps records from it.
    pub(crate) deletion: Option<DeletionRoute>,
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
    pub(crate) meter: MeterSettings,
    /// Where records wait that cannot be sent.
    pub(crate) spool: Option<SpoolSettings>,
    /// Whether `track` returns when its record is in the spool.
    pub(crate) durable: bool,
    pub(crate) self_metrics: bool,
    /// Whether warnings go to standard error (`TELEMETRY_DEBUG`).
    pub(crate) is_debug: bool,
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
                settings.first.resolved.warnings.push(error.to_string().into());
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

    /// Those that hold now. Whoever asks several things of them asks once: each call looks whether others followed.
    #[inline]
    pub(crate) fn current(&self) -> &Snapshot {
        // A client is seldom configured anew: the first ones are found without a loop.
        if self.next.get().is_none() { &self.first } else { &self.last().0.first }
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
        let engine = Engine::new(config)?;
        let off = switch::off_reason(client.enabled, resolved.source("/client/enabled"), environment);
        let target = match (off, client.enabled) {
            (Some(reason), _) => Err(reason),
            // Nobody but the user can turn it on, and who is not asked needs no endpoint.
            (None, None) => Target::new(client, &engine).map_err(|_| OffReason::Configuration),
            (None, Some(_)) => Ok(Target::new(client, &engine)?),
        };
        Ok(Self {
            target,
            deletion: DeletionRoute::new(client),
            gate: gate(client, world)?,
            upload: client.upload_enabled,
            meter: MeterSettings::new(client),
            sampler: Sampler::new(&config.sampling),
            engine,
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
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.target.is_ok() && self.gate.is_open()
    }
}

/// An explicit "on" is the operator's grant where no user was asked; without one, or where consent is required, only
/// the user's word opens the gate.
///
/// # Errors
/// `config_invalid` for a key of the audit trail that is none.
fn gate(client: &ClientConfig, world: &World<'_>) -> Result<Gate> {
    let absent = match (client.require_consent, client.enabled) {
        (true, _) => Some(Refusal::NotGranted),
        (false, Some(true)) => None,
        (false, _) => Some(Refusal::NotAsked),
    };
    let rule = Rule { absent, notice_version: client.notice_version.clone() };
    let folder = client.state_dir.as_ref().map(PathBuf::from).or_else(|| world.state_dir());
    let key = trail_key(world.environment)?;
    let register = |folder| Register::new(folder, client.service_name.clone()).with_key(key);
    Ok(Gate::new(folder.map(register), rule))
}

/// Seals the audit trail of the user's consent: 32 bytes of base64.
const TRAIL_KEY_VARIABLE: &str = "TELEMETRY_AUDIT_KEY";

fn trail_key(environment: Environment<'_>) -> Result<Option<TrailKey>> {
    let Some(text) = switch::text(TRAIL_KEY_VARIABLE, environment) else { return Ok(None) };
    let key = TrailKey::from_base64(&text).ok_or_else(|| {
        let message = "TELEMETRY_AUDIT_KEY must be the base64 text of 32 bytes, as `openssl rand -base64 32` prints";
        Error::new(ErrorKind::ConfigInvalid, "/client/state_dir", message)
    })?;
    Ok(Some(key))
}

fn millis(value: u32) -> Duration {
    Duration::from_millis(u64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_the_trail_that_is_none_is_an_error_that_does_not_quote_it() {
        let lookup = |name: &str| (name == "TELEMETRY_AUDIT_KEY").then(|| "hunter2".to_owned());
        let error = Settings::new(&Config::default(), &World::of(&lookup)).err().unwrap();
        assert!(error.message().contains("TELEMETRY_AUDIT_KEY") && !error.message().contains("hunter2"), "{error}");
    }

    #[test]
    fn off_needs_no_endpoint() {
        let mut config = Config::default();
        config.client.enabled = Some(true);
        let lookup = |name: &str| (name == "DO_NOT_TRACK").then(|| "1".to_owned());
        let settings = Settings::new(&config, &World::of(&lookup)).unwrap();
        assert_eq!(settings.off(), Some(OffReason::DoNotTrack));
    }
}
