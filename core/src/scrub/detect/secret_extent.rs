//! Where a labelled value begins and ends: between quotation marks, up to what separates pairs, to a header's end.

use super::secret_label::MAX_TAG;
use super::{before, byte, run};
use crate::scrub::token::token_len;

/// Where the value behind a sign begins, and its quotation mark.
pub(super) fn open(text: &[u8], at: usize) -> (usize, u8) {
    let at = run(text, at, |byte| matches!(byte, b'=' | b'>' | b' ' | b'\t'));
    let marked =
        at + usize::from(matches!(byte(text, at), b'@' | b'b' | b'r' | b'f' | b'u') && is_quote(byte(text, at + 1)));
    let quote = run(text, marked, |byte| byte == b'\\');
    if is_quote(byte(text, quote)) { (quote + 1, byte(text, quote)) } else { (at, 0) }
}

/// Where the first line of a block begins that `key: |` or `key: >-` opens (YAML 1.2, 8.1); the sign stands at `at`.
pub(super) fn block(text: &[u8], at: usize) -> Option<usize> {
    let mark = run(text, at + 1, |byte| byte == b' ');
    if text[at] != b':' || !matches!(byte(text, mark), b'|' | b'>') {
        return None;
    }
    let line = run(text, mark + 1, |byte| matches!(byte, b'-' | b'+' | b' ' | b'\r') || byte.is_ascii_digit());
    let start = run(text, line + 1, |byte| byte == b' ');
    (text.get(line) == Some(&b'\n') && start > line + 1).then_some(start)
}

/// The end of a value that begins at `start`.
pub(super) fn close(text: &[u8], start: usize, quote: u8) -> usize {
    if quote == 0 {
        return bare_end(text, start);
    }
    let mut end = start;
    while end < text.len() && text[end] != quote && !matches!(text[end], b'\n' | b'\r') {
        // An escaped mark belongs to the value, unless the whole text is escaped.
        let is_escape = text[end] == b'\\' && byte(text, end + 1) == quote && !text[..start - 1].ends_with(b"\\");
        end += if is_escape { 2 } else { 1 };
    }
    let end = end.min(text.len());
    (start..end).rev().find(|&i| text[i] != b'\\').map_or(start, |i| i + 1)
}

/// Up to white space, a quotation mark, or what separates one pair from the next.
fn bare_end(text: &[u8], start: usize) -> usize {
    let (mut end, mut open) = (start, 0_u32);
    while end < text.len() {
        if let Some(len) = token_len(&text[end..]) {
            end += len;
            continue;
        }
        match text[end] {
            b'"' | b'\'' | b'`' | b'<' | b'>' | b'&' | b';' | b',' => break,
            b'\\' if matches!(byte(text, end + 1), b'n' | b'r' | b't' | b'"' | b'\'' | b'\\') => break,
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' if open == 0 => break,
            b')' | b']' | b'}' => open -= 1,
            byte if byte.is_ascii_whitespace() => break,
            _ => {}
        }
        end += 1;
    }
    // The stop that ends the sentence.
    let trimmed = (start..end).rev().find(|&i| !matches!(text[i], b'.' | b':' | b'!')).map_or(start, |i| i + 1);
    if trimmed < end && byte(text, end).is_ascii_whitespace() { trimmed } else { end }
}

/// The rest of a header that begins at `start`: to its line's or its quotation's end, or to the next header in a dump.
pub(super) fn rest_of_header(text: &[u8], start: usize, quote: u8) -> (usize, usize) {
    if quote != 0 {
        return (start, close(text, start, quote));
    }
    let mut end = start;
    while end < text.len() {
        match text[end] {
            b'\n' | b'\r' | b'`' | b'}' | b'\'' => break,
            b'"' if before(text, end) != b'=' && !is_in_pair(text, start, end) => break,
            b'\\' if matches!(byte(text, end + 1), b'n' | b'r') => break,
            b',' if byte(text, end + 1) == b' ' => {
                let name = run(text, end + 2, is_name);
                if name > end + 2 && byte(text, name) == b':' {
                    break;
                }
            }
            _ => {}
        }
        end += 1;
    }
    (start, start + text[start..end].trim_ascii_end().len())
}

/// The second mark of `name="value"`.
fn is_in_pair(text: &[u8], start: usize, at: usize) -> bool {
    let lowest = start.max(at.saturating_sub(MAX_TAG));
    (lowest..at).rev().find(|&i| text[i] == b'"').is_some_and(|i| before(text, i) == b'=')
}

pub(super) const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// A byte of a name: `client.secret`, `X-Api-Key`.
pub(super) fn is_name(byte: u8) -> bool {
    static TABLE: [bool; 256] = {
        let (mut table, mut i) = ([false; 256], 0);
        while i < table.len() {
            let byte = i.to_le_bytes()[0];
            table[i] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || byte >= 0x80;
            i += 1;
        }
        table
    };
    TABLE[usize::from(byte)]
}
