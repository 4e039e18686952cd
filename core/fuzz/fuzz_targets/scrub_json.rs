//! The strict reader against a reference, and the walk: what it writes is the same document where nothing was found.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use scrubjay_core::{Code, Config, Engine};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Config::default()).expect("the defaults are valid"));

fuzz_target!(|bytes: &[u8]| {
    let ours = ENGINE.scrub_json(bytes);
    let theirs = serde_json::from_slice::<serde_json::Value>(bytes);
    let stricter = ours.violations.iter().any(|v| matches!(v.code, Code::JsonDuplicateKey | Code::JsonDepth));
    assert!(stricter || ours.json.is_some() == theirs.is_ok(), "readers disagree: {:?} {theirs:?}", ours.violations);
    if let Some(json) = ours.json {
        let written: serde_json::Value = serde_json::from_str(&json).expect("what is written is JSON");
        if ours.redactions.is_empty() {
            assert_eq!(Some(written), theirs.ok(), "a clean document changed");
        }
        assert_eq!(ENGINE.scrub_json(json.as_bytes()).json, Some(json), "not idempotent");
    }
});
