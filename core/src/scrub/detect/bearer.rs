//! Credentials of an `Authorization` header in running text (RFC 6750, RFC 7617): `Bearer …`, `Basic …`. The
//! scheme's name stays.

use super::{before, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// Shorter words behind "bearer" are English.
const MIN_LEN: usize = 8;
/// From here on a run of letters alone is no English word either.
const SURE_LEN: usize = 20;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Bearer],
    gates: &[Gate {
        before: |byte| !is_word(byte),
        after: |byte| matches!(byte, b'e' | b'E' | b'a' | b'A'),
        after2: |byte| matches!(byte, b'a' | b'A' | b's' | b'S'),
        ..Gate::new(Lane::Letter, |byte| matches!(byte, b'B' | b'b'), verify)
    }],
};

pub(super) fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    let Some(scheme) = [&b"bearer"[..], b"basic"]
        .into_iter()
        .find(|scheme| text.get(at..at + scheme.len()).is_some_and(|word| word.eq_ignore_ascii_case(scheme)))
    else {
        return miss;
    };
    let gap = at + scheme.len();
    let start = run(text, gap, |byte| byte == b' ');
    if at < floor || is_word(before(text, at)) || start == gap {
        return miss;
    }
    let end = run(text, start, is_token68);
    let token = &text[start..end];
    // A word of lower-case letters is prose: "basic authentication", "bearer token".
    let is_prose =
        token.len() < SURE_LEN && token.iter().all(|byte| byte.is_ascii_lowercase() || !byte.is_ascii_alphanumeric());
    // A compound of words is prose too: "basic DTD-related events", "Basic Authentication".
    let is_compound = token.len() < SURE_LEN
        && token.split(|byte| !byte.is_ascii_alphanumeric()).all(|word| {
            let rest = word.get(1..).unwrap_or_default();
            rest.iter().all(u8::is_ascii_lowercase) || word.iter().all(u8::is_ascii_uppercase)
        });
    let end = start + token.iter().rposition(|byte| !matches!(byte, b'.' | b'-')).map_or(0, |i| i + 1);
    if end - start < MIN_LEN || is_prose || is_compound { miss } else { Verdict::Hit { start, end } }
}

/// RFC 7235's `token68`.
const fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn credentials_are_found_and_the_scheme_is_kept() {
        hits(
            Rule::Bearer,
            &[
                "Authorization: Bearer «mF_9.B5f-4.1JqM»",
                "authorization: basic «QWxhZGRpbjpvcGVuIHNlc2FtZQ==»,",
                "BEARER  «0123456789abcdef».",
            ],
        );
    }

    #[test]
    fn prose_is_left() {
        misses(
            Rule::Bearer,
            &[
                "bearer token expired",
                "basic authentication",
                "Basic Authentication required",
                "basic DTD-related events",
                "the bearer of bad news",
                "Bearer ",
                "forebearer Ab12345678",
            ],
        );
    }
}
