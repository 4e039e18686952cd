//! The detectors: no text makes them panic, and a second pass finds nothing.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scrubjay_core::{Config, Engine};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Config::default()).expect("the defaults are valid"));

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let once = ENGINE.scrub_text(&text);
    let twice = ENGINE.scrub_text(&once.text);
    assert_eq!(twice.text, once.text, "not idempotent");
    assert!(twice.redactions.is_empty(), "found again");
});
