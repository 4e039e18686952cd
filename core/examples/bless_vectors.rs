//! Writes the expected results into the vectors: `cargo run -p scrubjay-core --example bless_vectors -- DIR`.
//!
//! Give a new case its name and input, run this, and read the difference before you commit it: what stands in the
//! files is what every runtime is held to.

use std::error::Error;
use std::path::{Path, PathBuf};

use scrubjay_core::{SpanContext, ffi};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
struct File {
    name: String,
    config: serde_json::Value,
    cases: Vec<Case>,
}

#[derive(Deserialize, Serialize)]
struct Case {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_hex: Option<String>,
    /// The second text of `plan_diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stamp: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Expected>,
}

#[derive(Deserialize, Serialize)]
struct Expected {
    code: String,
    path: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: bless_vectors DIR")?;
    let mut files = Vec::new();
    json_files(Path::new(&folder), &mut files)?;
    for path in files {
        let mut file: File = serde_json::from_str(&std::fs::read_to_string(&path)?)?;
        let config = file.config.as_str().map_or_else(|| file.config.to_string(), str::to_owned);
        let engine = ffi::Engine::new(&config)?;
        for case in &mut file.cases {
            let result = case.run(&engine, &config)?;
            (case.outcome, case.error) = match result {
                Ok(text) => (Some(text), None),
                Err(error) => (None, Some(Expected { code: error.kind().code().into(), path: error.path().into() })),
            };
        }
        std::fs::write(&path, serde_json::to_string_pretty(&file)? + "\n")?;
    }
    Ok(())
}

/// A new `traceparent` without what is random in it: the span's digits, and the trace's where no parent gives them.
fn masked_traceparent(parent: &str) -> String {
    let root = || SpanContext::root([7; 24]);
    let header = SpanContext::parse(parent).map_or_else(root, |parent| parent.child([7; 8])).to_string();
    let trace = &header[3..35];
    let trace = if parent.contains(trace) { trace.to_owned() } else { "_".repeat(trace.len()) };
    format!("{}-{trace}-{}{}", &header[..2], "_".repeat(16), &header[52..])
}

impl Case {
    fn run(&self, engine: &ffi::Engine, config: &str) -> Result<Result<String, scrubjay_core::Error>, Box<dyn Error>> {
        let bytes = self.bytes()?;
        let text = self.input.as_deref().unwrap_or_default();
        let stamp = self.stamp.as_ref().map(ToString::to_string);
        Ok(match self.call.as_deref().unwrap_or("process") {
            "process" => engine.process(&bytes, stamp.as_deref()),
            "scrub_text" => engine.scrub_text(text),
            "scrub_json" => engine.scrub_json(&bytes),
            "explain" => engine.explain(&bytes, stamp.as_deref()),
            "unseal" => {
                let (key, text) = text.split_once('\n').ok_or("unseal: expected a line with the key, then the text")?;
                ffi::unseal(key, text)
            }
            "config" => ffi::Engine::new(text).map(|_| String::new()),
            "sample" => ffi::sample(config, text),
            "traceparent" => Ok(ffi::read_traceparent(text)),
            "new_traceparent" => Ok(masked_traceparent(text)),
            "plan_check" => ffi::plan_check(text),
            "plan_diff" => ffi::plan_diff(text, self.new.as_deref().unwrap_or_default()),
            "stamp" => engine.process(b"{}", Some(text)),
            "fail" => ffi::fail_for_test(text),
            "panic" => ffi::panic_for_test(),
            other => return Err(format!("{}: no such call: {other}", self.name).into()),
        })
    }

    fn bytes(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let Some(hex) = &self.input_hex else { return Ok(self.input.clone().unwrap_or_default().into_bytes()) };
        let pairs = (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16));
        Ok(pairs.collect::<Result<_, _>>()?)
    }
}

fn json_files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            json_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    Ok(())
}
