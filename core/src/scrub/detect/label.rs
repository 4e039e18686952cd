//! Personal data behind its label in running text: `Passport: X1234567`, `ssn=078-05-1120`, `<taxId>…</taxId>`,
//! `"phone": "…"`, `driver's license no. D123-4567`, `SSN is 078 05 1120`. The label is one of
//! [`personal`](crate::scrub::personal)'s names, the value has the form that [`shape`](crate::scrub::shape) asks for.
//! There is no checksum: the label is the evidence, and a mistyped number is no less private.
//!
//! Asked at `:`, `=` and `>` behind a label and at the first digit of a word; looks back 48 bytes at most.

use super::extent::value_end;
use super::{before, byte, card, iban, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Label, Lane, Verify};
use crate::scrub::personal::{may_end_label, rule_of_label};
use crate::scrub::policy::Rule;
use crate::scrub::shape::digits;

/// How far a label reaches back: the longest names, with room for `number is`.
const MAX_LABEL: usize = 48;

/// Digits behind a label without a sign, in their first bytes.
const MIN_DIGITS: usize = 3;

/// What a label can say.
const LABELLED: [Rule; 16] = [
    Rule::Ssn,
    Rule::NationalId,
    Rule::Passport,
    Rule::DriverLicense,
    Rule::TaxId,
    Rule::HealthId,
    Rule::BankAccount,
    Rule::Iban,
    Rule::Card,
    Rule::LicensePlate,
    Rule::DeviceId,
    Rule::BirthDate,
    Rule::Phone,
    Rule::Person,
    Rule::Address,
    Rule::Geo,
];

pub(super) const DETECTOR: Detector = Detector {
    rules: &LABELLED,
    gates: &[
        Gate {
            before: is_before_sign,
            after: |byte| !matches!(byte, b':' | b'=' | b'>' | b'/'),
            label: Label::Personal,
            ..Gate::new(Lane::Sign, |byte| matches!(byte, b':' | b'>'), at_sign)
        },
        Gate { before: is_before_sign, label: Label::Personal, ..Gate::new(Lane::Sign, |byte| byte == b'=', at_sign) },
        // Right behind the label.
        Gate {
            before2: |byte| byte.is_ascii_alphabetic() || byte >= 0x80 || matches!(byte, b' ' | b'#' | b':' | b'.'),
            ..Gate::at_digit(|before| matches!(before, b' ' | b'#'), MIN_DIGITS, at_digit)
        },
        // Behind letters or signs with which the value begins.
        Gate::at_digit(
            |before| before.is_ascii_alphabetic() || matches!(before, b'-' | b'(' | b'+'),
            MIN_DIGITS,
            at_digit,
        ),
    ],
};

/// What ends a label: its last letter, or what may stand between it and its sign.
const fn is_before_sign(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b' ' | b'"' | b'\'' | b'\\' | b'.' | b'#' | b')' | b'*')
}

fn at_sign(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(text, at, behind_sign(text, at, floor))
}

fn at_digit(text: &[u8], at: usize, floor: usize) -> Verdict {
    // Nearly every number stands behind a word that ends like no label does, and is no month.
    if let Some([word @ .., b' ']) = text.get(..at)
        && word.last().is_some_and(u8::is_ascii_alphabetic)
        && !may_end_label(word)
        && !may_be_month(word)
    {
        return Verdict::Miss { until: at + 1 };
    }
    verdict(text, at, behind_words(text, at, floor))
}

/// A label's rule, and where a value of its form begins and ends, if one stands there.
type Labelled = Option<(usize, Option<usize>, Rule)>;

fn verdict(text: &[u8], at: usize, found: Labelled) -> Verdict {
    match found {
        Some((start, Some(end), rule)) => {
            let (rule, end) = specific(text, start, end, rule);
            Verdict::HitAs { start, end, rule }
        }
        Some((_, None, rule)) => Verdict::Refused { rule },
        None => Verdict::Miss { until: at + 1 },
    }
}

/// The rule that says more of a value than its label does, and where it ends for it: a card behind `pan=`, an IBAN
/// behind `account number`.
fn specific(text: &[u8], start: usize, end: usize, rule: Rule) -> (Rule, usize) {
    let verifiers: &[(Verify, Rule)] = match rule {
        Rule::BankAccount => &[(iban::verify, Rule::Iban), (card::verify, Rule::Card)],
        Rule::TaxId => &[(card::verify, Rule::Card)],
        _ => return (rule, end),
    };
    // Both are asked at digits.
    let at = run(text, start, |b| !b.is_ascii_digit()).min(end);
    let found = verifiers.iter().find_map(|(verify, rule)| match verify(text, at, start) {
        Verdict::Hit { start: first, end: other } if first == start && other >= end => Some((*rule, other)),
        _ => None,
    });
    found.unwrap_or((rule, end))
}

/// The rule for a member's whole value where its name brings `rule`: as for a label in a text.
pub(in crate::scrub) fn specific_rule(rule: Rule, value: &str) -> Rule {
    specific(value.as_bytes(), 0, value.len(), rule).0
}

/// `label: value`, `label=value`, `<label>value<`.
fn behind_sign(text: &[u8], at: usize, floor: usize) -> Labelled {
    // `a::b`, `a==b`, `=>`, `https://`.
    if matches!(byte(text, at + 1), b':' | b'=' | b'>' | b'/') && text[at] != b'=' {
        return None;
    }
    let is_closer = |b: u8| matches!(b, b' ' | b'"' | b'\'' | b'\\' | b'.' | b'#' | b')' | b'*');
    let mut end = at;
    while end > floor && end + 4 > at && is_closer(text[end - 1]) {
        end -= 1;
    }
    let rule = label_rule(text, end, floor)?;
    let start = run(text, at + 1, |b| matches!(b, b' ' | b'\t' | b'\\' | b'*')).min(at + 8);
    let quote = byte(text, start);
    let start = if matches!(quote, b'"' | b'\'' | b'`') { start + 1 } else { start };
    Some((start, value_end(text, start, rule, quote, text[at]), rule))
}

/// `label value`, `label is value`, `label no. value`, where the value's first digit stands at `at`.
fn behind_words(text: &[u8], at: usize, floor: usize) -> Labelled {
    /// Shorter numbers behind a word are counts, unless they have letters too.
    const MIN_DIGITS: usize = 6;
    const MIN_DIGITS_WITH_LETTERS: usize = 3;
    /// How far a number is looked at before its label is.
    const MAX_NUMBER: usize = 20;
    /// Letters before a number's first digit, as in `MORGA657054SM9IJ`.
    const MAX_PREFIX: usize = 8;
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let mut start = at;
    while start > floor
        && start + MAX_PREFIX >= at
        && (is_part(text[start - 1]) || matches!(text[start - 1], b'(' | b'+'))
    {
        start -= 1;
        if text[start].is_ascii_digit() {
            return None;
        }
    }
    if start <= floor || !matches!(text[start - 1], b' ' | b'#') || start + MAX_PREFIX < at {
        return None;
    }
    if let Some(month) = month_before(text, start, floor) {
        return born_on(text, month, floor);
    }
    let end = text[..start].iter().rposition(|b| !matches!(b, b' ' | b'#' | b':')).map_or(0, |i| i + 1);
    if start - end > 3 || !matches!(byte(text, end.wrapping_sub(1)), b'.' | b'a'..=b'z' | b'A'..=b'Z' | 0x80..) {
        return None;
    }
    if !may_end_label(&text[..end]) {
        return None;
    }
    let value = &text[start..text.len().min(start + MAX_NUMBER)];
    let first = &value[..run(value, 0, is_part)];
    let least = if first.iter().any(u8::is_ascii_alphabetic) { MIN_DIGITS_WITH_LETTERS } else { MIN_DIGITS };
    if digits(value) < least {
        return None;
    }
    // A sentence that ended before the number says nothing of it; `no.` does.
    let is_sentence = text[..end].ends_with(b".") && !matches!(&text[..end], [.., b'n' | b'N', b'o' | b'r', b'.']);
    let rule = label_rule(text, end, floor).filter(|_| !is_sentence)?;
    if matches!(rule, Rule::Person | Rule::Address) {
        return None;
    }
    // One coordinate alone may be a measurement.
    let is_pair = |value: &[u8]| rule != Rule::Geo || value.iter().any(|b| matches!(b, b',' | b' '));
    let is_taken = |end: &usize| digits(&text[start..*end]) >= least && is_pair(&text[start..*end]);
    Some((start, value_end(text, start, rule, b' ', b' ').filter(is_taken), rule))
}

/// `September`
const MAX_MONTH: usize = 9;

/// Whether the last word of `text` may be a month's name: it has a capital.
fn may_be_month(text: &[u8]) -> bool {
    /// Of letters in lower case, spaces and digits this bit is set.
    const NO_CAPITAL: u8 = 0x20;
    text.last_chunk::<MAX_MONTH>().is_none_or(|last| last.iter().any(|byte| byte & NO_CAPITAL == 0))
}

/// Where the English name of a month begins that stands before the day at `day`.
fn month_before(text: &[u8], day: usize, floor: usize) -> Option<usize> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let end = day - 1;
    let lowest = floor.max(end.saturating_sub(MAX_MONTH));
    let letters = &text[lowest..end.max(lowest)];
    let start = letters.iter().rposition(|byte| !byte.is_ascii_alphabetic()).map_or(lowest, |i| lowest + i + 1);
    // Most words have no capital.
    let is_month =
        byte(text, start).is_ascii_uppercase() && MONTHS.iter().any(|month| text[start..end].starts_with(*month));
    is_month.then_some(start)
}

/// `born on January 2, 1990`, where the month begins at `start`.
fn born_on(text: &[u8], start: usize, floor: usize) -> Labelled {
    let end = text[..start].trim_ascii_end().len();
    let rule = label_rule(text, end, floor).filter(|rule| *rule == Rule::BirthDate)?;
    Some((start, value_end(text, start, rule, b' ', b' '), rule))
}

/// The rule of the label that ends at `end`.
fn label_rule(text: &[u8], end: usize, floor: usize) -> Option<Rule> {
    let last = before(text, end);
    if end <= floor || !(last.is_ascii_alphanumeric() || last >= 0x80 || last == b'.') || !may_end_label(&text[..end]) {
        return None;
    }
    rule_of_label(text, floor.max(end.saturating_sub(MAX_LABEL)), end)
}

#[cfg(test)]
mod tests {
    use crate::scrub::detector::examples::{labelled, misses};

    use super::*;

    #[test]
    fn values_behind_their_label_are_found() {
        labelled(&[
            (Rule::Passport, "Passport: «X1234567»"),
            (Rule::Passport, "(Passport: «X1234567»), and"),
            (Rule::Passport, "passport_number=«X 1234567» status=ok"),
            (Rule::Passport, "Mi pasaporte es «XAB123456»."),
            (Rule::Ssn, "SSN «078-05-1120», please"),
            (Rule::Ssn, "ssn is «078 05 1120»"),
            // Whose number nobody was given was mistyped.
            (Rule::Ssn, "SSN «000099999»"),
            (Rule::NationalId, "{\\\"nationalId\\\":\\\"«AB12345678»\\\"}"),
            (Rule::DriverLicense, "driver's license no. «D123-4567» expired"),
            (Rule::TaxId, "<taxId>«12 345 678 901»</taxId>"),
            (Rule::BirthDate, "dob=«1990-01-02»&x=1"),
            (Rule::BirthDate, "Date of birth: «2 January 1990»"),
            (Rule::BirthDate, "born on «January 17, 1993»."),
            (Rule::BirthDate, "DOB «Feb 8, 1962» ok"),
            (Rule::BirthDate, "birthday «05/17/63» was wrong"),
            (Rule::BirthDate, "fecha de nacimiento: «2 de enero de 1990» en Madrid"),
            (Rule::Card, "pan=«4111111111111111»&x=1"),
            (Rule::Iban, "account number: «DE89 3704 0044 0532 0130 00», thanks"),
            (Rule::Geo, "my location is «-78.4656, 37.6168»"),
            (Rule::Phone, "Phone: «(030) 1234-567»"),
            (Rule::Phone, "tel=«0301234567» code=404"),
            (Rule::Phone, "dial(tel:«0301234567») failed"),
            (Rule::Person, "full_name=«Ann van der Berg» logged in"),
            (Rule::Person, "first_name=\"«ann»\""),
            (Rule::Address, "address: «12 High Street, Springfield»; next"),
            (Rule::Geo, "gps: «52.52, -13.405»"),
            (Rule::LicensePlate, "Plate number is «ABC-1234XY»"),
            (Rule::BankAccount, "account number: «12345678»"),
        ]);
    }

    #[test]
    fn labels_without_a_value_of_their_form_are_left() {
        let texts = [
            "Passport: expired",
            "ssn=",
            "address: 10.0.0.1:80",
            "bind: address already in use: 8080",
            "phone: iPhone 15",
            "tel: 3",
            "location: eu-west-1",
            "license: MIT",
            "license: Apache-2.0",
            "mobile 4 sessions 12345678",
            "first_name: required",
            "std::location::Location",
            "pan: 12",
            "https://example.com/location=1",
            "took 123456 ms",
            "status: 123456789",
            "RFC: 9110",
            "sin=0.52991923",
            "libx:amd64 (7.88.1-10)",
            "at location 1024.5",
        ];
        misses(Rule::NationalId, &texts);
        misses(Rule::Person, &texts);
    }
}
