//! IPv6 addresses (RFC 4291), but not the times, paths and MAC addresses that have colons too.

use std::net::Ipv6Addr;

use super::{before, byte, is_word};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`
const MAX_LEN: usize = 45;
/// A group has at most four digits: how far before the first colon an address can begin.
const MAX_GROUP: usize = 4;

/// `::1`, and eight groups of which the last two may be an IPv4 address.
const MIN_COLONS: usize = 2;
const FULL: usize = 6;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Ipv6],
    gates: &[Gate {
        before: |byte| byte.is_ascii_hexdigit() || !is_word(byte) && byte != b':',
        after: |byte| byte.is_ascii_hexdigit() || byte == b':',
        ..Gate::new(Lane::Sign, |byte| byte == b':', verify)
    }],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let lowest = floor.max(at.saturating_sub(MAX_GROUP));
    let mut start = at;
    while start > lowest && text[start - 1].is_ascii_hexdigit() {
        start -= 1;
    }
    let limit = text.len().min(start + MAX_LEN + 1);
    let mut end = at;
    while end < limit && is_address_byte(text[end]) {
        end += 1;
    }
    // Whatever the run is, its other colons belong to it: asking at each of them would be quadratic.
    let miss = Verdict::Miss { until: end.max(at + 1) };
    if is_word(before(text, start)) || before(text, start) == b':' || is_word(byte(text, end)) {
        return miss;
    }
    // Punctuation that ends the sentence is not the address's.
    while end > start && matches!(text[end - 1], b'.' | b':') && !text[..end].ends_with(b"::") {
        end -= 1;
    }
    // The standard library's parser tells the rest.
    let colons = text[start..end].iter().map(|byte| usize::from(*byte == b':')).sum::<usize>();
    let is_short = text[start..end].windows(2).any(|two| two == b"::");
    if colons < MIN_COLONS || !is_short && colons < FULL {
        return miss;
    }
    let address = std::str::from_utf8(&text[start..end]).ok().and_then(|text| text.parse::<Ipv6Addr>().ok());
    // `dead::face` is a path in some languages; an address of a host has a digit somewhere.
    let has_digit = text[start..end].iter().any(u8::is_ascii_digit);
    match address {
        Some(address) if has_digit && !address.is_loopback() && !address.is_unspecified() => {
            Verdict::Hit { start, end }
        }
        _ => miss,
    }
}

const fn is_address_byte(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b':' || byte == b'.'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn addresses_are_found() {
        hits(
            Rule::Ipv6,
            &[
                "«2001:db8::1»",
                "from [«2001:db8:85a3::8a2e:370:7334»]:443.",
                "«fe80::1ff:fe23:4567:890a»%eth0",
                "«::ffff:203.0.113.77»",
                "«2001:0db8:0000:0000:0000:ff00:0042:8329»,",
            ],
        );
    }

    #[test]
    fn other_colons_are_left() {
        misses(
            Rule::Ipv6,
            &[
                "12:34:56",
                "std::vec::Vec",
                "a::b",
                "00:1a:2b:3c:4d:5e",
                "::1",
                "::",
                "http://x:8080",
                "1:2:3:4:5:6:7:8:9",
                ":::::::::",
            ],
        );
    }
}
