//! How a number is written: digits in groups, what separates them, and a part in parentheses.

use super::super::{byte, run};

/// More groups than any number is written in.
const MAX_GROUPS: usize = 9;
/// More digits than any number has, with a prefix.
const MAX_DIGITS: usize = 20;

/// A run of digit groups in a text.
pub(super) struct Form {
    plus: bool,
    digits: [u8; MAX_DIGITS],
    /// Digits read, and groups.
    count: usize,
    groups: usize,
    sizes: [usize; MAX_GROUPS],
    /// Where each group ends in the text, with a parenthesis that closes there.
    ends: [usize; MAX_GROUPS],
    /// What stands between each group and the next: one byte, a space where there is more than one.
    separators: [u8; MAX_GROUPS],
    area_in_parentheses: bool,
}

/// The first groups of a form.
pub(super) struct Number<'a> {
    pub(super) plus: bool,
    pub(super) digits: &'a [u8],
    pub(super) sizes: &'a [usize],
    /// Its end in the text.
    pub(super) end: usize,
    separators: &'a [u8],
    pub(super) area_in_parentheses: bool,
    /// The last separator is a hyphen.
    pub(super) ends_with_hyphen: bool,
}

impl Number<'_> {
    /// Whether there are separators and all of them are `separator`.
    pub(super) fn only(&self, separator: u8) -> bool {
        !self.separators.is_empty() && self.separators.iter().all(|&of| of == separator)
    }

    pub(super) fn has(&self, separator: u8) -> bool {
        self.separators.contains(&separator)
    }
}

impl Form {
    /// Reads the groups from `at`, where a plus, a parenthesis or a digit stands.
    pub(super) fn read(text: &[u8], at: usize) -> Option<Self> {
        let plus = text[at] == b'+';
        let mut end = at + usize::from(plus);
        let mut form = Self {
            plus,
            digits: [0; MAX_DIGITS],
            count: 0,
            groups: 0,
            sizes: [0; MAX_GROUPS],
            ends: [0; MAX_GROUPS],
            separators: [0; MAX_GROUPS],
            area_in_parentheses: false,
        };
        let mut open = byte(text, end) == b'(';
        let starts_open = open;
        end += usize::from(open);
        while form.groups < MAX_GROUPS {
            let limit = text.len().min(end + MAX_DIGITS);
            let group_end = run(&text[..limit], end, |byte| byte.is_ascii_digit());
            let size = group_end - end;
            if size == 0 || form.count + size > MAX_DIGITS || byte(text, group_end).is_ascii_digit() {
                break;
            }
            // A trunk prefix in parentheses is not dialled from abroad.
            if !(plus && open && size == 1 && text[end] == b'0') {
                form.digits[form.count..form.count + size].copy_from_slice(&text[end..group_end]);
                form.count += size;
                form.sizes[form.groups] = size;
                form.ends[form.groups] = group_end;
                form.groups += 1;
            }
            end = group_end;
            if open && byte(text, end) == b')' {
                open = false;
                end += 1;
                form.area_in_parentheses |= form.groups <= 2;
                if let Some(last) = form.ends[..form.groups].last_mut() {
                    *last = end;
                }
            }
            let (separator, next, opens) = separator(text, end, open)?;
            if next == end && !matches!(text.get(end.wrapping_sub(1)), Some(b')')) || !byte(text, next).is_ascii_digit()
            {
                break;
            }
            open |= opens;
            if let Some(last) = form.groups.checked_sub(1) {
                form.separators[last] = separator;
            }
            end = next;
        }
        // A parenthesis that never closed speaks of something else.
        if starts_open && !form.area_in_parentheses || form.groups == 0 {
            return None;
        }
        Some(form)
    }

    /// Whether it begins with a plus.
    pub(super) const fn plus(&self) -> bool {
        self.plus
    }

    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    /// The first `groups` groups; there are at least as many, and at least one.
    pub(super) fn number(&self, groups: usize) -> Number<'_> {
        let sizes = &self.sizes[..groups];
        let separators = &self.separators[..groups.saturating_sub(1)];
        Number {
            plus: self.plus,
            digits: &self.digits[..sizes.iter().sum()],
            sizes,
            end: self.ends[groups - 1],
            separators,
            area_in_parentheses: self.area_in_parentheses,
            ends_with_hyphen: separators.last() == Some(&b'-'),
        }
    }
}

/// What separates two groups at `at`: its kind, where the next group begins, and whether a parenthesis opens there.
#[expect(clippy::unnecessary_wraps, reason = "the caller stops with `?` where nothing can follow")]
fn separator(text: &[u8], at: usize, open: bool) -> Option<(u8, usize, bool)> {
    /// `) - ` at the most.
    const MAX_LEN: usize = 3;
    let (mut end, mut kind, mut opens) = (at, b' ', false);
    while end - at < MAX_LEN {
        match byte(text, end) {
            b' ' => {}
            separator @ (b'-' | b'.' | b'/') if kind == b' ' => kind = separator,
            b'(' if !open && !opens => opens = true,
            _ => break,
        }
        end += 1;
    }
    // Two spaces separate columns.
    if text[at..end].starts_with(b"  ") { Some((b' ', at, false)) } else { Some((kind, end, opens)) }
}
