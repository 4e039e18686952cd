//! Views of a text in which what was hidden from detectors is plain: invisible characters, look-alikes of ASCII,
//! percent-encoding, backslash escapes, HTML references, values broken over two lines.
//!
//! No map of offsets is kept. Where something is found in a view, its changes are made a second time and counted
//! along ([`View::in_origin`]): a view costs its own bytes, and only in texts that have something to fold. Clean ASCII
//! costs one look into a table for each byte.
//!
//! What is not folded, because it says other things far more often: quoted-printable (`size=40px`), "at" and "dot" as
//! bare words, hex dumps, octal escapes.

mod base64;
mod changes;
mod chars;
mod escape;

use std::ops::Range;

use crate::scan::Scanned;

pub(super) use self::base64::runs as base64_runs;
use self::changes::{Change, Changes};
pub(super) use self::changes::{SIGNS, may_begin};

/// Whether something may be hidden in a text: a second, exact look at the places that the scan marked.
pub(super) fn may_hide(scanned: Scanned<'_>) -> bool {
    let bytes = scanned.text.as_bytes();
    let mut from = 0;
    while let Some(at) = scanned.next_hidden(from) {
        let after = bytes.get(at + 1).copied().unwrap_or(b'\n');
        // Most ampersands stand between a query's parameters.
        let is_reference = || bytes[at] != b'&' || is_reference(&bytes[at..]);
        if changes::is_trigger(bytes[at]) && may_begin(bytes[at], after) && is_reference() {
            return true;
        }
        from = at + 1;
    }
    false
}

/// Whether a reference stands at the start of `text`. Most names behind an ampersand are parameters', and end otherwise.
fn is_reference(text: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'#' | b'+');
    let end = text.iter().skip(1).find(|byte| !is_part(byte));
    end == Some(&b';') && escape::reference(text).is_some()
}

/// A text with its evasions undone.
pub(super) struct View<'a> {
    origin: &'a str,
    text: String,
    lines: bool,
}

impl<'a> View<'a> {
    /// The view of `text`, or nothing where it is `text` itself; and the view in which values that are broken over
    /// two lines are whole too, where there may be such.
    pub(super) fn of(text: &'a str) -> (Option<Self>, Option<Self>) {
        let mut changes = Changes::new(text, false);
        let view = Self::made(text, &mut changes);
        let has_broken = changes.has_broken;
        (view, if has_broken { Self::made(text, &mut Changes::new(text, true)) } else { None })
    }

    fn made(origin: &'a str, changes: &mut Changes<'a>) -> Option<Self> {
        let first = changes.next()?;
        let mut text = String::with_capacity(origin.len());
        let mut copied = 0;
        for change in std::iter::once(first).chain(changes.by_ref()) {
            text.push_str(&origin[copied..change.from]);
            text.extend(change.to);
            copied = change.until;
        }
        text.push_str(&origin[copied..]);
        Some(Self { origin, text, lines: changes.lines })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where `ranges` of the view stand in the text that it was made of. They are in order and do not overlap.
    pub(super) fn in_origin(&self, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
        let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
        let mut changes = Changes::new(self.origin, self.lines);
        // The stretch that was copied from `origin` to `view`, and the change that ends it.
        let (mut origin, mut view, mut change) = (0, 0, changes.next());
        // The character that holds the view's byte `at`.
        let mut place = |at: usize| loop {
            let Some(Change { from, until, to }) = change else {
                return (origin + (at - view), origin + (at - view) + 1);
            };
            let (begin, len) = (view + (from - origin), to.map_or(0, char::len_utf8));
            if at < begin {
                return (origin + (at - view), origin + (at - view) + 1);
            }
            if at < begin + len {
                return (from, until);
            }
            (origin, view, change) = (until, begin + len, changes.next());
        };
        for range in ranges {
            let start = place(range.start).0;
            out.push(start..place(range.end - 1).1);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        View::of(text).0.map_or_else(|| text.to_owned(), |view| view.text)
    }

    #[test]
    fn evasions_are_undone() {
        for (text, plain) in [
            ("a\u{200b}b\u{ad}c", "abc"),
            ("ann＠example．com", "ann@example.com"),
            ("٤١١١\u{a0}٤١١١–1", "4111 4111-1"),
            ("ann%40example%2Ecom", "ann@example.com"),
            ("ann%2540x %E2%80%8B.", "ann@x ."),
            (r"ann\u0040x\nb\\u0040", "ann@x\nb@"),
            (r#"{\"a\":\\\"b\\\"}"#, r#"{"a":"b"}"#),
            ("ann&#64;x&amp;commat;", "ann@x@"),
            ("ann [at] x [dot] io, b(at)x.io", "ann@x.io, b@x.io"),
            ("gһр_соm", "ghp_com"),
            ("card=4111+1111&b=1+1&c=a+1", "card=4111 1111&b=1 1&c=a+1"),
            ("v=%2B49+30+1234", "v=+49 30 1234"),
        ] {
            assert_eq!(folded(text), plain, "{text}");
        }
    }

    #[test]
    fn texts_without_evasions_have_no_view() {
        for text in [
            "plain [x] (y) {z}",
            r"C:\Users\dan \d+",
            "100% & more, a&b=c",
            "été ß 中文 русский 😀",
            "1 + 2+3",
            "a\nb\r\nc",
        ] {
            assert!(View::of(text).0.is_none(), "{text}");
        }
    }

    #[test]
    fn values_over_two_lines_are_whole_in_their_own_view() {
        for (text, whole) in [
            ("41111111\n11111111", "4111111111111111"),
            ("41111111\\r\\n11111111", "4111111111111111"),
            ("4111 1111\r\n1111 1111", "4111 1111 1111 1111"),
            ("41111111\n  11111111", "4111111111111111"),
            ("4111 1111\n11111111", "4111 111111111111"),
        ] {
            let view = View::of(text).1.map(|view| view.text);
            assert_eq!(view.as_deref(), Some(whole), "{text}");
        }
        assert!(View::of("GET\n200\nabcd\nefgh").1.is_none());
    }

    #[test]
    fn ranges_of_a_view_are_found_in_its_origin() {
        let text = "é a\u{200b}nn%40x.io\u{200b}; \\u0041b＠c";
        let view = View::of(text).0.unwrap();
        assert_eq!(view.text(), "é ann@x.io; Ab@c");
        let ranges: Vec<_> = ["ann@x.io", "Ab@c"]
            .iter()
            .map(|part| view.text().find(part).map(|i| i..i + part.len()).unwrap())
            .collect();
        let origin: Vec<_> = view.in_origin(&ranges).into_iter().map(|range| &text[range]).collect();
        assert_eq!(origin, ["a\u{200b}nn%40x.io", "\\u0041b＠c"]);
    }
}
