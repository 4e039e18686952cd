//! Hardware addresses (IEEE 802): six or eight bytes in hex between colons or hyphens, or three groups of four
//! between dots as Cisco writes them. Times, dates and fingerprints, which have other counts, are left, and so are
//! the addresses of nobody and everybody.

use super::{before, byte, is_word};
use crate::scan::Class;
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

const HEX: Class = |byte| byte.is_ascii_hexdigit();

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Mac],
    gates: &[
        Gate {
            before2: HEX,
            before: HEX,
            after: HEX,
            after2: HEX,
            ..Gate::new(Lane::Sign, |byte| byte == b':', verify)
        },
        Gate {
            before2: HEX,
            before: HEX,
            after: HEX,
            after2: HEX,
            ..Gate::new(Lane::Dash, |byte| matches!(byte, b'-' | b'.'), verify)
        },
    ],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let separator = text[at];
    let miss = Verdict::Miss { until: at + 1 };
    let group = if separator == b'.' { 4 } else { 2 };
    let Some(start) = at.checked_sub(group).filter(|start| *start >= floor) else { return miss };
    if !is_group(text, start, group) || byte(text, at + 1 + group) != separator {
        return miss;
    }
    let mut end = at;
    let mut groups = 1;
    while byte(text, end) == separator && is_group(text, end + 1, group) {
        end += 1 + group;
        groups += 1;
    }
    let miss = Verdict::Miss { until: end.max(at + 1) };
    let previous = before(text, start);
    let next = byte(text, end);
    let goes_on = next == separator && is_word(byte(text, end + 1));
    if is_word(previous) || previous == separator || is_word(next) || goes_on {
        return miss;
    }
    let digits = &text[start..end];
    let counted = if separator == b'.' { groups == 3 } else { matches!(groups, 6 | 8) };
    if counted && !is_nobodys(digits) && !is_look_alike(digits, separator) { Verdict::Hit { start, end } } else { miss }
}

fn is_group(text: &[u8], at: usize, len: usize) -> bool {
    text.get(at..at + len).is_some_and(|group| group.iter().all(u8::is_ascii_hexdigit))
}

/// All zero, or the broadcast address.
fn is_nobodys(digits: &[u8]) -> bool {
    let all = |of: fn(u8) -> bool| digits.iter().filter(|byte| byte.is_ascii_alphanumeric()).all(|&byte| of(byte));
    all(|byte| byte == b'0') || all(|byte| matches!(byte, b'f' | b'F'))
}

/// `26-11-21-12-30-45` is a time and `2026.1121.1230` a version: hyphens and dots need a hex letter.
fn is_look_alike(digits: &[u8], separator: u8) -> bool {
    separator != b':' && !digits.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn hardware_addresses_are_found() {
        hits(
            Rule::Mac,
            &[
                "«00:00:5e:00:53:af»",
                "mac=«00-00-5E-00-53-AF», up",
                "«0000.5e00.53af»",
                "eui-64 «02:00:5e:10:00:00:00:01».",
                "(«01:23:45:67:89:01»)",
            ],
        );
    }

    #[test]
    fn times_fingerprints_and_nobodys_addresses_are_left() {
        misses(
            Rule::Mac,
            &[
                "12:30:45",
                "00:00:00:00:00:00",
                "ff:ff:ff:ff:ff:ff",
                "FF-FF-FF-FF-FF-FF",
                "26-11-21-12-30-45",
                "2026.1121.1230",
                "de:ad:be:ef:00",
                "de:ad:be:ef:00:01:02",
                "16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
                "ab:cd:ef:ab:cd:efg",
                "xab:cd:ef:ab:cd:ef",
                "de:ad:be:ef:0001",
            ],
        );
    }
}
