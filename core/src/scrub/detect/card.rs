//! Payment cards (ISO/IEC 7812): 13 to 19 digits of an issuer's range whose Luhn check digit holds, plain or in
//! the groups that are printed on cards. Length alone would eat order numbers and epochs.

use super::{before, byte, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::policy::Rule;

/// ISO/IEC 7812-1: the shortest and the longest in use.
const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// 19 digits in groups of four have four separators.
const MAX_LEN: usize = 23;

pub(super) const DETECTOR: Detector = Detector { rule: Rule::Card, trigger: |byte| byte.is_ascii_digit(), verify };

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let group_end = run(text, at, |byte| byte.is_ascii_digit());
    let miss = Verdict::Miss { until: group_end };
    let previous = before(text, at);
    // In the middle of a word, a number or a dotted version.
    if at < floor || is_word(previous) || matches!(previous, b'.') {
        return miss;
    }
    match plain_end(text, at, group_end).or_else(|| grouped_end(text, at, group_end)) {
        Some(end) => Verdict::Hit { start: at, end },
        None => miss,
    }
}

fn plain_end(text: &[u8], at: usize, end: usize) -> Option<usize> {
    (DIGITS.contains(&(end - at)) && ends_there(text, end) && is_card(&text[at..end])).then_some(end)
}

/// Groups as printed: fours with a last group of one to four, or 4-6-5 and 4-6-4 (American Express, Diners).
fn grouped_end(text: &[u8], at: usize, first_end: usize) -> Option<usize> {
    let separator = byte(text, first_end);
    if first_end - at != 4 || !matches!(separator, b' ' | b'-') {
        return None;
    }
    let mut digits = Vec::with_capacity(MAX_LEN);
    digits.extend_from_slice(&text[at..first_end]);
    let mut sizes = vec![4];
    let (mut end, mut found) = (first_end, None);
    while byte(text, end) == separator && digits.len() < *DIGITS.end() {
        let next = run(text, end + 1, |byte| byte.is_ascii_digit());
        let size = next - end - 1;
        if !(1..=6).contains(&size) {
            break;
        }
        digits.extend_from_slice(&text[end + 1..next]);
        sizes.push(size);
        end = next;
        let printed = matches!(sizes[..], [4, 6, 4 | 5] | [4, 4, 4, 1..=4] | [4, 4, 4, 4, 1..=3]);
        if printed && DIGITS.contains(&digits.len()) && ends_there(text, end) && is_card(&digits) {
            found = Some(end);
        }
    }
    found
}

/// Not in the middle of a word or a decimal number.
fn ends_there(text: &[u8], end: usize) -> bool {
    let next = byte(text, end);
    let decimal = next == b'.' && byte(text, end + 1).is_ascii_digit();
    !decimal && !is_word(next)
}

fn is_card(digits: &[u8]) -> bool {
    is_issued(digits) && luhn(digits) && digits.iter().any(|digit| *digit != digits[0])
}

/// The ranges of the card schemes in use: Mastercard 2 and 5, American Express, Diners and JCB 3, Visa 4, Maestro,
/// Discover and `UnionPay` 6. Numbers that begin with 1 (epochs), 0, 7, 8 and 9 are no payment cards.
fn is_issued(digits: &[u8]) -> bool {
    matches!(
        digits,
        [b'3', b'0' | b'4'..=b'9', ..] | [b'4' | b'6', ..] | [b'5', b'0'..=b'8', ..] | [b'2', b'2'..=b'7', ..]
    )
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let value = u32::from(digit - b'0') << (i % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn cards_are_found_plain_and_in_groups() {
        hits(
            Rule::Card,
            &[
                "«4111111111111111»",
                "card «4111 1111 1111 1111», exp 12/29",
                "«5500-0055-5555-5559» declined",
                "amex «3782 822463 10005»",
                "diners «3056 930902 5904»",
                "maestro 19: «6304 9850 2809 0561 515»",
                "(«2223003122003222»)",
            ],
        );
    }

    #[test]
    fn other_digits_are_left() {
        misses(
            Rule::Card,
            &[
                "4111 1111 1111 1112",
                "order 20261121123456",
                "1763696160123456789",
                "epoch 1763696160123",
                "4444444444444444",
                "id4111111111111111",
                "0.4111111111111111",
                "4111 11 1111 1111 11",
                "41111111111111111111111111",
            ],
        );
    }
}
