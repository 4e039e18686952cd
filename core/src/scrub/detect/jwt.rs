//! JSON Web Tokens (RFC 7519): three base64url parts (five when encrypted, RFC 7516), the first of which begins
//! like a JSON object.

use super::{before, byte, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// The base64url of `{"`, with which every header begins.
const HEADER: &[u8] = b"eyJ";

/// The base64url of `{"alg`, `{"typ`, `{"kid`, `{"enc`, `{"cty`, `{"zip`, `{"x5t`: names of RFC 7515 and RFC 7516.
const HEADERS: [&[u8]; 7] = [b"eyJhbGci", b"eyJ0eXAi", b"eyJraWQi", b"eyJlbmMi", b"eyJjdHki", b"eyJ6aXAi", b"eyJ4NXQ"];
/// RFC 7516: header, key, vector, text, tag.
const MAX_PARTS: usize = 5;
/// Behind the header; less is a file's extension.
const MIN_REST: usize = 8;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Jwt],
    gates: &[Gate {
        before: |byte| !is_base64url(byte),
        after: |byte| byte == b'y',
        after2: |byte| byte == b'J',
        ..Gate::new(Lane::Letter, |byte| byte == b'e', verify)
    }],
};

pub(super) fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    if !text[at..].starts_with(HEADER) || at < floor || is_base64url(before(text, at)) {
        return Verdict::Miss { until: at + 1 };
    }
    let header_end = run(text, at, is_base64url);
    // The payload is a JSON object too, or encrypted behind a header that names its algorithm. A token whose signature
    // was cut off is no less a secret.
    let is_payload = text[header_end..].starts_with(b".eyJ");
    let is_header = HEADERS.iter().any(|name| text[at..].starts_with(name)) && byte(text, header_end) == b'.';
    if !is_payload && !is_header {
        return Verdict::Miss { until: header_end };
    }
    let (mut end, mut parts) = (header_end, 1);
    // A part may be empty: RFC 7516's key with direct encryption, RFC 7515's signature of "none".
    while parts < MAX_PARTS && byte(text, end) == b'.' {
        end = run(text, end + 1, is_base64url);
        parts += 1;
    }
    // Full stops that end the sentence.
    while text[end - 1] == b'.' {
        end -= 1;
    }
    if end < header_end + MIN_REST { Verdict::Miss { until: end } } else { Verdict::Hit { start: at, end } }
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
                "a «eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0».",
                "«eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..48V1_ALb6US04U3b.5eym8TW_c8SuK0lt.XFBoMYUZodetZdvT»",
                "«eyJhbGciOiJIUzI1NiJ9.c2VuZDNrM3lzMTIzNDU2»",
            ],
        );
    }

    #[test]
    fn other_base64_is_left() {
        misses(Rule::Jwt, &["eyJhbGciOiJIUzI1NiJ9", "keyJ.eyJx", "they", "eyJ-eyJ-eyJ-", "e.e.e"]);
    }
}
