//! The client against a real server on the loopback interface. Nothing sleeps: tests wait for requests.

mod bounds;
mod capture;
mod consent;
mod control;
mod deletion;
mod delivery;
mod export;
mod failure;
mod faults;
mod inspect;
mod kill;
mod later;
mod leaving;
mod lifecycle;
mod metrics;
mod otlp;
mod proxy;
mod samples;
mod server;
mod soak;
mod span;
mod spool;
mod tls;
mod withdrawal;

use std::time::Duration;

use serde_json::Value;

use crate::config::{ClientConfig, Config};

use super::Client;
use super::switch::World;

/// Far beyond what any step takes; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client that is on, sends only full batches unless told to flush, and retries without delay.
fn client(endpoint: &str, change: impl FnOnce(&mut ClientConfig)) -> Client {
    Client::with_world(&config(endpoint, change), &World::of(&|_| None)).unwrap()
}

fn config(endpoint: &str, change: impl FnOnce(&mut ClientConfig)) -> Config {
    let mut config = Config::default();
    config.client.enabled = Some(true);
    config.client.endpoint = Some(endpoint.to_owned());
    config.client.flush_interval_ms = 3_600_000;
    config.client.retry_initial_ms = 1;
    config.client.retry_max_ms = 2;
    change(&mut config.client);
    config
}

fn record(n: usize) -> Vec<u8> {
    format!(r#"{{"channel":"app","event":"e{n:04}","timestamp":"2026-01-02T03:04:05Z","payload":{{}}}}"#).into()
}

fn track(client: &Client, numbers: impl IntoIterator<Item = usize>) {
    for n in numbers {
        assert!(client.track(&record(n)));
    }
}

/// The client's statistics, whose books must balance whenever they are read.
fn stats(client: &Client) -> Value {
    let stats: Value = serde_json::from_str(&client.stats()).unwrap();
    let dropped: u64 = stats["dropped"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    let count = |name: &str| stats[name].as_u64().unwrap();
    assert_eq!(count("accepted"), count("delivered") + count("pending") + dropped, "{stats}");
    stats
}
