//! The conformance vectors, through the typed engine and through the text facade. See tests/README.md.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may fail loudly")]

use std::path::Path;

use scrubjay_core::{Config, Engine, Error, Plan, SpanContext, Stamp, ffi};
use serde_json::Value;

/// Runs every case with `run` and prints the count that all runtimes must share.
fn run_all(run: impl Fn(&str, &str, &[u8], Option<String>) -> Result<String, Error>) {
    let (mut cases, mut files) = (0, 0);
    for path in json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")) {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for case in file["cases"].as_array().unwrap() {
            let hex = case["input_hex"]
                .as_str()
                .map(|hex| (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16)));
            let input = hex.map_or_else(
                || case["input"].as_str().unwrap().into(),
                |bytes| bytes.map(Result::unwrap).collect::<Vec<u8>>(),
            );
            // The second argument of the few calls that have one.
            let stamp = case.get("new").and_then(Value::as_str).map(str::to_owned);
            let stamp = stamp.or_else(|| case.get("stamp").map(Value::to_string));
            let call = case["call"].as_str().unwrap_or("process");
            let place = format!("{}: {}", path.display(), case["name"]);
            // Text where a number would lose digits in a host's own reader.
            let config = file["config"].as_str().map_or_else(|| file["config"].to_string(), str::to_owned);
            match run(call, &config, &input, stamp) {
                Ok(text) => assert_eq!(Some(text.as_str()), case["outcome"].as_str(), "{place}"),
                Err(error) => assert_eq!(
                    (Some(error.kind().code()), Some(error.path())),
                    (case["error"]["code"].as_str(), case["error"]["path"].as_str()),
                    "{place}"
                ),
            }
            cases += 1;
        }
        files += 1;
    }
    assert!(cases > 0, "no vectors found");
    println!("vectors: {cases} cases in {files} files");
}

/// A new `traceparent` without what is random in it: the span's digits, and the trace's where no parent gives them.
fn masked_traceparent(parent: &str) -> String {
    let root = || SpanContext::root([7; 24]);
    let header = SpanContext::parse(parent).map_or_else(root, |parent| parent.child([7; 8])).to_string();
    let trace = &header[3..35];
    let trace = if parent.contains(trace) { trace.to_owned() } else { "_".repeat(trace.len()) };
    format!("{}-{trace}-{}{}", &header[..2], "_".repeat(16), &header[52..])
}

fn json_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { json_files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_facade_gives_the_exact_text_of_every_vector() {
    run_all(|call, config, input, stamp| {
        let (engine, text) = (ffi::Engine::new(config)?, || std::str::from_utf8(input).unwrap());
        match call {
            "process" => engine.process(input, stamp.as_deref()),
            "scrub_text" => engine.scrub_text(text()),
            "scrub_json" => engine.scrub_json(input),
            "explain" => engine.explain(input, stamp.as_deref()),
            "unseal" => {
                let (key, text) = text().split_once('\n').unwrap();
                ffi::unseal(key, text)
            }
            "config" => ffi::Engine::new(text()).map(|_| String::new()),
            "sample" => ffi::sample(config, text()),
            "traceparent" => Ok(ffi::read_traceparent(text())),
            "new_traceparent" => Ok(masked_traceparent(text())),
            "plan_check" => ffi::plan_check(text()),
            "plan_diff" => ffi::plan_diff(text(), &stamp.unwrap_or_default()),
            "stamp" => engine.process(b"{}", Some(text())),
            "fail" => ffi::fail_for_test(text()),
            "panic" => ffi::panic_for_test(),
            other => panic!("no such call: {other}"),
        }
    });
}

#[test]
fn the_typed_engine_gives_the_exact_text_of_every_vector() {
    run_all(|call, config, input, stamp| {
        let (engine, text) = (Engine::new(&Config::from_json(config)?)?, || std::str::from_utf8(input).unwrap());
        if let ("plan_diff", Some(new)) = (call, &stamp) {
            let read = |side: &str, text: &str| {
                Plan::from_json(text).map_err(|e| Error::new(e.kind(), format!("/{side}{}", e.path()), e.message()))
            };
            return Ok(read("old", text())?.diff(&read("new", new)?).to_json());
        }
        let stamp = stamp.map(|stamp| Stamp::from_json(&stamp)).transpose()?;
        match call {
            "process" => Ok(engine.process(input, stamp.as_ref()).to_json()),
            "scrub_text" => Ok(engine.scrub_text(text()).to_json()),
            "scrub_json" => Ok(engine.scrub_json(input).to_json()),
            "explain" => Ok(engine.explain(input, stamp.as_ref()).to_json()),
            "unseal" => {
                let (key, text) = text().split_once('\n').unwrap();
                ffi::unseal(key, text)
            }
            "config" => Config::from_json(text()).and_then(|config| Engine::new(&config)).map(|_| String::new()),
            "sample" => ffi::sample(config, text()),
            "traceparent" => Ok(ffi::read_traceparent(text())),
            "new_traceparent" => Ok(masked_traceparent(text())),
            "plan_check" => ffi::plan_check(text()),
            "stamp" => Stamp::from_json(text()).map(|_| String::new()),
            "fail" => ffi::fail_for_test(text()),
            "panic" => ffi::panic_for_test(),
            other => panic!("no such call: {other}"),
        }
    });
}

#[test]
fn every_code_and_rule_stands_in_a_vector() {
    let mut all = String::new();
    for path in json_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")) {
        all += &std::fs::read_to_string(path).unwrap().replace("\\\"", "\"").replace(": \"", ":\"");
    }
    let codes: Value = serde_json::from_str(&ffi::codes()).unwrap();
    for (list, key) in [
        ("statuses", "status"),
        ("violations", "code"),
        ("errors", "code"),
        ("actions", "action"),
        ("rules", "rule"),
        ("reasons", "reason"),
    ] {
        // No input brings a defect that we know of; a unit test of the engine injects one.
        for code in codes[list].as_array().unwrap().iter().filter(|code| *code != "defect") {
            assert!(all.contains(&format!("\"{key}\":{code}")), "no vector has {key} {code}");
        }
    }
}
