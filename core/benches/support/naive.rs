//! The design that comes to mind first, done well: a tree, a schema validator, one compiled regular expression for each
//! kind of personal data over each string, and the tree as text.

use regex::{NoExpand, Regex};
use serde_json::Value;

/// Kinds and patterns. Checksums and the like are left out.
const DETECTORS: [(&str, &str); 22] = [
    ("[private_key]", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?"),
    ("[otp]", r"otpauth://[^\s]+"),
    ("[url_credentials]", r"[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@"),
    ("[jwt]", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+"),
    ("[authorization]", r"(?i)\b(?:bearer|basic)\s+[a-z0-9._~+/-]{8,}=*"),
    ("[cookie]", r"(?i)\b(?:set-)?cookie:\s*[^\r\n]+"),
    ("[secret]", r#"(?i)\b(?:password|passwd|secret|token|api_?key)\s*[=:]\s*[^\s"',;&]{4,}"#),
    ("[aws_key]", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    ("[github_token]", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    ("[slack_token]", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("[google_key]", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("[stripe_key]", r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}\b"),
    ("[email]", r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b"),
    ("[iban]", r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"),
    ("[card]", r"\b[3-6](?:[ -]?[0-9]){12,18}\b"),
    ("[ssn]", r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b"),
    ("[mac]", r"\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"),
    ("[ip]", r"\b(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4})+\b"),
    ("[ip]", r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"),
    ("[phone]", r"(?:\+[0-9]{1,3}[ .-]?)?(?:\([0-9]{3}\) ?|\b[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}\b"),
    ("[crypto]", r"\b(?:0x[0-9a-fA-F]{40}|bc1[a-z0-9]{25,60})\b"),
    ("[path]", r"(?:/home/|/Users/|C:\\Users\\)[^/\\\s]+"),
];

/// Names whose values go whatever they look like.
const NAMES: &str =
    r"(?i)^(?:.*(?:password|secret|token|api_?key|authorization|cookie).*|e?mail|phone|ssn|iban|card(?:_number)?)$";

/// The schema of events, as it is published.
const SCHEMA: &str = include_str!("../../schemas/telemetry_event_v1.json");

pub(crate) struct Naive {
    schema: jsonschema::Validator,
    detectors: Vec<(&'static str, Regex)>,
    names: Regex,
}

impl Naive {
    pub(crate) fn new() -> Self {
        // Word boundaries of ASCII: those of Unicode would make the automata slower.
        let pattern = |pattern: &str| Regex::new(&pattern.replace(r"\b", r"(?-u:\b)")).unwrap();
        Self {
            schema: jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap(),
            detectors: DETECTORS.iter().map(|(kind, of)| (*kind, pattern(of))).collect(),
            names: pattern(NAMES),
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
