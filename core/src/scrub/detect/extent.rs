//! Where a value ends that stands behind a label in running text: at its closing quote, or where its kind's words end.

use super::byte;
use crate::scrub::policy::Rule;
use crate::scrub::shape::accepts;

/// How far a value reaches: a street address with its town.
const MAX_VALUE: usize = 150;
/// How far a number or a date does: twice the longest that its form allows, so that what goes on is seen to.
const MAX_GROUPED: usize = 96;

/// The end of a value of `rule`'s form from `start`, where one stands.
pub(super) fn value_end(text: &[u8], start: usize, rule: Rule, quote: u8, sign: u8) -> Option<usize> {
    let reach = match rule {
        Rule::Address | Rule::Person | Rule::Geo | Rule::Phone => MAX_VALUE,
        _ => MAX_GROUPED,
    };
    let is_quoted = matches!(quote, b'"' | b'\'' | b'`');
    let limit = text.len().min(start + if is_quoted { MAX_VALUE } else { reach });
    if start >= limit {
        return None;
    }
    let is_taken = |end: usize| {
        let value = text.get(start..end).and_then(|bytes| std::str::from_utf8(bytes).ok());
        value.is_some_and(|value| !value.is_empty() && accepts(rule, value))
    };
    if is_quoted {
        let closing = start + text[start..limit].iter().position(|&b| b == quote)?;
        let end = if byte(text, closing - 1) == b'\\' { closing - 1 } else { closing };
        return is_taken(end).then_some(end);
    }
    let end = match rule {
        Rule::Address => hard_end(text, start, limit, sign),
        Rule::Person => names_end(text, start, hard_end(text, start, limit, sign)),
        Rule::Geo => {
            let end = hard_end(text, start, limit, sign);
            start + text[start..end].iter().take_while(|&&b| is_geo(b)).count()
        }
        _ => groups_end(text, start, limit, rule)?,
    };
    let end = start + text[start..end].trim_ascii_end().len();
    // A parenthesis that the value did not open is the sentence's.
    let opens = text[start..end].contains(&b'(');
    let is_end = |b: u8| matches!(b, b'.' | b',' | b'-' | b'/' | b'!' | b'?' | b'(' | b'+') || b == b')' && !opens;
    let trimmed = start + text[start..end].iter().rposition(|&b| !is_end(b)).map_or(0, |i| i + 1);
    is_taken(trimmed).then_some(trimmed)
}

const fn is_geo(byte: u8) -> bool {
    byte.is_ascii_digit()
        || matches!(byte, b' ' | b'+' | b'-' | b'.' | b',' | b'\'' | b'N' | b'S' | b'E' | b'W')
        || byte >= 0x80
}

/// Bytes that stand in no value.
static DELIMITERS: [bool; 256] = {
    let (of, mut delimiters, mut i) = (*b"\n\r\t;|\"<>={}[]&\\@", [false; 256], 0);
    while i < of.len() {
        delimiters[of[i] as usize] = true;
        i += 1;
    }
    delimiters
};

/// Where no value goes on: a line's end, a delimiter, the word before the next `=`.
fn hard_end(text: &[u8], start: usize, limit: usize, sign: u8) -> usize {
    let mut end = start;
    while end < limit && !DELIMITERS[usize::from(text[end])] && !(sign == b'=' && text[end..].starts_with(b" - ")) {
        end += 1;
    }
    let is_inside = |&&b: &&u8| !matches!(b, b' ' | b',');
    if byte(text, end) == b'=' {
        return end - text[start..end].iter().rev().take_while(is_inside).count();
    }
    // No character is cut.
    while end > start && text.get(end).is_some_and(|&b| b & 0xc0 == 0x80) {
        end -= 1;
    }
    end
}

/// The end of a number in groups: more groups follow while it is short, or while they are as short as those before.
/// Nothing where no number can be.
fn groups_end(text: &[u8], start: usize, limit: usize, rule: Rule) -> Option<usize> {
    /// No kind's number is complete with fewer digits.
    const COMPLETE: usize = 7;
    /// Longer than any form allows.
    const MAX_NUMBER: usize = 48;
    /// A month's name, and `de` twice.
    const MAX_LETTERS: usize = 12;
    /// More digits than any telephone's number has.
    const MAX_DIGITS: usize = 18;
    /// The longest group of a number that is written in groups.
    const MAX_GROUP: usize = 5;
    let complete = match rule {
        Rule::LicensePlate => 3,
        Rule::Phone => 6,
        _ => COMPLETE,
    };
    // What `shape` refuses for them is told before the rest is read.
    let max_letters = match rule {
        Rule::Phone => 0,
        Rule::BirthDate => MAX_LETTERS,
        _ => MAX_NUMBER,
    };
    let first = Group::at(text, start, limit, rule);
    let (mut end, mut last, mut letters) = (first.end, first.end - start, first.letters);
    // Counted as groups come: a value of many is not read again for each.
    let (mut count, mut marks) = (first.digits, first.marks);
    loop {
        if letters > max_letters {
            return None;
        }
        let next = if rule == Rule::BirthDate && byte(text, end) == b',' { end + 2 } else { end + 1 };
        if byte(text, end) != b' ' && next == end + 1 || next >= limit {
            return Some(end);
        }
        if if rule == Rule::Phone { count > MAX_DIGITS } else { end - start > MAX_NUMBER } {
            return None;
        }
        let group = Group::at(text, next, limit, rule);
        let (found, len) = (&text[next..group.end], group.end - next);
        // The name of a month, unless the date is in figures: `17/05/63`.
        let is_month = || {
            rule == Rule::BirthDate
                && found.len() <= 9
                && found.iter().all(u8::is_ascii_alphabetic)
                && marks < 2
                && has_year(&text[group.end..limit])
        };
        let goes_on = if count < complete {
            group.digits > 0 || len <= 3 && found.iter().all(u8::is_ascii_uppercase) || is_month()
        } else {
            last <= MAX_GROUP && len <= MAX_GROUP && group.digits > 0
        };
        if len == 0 || !goes_on {
            return Some(end);
        }
        marks += group.marks;
        letters += group.letters;
        count += group.digits;
        (end, last) = (group.end, len);
    }
}

/// What stands between two spaces of a number.
struct Group {
    end: usize,
    digits: usize,
    /// Of ASCII, but for the `x` of an extension.
    letters: usize,
    /// What stands between the figures of a date.
    marks: usize,
}

impl Group {
    /// The group from `start` on, which is empty where it is the name of the next pair: `phone=1 code=2`.
    fn at(text: &[u8], start: usize, limit: usize, rule: Rule) -> Self {
        let (mut end, mut counts) = (start, [0; 5]);
        while end < limit {
            let part = PARTS[usize::from(text[end])];
            if part == END || part == COLON && rule != Rule::BirthDate {
                break;
            }
            counts[usize::from(part)] += 1;
            end += 1;
        }
        if byte(text, end) == b'=' {
            return Self { end: start, digits: 0, letters: 0, marks: 0 };
        }
        let [_, digits, marks, _, letters] = counts;
        Self { end, digits, letters, marks }
    }
}

/// What each byte is in a group of a number.
static PARTS: [u8; 256] = {
    let (mut parts, mut i) = ([0; 256], 0);
    while i < parts.len() {
        let byte = i.to_le_bytes()[0];
        parts[i] = match byte {
            b'0'..=b'9' => DIGIT,
            b'/' | b'-' | b'.' => MARK,
            b':' => COLON,
            b' ' | b',' | b'\'' | b'`' => END,
            _ if DELIMITERS[i] => END,
            b'a'..=b'w' | b'y' | b'z' | b'A'..=b'Z' => LETTER,
            _ => 0,
        };
        i += 1;
    }
    parts
};
const DIGIT: u8 = 1;
const MARK: u8 = 2;
const COLON: u8 = 3;
const LETTER: u8 = 4;
const END: u8 = 5;

/// A full stop behind a word, but not behind an initial or titles in a row (`Univ.Prof.`).
fn ends_sentence(word: &[u8]) -> bool {
    word.len() > 3 && word.iter().position(|&b| b == b'.') == Some(word.len() - 1)
}

/// Whether a number follows, behind `de` or a stop at the most.
fn has_year(text: &[u8]) -> bool {
    /// ` de septiembre de `
    const MAX_GAP: usize = 18;
    let gap = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b' ' | b'.' | b',');
    text.iter().take(MAX_GAP).find(|b| !gap(b)).is_some_and(u8::is_ascii_digit)
}

/// The end of a run of capitalised words and the particles between them; one word at least, whatever its case.
fn names_end(text: &[u8], start: usize, limit: usize) -> usize {
    const PARTICLES: [&[u8]; 17] = [
        b"van", b"der", b"den", b"de", b"la", b"le", b"von", b"zu", b"del", b"da", b"dos", b"di", b"bin", b"al", b"el",
        b"y", b"e",
    ];
    const MAX_NAMES: usize = 6;
    let is_name = |b: u8| b.is_ascii_alphabetic() || b >= 0x80 || matches!(b, b'\'' | b'-' | b'.');
    let mut at = start;
    let mut end = start;
    for i in 0..MAX_NAMES {
        let word = &text[at..at + text[at..limit].iter().take_while(|&&b| is_name(b)).count()];
        let is_capitalised = word.first().is_some_and(|&b| b.is_ascii_uppercase() || b >= 0x80);
        if is_capitalised || i == 0 {
            end = at + word.len();
        } else if !PARTICLES.contains(&word) {
            break;
        }
        at += word.len();
        if at >= limit || text[at] != b' ' || ends_sentence(word) {
            break;
        }
        at += 1;
    }
    // A word that goes on with a digit or a sign is no name.
    if text.get(end).is_some_and(|&b| b.is_ascii_digit() || matches!(b, b'_' | b'/' | b'(' | b':')) {
        start
    } else {
        end
    }
}
