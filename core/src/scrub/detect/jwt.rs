//! JSON Web Tokens (RFC 7519): three base64url parts, the first of which begins like a JSON object.

use super::{before, byte, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::policy::Rule;

/// The base64url of `{"`, with which every header begins.
const HEADER: &[u8] = b"eyJ";

pub(super) const DETECTOR: Detector = Detector { rule: Rule::Jwt, trigger: |byte| byte == b'e', verify };

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    if !text[at..].starts_with(HEADER) || at < floor || is_base64url(before(text, at)) {
        return Verdict::Miss { until: at + 1 };
    }
    let header_end = run(text, at, is_base64url);
    // The payload is a JSON object too. A token whose signature was cut off is no less a secret.
    if !text[header_end..].starts_with(b".eyJ") {
        return Verdict::Miss { until: header_end };
    }
    let payload_end = run(text, header_end + 1, is_base64url);
    let end = if byte(text, payload_end) == b'.' { run(text, payload_end + 1, is_base64url) } else { payload_end };
    Verdict::Hit { start: at, end: if end == payload_end + 1 { payload_end } else { end } }
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn tokens_are_found() {
        hits(
            Rule::Jwt,
            &[
                "«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N»",
                "token=«eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0».",
            ],
        );
    }

    #[test]
    fn other_base64_is_left() {
        misses(Rule::Jwt, &["eyJhbGciOiJIUzI1NiJ9", "keyJ.eyJx", "they", "eyJ-eyJ-eyJ-", "e.e.e"]);
    }
}
