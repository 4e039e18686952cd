//! What stands behind the question mark of a URL or a path (RFC 3986, 3.4), with the fragment: search terms, filters,
//! ids of campaigns. Strict mode drops it; the path stays.

use super::{byte, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;
use crate::scrub::token::token_len;

/// How far a path is looked back at. What is longer is taken for one.
const MAX_PATH: usize = 256;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::UrlQuery],
    gates: &[Gate {
        before: |byte| is_part(byte) && byte != b'?',
        after: is_part,
        ..Gate::new(Lane::Sign, |byte| byte == b'?', verify)
    }],
};

/// A byte of a URL as it is found in texts: brackets of tokens are, and of sentences around it may be.
const fn is_part(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
        && !byte.is_ascii_control()
        && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\')
}

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let lowest = floor.max(at.saturating_sub(MAX_PATH));
    // No further back than the question mark before: each byte is looked at once.
    let start = (lowest..at).rev().take_while(|&i| is_part(text[i]) && text[i] != b'?').last().unwrap_or(at);
    let is_path = text[start..at].contains(&b'/') || start + MAX_PATH == at;
    let end = run(text, at + 1, is_part);
    // What ends the sentence or the parenthesis around it.
    let is_end = |byte: &u8| matches!(byte, b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b'}');
    let end = at + 1 + text[at + 1..end].iter().rposition(|byte| !is_end(byte)).map_or(0, |i| i + 1);
    let is_ours = token_len(&text[at + 1..]) == Some(end - at - 1);
    let is_query = is_path && !is_ours && end > at + 1 && (is_word(byte(text, at + 1)) || end > at + 2);
    if is_query { Verdict::Hit { start: at + 1, end } } else { Verdict::Miss { until: at + 1 } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn queries_are_found_and_paths_kept() {
        hits(
            Rule::UrlQuery,
            &[
                "https://www.example.com/search?«q=red+shoes&page=2#top», twice",
                "GET /api/v1/items?«limit=50» 200",
                "(see https://example.com/?«a=[email]&b=1»)",
                "\"/a/b?«c»\"",
                "https://example.com?«utm_source=x».",
            ],
        );
    }

    #[test]
    fn questions_and_what_was_dropped_are_left() {
        misses(
            Rule::UrlQuery,
            &["what? nothing", "who?me", "/path?", "/a/b? yes", "/a?[url_query]", "/a?[url_query].", "a ?? b", "x?.y"],
        );
    }
}
