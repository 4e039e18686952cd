//! E-mail addresses (RFC 5321): a local part, `@`, and a domain of at least two labels.

use super::words::Words;
use super::{byte, is_word};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// RFC 5321, 4.5.3.1.2.
const MAX_DOMAIN: usize = 255;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Email],
    gates: &[Gate {
        before: is_local,
        after: |byte| byte.is_ascii_alphanumeric() || byte >= 0x80,
        ..Gate::new(Lane::At, |byte| byte == b'@', verify)
    }],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    let mut start = at;
    // Linear in sum: no local part reaches back over the `@` before. Longer ones than RFC 5321 allows are taken
    // too, since what is no address may still be somebody's.
    while start > floor && IS_LOCAL[usize::from(text[start - 1])] {
        start -= 1;
    }
    // Quotes and dots around an address belong to the sentence.
    while start < at && !is_word(text[start]) {
        start += 1;
    }
    if start == at {
        return miss;
    }
    match domain_end(text, at + 1) {
        Some(end) if !is_remote(text, start, at, end) => Verdict::Hit { start, end },
        _ => miss,
    }
}

/// `git@example.com:team/app.git`, `ssh://git@example.com/…`: the account that everybody shares.
fn is_remote(text: &[u8], start: usize, at: usize, end: usize) -> bool {
    const ACCOUNTS: [&[u8]; 3] = [b"git", b"hg", b"svn"];
    let has_path = byte(text, end) == b':' && (is_word(byte(text, end + 1)) || byte(text, end + 1) == b'/');
    ACCOUNTS.contains(&&text[start..at]) && (has_path || text[..start].ends_with(b"://"))
}

/// Endings of file names and of a service manager's units that are no top-level domains: `logo@2x.png`,
/// `getty@tty1.service`.
#[rustfmt::skip]
static NO_DOMAINS: Words = Words::of(&[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "mjs", "cjs", "jsx", "tsx", "css", "html", "json",
    "yaml", "yml", "xml", "txt", "tgz", "gz", "jar", "whl", "deb", "rpm", "service", "socket", "timer", "mount",
]);

/// [`is_local`] of each byte.
static IS_LOCAL: [bool; 256] = {
    let (mut table, mut i) = ([false; 256], 0);
    while i < table.len() {
        table[i] = is_local(i.to_le_bytes()[0]);
        i += 1;
    }
    table
};

const fn is_local(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'.' | b'+' | b'-' | b'%' | b'\'' | b'!' | b'#' | b'$' | b'&' | b'*' | b'~')
}

/// The end of `label.label…tld` from `at`, whose last label is no number.
fn domain_end(text: &[u8], at: usize) -> Option<usize> {
    let is_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte >= 0x80;
    let limit = text.len().min(at + MAX_DOMAIN);
    let (mut end, mut label, mut labels, mut last) = (at, at, 0, at);
    loop {
        while end < limit && is_label(text[end]) {
            end += 1;
        }
        let trimmed = (label..end).rev().find(|&i| text[i] != b'-').map_or(label, |i| i + 1);
        if trimmed == label || text[label] == b'-' {
            break;
        }
        labels += 1;
        last = label;
        if trimmed < end || byte(text, end) != b'.' {
            end = trimmed;
            break;
        }
        label = end + 1;
        end = label;
    }
    // A dot that ends the sentence is not the domain's.
    if end == label && labels > 0 {
        end = label - 1;
    }
    let tld = &text[last..end];
    // No top-level domain begins with a digit: `kernel@6.1.0-9`.
    let is_tld = tld.len() >= 2 && !tld[0].is_ascii_digit();
    (labels >= 2 && is_tld && !NO_DOMAINS.has(tld)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn addresses_are_found_and_their_surroundings_kept() {
        hits(
            Rule::Email,
            &[
                "«ann@example.com»",
                "write to «ann.b+news@mail.example.co.uk».",
                "<«o'hara@example.org»>, (\"«x_y@a-b.io»\")",
                "mailto:«jörg@müller.example»?subject=x",
                "a=«1@x.dev»&b=«2@x.dev»",
                "«git@example.com» wrote to «digit@example.com»:8025",
            ],
        );
    }

    #[test]
    fn other_at_signs_are_left() {
        misses(
            Rule::Email,
            &[
                "user@localhost",
                "@example.com",
                "a@",
                "a@b.c",
                "npm i left-pad@1.3.0",
                "x@1.2.3.4",
                "a@-b.com",
                "@@@@",
                "git@example.com:team/app.git",
                "ssh://git@example.com/team/app",
                "img/logo@2x.png",
                "getty@tty1.service: started",
                "kernel@6.1.0-9",
            ],
        );
    }
}
