//! Strings between JSON's escapes and plain UTF-8.

use std::borrow::Cow;

/// Appends `text` as a JSON string: `"`, `\` and control characters escaped, everything else as it is.
pub(crate) fn write_string(text: &str, out: &mut String) {
    /// From here on a look without a branch for each byte is faster: nearly no string has anything to escape.
    const LONG: usize = 32;
    out.push('"');
    if text.len() >= LONG
        && text.bytes().fold(0, |odd, byte| odd | u8::from(byte < 0x20 || byte == b'"' || byte == b'\\')) == 0
    {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut copied = 0;
    for (i, byte) in text.bytes().enumerate() {
        if !IS_ESCAPED[usize::from(byte)] {
            continue;
        }
        out.push_str(&text[copied..i]);
        copied = i + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            _ => {
                out.push_str("\\u00");
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out.push_str(&text[copied..]);
    out.push('"');
}

const HEX: [u8; 16] = *b"0123456789abcdef";

/// Bytes that do not stand in a string as they are.
static IS_ESCAPED: [bool; 256] = {
    let (mut table, mut i) = ([false; 256], 0);
    while i < table.len() {
        table[i] = i < 0x20 || i == b'"' as usize || i == b'\\' as usize;
        i += 1;
    }
    table
};

/// The plain text of a string's inside, which [`Document::read`](super::Document::read) has checked.
pub(crate) fn decode(inside: &str) -> Cow<'_, str> {
    // Escapes mostly stand near one another: no search that begins slowly.
    let backslash = |text: &str| text.bytes().position(|byte| byte == b'\\');
    let Some(first) = inside.find('\\') else { return Cow::Borrowed(inside) };
    let mut out = String::with_capacity(inside.len());
    out.push_str(&inside[..first]);
    let mut rest = &inside[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let (c, used) = decode_escape(escape);
        out.push(c);
        rest = &escape[used..];
        let next = backslash(rest).unwrap_or(rest.len());
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(out)
}

/// The character that an escape stands for and its length, from behind the backslash.
fn decode_escape(escape: &str) -> (char, usize) {
    match escape.as_bytes().first() {
        Some(b'n') => ('\n', 1),
        Some(b'r') => ('\r', 1),
        Some(b't') => ('\t', 1),
        Some(b'b') => ('\u{8}', 1),
        Some(b'f') => ('\u{c}', 1),
        Some(b'u') => {
            let high = hex4(escape.get(1..5));
            let pair = (0xd800..0xdc00).contains(&high);
            let code = if pair { 0x1_0000 + ((high - 0xd800) << 10) + (hex4(escape.get(7..11)) & 0x3ff) } else { high };
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), if pair { 11 } else { 5 })
        }
        // The quote, the backslash and the slash stand for themselves.
        Some(byte) => (char::from(*byte), 1),
        None => (char::REPLACEMENT_CHARACTER, 0),
    }
}

/// The value of four hex digits; the reader has checked that they are there.
pub(super) fn hex4(digits: Option<&str>) -> u32 {
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_decode_and_write_back_in_one_canonical_form() {
        for (inside, plain, canonical) in [
            ("plain", "plain", r#""plain""#),
            (r"a\/b", "a/b", r#""a/b""#),
            (r"\u00e9\n", "é\n", r#""é\n""#),
            (r"\ud83d\ude00!", "😀!", r#""😀!""#),
            (r#"\"\\"#, "\"\\", r#""\"\\""#),
            (r"\u0000\u001F", "\0\u{1f}", r#""\u0000\u001f""#),
        ] {
            assert_eq!(decode(inside), plain);
            let mut out = String::new();
            write_string(plain, &mut out);
            assert_eq!(out, canonical);
        }
    }
}
