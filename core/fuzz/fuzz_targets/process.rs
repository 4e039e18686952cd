//! Reader and validator: any bytes give a JSON outcome, always the same, and what was accepted is accepted again
//! unchanged. Lines are records of their own, too: whatever a thread has learned of others, an outcome is the same.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scrubjay_core::twin::forget_structures;
use scrubjay_core::{Config, Engine, Status};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Config::default()).expect("the defaults are valid"));

/// More structures than that learn nothing new from one another.
const RECORDS: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').take(RECORDS).collect();
    let cold = |line: &&[u8]| {
        forget_structures();
        ENGINE.process(line, None)
    };
    let expected: Vec<_> = lines.iter().map(cold).collect();
    for _ in 0..2 {
        for (line, expected) in lines.iter().zip(&expected) {
            assert_eq!(&ENGINE.process(line, None), expected, "what was learned changed an outcome");
        }
    }
    let outcome = ENGINE.process(bytes, None);
    let text = outcome.to_json();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "the outcome is no JSON");
    assert_eq!(ENGINE.process(bytes, None).to_json(), text, "two outcomes for one record");
    if let (Status::Accepted, Some(record)) = (outcome.status, outcome.record) {
        let again = ENGINE.process(record.as_bytes(), None);
        assert_eq!((again.status, again.record.as_deref()), (Status::Accepted, Some(&*record)), "not idempotent");
    }
});
