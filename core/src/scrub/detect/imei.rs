//! Serial numbers of mobile devices (3GPP TS 23.003): 15 digits with a Luhn check digit, or 16 with a software
//! version instead, written 2-6-6-1. Fifteen digits alone are anything's id and count only beside a label.

use super::card::luhn;
use super::words::{Words, label_before};
use super::{before, byte, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::Gate;
use crate::scrub::policy::Rule;

static LABELS: Words = Words::of(&["imei", "imeisv", "meid", "imeis"]);
static FILLERS: Words = Words::of(&["number", "no", "is", "code", "sv"]);

/// In the first bytes of a number in its widest form, `35-209900-176148`.
const MIN_DIGITS: usize = 13;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Imei],
    gates: &[Gate {
        after: |byte| byte.is_ascii_digit(),
        ..Gate::at_digit(|before| !is_word(before) && !matches!(before, b'.' | b'-' | b'+'), MIN_DIGITS, verify)
    }],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let first_end = run(text, at, |byte| byte.is_ascii_digit());
    let miss = Verdict::Miss { until: first_end };
    let previous = before(text, at);
    let first = first_end - at;
    if at < floor
        || !matches!(first, 2 | 6 | 8 | 15 | 16)
        || is_word(previous)
        || matches!(previous, b'.' | b'-' | b'+')
    {
        return miss;
    }
    match read(text, at) {
        Some(end) => Verdict::Hit { start: at, end },
        None => miss,
    }
}

/// Digits of a number with its check digit, and with two of a version.
const SHORTEST: usize = 15;
const LONGEST: usize = 16;
const MAX_GROUPS: usize = 4;

fn read(text: &[u8], at: usize) -> Option<usize> {
    let separator = |byte| matches!(byte, b'-' | b' ' | b'/');
    let (mut digits, mut count) = ([0; LONGEST], 0);
    let (mut sizes, mut groups, mut end) = ([0; MAX_GROUPS], 0, at);
    while groups < MAX_GROUPS {
        let next = run(text, end, |byte| byte.is_ascii_digit());
        sizes[groups] = next - end;
        groups += 1;
        digits.get_mut(count..count + next - end)?.copy_from_slice(&text[end..next]);
        count += next - end;
        end = next;
        if count >= SHORTEST || !separator(byte(text, end)) || !byte(text, end + 1).is_ascii_digit() {
            break;
        }
        end += 1;
    }
    let next = byte(text, end);
    if is_word(next) || matches!(next, b'-' | b'.') && is_word(byte(text, end + 1)) {
        return None;
    }
    let labelled = || label_before(text, at, &LABELS, &FILLERS).is_some();
    let found = match sizes[..groups] {
        [2, 6, 6, 1] => luhn(&digits[..count]) || labelled(),
        [2, 6, 6, 2] | [6, 2, 6, 1 | 2] | [8, 6, 1 | 2] | [15 | 16] => labelled(),
        _ => false,
    };
    found.then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn device_numbers_are_found() {
        hits(
            Rule::Imei,
            &[
                "«49-015420-323751-8»",
                "IMEI: «490154203237518»",
                "imei=«490154203237518» ok",
                "imeisv «49-015420-323751-02»",
                "imei number is «490154-20-323751-8»",
            ],
        );
    }

    #[test]
    fn other_digits_are_left() {
        misses(
            Rule::Imei,
            &["490154203237518", "49-015420-323751-7", "49-015420-323751-8-1", "id 176369616012345", "imei: 4901"],
        );
    }
}
