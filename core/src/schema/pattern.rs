//! `pattern`: regular expressions of ECMA 262 whose cost is bounded.
//!
//! The engine is a lean one without look-around and back references, so a match costs at most the pattern's size times
//! the text's length. A pattern means what it means in ECMA 262 or is refused: what the two dialects read differently
//! is translated (`.`, `\s`, brackets in classes) or named in an error.

use regex_lite::{Regex, RegexBuilder};

/// Bytes of a compiled pattern: enough for a class repeated 255 times. Bounds a match: the worst pattern costs some
/// 10 µs a byte, so a record of 64 KiB under the worst plan stays within a second; a usual one costs 0.1 µs a byte.
const MAX_COMPILED_BYTES: usize = 32 << 10;

/// Levels of groups in a pattern. Hand-written ones have three.
const MAX_GROUPS_DEEP: u32 = 24;

/// What `\s` holds in ECMA 262: white space and line ends, as the inside of a class.
const SPACE: &str = r"\t\n\x0B\x0C\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

/// What `.` leaves out in ECMA 262.
const ALL_BUT_LINE_ENDS: &str = r"[^\n\r\u{2028}\u{2029}]";

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    written: Box<str>,
    regex: Regex,
}

impl Pattern {
    /// Compiles `written`; says why it cannot.
    pub(super) fn new(written: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(&translate(written)?)
            .size_limit(MAX_COMPILED_BYTES)
            .nest_limit(MAX_GROUPS_DEEP)
            .build()
            .map_err(|reason| format!("no pattern that can be run in bounded time: {reason}"))?;
        Ok(Self { written: written.into(), regex })
    }

    /// Whether some part of `text` matches: a pattern is not anchored.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The pattern as it was written.
    pub(super) fn written(&self) -> &str {
        &self.written
    }
}

/// `pattern` in the dialect of the engine.
fn translate(pattern: &str) -> Result<String, &'static str> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut in_class = false;
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        rest = behind;
        match c {
            '\\' => rest = escape(behind, in_class, &mut out)?,
            '[' if in_class => out.push_str(r"\["),
            '[' => {
                if behind.starts_with(']') || behind.starts_with("^]") {
                    return Err("an empty class; a class names at least one character");
                }
                in_class = true;
                out.push('[');
            }
            ']' => {
                // Outside a class it stands for itself.
                out.push_str(if in_class { "]" } else { r"\]" });
                in_class = false;
            }
            '&' | '~' if in_class => out.extend(['\\', c]),
            '.' if !in_class => out.push_str(ALL_BUT_LINE_ENDS),
            '(' if !in_class => {
                group(behind)?;
                out.push('(');
            }
            '{' if !in_class && behind.starts_with(',') => {
                return Err("a repetition without a lower bound; write {0,n}");
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// Translates the escape whose backslash is read; returns the rest.
fn escape<'a>(behind: &'a str, in_class: bool, out: &mut String) -> Result<&'a str, &'static str> {
    let mut chars = behind.chars();
    let Some(c) = chars.next() else { return Err("a backslash with nothing behind it") };
    let rest = chars.as_str();
    match c {
        's' if in_class => out.push_str(SPACE),
        's' => out.extend(["[", SPACE, "]"]),
        'S' if in_class => return Err(r"\S within a class; write the class the other way round"),
        'S' => out.extend(["[^", SPACE, "]"]),
        '0' if !rest.starts_with(|next: char| next.is_ascii_digit()) => out.push_str(r"\x00"),
        '0'..='9' | 'k' => return Err("back references are not supported: their cost has no bound"),
        'p' | 'P' => return Err(r"\p is not supported; list the characters in a class"),
        'c' => {
            let letter = rest.bytes().next().filter(u8::is_ascii_alphabetic).ok_or(r"\c without a letter")?;
            // A control character is its letter's last five bits.
            let control = char::from(letter % 32);
            out.push_str(r"\x");
            out.extend(
                [u32::from(control) / 16, u32::from(control) % 16]
                    .map(|digit| char::from_digit(digit, 16).unwrap_or('0')),
            );
            return Ok(&rest[1..]);
        }
        'u' if rest.starts_with('{') => return Err(r"\u{…}; write \u and four hex digits, or the character itself"),
        'x' if rest.starts_with('{') => return Err(r"\x{…}; write \x and two hex digits, or \u and four"),
        'b' if in_class => out.push_str(r"\x08"),
        'b' if rest.starts_with('{') => return Err(r"a repeated \b"),
        'd' | 'D' | 'w' | 'W' | 'b' | 'B' | 'n' | 'r' | 't' | 'f' | 'v' | 'u' | 'x' => out.extend(['\\', c]),
        c if c.is_ascii_alphanumeric() => return Err("an escape that ECMA 262 does not have"),
        c if c.is_ascii() => out.extend(['\\', c]),
        c => out.push(c),
    }
    Ok(rest)
}

/// Refuses groups that ECMA 262 does not have or whose cost has no bound; `behind` is what follows the parenthesis.
fn group(behind: &str) -> Result<(), &'static str> {
    let Some(kind) = behind.strip_prefix('?') else { return Ok(()) };
    match kind.as_bytes() {
        [b'=' | b'!', ..] | [b'<', b'=' | b'!', ..] => Err("look-around is not supported: its cost has no bound"),
        [b':' | b'<', ..] => Ok(()),
        _ => Err("a group that ECMA 262 does not have; there are (…), (?:…) and (?<name>…)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_what_it_means_in_ecma_262() {
        for (pattern, text, expected) in [
            ("a+", "xaay", true),
            ("^a*$", "aab", false),
            ("^$", "\n", false),
            (r"^\d$", "\u{7df}", false),
            (r"^\w$", "é", false),
            (r"^\s$", "\u{feff}", true),
            (r"^[\sx]$", "\u{a0}", true),
            (r"^\S$", "\u{2029}", false),
            ("^.$", "\r", false),
            ("^.$", "😀", true),
            ("^[.]$", "x", false),
            (r"^[[a]$", "[", true),
            (r"^[a&&b]$", "&", true),
            (r"^[a~~b]$", "~", true),
            (r"^\/\-\#$", "/-#", true),
            (r"^\cC\0$", "\u{3}\u{0}", true),
            (r"^[\b]$", "\u{8}", true),
            (r"^\u0041\x42$", "AB", true),
            ("^(?<year>[0-9]{4})-(?:a|b)$", "2026-b", true),
            ("^]}$", "]}", true),
            (r"\bfoo\b", "a foo b", true),
            ("^[A-Za-z0-9_.-]{1,255}$", "release-1.2_3", true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().matches(text), expected, "{pattern} {text:?}");
        }
    }

    #[test]
    fn what_cannot_be_bounded_or_means_something_else_is_refused() {
        for pattern in [
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?<!a)",
            r"(a)\1",
            r"(?<n>a)\k<n>",
            "(?i)a",
            "(?P<n>a)",
            r"\pL",
            r"\p{L}",
            r"\Aa",
            r"a\z",
            r"\x{41}",
            r"\u{41}",
            r"\h",
            "[]",
            "[^]",
            "(",
            ")",
            "[a",
            "*",
            "a{2,1}",
            "a{,3}",
            "{",
            "a\\",
            r"[^\S]",
            r"\c1",
            r"\b{start}",
            "(((a{99}){99}){99}){99}",
            "[z-a]",
        ] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }
}
