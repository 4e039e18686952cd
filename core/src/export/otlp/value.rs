//! JSON values as OTLP's `AnyValue`, and texts of records as OTLP's numbers.

use super::fields::common;
use super::writer::{Field, Key, SMALL, Writer};
use crate::json::{Document, Kind};
use crate::record::Timestamp;

/// Writes the fields of the `AnyValue` that the value at `index` is; null is an empty one.
///
/// Recursion is bounded: a record is at most 16 levels deep.
pub(super) fn any_value<W: Writer>(out: &mut W, document: &Document<'_>, index: usize) {
    let node = document.node(index);
    match node.kind {
        Kind::Null => {}
        Kind::Bool => out.boolean(common::BOOL, document.raw(node) == "true"),
        Kind::String => out.copied(common::STRING, document, node),
        Kind::Number => match Number::read(document.raw(node)) {
            Number::Integer(value) => out.integer(common::INT, value),
            Number::Double(value) => out.double(common::DOUBLE, value),
            // The specification's word for integers beyond 64 bits: their digits.
            Number::Large => out.string(common::STRING, document.raw(node)),
        },
        Kind::Object | Kind::Array if node.next() == index + 1 => {
            let field = if node.kind == Kind::Object { common::KVLIST } else { common::ARRAY };
            out.message(field, |out| out.empty(common::VALUES));
        }
        Kind::Object => out.message(common::KVLIST, |out| {
            for (name, value) in document.members(index) {
                key_value(out, common::VALUES, document, name, value);
            }
        }),
        Kind::Array => out.message(common::ARRAY, |out| {
            for element in elements(document, index) {
                out.element(common::VALUES, SMALL, |out| any_value(out, document, element));
            }
        }),
    }
}

/// One `KeyValue` of a member.
pub(super) fn key_value<W: Writer>(out: &mut W, field: Field, document: &Document<'_>, name: usize, value: usize) {
    if document.node(value).kind == Kind::String {
        return out.string_pair(field, document, Key::Copied(document.node(name)), document.node(value));
    }
    out.element(field, SMALL, |out| {
        out.copied(common::KEY, document, document.node(name));
        out.message(common::VALUE, |out| any_value(out, document, value));
    });
}

/// One `KeyValue` under a name of ours.
pub(super) fn named_value<W: Writer>(out: &mut W, field: Field, name: &str, document: &Document<'_>, value: usize) {
    if document.node(value).kind == Kind::String {
        return out.string_pair(field, document, Key::Ours(name), document.node(value));
    }
    out.element(field, SMALL, |out| {
        out.string(common::KEY, name);
        out.message(common::VALUE, |out| any_value(out, document, value));
    });
}

/// One `KeyValue` whose value is a string.
pub(super) fn named_string<W: Writer>(out: &mut W, field: Field, name: &str, value: &str) {
    out.element(field, SMALL, |out| {
        out.string(common::KEY, name);
        out.message(common::VALUE, |out| out.string(common::STRING, value));
    });
}

/// The elements of the array at `index`.
pub(super) fn elements<'d>(document: &'d Document<'_>, index: usize) -> impl Iterator<Item = usize> + 'd {
    let end = document.node(index).next();
    let mut at = index + 1;
    std::iter::from_fn(move || {
        (at < end).then(|| {
            let element = at;
            at = document.node(at).next();
            element
        })
    })
}

/// A JSON number as OTLP can hold it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    Double(f64),
    /// A whole number beyond 64 bits with sign.
    Large,
}

impl Number {
    /// Reads a checked JSON number: what is written as a whole number stays one, but for minus zero.
    pub(super) fn read(text: &str) -> Self {
        if text != "-0" && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
            text.parse().map_or(Self::Large, Self::Integer)
        } else {
            Self::Double(text.parse().unwrap_or(0.0))
        }
    }

    /// The nearest double of a checked JSON number.
    pub(super) fn double(text: &str) -> f64 {
        text.parse().unwrap_or(0.0)
    }
}

/// Nanoseconds since 1970 of a canonical time; 0, which means unknown in OTLP, for what no `fixed64` holds.
pub(super) fn unix_nano(text: &str) -> u64 {
    let microseconds = canonical(text.as_bytes()).or_else(|| Timestamp::parse(text).map(Timestamp::microseconds));
    microseconds.and_then(|value| u64::try_from(value).ok()).and_then(|value| value.checked_mul(1_000)).unwrap_or(0)
}

/// Microseconds since 1970 of the one form in which the engine writes times; the calendar was checked by it.
fn canonical(text: &[u8]) -> Option<i64> {
    let shape = text.len() == 27 && text[26] == b'Z' && text[19] == b'.';
    let number = |range: std::ops::Range<usize>| {
        text[range].iter().try_fold(0_i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    if !shape {
        return None;
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let seconds = number(11..13)? * 3_600 + number(14..16)? * 60 + number(17..19)?;
    // Days from the civil calendar (Hinnant): years begin in March, so that leap days come last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = days + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some((days * 86_400 + seconds) * 1_000_000 + number(20..26)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_keep_what_they_are_written_as() {
        for (text, number) in [
            ("0", Number::Integer(0)),
            ("-0", Number::Double(-0.0)),
            ("-9223372036854775808", Number::Integer(i64::MIN)),
            ("9223372036854775808", Number::Large),
            ("1.0", Number::Double(1.0)),
            ("1e3", Number::Double(1_000.0)),
        ] {
            assert_eq!(Number::read(text), number, "{text}");
        }
    }

    #[test]
    fn times_are_nanoseconds_since_1970() {
        assert_eq!(unix_nano("1970-01-01T00:00:00.000001Z"), 1_000);
        assert_eq!(unix_nano("2026-01-02T03:04:05.000006Z"), 1_767_323_045_000_006_000);
        assert_eq!(unix_nano("1969-12-31T23:59:59.999999Z"), 0, "before the epoch");
        assert_eq!(unix_nano("9999-12-31T23:59:59.999999Z"), 0, "beyond 64 bits");
        assert_eq!(unix_nano("[removed]"), 0);
    }

    proptest! {
        #[test]
        fn the_short_way_agrees_with_the_calendar(microseconds in 0_i64..9_000_000_000_000_000) {
            let time = Timestamp::from_nanoseconds(microseconds.cast_unsigned() * 1_000).unwrap();
            prop_assert_eq!(canonical(time.to_text().as_str().as_bytes()), Some(microseconds));
        }
    }
}
