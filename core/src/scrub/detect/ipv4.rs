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
    match address(&text[at..end]) {
        Some(address) if !is_nobodys(address) && !is_version(text, at, end) => Verdict::Hit { start: at, end },
        _ => miss,
    }
}

/// `text` as an address in dotted decimal, without leading zeros.
fn address(text: &[u8]) -> Option<Ipv4Addr> {
    if text.len() > MAX_LEN {
        return None;
    }
    let (mut octets, mut place, mut digits) = ([0; 4], 0, 0);
    for &byte in text {
        let octet = octets.get_mut(place)?;
        match byte {
            b'.' if digits > 0 => (place, digits) = (place + 1, 0),
            b'0'..=b'9' if digits == 0 || *octet > 0 => {
                *octet = u8::checked_mul(*octet, 10)?.checked_add(byte - b'0')?;
                digits += 1;
            }
            _ => return None,
        }
    }
    (place == octets.len() - 1 && digits > 0).then(|| Ipv4Addr::from(octets))
}

/// Words before a version, and products and parts of books that are numbered alike.
#[rustfmt::skip]
const VERSIONED: [&str; 41] = [
    "rv", "version", "ver", "vers", "v", "versions", "release", "rel", "build", "phone", "browser", "firmware", "driver",
    "update", "upgrade", "upgraded", "downgraded", "revision", "patch", "sdk", "jdk", "jre", "dll", "clr", "kernel",
    "bios", "chrome", "chromium", "firefox", "safari", "opera", "windows", "macos", "android", "ios",
    "instagram", "plugin", "section", "sections", "chapter", "clause",
];
/// Behind a version's last part: `1.2.3.4-rc1`.
const STAGES: [&[u8]; 9] =
    [b"alpha", b"beta", b"rc", b"snapshot", b"dev", b"preview", b"nightly", b"canary", b"hotfix"];
/// How a user agent begins; whoever logs one bare has versions in it.
const USER_AGENTS: [&[u8]; 3] = [b"Mozilla/", b"Opera/", b"Dalvik/"];

/// `Chrome/120.0.6099.71` (a product's name and a slash, not a URL's two), `rv:1.9.2.17`, `amd64~~6.1.1.1`.
fn is_version(text: &[u8], at: usize, end: usize) -> bool {
    let product = before(text, at) == b'/' && at.checked_sub(2).is_some_and(|i| is_word(text[i]) || text[i] == b')');
    product
        || before(text, at) == b'~'
        || word_before(text, at)
            .is_some_and(|word| word.is_any(&VERSIONED) || word.letters.to_ascii_lowercase().ends_with(b"version"))
        || is_stage(text, end)
        || USER_AGENTS.iter().any(|name| text.starts_with(name))
}

/// `-beta`, `-SNAPSHOT`, but not the `-` of a range or a label.
fn is_stage(text: &[u8], end: usize) -> bool {
    byte(text, end) == b'-'
        && STAGES
            .iter()
            .any(|stage| text.get(end + 1..end + 1 + stage.len()).is_some_and(|word| word.eq_ignore_ascii_case(stage)))
}

/// Whether the member called `name` holds a version: `app_version`, `firmware`, `os.build`. What has four parts there
/// is no address.
pub(in crate::scrub) fn is_version_name(name: &str) -> bool {
    /// Names, or the last words of names, that are compared from their end without case.
    const NAMES: [&[u8]; 11] = [
        b"version",
        b"release",
        b"build",
        b"firmware",
        b"revision",
        b"version_code",
        b"versionname",
        b"version_name",
        b"chrome",
        b"firefox",
        b"safari",
    ];
    let name = name.as_bytes();
    NAMES.iter().any(|known| {
        let start = name.len().checked_sub(known.len());
        start.is_some_and(|start| name[start..].eq_ignore_ascii_case(known))
    })
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
                "hosts «10.0.0.5»-«10.0.0.9», «10.0.0.3»-eth0",
            ],
        );
    }

    #[test]
    fn names_of_versions_are_known_by_their_end() {
        for name in ["version", "app_version", "service.version", "agentVersion", "firmware", "os.build", "Release"] {
            assert!(is_version_name(name), "{name}");
        }
        for name in ["client", "version_host", "edge", "edge_ip", "build_agent_address", "ip", ""] {
            assert!(!is_version_name(name), "{name}");
        }
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
                "app_version=1.2.3.4",
                "Assembly X, ProductVersion=1.2.3.4, Culture=neutral",
                "from 1.2.3.4-beta2 to 1.2.3.4-SNAPSHOT",
                "Chrome 24.1.2.3 on Windows 10.0.19.45",
                "see section 4.3.2.1 of the manual",
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
