//! IPv4 addresses in dotted decimal, but not the four-part versions that look alike.

use std::net::Ipv4Addr;

use super::{before, byte, is_word, run, version};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::Gate;
use crate::scrub::policy::Rule;

/// `255.255.255.255`
pub(in crate::scrub) const MAX_LEN: usize = 15;

/// `1.1.1.1`
const MIN_DIGITS: usize = 4;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Ipv4],
    gates: &[Gate {
        after: |byte| byte.is_ascii_digit() || byte == b'.',
        after2: |byte| byte.is_ascii_digit() || byte == b'.',
        run: |digits, behind| digits <= 3 && behind == b'.',
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
        Some(address) if !is_nobodys(address) && !version::is_version(text, at, end) => Verdict::Hit { start: at, end },
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

/// Names of versions, or the last words of names, that are compared from their end without case.
pub(in crate::scrub) const VERSIONS: [&str; 11] = [
    "version",
    "release",
    "build",
    "firmware",
    "revision",
    "version_code",
    "versionname",
    "version_name",
    "chrome",
    "firefox",
    "safari",
];

/// Whether the member called `name` holds a version: `app_version`, `firmware`, `os.build`. What has four parts there
/// is no address.
pub(in crate::scrub) fn is_version_name(name: &str) -> bool {
    let name = name.as_bytes();
    VERSIONS.iter().any(|known| {
        let start = name.len().checked_sub(known.len());
        start.is_some_and(|start| name[start..].eq_ignore_ascii_case(known.as_bytes()))
    })
}

/// Where the last part begins of `text` that is an address of somebody, and nothing else. What every detector together
/// finds there is this.
pub(in crate::scrub) fn host_of(text: &[u8]) -> Option<usize> {
    if text.len() > MAX_LEN || !text.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let (mut octets, mut octet, mut digits, mut dots, mut host) = ([0u8; 4], 0u32, 0, 0, 0);
    for (i, &byte) in text.iter().enumerate() {
        if byte == b'.' {
            let (Ok(value), true, Some(place)) = (u8::try_from(octet), digits > 0, octets.get_mut(dots)) else {
                return None;
            };
            *place = value;
            (octet, digits, dots, host) = (0, 0, dots + 1, i + 1);
        } else {
            // A leading zero would be octal to some.
            if !byte.is_ascii_digit() || digits == 3 || digits == 1 && octet == 0 {
                return None;
            }
            (octet, digits) = (octet * 10 + u32::from(byte - b'0'), digits + 1);
        }
    }
    let (Ok(value), true) = (u8::try_from(octet), digits > 0 && dots == 3) else { return None };
    octets[3] = value;
    (!is_nobodys(Ipv4Addr::from(octets))).then_some(host)
}

/// Addresses that stand for no host: this one, this network (RFC 791), everyone.
fn is_nobodys(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.octets()[0] == 0 || address.is_broadcast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::scrub::detector::examples::{found, hits, misses};

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
                "update from «203.0.113.7» to «203.0.113.8», or «203.0.113.9» and others",
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
                "upgraded to 1.2.3.4",
                "upgrading from 4.18.0.19 to 4.18.0.20",
                "version is 1.2.3.4, build number 1.2.3.5",
                "needs 1.2.3.4 or later, not 1.2.3.3 and earlier",
                "between versions 1.2.3.4 and 1.2.3.9",
                "got 1.2.3.4-rc1 and 1.2.3.4 (beta)",
                "0.12.3.4",
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

    proptest! {
        #[test]
        fn a_whole_address_is_all_that_is_found_in_it(text in "([0-9]{1,3}[.]){3}[0-9]{1,3}[.]?|[0-9.]{1,16}") {
            let all: Vec<_> = found(&text, |_| true).iter().map(|hit| (hit.start, hit.end, hit.rule)).collect();
            let is_all = all == [(0, text.len(), Rule::Ipv4)];
            let host = text.rfind('.').map(|dot| dot + 1).filter(|_| is_all);
            prop_assert_eq!(host_of(text.as_bytes()), host, "{}: {:?}", text, all);
        }
    }
}
