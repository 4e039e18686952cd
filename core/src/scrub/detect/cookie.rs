//! Cookies in header dumps (RFC 6265): what stands behind `Cookie:` and `Set-Cookie:`, since any of them may be a
//! session. The header's name stays.

use super::secret_extent::rest_of_header;
use super::secret_label::Label;
use super::secret_value::is_placeholder;
use crate::scrub::detector::Verdict;
use crate::scrub::policy::Rule;

/// The cookies behind `label`, whose sign stands at `at`.
pub(super) fn verify(text: &[u8], at: usize, label: &Label) -> Option<Verdict> {
    let (start, end) = rest_of_header(text, label.value, label.quote);
    let value = &text[start..end];
    // A consent, a count, a mere word: no pair, no cookie, and none in the rest of the line either.
    if !value.contains(&b'=') {
        return Some(Verdict::Miss { until: end.max(at + 1) });
    }
    (!is_placeholder(value)).then_some(Verdict::HitAs { start, end, rule: Rule::Cookie })
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
