//! The label of a secret in running text: a name, its sign, and where its value begins.

use super::secret_extent::{block, is_name, is_quote, open};
use super::secret_name::{self, MAX_NAME, Sense, may_end_label, sense};
use super::{before, byte, is_word, run};

/// What stands between a name and its sign: spaces, a bracket, quotes and their escapes.
const MAX_GAP: usize = 8;
/// A tag with its attributes.
pub(super) const MAX_TAG: usize = 128;

/// A name, its sign, and where its value begins.
pub(super) struct Label {
    pub(super) sense: Sense,
    /// The sign: `=`, `:`, `>` of a tag, `,` between arguments.
    pub(super) sign: u8,
    pub(super) value: usize,
    /// The mark that the value is quoted with, or 0.
    pub(super) quote: u8,
    /// The name's last byte is at `name - 1`.
    pub(super) name: (usize, usize),
}

/// The label whose sign stands at `at`, if a name that means anything stands before it.
pub(super) fn label(text: &[u8], at: usize, floor: usize) -> Option<Label> {
    let previous = before(text, at);
    let next = byte(text, at + 1);
    match text[at] {
        b'>' => return tag(text, at, floor),
        b',' if !is_quote(previous) => return None,
        b'=' | b':' if matches!(previous, b'=' | b':' | b'<' | b'>') => return None,
        b':' if next == b':' || text[at..].starts_with(b"://") => return None,
        _ => {}
    }
    let end_of_sign = at - usize::from(matches!(previous, b'!' | b'?' | b'+') && text[at] == b'=');
    let lowest = floor.max(end_of_sign.saturating_sub(MAX_GAP));
    let mut end = end_of_sign;
    while end > lowest && (matches!(text[end - 1], b' ' | b'\t' | b']' | b'\\') || is_quote(text[end - 1])) {
        end -= 1;
    }
    // Behind a type, which may be any word, only `=` stands; `value` is one that a name may end with.
    let may_say = may_end_label(&text[..end]);
    if !may_say && text[at] != b'=' {
        return None;
    }
    // Nothing else stands before a type than its name.
    if !may_say && !matches!(before(text, name_start(text, end, floor)), b' ' | b':') {
        return None;
    }
    let is_quoted = end < end_of_sign && is_quote(text[end]) || byte(text, end) == b'\\';
    let mut name = (name_start(text, end, floor), end);
    let mut sense = match may_say {
        false => Sense::Other,
        true if is_quoted => sense(&text[name.0..end]),
        true => sense(&text[phrase_start(text, name, floor)..end]),
    };
    if sense == Sense::Other {
        name = owner(text, name, text[at], floor)?;
        sense = secret_name::sense(&text[name.0..name.1]);
    }
    if sense == Sense::Other || name.0 == name.1 {
        return None;
    }
    let (value, quote) = block(text, at).map_or_else(|| open(text, at + 1), |value| (value, 0));
    let is_call = text[at] == b',';
    (!is_call || quote != 0).then_some(Label { sense, sign: text[at], value, quote, name })
}

/// The name that a value is given to where another word stands before its sign: `password: String = …` has its type
/// there, and `name: DB_PASSWORD, value: …`, `<add key="db_password" value="…">` the word `value`.
fn owner(text: &[u8], name: (usize, usize), sign: u8, floor: usize) -> Option<(usize, usize)> {
    let word = &text[name.0..name.1];
    let lowest = floor.max(name.0.saturating_sub(MAX_NAME));
    let back = |end: usize, of: fn(u8) -> bool| (lowest..end).rev().take_while(|&i| of(text[i])).last().unwrap_or(end);
    if word.eq_ignore_ascii_case(b"value") {
        let end = back(name.0, |byte| byte.is_ascii_whitespace() || is_quote(byte) || matches!(byte, b',' | b'\\'));
        let start = back(end, is_name);
        let sign = back(start, |byte| byte == b' ' || is_quote(byte) || byte == b'\\');
        let is_pair = matches!(before(text, sign), b':' | b'=') && start < end;
        let label = back(sign.saturating_sub(1), |byte| is_quote(byte) || byte == b'\\');
        let label = &text[back(label, |byte| byte.is_ascii_alphabetic())..label];
        let says_name = [&b"name"[..], b"key", b"id"].iter().any(|known| label.eq_ignore_ascii_case(known));
        return (is_pair && says_name).then_some((start, end));
    }
    let colon = back(name.0, |byte| byte == b' ');
    if sign != b'=' || word.is_empty() || before(text, colon) != b':' {
        return None;
    }
    let end = colon - 1 - usize::from(before(text, colon - 1) == b'?');
    let start = back(end, is_name);
    (start < end).then_some((start, end))
}

/// Whether the word before the sign at `at` may be a type behind a name, as only one before `=` is: a quick no to nearly
/// all.
pub(in crate::scrub) fn may_be_typed(text: &[u8], at: usize) -> bool {
    if text[at] != b'=' {
        return false;
    }
    let start = name_start(text, at, 0);
    match before(text, start) {
        b':' => true,
        b' ' => text[..start].iter().rev().take(MAX_NAME + 1).find(|byte| **byte != b' ') == Some(&b':'),
        _ => false,
    }
}

/// `<db:password attribute="x">` or `<string name="password">` that ends at `at`.
fn tag(text: &[u8], at: usize, floor: usize) -> Option<Label> {
    if matches!(before(text, at), b'=' | b'-' | b'/' | b'>') {
        return None;
    }
    let lowest = floor.max(at.saturating_sub(MAX_TAG));
    let open = (lowest..at).rev().take_while(|&i| !matches!(text[i], b'\n' | b'>')).find(|&i| text[i] == b'<')?;
    let end = run(text, open + 1, |byte| is_name(byte) || byte == b':');
    let start = text[open + 1..end].iter().rposition(|byte| *byte == b':').map_or(open + 1, |i| open + 2 + i);
    let mut sense = sense(&text[start..end]);
    if sense == Sense::Other {
        let attribute = &text[end..at];
        let named = [&b" name=\""[..], b" key=\""].iter().find_map(|of| {
            let at = attribute.windows(of.len()).position(|window| window.eq_ignore_ascii_case(of))?;
            attribute[at + of.len()..].split(|byte| *byte == b'"').next()
        });
        sense = secret_name::sense(named?);
    }
    let value = run(text, at + 1, |byte| byte.is_ascii_whitespace());
    (sense != Sense::Other).then_some(Label { sense, sign: b'>', value, quote: 0, name: (start, end) })
}

/// Where the name that ends at `end` begins.
pub(super) fn name_start(text: &[u8], end: usize, floor: usize) -> usize {
    let lowest = floor.max(end.saturating_sub(MAX_NAME));
    let name = text.get(lowest..end).unwrap_or_default();
    end - name.iter().rev().take_while(|byte| is_name(**byte)).count()
}

/// With the word before it, if there is one: `API key`, `primary key`, `token string`.
pub(super) fn phrase_start(text: &[u8], name: (usize, usize), floor: usize) -> usize {
    if name.0 <= floor || text[name.0 - 1] != b' ' {
        return name.0;
    }
    let lowest = floor.max(name.1.saturating_sub(MAX_NAME)).min(name.0 - 1);
    (lowest..name.0 - 1).rev().take_while(|&i| is_word(text[i]) || text[i] == b'-').last().unwrap_or(name.0)
}
