//! What a field's value must be. A token that scrubbing wrote satisfies every check of a string, so that a record may
//! be checked again after it was scrubbed.

use std::borrow::Cow;

use super::choice::Choice;
use super::field::Shape;
use super::limits::{MAX_ID_CHARS, MAX_NAME_CHARS, MAX_UNIT_CHARS, MAX_USER_AGENT_CHARS};
use super::{time, uuid};
use crate::json::{Kind, Scalar};
use crate::outcome::Code;
use crate::scrub::{is_token, token_len};

/// The form of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    /// The name of a record kind.
    Schema,
    /// A UUID.
    Id,
    /// RFC 3339 with an offset.
    Time,
    Tenant,
    /// The id of a person, session or document: pseudonymised.
    Identifier,
    /// An identifier that may be a whole number.
    NumberedIdentifier,
    /// Text of at most so many characters, none of them a control character.
    Text(usize),
    /// Any text.
    Prose,
    /// Words joined by dots, such as `auth.login.attempt`.
    Key,
    /// A letter, then letters, digits and `_ . - /`, as OpenTelemetry names instruments.
    MetricName,
    Unit,
    /// A user agent; what is too long is cut.
    Agent,
    Ip,
    /// So many hex digits.
    Hex(usize),
    /// A share: above 0, at most 1.
    Share,
    Number,
    NotNegative,
    /// A whole number from 0 on.
    Count,
    /// Consent of the user; without it a record is dropped.
    OptIn,
    OneOf(&'static Choice),
    /// Nanoseconds since 1970-01-01T00:00:00Z as decimal text, as in OTLP JSON.
    Nanoseconds,
    /// An object that belongs to the user.
    Object,
    /// An object with known members; others may be there.
    Nested(&'static Shape),
    /// An array of such objects.
    List(&'static Shape),
    /// An array of names.
    Names,
    /// An array of whole numbers from 0 on.
    Counts,
    /// An array of numbers, each greater than the one before it.
    Bounds,
    /// Belongs into the envelope, where legacy records do not always put it.
    Lifted,
}

/// Why a value is not what it must be.
pub(crate) type Fault = (Code, Cow<'static, str>);

const EXPECTED_TIME: &str = "expected an RFC 3339 time with an offset, such as 2026-01-02T03:04:05Z";

impl Check {
    /// What is wrong with a value, not looking into nested objects.
    pub(crate) fn fault(self, value: Scalar<'_>) -> Option<Fault> {
        match self {
            Self::Schema | Self::Lifted => None,
            Self::Id => text(value, Code::Format, "expected a UUID (RFC 9562)", |text| uuid::canonical(text).is_some()),
            Self::Time => text(value, Code::Format, EXPECTED_TIME, |text| time::canonical(text).is_some()),
            Self::Tenant => {
                let expected = "expected 1 to 64 letters, digits, dots, dashes or underscores";
                let is_text = kind(value, Kind::String, "expected a string");
                is_text.or_else(|| text(value, Code::Format, expected, |t| is_tenant(t) || is_token(t)))
            }
            Self::NumberedIdentifier if value.kind == Kind::Number => {
                count(value).then_some((Code::Type, "expected a string or a whole number".into()))
            }
            Self::NumberedIdentifier if value.kind != Kind::String => {
                Some((Code::Type, "expected a string or a whole number".into()))
            }
            Self::Identifier | Self::NumberedIdentifier => bounded(value, MAX_NAME_CHARS),
            Self::Text(max) => bounded(value, max),
            Self::Unit => bounded(value, MAX_UNIT_CHARS),
            Self::Prose | Self::Agent => kind(value, Kind::String, "expected a string"),
            Self::Key => {
                let expected = "expected words of letters, digits, dashes or underscores, joined by dots";
                bounded(value, MAX_NAME_CHARS).or_else(|| text(value, Code::Format, expected, is_key))
            }
            Self::MetricName => {
                let expected = "expected a letter, then letters, digits, underscores, dots, dashes or slashes";
                bounded(value, MAX_NAME_CHARS).or_else(|| text(value, Code::Format, expected, is_metric_name))
            }
            Self::Ip => {
                let is_ip = |t: &str| t.parse::<std::net::IpAddr>().is_ok() || is_token(t);
                any_text(value, Code::Format, "expected an IPv4 or IPv6 address", is_ip)
            }
            Self::Hex(digits) => {
                let is_ok = value.kind == Kind::String && {
                    let text = value.text();
                    is_hex(&text, digits) || is_token(&text)
                };
                (!is_ok).then(|| (Code::Format, format!("expected {digits} hex digits").into()))
            }
            Self::Share => number(value, "expected a number above 0 and at most 1", |n| n > 0.0 && n <= 1.0),
            Self::Number => kind(value, Kind::Number, "expected a number"),
            Self::NotNegative => number(value, "expected a number of at least 0", |n| n >= 0.0),
            Self::Count => kind(value, Kind::Number, "expected a whole number")
                .or_else(|| count(value).then(|| (Code::Range, "expected a whole number of at least 0".into()))),
            Self::OptIn => kind(value, Kind::Bool, "expected true or false"),
            Self::OneOf(choice) => {
                let is_ok = |t: &str| choice.words.contains(&t) || is_token(t);
                kind(value, Kind::String, "expected a string")
                    .or_else(|| any_text(value, Code::Format, "", is_ok))
                    .map(|(code, _)| (code, format!("expected one of {}", choice.words.join(", ")).into()))
            }
            Self::Nanoseconds => {
                let expected = "expected nanoseconds since 1970 as a string of digits, below 2^64";
                text(value, Code::Format, expected, is_nanoseconds)
            }
            Self::Object | Self::Nested(_) => kind(value, Kind::Object, "expected an object"),
            Self::List(_) => kind(value, Kind::Array, "expected an array of objects"),
            Self::Names => kind(value, Kind::Array, "expected an array of strings"),
            Self::Counts => kind(value, Kind::Array, "expected an array of whole numbers"),
            Self::Bounds => kind(value, Kind::Array, "expected an array of numbers"),
        }
    }

    /// Whether a scalar is fine, and nothing follows from it but that it is scrubbed. A record of which not all are may be
    /// fine all the same. Ids and times are for their own functions.
    pub(crate) fn settles(self, value: Scalar<'_>) -> bool {
        // Without a branch for each byte, so that the compiler uses vectors.
        let is_lower = || value.raw.bytes().fold(0, |upper, byte| upper | u8::from(byte.is_ascii_uppercase())) == 0;
        match self {
            Self::Hex(digits) => value.kind == Kind::String && is_hex(value.raw, digits) && is_lower(),
            Self::Nanoseconds => value.kind == Kind::String && is_nanoseconds(value.raw),
            Self::OptIn => value.raw == "true",
            Self::Agent => value.kind == Kind::String && value.raw.len() <= MAX_USER_AGENT_CHARS,
            Self::Lifted | Self::Id | Self::Time | Self::Schema => false,
            _ => self.fault(value).is_none(),
        }
    }
}

fn kind(value: Scalar<'_>, expected: Kind, message: &'static str) -> Option<Fault> {
    (value.kind != expected).then_some((Code::Type, message.into()))
}

/// A string of a form; another type is told apart.
fn text(value: Scalar<'_>, code: Code, expected: &'static str, is_ok: impl Fn(&str) -> bool) -> Option<Fault> {
    kind(value, Kind::String, expected).or_else(|| any_text(value, code, expected, is_ok))
}

/// A string of a form, whatever else it is.
fn any_text(value: Scalar<'_>, code: Code, expected: &'static str, is_ok: impl Fn(&str) -> bool) -> Option<Fault> {
    let is_ok = value.kind == Kind::String && is_ok(&value.text());
    (!is_ok).then_some((code, expected.into()))
}

fn number(value: Scalar<'_>, expected: &'static str, is_ok: impl Fn(f64) -> bool) -> Option<Fault> {
    kind(value, Kind::Number, "expected a number").or_else(|| {
        let number = value.raw.parse::<f64>().unwrap_or(f64::NAN);
        (!is_ok(number)).then_some((Code::Range, expected.into()))
    })
}

/// Whether a number is no whole number from 0 on.
fn count(value: Scalar<'_>) -> bool {
    !value.raw.bytes().all(|byte| byte.is_ascii_digit())
}

fn bounded(value: Scalar<'_>, max: usize) -> Option<Fault> {
    if value.kind != Kind::String {
        return Some((Code::Type, "expected a string".into()));
    }
    if is_short(value, max) {
        return None;
    }
    let text = value.text();
    if text.is_empty() || (text.len() > max && measured(&text) > max) {
        return Some((Code::Length, format!("expected 1 to {max} characters").into()));
    }
    // Without a branch for each byte, so that the compiler uses vectors.
    let may_have = |byte: u8| byte < 0x20 || byte == 0x7f || byte == 0xc2;
    let has_control =
        text.bytes().fold(0, |found, byte| found | u8::from(may_have(byte))) != 0 && text.chars().any(char::is_control);
    has_control.then_some((Code::Format, "must hold no control characters".into()))
}

/// A string of 1 to `most` bytes that the scan has not marked, as most are: ASCII without control characters.
#[inline]
pub(crate) fn is_short(value: Scalar<'_>, most: usize) -> bool {
    !value.marked && value.kind == Kind::String && (1..=most).contains(&value.raw.len())
}

/// Code points, a token being one: what it stands for was no shorter, and a record that was fine before scrubbing
/// must be fine after it.
pub(crate) fn measured(text: &str) -> usize {
    let (mut count, mut rest) = (0, text);
    while let Some(len) = leading(rest) {
        count += 1;
        rest = &rest[len..];
    }
    count
}

/// Where the first `most` characters of `text` end, a token being one.
pub(crate) fn end_of(text: &str, most: usize) -> usize {
    let mut at = 0;
    for _ in 0..most {
        let Some(len) = leading(&text[at..]) else { break };
        at += len;
    }
    at
}

/// Length of the token, or else the code point, that `text` begins with.
fn leading(text: &str) -> Option<usize> {
    let c = text.chars().next()?;
    Some(token_len(text.as_bytes()).unwrap_or(c.len_utf8()))
}

/// Whether each character outside tokens is allowed.
fn all_allowed(text: &str, is_allowed: impl Fn(u8) -> bool) -> bool {
    if text.bytes().all(&is_allowed) {
        return true;
    }
    let mut rest = text;
    while let Some(byte) = rest.bytes().next() {
        match token_len(rest.as_bytes()) {
            Some(len) => rest = &rest[len..],
            None if is_allowed(byte) => rest = &rest[1..],
            None => return false,
        }
    }
    true
}

fn is_key(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !text.starts_with('.') && !text.ends_with('.') && !text.contains("..") && all_allowed(text, is_allowed)
}

fn is_metric_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[') && all_allowed(text, is_allowed)
}

pub(crate) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && are_hex(text.as_bytes())
}

pub(super) fn are_hex(bytes: &[u8]) -> bool {
    // Sixteen at a time and without a branch for each, so that the compiler uses vectors.
    let wrong = |chunk: &[u8]| {
        chunk.iter().fold(0, |wrong, byte| {
            let is_hex = byte.wrapping_sub(b'0') < 10 || (byte | 0x20).wrapping_sub(b'a') < 6;
            wrong | u8::from(!is_hex)
        })
    };
    let (chunks, rest) = bytes.as_chunks::<16>();
    chunks.iter().fold(0, |sum, chunk| sum | wrong(chunk)) | wrong(rest) == 0
}

/// Decimal digits of a 64-bit number without leading zeros.
pub(crate) fn is_nanoseconds(text: &str) -> bool {
    let is_plain = text == "0" || !text.starts_with('0');
    is_plain && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
}

/// The form of a tenant's name, safe in paths, labels and logs.
pub(crate) fn is_tenant(text: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_as_one_character_and_satisfies_a_form() {
        assert_eq!(measured("a [email] é"), 5);
        assert_eq!(measured("[nothing]"), 9);
        let sealed = format!("[sealed:{}]", "A".repeat(4_000));
        assert_eq!((measured(&sealed), measured(&format!("{sealed}é[email:mask:example.com]"))), (1, 3));
        assert_eq!(end_of(&format!("é{sealed}b"), 2), sealed.len() + 2);
        assert!(is_key("auth.[email].x") && is_metric_name("[ipv4].up"));
        assert!(!is_key("auth.[nothing]") && !is_metric_name("9.up"));
    }

    #[test]
    fn keys_are_words_joined_by_dots() {
        for text in ["auth.login.attempt", "system_capability", "a-b.9"] {
            assert!(is_key(text), "{text}");
        }
        for text in [".a", "a.", "a..b", "a b", "é"] {
            assert!(!is_key(text), "{text}");
        }
    }
}
