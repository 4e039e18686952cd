//! Cookies in header dumps (RFC 6265): what stands behind `Cookie:` and `Set-Cookie:`, since any of them may be a
//! session. The header's name stays.

use super::secret_extent::rest_of_header;
use super::secret_name::Sense;
use super::secret_text::label;
use super::secret_value::is_placeholder;
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::policy::Rule;

pub(super) const DETECTOR: Detector =
    Detector { rule: Rule::Cookie, trigger: |byte| matches!(byte, b':' | b'=' | b','), verify };

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    let Some(label) = label(text, at, floor).filter(|label| label.sense == Sense::Cookie) else { return miss };
    let (start, end) = rest_of_header(text, label.value, label.quote);
    let value = &text[start..end];
    // A consent, a count, a mere word: no pair, no cookie, and none in the rest of the line either.
    if !value.contains(&b'=') {
        return Verdict::Miss { until: end.max(at + 1) };
    }
    if is_placeholder(value) { miss } else { Verdict::Hit { start, end } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn cookies_are_found_and_other_headers_kept() {
        hits(
            Rule::Cookie,
            &[
                "Cookie: «sid=31d4d96e407aad42; theme=dark»",
                "Host: a.example\nSet-Cookie: «sid=31d4; Path=/; HttpOnly»\nAccept: */*",
                "{Host: a.example, Cookie: «session=abc123», X-Request-Id: 7}",
                "curl -H 'Cookie: «a=b»' https://a.example",
                r#""cookie": "«a=b; c=d»", "x": 1"#,
            ],
        );
    }

    #[test]
    fn talk_of_cookies_is_left() {
        misses(Rule::Cookie, &["cookie: none", "cookies: 12", "Cookie: [cookie]", "cookie_consent: a=b", "Cookie:"]);
    }
}
