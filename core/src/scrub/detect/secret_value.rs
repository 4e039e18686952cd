//! What tells a secret from what stands in its place: placeholders, references, prose, names of types.

use super::words::Words;
use super::{byte, run};
use crate::scrub::token::token_len;

/// Shorter values of a mere `key` are names and numbers.
const MIN_RANDOM: usize = 16;
/// Longer ones are data.
const MAX_RANDOM: usize = 1024;
/// The part of a random value between separators that is read; shorter ones make words and dates.
const MIN_PIECE: usize = 10;
/// Different characters in it: 2.8 bits each at the least, where hexadecimal digests have 3.6 and words 2.5.
const MIN_DISTINCT: u32 = 7;
/// Changes between letters and digits, or of case against a word's: `kVK_Space` has two.
const MIN_CHANGES: usize = 3;

/// Nothing longer is refused as a reference, a program's text or filler: what is refused is read again from its next
/// label on, and only a bound keeps that linear.
pub(super) const MAX_NOTHING: usize = 256;

/// What stands where a value would: nothing secret in it.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    #[rustfmt::skip]
    static WORDS: Words = Words::of(&[
        "null", "none", "nil", "undefined", "nan", "true", "false", "yes", "no", "on", "off", "string", "str", "bool",
        "boolean", "int", "integer", "number", "float", "bytes", "any", "object", "option", "optional", "required",
        "redacted", "hidden", "masked", "removed", "scrubbed", "unset", "empty", "n/a", "todo", "tbd", "enabled",
        "disabled", "unknown",
    ]);
    let is_filler = |byte: &u8| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'-' | b'_' | b'#' | b'?' | b'=' | b'\\');
    value.is_empty()
        || token_len(value) == Some(value.len())
        || WORDS.has(value)
        || value.iter().all(is_filler)
        || value.len() <= MAX_NOTHING && is_reference(value)
        || value.len() <= 3 && value.iter().all(u8::is_ascii_digit)
        // What is left of a program's text: `)`, `);`.
        || value.len() <= 2 && value.iter().all(u8::is_ascii_punctuation)
}

/// `${VAR}`, `$VAR`, `$(command)`, `{{ value }}`, `<password>`, `%s`, `%VAR%`, `vault:path`, `process.env.VAR`
fn is_reference(value: &[u8]) -> bool {
    let (first, last) = (byte(value, 0), byte(value, value.len().saturating_sub(1)));
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match first {
        b'$' => {
            matches!(byte(value, 1), b'{' | b'(')
                || run(value, 1, |b| b.is_ascii_uppercase() || b == b'_') == value.len()
                || run(value, 1, |b| b.is_ascii_lowercase() || b == b'_') == value.len()
        }
        b'{' => last == b'}' && (byte(value, 1) == b'{' || run(value, 1, is_name) == value.len() - 1),
        b'<' => last == b'>' && !value.contains(&b'='),
        b'%' => {
            matches!(value, b"%s" | b"%d" | b"%v" | b"%q" | b"%r")
                || byte(value, 1) == b'('
                || last == b'%' && value.len() > 2 && run(value, 1, is_name) == value.len() - 1
        }
        b'v' | b'e' | b'p' | b'o' | b'E' | b's' | b'!' => [
            &b"vault:"[..],
            b"env:",
            b"env.",
            b"process.env",
            b"os.environ",
            b"os.getenv",
            b"ENV[",
            b"secrets.",
            b"!vault",
        ]
        .iter()
        .any(|start| value.starts_with(start)),
        _ => false,
    }
}

/// Whether more than half of `value` is a filler such as `xxxx`.
pub(super) fn is_filled(value: &[u8]) -> bool {
    let filler = value.iter().filter(|byte| matches!(byte, b'x' | b'X' | b'*' | b'.')).count();
    filler * 2 > value.len()
}

/// Whether `value` was drawn rather than named: the measure for names that only may say "secret".
pub(in crate::scrub) fn looks_random(value: &[u8]) -> bool {
    (MIN_RANDOM..=MAX_RANDOM).contains(&value.len())
        && !is_placeholder(value)
        && !is_filled(value)
        && !value.iter().any(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b')' | b'{' | b'}' | b'['))
        && !value.starts_with(b"http")
        && !matches!(byte(value, 0), b'/' | b'\\')
        && !is_uuid(value)
        && (pieces(value).any(is_random_piece) || pieces(value).filter(|piece| is_interleaved(piece)).count() >= 2)
}

/// What stands between separators.
fn pieces(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| !byte.is_ascii_alphanumeric())
}

/// A digit among letters or a letter among digits, in a piece too short to say more: two of them are no accident.
fn is_interleaved(piece: &[u8]) -> bool {
    const MIN_LEN: usize = 6;
    const MIN_CHANGES: usize = 2;
    piece.len() >= MIN_LEN
        && piece.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count() >= MIN_CHANGES
}

/// A run of letters and digits that no word and no number makes.
fn is_random_piece(piece: &[u8]) -> bool {
    piece.len() >= MIN_PIECE && is_mixed(piece) && distinct(piece) >= MIN_DISTINCT
}

/// Letters and digits, changing often enough.
pub(super) fn is_mixed(piece: &[u8]) -> bool {
    let digits = piece.iter().filter(|byte| byte.is_ascii_digit()).count();
    let changes = piece.windows(2).filter(|pair| is_change(pair[0], pair[1])).count();
    (digits > 0 && digits < piece.len() && changes >= MIN_CHANGES) || changes >= 2 * MIN_CHANGES
}

const fn is_change(one: u8, two: u8) -> bool {
    one.is_ascii_digit() != two.is_ascii_digit() || one.is_ascii_lowercase() && two.is_ascii_uppercase()
}

/// How many different letters and digits.
pub(super) fn distinct(value: &[u8]) -> u32 {
    value.iter().fold(0_u128, |seen, byte| seen | 1 << (byte & 0x7f)).count_ones()
}

/// RFC 9562: names a thing more often than it guards one.
pub(in crate::scrub) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_value_is_told_from_one() {
        for value in [
            "",
            "null",
            "YES",
            "****",
            "xxxxxxxx",
            "${DB_PASSWORD}",
            "$TOKEN",
            "{{ .Values.password }}",
            "<password>",
            "%s",
            "vault:secret/db",
            "process.env.TOKEN",
            "12",
            "$(cat file)",
            "[secret]",
            "[email:2]",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in ["changeme", "hunter2", "1234", "$ecret1", "p%s", "{a-1}x", "x9"] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn drawn_values_are_told_from_named_ones() {
        for value in ["9f2c1e7ab04d83c65512ffe0a9b3d7c4", "Zx81kLmQ02pRt7VbNc", "a1b2c3-9f8e7d6c5b4a"] {
            assert!(looks_random(value.as_bytes()), "{value}");
        }
        for value in [
            "banner-size",
            "us-east-1-prod-cluster-01",
            "OpenDoorHandles",
            "2026-01-02T03:04:05Z",
            "9f2c1e7a-b04d-43c6-9551-2ffe0a9b3d7c",
            "/etc/app/key1a2b3c4d5e6f.pem",
            "AAAAAAAAAAAAAAAAAAAAAAAA",
            "com.example.cache.Key2",
            "xxxxxxxxxxxxxxxxxxxxxxxx1",
            "1234567890123456789",
        ] {
            assert!(!looks_random(value.as_bytes()), "{value}");
        }
    }
}
