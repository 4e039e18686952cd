//! The client's configuration as run: what is fallible is decided here, before anything starts.

use std::time::Duration;

use crate::client::measure::MeterSettings;
use crate::client::switch::{self, Environment, OffReason};
use crate::config::Config;
use crate::engine::Engine;
use crate::error::Result;
use crate::export::{RetryPolicy, Target};

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
    pub(crate) meter: MeterSettings,
}

impl Settings {
    pub(crate) fn new(config: &Config, environment: Environment<'_>) -> Result<Self> {
        config.check()?;
        let client = &config.client;
        let bounds = |items: u32, bytes: u32| Bounds { items: items as usize, bytes: bytes as usize };
        let queue = bounds(client.queue_max_items, client.queue_max_bytes);
        let batch = bounds(client.batch_max_items, client.batch_max_bytes);
        let engine = Engine::new(config)?;
        Ok(Self {
            target: match switch::off_reason(client.enabled, environment) {
                Some(reason) => Err(reason),
                None => Ok(Target::new(client, &engine, environment)?),
            },
            engine,
            queue,
            // A batch that the queue cannot hold would never fill.
            batch: Bounds { items: batch.items.min(queue.items), bytes: batch.bytes.min(queue.bytes) },
            flush_interval: millis(client.flush_interval_ms),
            meter: MeterSettings::new(client),
            retry: RetryPolicy {
                max_attempts: client.retry_max_attempts,
                initial: millis(client.retry_initial_ms),
                max: millis(client.retry_max_ms),
            },
        })
    }
}

fn millis(value: u32) -> Duration {
    Duration::from_millis(u64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_needs_no_endpoint() {
        let mut config = Config::default();
        config.client.enabled = Some(true);
        let settings = Settings::new(&config, &|name| (name == "DO_NOT_TRACK").then(|| "1".to_owned())).unwrap();
        assert_eq!(settings.target.err(), Some(OffReason::DoNotTrack));
    }
}
