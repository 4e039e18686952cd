//! Telephone numbers: international ones (ITU-T E.164, behind `+` or `00`) whose calling code, length and first digit
//! exist; and national ones by the groups they are written in, or by a label such as `phone:` beside them.
//!
//! Most digits in telemetry are not phone numbers, so a number without a plus needs its printed form *and* must stand
//! alone: dates, versions, counters in columns, ISBNs and ids are written otherwise.

mod form;
mod label;
mod plans;

use self::form::{Form, Number};
use super::{before, byte, is_word, run, words};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// ITU-T E.164: the most digits of a number with its calling code.
const MAX_DIGITS: usize = 15;
/// The fewest digits that are taken for a number where only its form says so.
const MIN_DIGITS: usize = 7;

/// In the first bytes of a number in its widest form, `030 - 12 - 34 - 5`.
const FIRST_DIGITS: usize = 6;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Phone],
    gates: &[
        // A first group of one digit is a trunk prefix, or the calling code of North America.
        Gate { at: |byte| matches!(byte, b'0' | b'1'), ..Gate::at_digit(is_beginning, FIRST_DIGITS, verify) },
        Gate {
            at: |byte| matches!(byte, b'2'..=b'9'),
            after: |byte| byte.is_ascii_digit(),
            ..Gate::at_digit(is_beginning, FIRST_DIGITS, verify)
        },
        Gate {
            before: |byte| !is_word(byte) && byte != b'+',
            after: |byte| byte.is_ascii_digit() || byte == b'(',
            digits: FIRST_DIGITS,
            ..Gate::new(Lane::Comma, |byte| byte == b'+', verify)
        },
        Gate {
            before: is_beginning,
            after: |byte| byte.is_ascii_digit(),
            digits: FIRST_DIGITS,
            ..Gate::new(Lane::Comma, |byte| byte == b'(', verify)
        },
    ],
};

/// Whether a number can begin behind `before`.
const fn is_beginning(before: u8) -> bool {
    !is_word(before) && !matches!(before, b'.' | b'$' | b'#' | b'/' | b'+' | b'%' | b'*')
}

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    if at < floor || !starts_there(text, at) || !has_enough(text, at) || !may_begin(text, at) {
        return miss;
    }
    let Some(form) = Form::read(text, at) else { return miss };
    // The longest part that is a number: what follows may be another number, or a date.
    let mut labels = None;
    for groups in (1..=form.groups()).rev() {
        let number = form.number(groups);
        if number.digits.len() < label::MIN_BOUND {
            break;
        }
        if !ends_there(text, &form, number.end, groups) {
            continue;
        }
        if is_number(text, at, &number, &mut labels) {
            return Verdict::Hit { start: at, end: label::extension_end(text, number.end) };
        }
    }
    miss
}

/// A quick no to most digits: without a plus or a parenthesis a number begins with a trunk prefix, or with the area of
/// a North American one; or a word beside it says what it is.
fn may_begin(text: &[u8], at: usize) -> bool {
    /// The longest number as it is written: `1 (415) - 555 - 0132`, and one group more.
    const MAX_LEN: usize = 28;
    let size = |at: usize| run(&text[..text.len().min(at + MAX_DIGITS)], at, |byte| byte.is_ascii_digit()) - at;
    if !text[at].is_ascii_digit() {
        return true;
    }
    let first = size(at);
    let end = at + first;
    if matches!(byte(text, end), b'(' | b')') || byte(text, end + 1) == b'(' {
        return true;
    }
    let is_formed = match first {
        // `0 30 12 34 56`, `1 415 555 0132`: no group behind is of one digit.
        1 if matches!(text[at], b'0' | b'1') => {
            let second = size(end + 1);
            let third = size(end + 1 + second + 1);
            if !(second > 1 && third > 1) && byte(text, end + 1).is_ascii_digit() {
                return false;
            }
            true
        }
        // `415.555.0132`, or more between the groups than one byte.
        3 if text[at] != b'0' => size(end + 1) == 3 || !byte(text, end + 1).is_ascii_digit(),
        _ => text[at] == b'0',
    };
    if is_formed || words::word_before(text, at).is_some_and(|word| label::may_say_phone(&word)) {
        return true;
    }
    let limit = text.len().min(at + MAX_LEN);
    let behind = run(&text[..limit], end, |byte| IN_NUMBER[usize::from(byte)]);
    byte(text, behind).is_ascii_alphabetic() && words::is_gap_before_word(before(text, behind))
}

/// Bytes of a number behind its first.
static IN_NUMBER: [bool; 256] = {
    let (mut table, mut i) = ([false; 256], 0);
    while i < table.len() {
        table[i] = matches!(i.to_le_bytes()[0], b'0'..=b'9' | b' ' | b'-' | b'.' | b'/' | b'(' | b')');
        i += 1;
    }
    table
};

/// Whether the digits from `at` on are enough before anything comes that no number has.
fn has_enough(text: &[u8], at: usize) -> bool {
    let (mut digits, mut opened) = (0, false);
    for &byte in &text[at + usize::from(text[at] == b'+')..] {
        if byte.is_ascii_digit() {
            digits += 1;
            if digits == MIN_DIGITS {
                return true;
            }
        } else if !IN_NUMBER[usize::from(byte)] || byte == b'(' && std::mem::replace(&mut opened, true) {
            return false;
        }
    }
    false
}

/// Not in a word, a longer number, a path, a price or an ordinal.
fn starts_there(text: &[u8], at: usize) -> bool {
    let previous = before(text, at);
    if text[at] == b'+' {
        return !is_word(previous) && previous != b'+';
    }
    let two_before = before(text, at.saturating_sub(1));
    match previous {
        b'.' | b'$' | b'#' | b'/' | b'+' | b'%' | b'*' => false,
        // `-1`, `blk_-1`, `a-1`, `12:30`; but `Office\,-` and `tel:` may come before.
        b'-' | b':' | b',' => !is_word(two_before) || previous == b':' && !two_before.is_ascii_digit(),
        b'(' if text[at].is_ascii_digit() => !is_word(two_before),
        _ => !is_word(previous),
    }
}

/// Not in the middle of a word, a longer number, or of a group of digits that goes on behind another separator.
fn ends_there(text: &[u8], form: &Form, end: usize, groups: usize) -> bool {
    let next = byte(text, end);
    let after = byte(text, end + 1);
    match next {
        b'-' if groups == form.groups() => !is_word(after) || label::is_place(text, end),
        // The next part of a URL's path.
        b'/' if form.plus() => after.is_ascii_alphabetic(),
        b'-' | b'/' | b'%' => false,
        b'.' | b',' | b':' => !after.is_ascii_digit(),
        b'x' => label::extension_end(text, end) > end,
        _ => !is_word(next),
    }
}

fn is_number(text: &[u8], at: usize, number: &Number<'_>, labels: &mut Option<label::Labels>) -> bool {
    let count = number.digits.len();
    if count > MAX_DIGITS + 2 {
        return false;
    }
    if number.plus {
        return is_international(number, number.digits);
    }
    (MIN_DIGITS..=MAX_DIGITS).contains(&count)
        && (is_abroad(text, at, number)
            || is_north_american(text, at, number)
            || is_with_area(number)
            || is_with_trunk(text, at, number)
            || is_bare_mobile(text, number))
        || label::says_phone(text, at, number, labels)
}

/// `digits` begin with a calling code, and the rest is a number there; or it is grouped like one.
fn is_international(number: &Number<'_>, digits: &[u8]) -> bool {
    let Some((plan, national)) = plans::split(digits) else { return false };
    let without_trunk = national.strip_prefix(b"0").unwrap_or(national);
    let exists = plan.has(national) || plan.has(without_trunk);
    // Ten to thirteen digits in one go, except where every number has ten.
    let plausible = number.sizes.len() == 1 && (10..=13).contains(&digits.len()) && digits[0] != b'1';
    // Numbering plans change, and people write what was valid: groups with a real calling code are enough.
    let grouped = number.sizes.len() >= 2 && (8..=MAX_DIGITS).contains(&digits.len()) && !number.only(b'.');
    let dotted = number.only(b'.') && number.sizes.len() < 3;
    exists && !dotted && digits.len() >= MIN_DIGITS || plausible || grouped && number.sizes.len() >= 3
}

/// `00` and a calling code, in groups: without them it is a padded counter.
fn is_abroad(text: &[u8], at: usize, number: &Number<'_>) -> bool {
    let Some(digits) = number.digits.strip_prefix(b"00") else { return false };
    let opened = number.sizes[0] <= 5 && number.sizes.len() >= 3 && digits.first() != Some(&b'0');
    opened && is_international(number, digits) && is_alone(text, at, number)
}

/// Three, three and four digits. Hyphens and parentheses say enough; dots and spaces only for areas that exist.
fn is_north_american(text: &[u8], at: usize, number: &Number<'_>) -> bool {
    let (sizes, digits) = match number.sizes {
        [1, rest @ ..] if number.digits.first() == Some(&b'1') => (rest, &number.digits[1..]),
        sizes => (sizes, number.digits),
    };
    let parenthesised = number.area_in_parentheses;
    if sizes != [3, 3, 4] && !(parenthesised && sizes == [3, 7]) {
        return false;
    }
    let exists = digits[0] >= b'2' && digits[3] >= b'2';
    parenthesised
        || number.only(b'-')
        || exists && !number.has(b'/') && (number.only(b'.') || is_alone(text, at, number))
}

/// `(84) 7564-8830`: an area in parentheses and two groups with a hyphen, or a trunk prefix in the parentheses.
fn is_with_area(number: &Number<'_>) -> bool {
    let sizes = number.sizes;
    let area = number.area_in_parentheses && (2..=5).contains(&sizes[0]) && number.digits.len() >= 8;
    let hyphenated = sizes.len() == 3 && number.ends_with_hyphen && (3..=5).contains(&sizes[1]) && sizes[2] >= 3;
    let trunk = number.digits[0] == b'0' && number.digits.len() >= 9 && sizes.len() >= 2;
    area && (hyphenated || trunk)
}

/// `020 7946 0958`, `06 12 34 56 78`, `030 123456`: a trunk prefix, an area, and groups, nine to eleven digits in all.
fn is_with_trunk(text: &[u8], at: usize, number: &Number<'_>) -> bool {
    let (sizes, digits) = (number.sizes, number.digits);
    let Some((first, rest)) = sizes.split_first() else { return false };
    let area = (2..=5).contains(first) || *first == 1 && rest.len() >= 3;
    let opened = area && digits.starts_with(b"0") && !digits.starts_with(b"00");
    let pairs = sizes == [2, 2, 2, 2, 2];
    let grouped = match rest {
        [] => false,
        [subscriber] => (5..=8).contains(subscriber) && *first >= 3,
        groups => groups.len() <= 4 && groups.iter().all(|size| (2..=4).contains(size)),
    };
    let separated = pairs || number.only(b' ') || number.only(b'-') || number.only(b'/') && rest.len() == 1;
    opened && grouped && separated && (9..=11).contains(&digits.len()) && is_alone(text, at, number)
}

/// `07700900123`, if it is all there is: the trunk prefix and first digit of many countries' mobile numbers, in a
/// length that article numbers and padded ids do not have.
fn is_bare_mobile(text: &[u8], number: &Number<'_>) -> bool {
    const LEN: usize = 11;
    let digits = number.digits;
    number.sizes.len() == 1
        && text.len() == LEN
        && digits.len() == LEN
        && digits[0] == b'0'
        && matches!(digits[1], b'3' | b'5' | b'7' | b'9')
}

/// No other digits beside it: columns of counters and dumps of bytes are groups of digits too.
fn is_alone(text: &[u8], start: usize, number: &Number<'_>) -> bool {
    let parted = |byte| matches!(byte, b' ' | b',');
    let last = text.get(number.end + 1).copied().unwrap_or_default();
    let byte_in_hex = |at: usize| {
        let pair = at.checked_sub(2).and_then(|from| text.get(from..at));
        pair.is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit)) && !is_word(before(text, at - 2))
    };
    let digits_before =
        parted(before(text, start)) && (before(text, start - 1).is_ascii_digit() || byte_in_hex(start - 1));
    let digits_after =
        parted(byte(text, number.end)) && last.is_ascii_hexdigit() && !is_word_start(text, number.end + 1);
    !(digits_before || digits_after)
}

/// Whether a word of letters begins at `at`, rather than a number or a byte in hex.
fn is_word_start(text: &[u8], at: usize) -> bool {
    let end = run(text, at, |byte| byte.is_ascii_alphanumeric());
    end - at > 2 && text[at..end].iter().all(u8::is_ascii_alphabetic) || end - at == 1 && text[at].is_ascii_alphabetic()
}

#[cfg(test)]
mod tests;
