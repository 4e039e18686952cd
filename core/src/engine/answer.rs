//! What the engine says of texts and documents that are no records.

use crate::json::write_string;
use crate::outcome::{Redaction, Violation, write_redactions, write_violations};

/// Free text after scrubbing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrubbedText {
    /// The clean text.
    pub text: String,
    /// What was changed, one entry a rule; paths are empty.
    pub redactions: Vec<Redaction>,
}

impl ScrubbedText {
    /// `{"redactions":[…],"text":…}`.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 32);
        out.push('{');
        write_redactions(&self.redactions, &mut out);
        out.push_str(",\"text\":");
        write_string(&self.text, &mut out);
        out.push('}');
        out
    }
}

/// A JSON document after scrubbing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrubbedJson {
    /// The clean document in canonical form, or nothing where it could not be read.
    pub json: Option<String>,
    /// Why it could not be read.
    pub violations: Vec<Violation>,
    /// What was changed, in document order.
    pub redactions: Vec<Redaction>,
}

impl ScrubbedJson {
    pub(super) fn unreadable(violation: Violation) -> Self {
        Self { json: None, violations: vec![violation], redactions: Vec::new() }
    }

    /// `{"violations":[…],"redactions":[…],"json":…}`.
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.json.as_ref().map_or(4, String::len) + 48);
        out.push('{');
        write_violations(&self.violations, &mut out);
        out.push(',');
        write_redactions(&self.redactions, &mut out);
        out.push_str(",\"json\":");
        out.push_str(self.json.as_deref().unwrap_or("null"));
        out.push('}');
        out
    }
}
