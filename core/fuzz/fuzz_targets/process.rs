//! Reader and validator: any bytes give a JSON outcome, always the same, and what was accepted is accepted again
//! unchanged.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scrubjay_core::{Config, Engine, Status};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Config::default()).expect("the defaults are valid"));

fuzz_target!(|bytes: &[u8]| {
    let outcome = ENGINE.process(bytes, None);
    let text = outcome.to_json();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "the outcome is no JSON");
    assert_eq!(ENGINE.process(bytes, None).to_json(), text, "two outcomes for one record");
    if let (Status::Accepted, Some(record)) = (outcome.status, outcome.record) {
        let again = ENGINE.process(record.as_bytes(), None);
        assert_eq!((again.status, again.record.as_deref()), (Status::Accepted, Some(&*record)), "not idempotent");
    }
});
