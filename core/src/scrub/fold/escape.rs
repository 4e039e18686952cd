//! Escapes that stand for one character: percent-encoding (RFC 3986), backslash escapes of JSON and of programming
//! languages, HTML's character references, and `(at)`. Each is read in constant time, or consumed whole.

/// A character and the length of what stands for it.
pub(super) type Escape = Option<(char, usize)>;

/// How often an escape may itself be escaped (`%252540`, `&amp;amp;#64;`). More than a proxy and a logger do.
const MAX_AGAIN: usize = 3;

/// The character that `%40`, `%2540`, `%C3%A9` or `%u0040` at the start of `text` stands for.
pub(super) fn percent(text: &[u8]) -> Escape {
    if let [b'%', b'u' | b'U', digits @ ..] = text {
        return visible(hex(digits.get(..4)?)?, 6);
    }
    let (first, mut len) = octet(text)?;
    let mut bytes = [first, 0, 0, 0];
    let count = match first {
        0..0x80 => 1,
        0xC2..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0..0xF5 => 4,
        _ => return None,
    };
    for byte in bytes.iter_mut().take(count).skip(1) {
        let (next, used) = octet(text.get(len..)?)?;
        *byte = next;
        len += used;
    }
    let c = std::str::from_utf8(&bytes[..count]).ok()?.chars().next()?;
    visible(u32::from(c), len)
}

/// One percent-encoded byte, whose percent sign may be encoded again.
fn octet(text: &[u8]) -> Option<(u8, usize)> {
    let pair = |at: usize| text.get(at..at + 2).and_then(hex);
    if text.first() != Some(&b'%') {
        return None;
    }
    let (mut value, mut len) = (pair(1)?, 3);
    for _ in 0..MAX_AGAIN {
        match pair(len).filter(|_| value == u32::from(b'%')) {
            Some(next) => (value, len) = (next, len + 2),
            None => break,
        }
    }
    Some((u8::try_from(value).ok()?, len))
}

/// The character that a run of `slashes` backslashes and what stands behind it say: `\u0040`, `\x40`, `\"`, `\n`,
/// also escaped more than once. `rest` stands behind the run.
pub(super) fn backslash(slashes: usize, rest: &[u8]) -> Escape {
    let (c, len) = match rest {
        [b'n', ..] => ('\n', 1),
        [b'r', b'\\', b'n', ..] => ('\n', 3),
        [b'r', b'\\', b'\\', b'n', ..] => ('\n', 4),
        [b'r', ..] => ('\r', 1),
        [b't', ..] => ('\t', 1),
        [b'"', ..] => ('"', 1),
        [b'\'', ..] => ('\'', 1),
        [b'/', ..] => ('/', 1),
        [b'u', b'{', digits @ ..] => {
            let len = digits.iter().take(7).position(|&byte| byte == b'}')?;
            visible(hex(&digits[..len])?, len + 3)?
        }
        [b'u', digits @ ..] => unit(digits)?,
        [b'U', digits @ ..] => visible(hex(digits.get(..8)?)?, 9)?,
        [b'x', digits @ ..] => visible(hex(digits.get(..2)?)?, 3)?,
        _ => return None,
    };
    Some((c, slashes + len))
}

/// `XXXX`, or the two halves of a surrogate pair, `XXXX\uXXXX`.
fn unit(digits: &[u8]) -> Escape {
    let high = hex(digits.get(..4)?)?;
    if !(0xD800..0xDC00).contains(&high) {
        return visible(high, 5);
    }
    let low = hex(digits.get(4..6).filter(|escape| escape == b"\\u").and(digits.get(6..10))?)?;
    let is_low = (0xDC00..0xE000).contains(&low);
    if is_low { visible(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), 11) } else { None }
}

/// Named references that hide what detectors look for (HTML Living Standard, 13.5).
const NAMED: [(&[u8], char); 27] = [
    (b"amp", '&'),
    (b"lt", '<'),
    (b"gt", '>'),
    (b"quot", '"'),
    (b"apos", '\''),
    (b"nbsp", ' '),
    (b"shy", '\u{ad}'),
    (b"commat", '@'),
    (b"period", '.'),
    (b"colon", ':'),
    (b"semi", ';'),
    (b"comma", ','),
    (b"plus", '+'),
    (b"hyphen", '-'),
    (b"dash", '-'),
    (b"ndash", '-'),
    (b"minus", '-'),
    (b"lowbar", '_'),
    (b"sol", '/'),
    (b"bsol", '\\'),
    (b"equals", '='),
    (b"num", '#'),
    (b"percnt", '%'),
    (b"dollar", '$'),
    (b"excl", '!'),
    (b"lbrack", '['),
    (b"rbrack", ']'),
];

/// The character that `&#64;`, `&#x40;`, `&commat;` or `&amp;#64;` at the start of `text` stands for.
pub(super) fn reference(text: &[u8]) -> Escape {
    /// The longest name, or the digits of the last code point with leading zeros.
    const MAX_NAME: usize = 10;
    let mut at = 1;
    for _ in 0..MAX_AGAIN {
        // A lone `&amp;` is an ampersand; with a reference behind it, it is that reference escaped.
        match text.get(at..).and_then(|rest| rest.strip_prefix(b"amp;")) {
            Some([b'#' | b'a'..=b'z', ..]) => at += 4,
            _ => break,
        }
    }
    let found = simple_reference(text.get(at..)?, MAX_NAME).map(|(c, len)| (c, at + len));
    // What stood behind was no reference: the first `&amp;` is still one.
    found.or_else(|| (at > 1).then_some(('&', 5)))
}

fn simple_reference(text: &[u8], max: usize) -> Escape {
    let end = text.iter().take(max).position(|&byte| byte == b';')?;
    match &text[..end] {
        [b'#', b'x' | b'X', digits @ ..] => visible(hex(digits)?, end + 1),
        [b'#', digits @ ..] => visible(std::str::from_utf8(digits).ok()?.parse().ok()?, end + 1),
        name => NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| (*c, end + 1)),
    }
}

/// `(at)`, `[dot]` and the like at the start of `text`, with the space behind.
pub(super) fn spoken(text: &[u8]) -> Escape {
    let close = match text.first()? {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    };
    let end = text.iter().take(5).position(|&byte| byte == close)?;
    let c = match text[1..end].to_ascii_lowercase().as_slice() {
        b"at" => '@',
        b"dot" => '.',
        _ => return None,
    };
    let spaced = text.get(end + 1) == Some(&b' ');
    Some((c, end + 1 + usize::from(spaced)))
}

/// The value of one to eight hex digits.
fn hex(digits: &[u8]) -> Option<u32> {
    let is_hex = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| is_hex)?;
    u32::from_str_radix(text, 16).ok()
}

/// Control characters other than white space are no text: what stands for one is left as it is.
fn visible(code: u32, len: usize) -> Escape {
    let c = char::from_u32(code)?;
    (!c.is_control() || matches!(c, '\t' | '\n' | '\r')).then_some((c, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_read_also_when_encoded_again() {
        for (text, expected) in [
            ("%40x", Some(('@', 3))),
            ("%2540", Some(('@', 5))),
            ("%252540", Some(('@', 7))),
            ("%25", Some(('%', 3))),
            ("%25 ", Some(('%', 3))),
            ("%c3%a9", Some(('é', 6))),
            ("%25C3%25A9", Some(('é', 10))),
            ("%EF%BC%A0", Some(('＠', 9))),
            ("%u0040", Some(('@', 6))),
            ("%C3", None),
            ("%C3%41", None),
            ("%00", None),
            ("%4", None),
            ("%zz", None),
            ("% 1", None),
        ] {
            assert_eq!(percent(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn backslash_escapes_are_read_behind_any_number_of_backslashes() {
        for (slashes, rest, expected) in [
            (1, "u0040", Some(('@', 6))),
            (2, "u0040", Some(('@', 7))),
            (1, "ud83d\\ude00", Some(('😀', 12))),
            (1, "ud83d", None),
            (1, "u{40}", Some(('@', 6))),
            (1, "U00000040", Some(('@', 10))),
            (1, "x40", Some(('@', 4))),
            (3, "\"", Some(('"', 4))),
            (1, "n", Some(('\n', 2))),
            (1, "users", None),
            (1, "xyz", None),
            (1, "d", None),
            (1, "", None),
        ] {
            assert_eq!(backslash(slashes, rest.as_bytes()), expected, "{rest}");
        }
    }

    #[test]
    fn html_references_are_read() {
        for (text, expected) in [
            ("&#64;", Some(('@', 5))),
            ("&#064;", Some(('@', 6))),
            ("&#x40;", Some(('@', 6))),
            ("&commat;", Some(('@', 8))),
            ("&amp;#64;", Some(('@', 9))),
            ("&amp;b", Some(('&', 5))),
            ("&amp; ", Some(('&', 5))),
            ("&b=1", None),
            ("&copy=1;", None),
            ("&#;", None),
            ("&#1114112;", None),
            ("&", None),
        ] {
            assert_eq!(reference(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn spoken_signs_need_brackets() {
        assert_eq!(spoken(b"(at)x"), Some(('@', 4)));
        assert_eq!(spoken(b"[DOT] x"), Some(('.', 6)));
        assert_eq!(spoken(b"(at x)"), None);
        assert_eq!(spoken(b"[at)"), None);
    }
}
