//! The design that comes to mind first, done well: a tree, a schema validator, one compiled regular expression for each
//! kind of personal data over each string, and the tree as text.

use regex::{NoExpand, Regex};
use serde::Deserialize;
use serde_json::Value;

/// One pattern for each of the engine's detectors, and names whose values go whatever they look like; the collector's
/// benchmark has the same for JavaScript. Checksums are left out, and folding of evasions, which no pattern can do.
const PATTERNS: &str = include_str!("patterns.json");

/// The schema of events, as it is published.
const SCHEMA: &str = include_str!("../../schemas/telemetry_event_v1.json");

pub(crate) struct Naive {
    schema: jsonschema::Validator,
    detectors: Vec<(String, Regex)>,
    names: Regex,
}

#[derive(Deserialize)]
struct Patterns {
    names: Pattern,
    detectors: Vec<Detector>,
}

#[derive(Deserialize)]
struct Detector {
    kind: String,
    pattern: Pattern,
}

/// A regular expression in pieces, for the reader's sake.
#[derive(Deserialize)]
struct Pattern(Vec<String>);

impl Pattern {
    fn compiled(&self) -> Regex {
        // Word boundaries of ASCII: those of Unicode would make the automata slower.
        Regex::new(&self.0.concat().replace(r"\b", r"(?-u:\b)")).unwrap()
    }
}

impl Naive {
    pub(crate) fn new() -> Self {
        let patterns: Patterns = serde_json::from_str(PATTERNS).unwrap();
        Self {
            schema: jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap(),
            detectors: patterns.detectors.iter().map(|of| (format!("[{}]", of.kind), of.pattern.compiled())).collect(),
            names: patterns.names.compiled(),
        }
    }

    /// The record, scrubbed, and whether it is valid.
    pub(crate) fn process(&self, record: &[u8]) -> (bool, String) {
        let mut tree: Value = serde_json::from_slice(record).unwrap();
        if let Some(members) = tree.as_object_mut() {
            members.entry("schema").or_insert_with(|| "telemetry_event_v1".into());
        }
        let is_valid = self.schema.is_valid(&tree);
        self.scrub(&mut tree);
        (is_valid, tree.to_string())
    }

    fn scrub(&self, tree: &mut Value) {
        let mut left = vec![tree];
        while let Some(value) = left.pop() {
            match value {
                Value::String(text) => self.scrub_text(text),
                Value::Array(items) => left.extend(items),
                Value::Object(members) => {
                    for (name, value) in members {
                        if value.is_string() && self.names.is_match(name) {
                            *value = "[secret]".into();
                        } else {
                            left.push(value);
                        }
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
    }

    fn scrub_text(&self, text: &mut String) {
        for (kind, pattern) in &self.detectors {
            if let std::borrow::Cow::Owned(clean) = pattern.replace_all(text, NoExpand(kind)) {
                *text = clean;
            }
        }
    }
}
