//! The tokens that scrubbing writes. They say what stood there and what was done, satisfy any keyword of a schema,
//! and are never scrubbed again, wherever they are met: a collector knows the tokens of every client.
//!
//! | token | says |
//! |---|---|
//! | `[email]`, `[email:2]` | replaced; the second of its name in one object |
//! | `[removed]` | removed, without saying what it was |
//! | `[card:mask:1111]` | masked, with the part that may be shown |
//! | `[hash:<32 hex>]`, `[hash:k2:<32 hex>]` | a pseudonym, and the id of its key |
//! | `[custom:order_no]` | replaced by the configuration's own rule of this name |
//! | `[sealed:<base64url>]` | kept in a box that the owner of a key can open |

use std::borrow::Cow;
use std::fmt::Write;

use super::rule::Rule;

/// Hex digits of a pseudonym: 128 bits, so that two people never share one.
pub(crate) const HASH_DIGITS: usize = 32;

/// Bytes of a key's id: enough for a year and a month, or a version.
pub(crate) const MAX_KEY_ID: usize = 12;

/// Bytes of a custom rule's name.
pub(crate) const MAX_CUSTOM_NAME: usize = 32;

/// Bytes that a mask shows: the longest domain name there can be (RFC 1035).
pub(crate) const MAX_SHOWN: usize = 253;

/// What says nothing of the value but that there was one.
pub(crate) const REMOVED: &str = "[removed]";

/// Base64 digits of a box that holds nothing: 32 bytes of key and 16 of authenticator.
const MIN_SEALED: usize = 64;

/// `text` with `ordinal` in the last of its tokens that can carry one, or behind it.
pub(crate) fn numbered(text: &str, ordinal: u32) -> String {
    let starts = text.match_indices('[').map(|(at, _)| at);
    let last = starts
        .filter_map(|at| Some((at, token_len(&text.as_bytes()[at..])?)))
        .rfind(|(at, len)| carries_ordinal(&text[at + 1..at + len - 1]));
    let Some((at, len)) = last else { return format!("{text}:{ordinal}") };
    let inside = &text[at + 1..at + len - 1];
    let name = inside.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix(':').unwrap_or(inside);
    let mut out = String::with_capacity(text.len() + MAX_ORDINAL);
    out.push_str(&text[..=at]);
    out.push_str(name);
    // Writing into a string does not fail.
    let _ = write!(out, ":{ordinal}]");
    out.push_str(&text[at + len..]);
    out
}

/// Whether `text` is a token such as `[email]`, which an ordinal makes `[email:2]`.
pub(crate) fn is_bare(text: &str) -> bool {
    let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inside.is_some_and(|kind| !kind.is_empty() && kind.bytes().all(is_kind))
}

/// Whether the name of a bare token may have this byte.
const fn is_kind(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The bare token and the ordinal of `[email:2]`; of `[email]`, which comes first, itself and 1.
pub(crate) fn ordinal_of(text: &str) -> Option<(Cow<'_, str>, u32)> {
    if is_bare(text) {
        return Some((text.into(), 1));
    }
    let (kind, ordinal) = text.strip_suffix(']')?.rsplit_once(':')?;
    let base = format!("{kind}]");
    is_bare(&base).then_some((base.into(), ordinal.parse().ok()?))
}

/// The same as written by [`with_ordinal`], without the bracket behind the token: its name's spelling is no other.
pub(crate) fn ordinal_as_written(text: &str) -> Option<(&str, u32)> {
    if is_bare(text) {
        return Some((text.strip_suffix(']')?, 1));
    }
    let (kind, ordinal) = text.strip_suffix(']')?.rsplit_once(':')?;
    let is_written = matches!(ordinal.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    kind.strip_prefix('[').filter(|inside| !inside.is_empty() && inside.bytes().all(is_kind))?;
    let ordinal = ordinal.parse().ok().filter(|ordinal| is_written && *ordinal > 1)?;
    Some((kind, ordinal))
}

/// Appends a bare token, whose last bracket is missing in `kind`, with `ordinal`. A hostile record has thousands: no
/// formatter.
pub(crate) fn push_with_ordinal(kind: &str, ordinal: u32, out: &mut String) {
    let (mut digits, mut first, mut rest) = ([b'0'; MAX_ORDINAL], MAX_ORDINAL, ordinal);
    while first > 0 && (rest > 0 || first == MAX_ORDINAL) {
        first -= 1;
        digits[first] = b"0123456789"[(rest % 10) as usize];
        rest /= 10;
    }
    out.reserve(kind.len() + MAX_ORDINAL + "]".len());
    out.push_str(kind);
    out.push(':');
    out.extend(digits[first..].iter().map(|digit| char::from(*digit)));
    out.push(']');
}

/// Bytes of a colon and the largest ordinal.
const MAX_ORDINAL: usize = 11;

/// Whether an ordinal behind the token's name leaves it a token.
fn carries_ordinal(inside: &str) -> bool {
    let (kind, rest) = inside.split_once(':').unwrap_or((inside, ""));
    kind == "custom" || kind != "hash" && kind != "sealed" && !rest.starts_with("mask:")
}

/// Whether the whole of `text` is one token.
pub(crate) fn is_token(text: &str) -> bool {
    token_len(text.as_bytes()) == Some(text.len())
}

/// Length of the token at the start of `text`, if one stands there.
#[inline]
pub(crate) fn token_len(text: &[u8]) -> Option<usize> {
    text.strip_prefix(b"[").and_then(len_of)
}

/// The same of a token's text behind the bracket.
fn len_of(inside: &[u8]) -> Option<usize> {
    if let Some(sealed) = inside.strip_prefix(b"sealed:") {
        return sealed_len(sealed).map(|len| len + "[sealed:]".len());
    }
    // What no token holds ends the search, a second bracket above all: a run of brackets stays linear.
    let longest = "email:mask:".len() + MAX_SHOWN;
    let end = inside
        .iter()
        .take(longest + 1)
        .position(|byte| !IS_PART[usize::from(*byte)])
        .filter(|&end| inside[end] == b']')?;
    is_inside(&inside[..end]).then_some(end + 2)
}

/// Bytes that a token may have between its brackets.
static IS_PART: [bool; 256] = {
    let (mut table, mut i) = ([false; 256], 0);
    while i < table.len() {
        let byte = i.to_le_bytes()[0];
        table[i] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-' | b'.');
        i += 1;
    }
    table
};

/// Bytes of `text` in which each token counts as one: what it had, at the least, before it was scrubbed.
pub(crate) fn len_before(text: &[u8]) -> usize {
    let (mut at, mut len) = (0, text.len());
    while let Some(next) = text[at..].iter().position(|byte| *byte == b'[') {
        at += next;
        let token = token_len(&text[at..]).unwrap_or(1);
        len -= token - 1;
        at += token;
    }
    len
}

/// The digits of a box in front of the bracket that ends it.
fn sealed_len(text: &[u8]) -> Option<usize> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let len = text.iter().position(|byte| !is_digit(byte))?;
    // One digit over a multiple of four holds no byte.
    (text[len] == b']' && len >= MIN_SEALED && len % 4 != 1).then_some(len)
}

fn is_inside(inside: &[u8]) -> bool {
    let (name, rest) = split(inside);
    match rest {
        None => is_rule(name) || name == b"removed",
        Some(rest) if name == b"hash" => match split(rest) {
            (digits, None) => is_hash(digits),
            (id, Some(digits)) => is_key_id(id) && is_hash(digits),
        },
        Some(rest) if name == b"custom" && !is_ordinal(rest) => match split(rest) {
            (name, None) => is_custom_name(name),
            (name, Some(ordinal)) => is_custom_name(name) && is_ordinal(ordinal),
        },
        Some(rest) => match split(rest) {
            (ordinal, None) => (is_rule(name) || name == b"removed") && is_ordinal(ordinal),
            (b"mask", Some(shown)) => is_shown(name, shown),
            _ => false,
        },
    }
}

/// What stands before the first colon and behind it.
fn split(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|&byte| byte == b':') {
        Some(colon) => (&text[..colon], Some(&text[colon + 1..])),
        None => (text, None),
    }
}

fn is_rule(name: &[u8]) -> bool {
    Rule::named(name).is_some()
}

fn is_hash(digits: &[u8]) -> bool {
    digits.len() == HASH_DIGITS && digits.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
}

/// At most as many members as a record can hold.
fn is_ordinal(digits: &[u8]) -> bool {
    matches!(digits.len(), 1..=5) && digits.iter().all(u8::is_ascii_digit)
}

/// Lower-case letters and digits, so that an id is no pseudonym and no rule's name is an id.
pub(crate) fn is_key_id(id: &[u8]) -> bool {
    (1..=MAX_KEY_ID).contains(&id.len()) && id.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// A letter, then letters, digits and underscores.
pub(crate) fn is_custom_name(name: &[u8]) -> bool {
    (1..=MAX_CUSTOM_NAME).contains(&name.len())
        && name[0].is_ascii_lowercase()
        && name.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_')
}

/// What a mask of the rule `name` may show; anything else in such a token is somebody's text.
fn is_shown(name: &[u8], shown: &[u8]) -> bool {
    match name {
        b"card" | b"phone" => is_last_four(shown) && shown.iter().all(u8::is_ascii_digit),
        b"iban" | b"bank_account" => is_last_four(shown),
        b"email" => is_domain(shown),
        _ => false,
    }
}

/// Four digits, or the capitals that some account numbers end with.
pub(crate) fn is_last_four(shown: &[u8]) -> bool {
    shown.len() == 4 && shown.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// A domain in lower-case ASCII whose few digits make no number of anybody.
pub(crate) fn is_domain(shown: &[u8]) -> bool {
    const MAX_DIGITS: usize = 4;
    let is_label = |label: &[u8]| {
        matches!(label.len(), 1..=63)
            && label.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    };
    shown.len() <= MAX_SHOWN
        && shown.contains(&b'.')
        && shown.split(|&b| b == b'.').all(is_label)
        && shown.iter().filter(|b| b.is_ascii_digit()).count() <= MAX_DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "[hash:0123456789abcdef0123456789abcdef]";

    #[test]
    fn an_ordinal_goes_into_the_last_token_that_can_carry_one() {
        assert_eq!(numbered("a [email] b [card] c", 3), "a [email] b [card:3] c");
        assert_eq!(numbered(&format!("[ipv4]{HASH}"), 2), format!("[ipv4:2]{HASH}"));
        assert_eq!(numbered(HASH, 2), format!("{HASH}:2"));
        assert_eq!(numbered("[email:2]", 3), "[email:3]");
        assert_eq!(numbered("[removed]", 2), "[removed:2]");
        assert_eq!(numbered("[card:mask:1111]", 2), "[card:mask:1111]:2");
        assert_eq!(numbered("[custom:order_no]", 2), "[custom:order_no:2]");
        assert_eq!(numbered("[custom:order_no:2]", 3), "[custom:order_no:3]");
    }

    #[test]
    fn ordinals_are_written_in_decimal_digits() {
        for ordinal in [0, 2, 9, 10, 4_096, u32::MAX] {
            let mut out = String::from("x ");
            push_with_ordinal("[email", ordinal, &mut out);
            assert_eq!(out, format!("x [email:{ordinal}]"));
        }
    }

    #[test]
    fn what_an_ordinal_was_added_to_is_known_from_the_name() {
        assert_eq!(ordinal_of("[email]"), Some(("[email]".into(), 1)));
        assert_eq!(ordinal_of(&numbered("[email]", 12)), Some(("[email]".into(), 12)));
        for other in ["[email] x", "x [email:2]", "[card:mask:1111]", "[email:x]", "[]", "[:2]", "email:2]"] {
            assert_eq!(ordinal_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_text_is_as_long_as_before_where_tokens_count_as_one() {
        for (text, len) in [("", 0), ("[[]", 3), ("a [email] b [email:2][", 8), ("[email", 6), (HASH, 1)] {
            assert_eq!(len_before(text.as_bytes()), len, "{text}");
        }
    }

    #[test]
    fn only_what_scrubbing_writes_is_a_token() {
        let sealed = format!("[sealed:{}]", "aZ09-_".repeat(11));
        for text in [
            "[email]",
            "[card:2]",
            HASH,
            "[hash:2026q4:0123456789abcdef0123456789abcdef]",
            "[removed]",
            "[removed:12]",
            "[card:mask:1111]",
            "[iban:mask:56BE]",
            "[email:mask:mail.example.com]",
            "[custom]",
            "[custom:order_no]",
            "[custom:order_no:2]",
            &sealed,
        ] {
            assert!(is_token(text), "{text}");
        }
        let short = format!("[sealed:{}]", "a".repeat(60));
        let torn = format!("[sealed:{}]", "a".repeat(65));
        for text in [
            "[ann]",
            "email",
            "[email",
            "[email] ",
            "[email:]",
            "[email:x]",
            "[hash:12]",
            "[hash]",
            "[hash:K2:0123456789abcdef0123456789abcdef]",
            "[]",
            "",
            "[card:mask:4111111111111111]",
            "[ssn:mask:1111]",
            "[phone:mask:XT49]",
            "[card:mask:]",
            "[email:mask:ann@example.com]",
            "[email:mask:example]",
            "[email:mask:Example.com]",
            "[email:mask:4111111111111111.com]",
            "[custom:Order]",
            "[custom:1]x",
            "[custom:a:b]",
            "[removed:x]",
            &short,
            &torn,
            "[sealed:",
        ] {
            assert!(!is_token(text), "{text}");
        }
    }
}
