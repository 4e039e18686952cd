//! IPv4 addresses in dotted decimal, but not the four-part versions that look alike.

use std::net::Ipv4Addr;

use super::words::word_before;
use super::{before, byte, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::Gate;
use crate::scrub::policy::Rule;

/// `255.255.255.255`
const MAX_LEN: usize = 15;

/// `1.1.1.1`
const MIN_DIGITS: usize = 4;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Ipv4],
    gates: &[Gate {
        after: |byte| byte.is_ascii_digit() || byte == b'.',
        after2: |byte| byte.is_ascii_digit() || byte == b'.',
        ..Gate::at_digit(|before| !is_word(before) && before != b'.', MIN_DIGITS, verify)
    }],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let end = run(text, at, |byte| byte.is_ascii_digit() || byte == b'.');
    let miss = Verdict::Miss { until: end };
    let previous = before(text, at);
    if at < floor || is_word(previous) || previous == b'.' || is_word(byte(text, end)) {
        return miss;
    }
    // A full stop that ends the sentence is not the address's.
    let end = if text[end - 1] == b'.' { end - 1 } else { end };
    let is_address = end - at <= MAX_LEN && text[at..end].split(|byte| *byte == b'.').nth(3).is_some();
    let address = std::str::from_utf8(&text[at..end]).ok().filter(|_| is_address);
    match address.and_then(|text| text.parse::<Ipv4Addr>().ok()) {
        Some(address) if !is_nobodys(address) && !is_version(text, at) => Verdict::Hit { start: at, end },
        _ => miss,
    }
}

/// Words before a version.
const VERSIONED: [&str; 14] = [
    "rv", "version", "ver", "vers", "v", "release", "rel", "build", "phone", "browser", "firmware", "driver", "update",
    "revision",
];
/// How a user agent begins; whoever logs one bare has versions in it.
const USER_AGENTS: [&[u8]; 3] = [b"Mozilla/", b"Opera/", b"Dalvik/"];

/// `Chrome/120.0.6099.71` (a product's name and a slash, not a URL's two), `rv:1.9.2.17`, `amd64~~6.1.1.1`.
fn is_version(text: &[u8], at: usize) -> bool {
    let product = before(text, at) == b'/' && at.checked_sub(2).is_some_and(|i| is_word(text[i]) || text[i] == b')');
    product
        || before(text, at) == b'~'
        || word_before(text, at).is_some_and(|word| word.is_any(&VERSIONED))
        || USER_AGENTS.iter().any(|name| text.starts_with(name))
}

/// Addresses that stand for no host: this one, any, everyone.
fn is_nobodys(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_unspecified() || address.is_broadcast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn addresses_are_found() {
        hits(
            Rule::Ipv4,
            &[
                "«203.0.113.77»",
                "from «10.1.2.3»:8080, via «192.168.1.9».",
                "http://«198.51.100.4»/path",
                "«1.1.1.1»/32",
                "[«8.8.8.8»]",
            ],
        );
    }

    #[test]
    fn versions_and_addresses_of_nobody_are_left() {
        misses(
            Rule::Ipv4,
            &[
                "Chrome/120.0.6099.71 Safari/537.36",
                "v1.2.3.4",
                "(Windows; rv:1.9.2.17)",
                "Windows Phone 6.5.3.5",
                "version 1.2.3.4",
                "Package_for_KB1~amd64~~6.1.1.2",
                "Mozilla/5.0 (X11) Thing 3.1.10.4",
                "1.2.3",
                "1.2.3.4.5",
                "256.1.1.1",
                "01.2.3.4",
                "127.0.0.1",
                "0.0.0.0",
                "1.2.3.4rc1",
                "........",
            ],
        );
    }
}
