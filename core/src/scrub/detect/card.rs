//! Payment cards (ISO/IEC 7812): 12 to 19 digits of an issuer's range and length whose Luhn check digit holds, plain
//! or in the groups that are printed on cards, whatever separates them. Length alone would eat order numbers and
//! epochs.

use super::words::{Words, label_before};
use super::{before, byte, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::Gate;
use crate::scrub::policy::Rule;

/// ISO/IEC 7812-1: the longest in use.
const MAX_DIGITS: usize = 19;
/// Maestro's shortest, which count only beside a label: as many digits as ids and counters have.
const SHORT: usize = 12;
/// Bytes between two groups: `4111 - 1111`, or a line's end and an indent.
const MAX_SEPARATOR: usize = 3;
/// Half of a number that was broken in the middle.
const MAX_GROUP: usize = 8;
static LABELS: Words = Words::of(&["card", "cards", "creditcard", "debitcard", "maestro", "pan", "cc"]);
/// Things that are numbered, in one go.
static THINGS: Words = Words::of(&[
    "tracking",
    "shipment",
    "parcel",
    "waybill",
    "consignment",
    "barcode",
    "ean",
    "upc",
    "iccid",
    "snowflake",
    "epoch",
    "timestamp",
]);
static THING_FILLERS: Words = Words::of(&["number", "no", "nr", "num", "id", "is"]);
static FILLERS: Words = Words::of(&["number", "no", "nr", "num", "is"]);

/// In the first bytes of a number in its widest form, `4111 - 1111 - 11`.
const MIN_DIGITS: usize = 10;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Card],
    gates: &[Gate {
        after: |byte| byte.is_ascii_digit(),
        after2: |byte| byte.is_ascii_digit(),
        ..Gate::at_digit(|before| !is_word(before) && before != b'.', MIN_DIGITS, verify)
    }],
};

pub(super) fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let group_end = run(text, at, |byte| byte.is_ascii_digit());
    let miss = Verdict::Miss { until: group_end };
    let previous = before(text, at);
    // In the middle of a word, a number, a dotted version, or a negative id such as `blk_-4`.
    let negative = previous == b'-' && is_word(before(text, at - 1));
    if at < floor || is_word(previous) || matches!(previous, b'.') || negative {
        return miss;
    }
    match plain_end(text, at, group_end).or_else(|| grouped_end(text, at, group_end)) {
        Some(end) => Verdict::Hit { start: at, end },
        None => miss,
    }
}

fn plain_end(text: &[u8], at: usize, end: usize) -> Option<usize> {
    let digits = &text[at..end];
    let labelled = || digits.len() != SHORT || label_before(text, at, &LABELS, &FILLERS).is_some();
    // One number in seventy that was drawn has a card's check digit and range.
    let is_of_thing = || label_before(text, at, &THINGS, &THING_FILLERS).is_some();
    (ends_there(text, end) && is_card(digits) && labelled() && !is_of_thing()).then_some(end)
}

/// Groups as printed: fours with a last group of one to four, or 4-6-5 and 4-6-4 (American Express, Diners); and
/// the two halves of a number that was broken in the middle.
fn grouped_end(text: &[u8], at: usize, first_end: usize) -> Option<usize> {
    if !matches!(first_end - at, 4 | 8) || !may_be_issued(&text[at..first_end]) {
        return None;
    }
    let (mut digits, mut count) = ([0; MAX_DIGITS + MAX_GROUP], first_end - at);
    digits[..count].copy_from_slice(&text[at..first_end]);
    // The groups' sizes, a hexadecimal digit each.
    let (mut sizes, mut second) = (count, 0);
    let (mut end, mut found) = (first_end, None);
    while count < MAX_DIGITS {
        let limit = text.len().min(end + MAX_SEPARATOR);
        let start =
            run(&text[..limit], end, |byte| matches!(byte, b' ' | b'-' | b'.' | b'_' | b'/' | b'\n' | b'\r' | b'\t'));
        let next = run(&text[..text.len().min(start + MAX_GROUP + 1)], start, |byte| byte.is_ascii_digit());
        let size = next - start;
        if start == end || !(1..=MAX_GROUP).contains(&size) {
            break;
        }
        digits[count..count + size].copy_from_slice(&text[start..next]);
        count += size;
        let is_second = sizes <= MAX_GROUP;
        sizes = sizes << 4 | size;
        end = next;
        if is_second {
            second = size;
            // No card has another second group behind a first one like this.
            if !matches!(sizes, 0x44 | 0x46 | 0x88) {
                break;
            }
        }
        let printed = matches!(sizes, 0x464 | 0x465 | 0x4441..=0x4444 | 0x44441..=0x44443 | 0x88);
        if printed
            && is_issued(&digits[..count])
            && ends_there(text, end)
            && !goes_on(text, at, end, second)
            && is_card(&digits[..count])
        {
            found = Some(end);
        }
    }
    found
}

/// One of many figures in a row, as in a column or a table; a `second` group of six is no sign of a card there.
fn goes_on(text: &[u8], start: usize, end: usize, second: usize) -> bool {
    let digit_before = matches!(before(text, start), b' ' | b'-') && before(text, start - 1).is_ascii_digit();
    // An expiry date has one or two digits and a slash.
    let limit = text.len().min(end + 1 + 5);
    let next = run(&text[..limit], end + 1, |byte| byte.is_ascii_digit());
    let spaced = byte(text, end) == b' ' && byte(text, next) == b' ' && byte(text, next + 1).is_ascii_digit();
    let group_behind = next == end + 5;
    group_behind && (digit_before || spaced) || second == 6 && (digit_before || next > end + 1 && spaced)
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

/// The ranges and lengths of the card schemes in use. Numbers that begin with 1 (epochs), 0, 7, 8 and 9 are no payment
/// cards, but for JCB's and UATP's old ones.
fn is_issued(digits: &[u8]) -> bool {
    let len = digits.len();
    match digits {
        // Visa.
        [b'4', ..] => matches!(len, 13 | 16 | 18 | 19),
        // Mastercard, and Mir below its second range.
        [b'5', b'1'..=b'5', ..] => len == 16,
        [b'2', b'2'..=b'7', ..] => {
            let is_in = |first: &[u8], last: &[u8]| digits[..4] >= *first && digits[..4] <= *last;
            len == 16 && (is_in(b"2200", b"2204") || is_in(b"2221", b"2720"))
        }
        // American Express, JCB's old ones, UATP.
        [b'3', b'4' | b'7', ..]
        | [b'1', b'8', b'0', b'0', ..]
        | [b'2', b'1', b'3', b'1', ..]
        | [b'1', b'2', b'2', b'0', b'0', ..] => len == 15,
        // Diners.
        [b'3', b'0' | b'6' | b'8' | b'9', ..] => (14..=MAX_DIGITS).contains(&len),
        // JCB.
        [b'3', b'5', ..] => (16..=MAX_DIGITS).contains(&len),
        // Maestro, Discover and `UnionPay`.
        [b'6', b'4', third, ..] if *third < b'4' => false,
        [b'6', b'0'..=b'5' | b'7' | b'9', ..] | [b'5', b'0' | b'6'..=b'8', ..] => (SHORT..=MAX_DIGITS).contains(&len),
        _ => false,
    }
}

/// A quick no to numbers whose first digits are no scheme's, however long they are.
const fn may_be_issued(digits: &[u8]) -> bool {
    matches!(digits, [b'2'..=b'6', ..] | [b'1', b'2' | b'8', ..])
}

/// ISO/IEC 7812-1, annex B.
pub(super) fn luhn(digits: &[u8]) -> bool {
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
                "«4111.1111.1111.1111»",
                "«4111_1111_1111_1111»",
                "«4111  1111  1111  1111»",
                "«41111111 11111111» 12/29",
                "«41111111\n 11111111»",
                "card # «676000000007»",
                "mir «2200123456789019»",
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
                "blk_-4111111111111111",
                "7 3782 822463 10005 12 3",
                "speeds 3552 4111 1111 1111 1111 3479 12",
                "676000000007",
                "imei 356938035643809",
                "tracking number 4111111111111111",
                "parcel id: 4111111111111111",
                "id 2740123456789016",
                "id 6651468611215441",
                "id4111111111111111",
                "0.4111111111111111",
                "4111 11 1111 1111 11",
                "41111111111111111111111111",
            ],
        );
    }
}
