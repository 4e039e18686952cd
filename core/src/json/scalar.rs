//! Literals, numbers and strings of the strict reader.

use super::document::{Kind, Node};
use super::read::{Fault, Reader, fault};
use super::text::hex4;
use crate::outcome::Code;
use crate::scan::{Block, next_stop};

/// Where the number that begins at `start` ends, if it has neither sign nor exponent and not too many digits; nothing
/// where it has, or is none.
#[inline]
pub(crate) fn plain_number_end(bytes: &[u8], start: usize) -> Option<usize> {
    /// Up to this many digits a whole number needs no further check.
    const PLAIN_DIGITS: usize = 18;
    let mut end = digits_end(bytes, start);
    let whole = end - start;
    if bytes.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits_end(bytes, fraction);
        if end == fraction {
            return None;
        }
    }
    let is_plain = (1..=PLAIN_DIGITS).contains(&whole)
        && (whole == 1 || bytes.get(start) != Some(&b'0'))
        && !matches!(bytes.get(end), Some(b'e' | b'E'));
    is_plain.then_some(end)
}

/// Where the digits from `at` on end.
#[inline]
fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

impl Reader<'_, '_> {
    pub(super) fn literal(&mut self, word: &str, kind: Kind) -> Result<Kind, Fault> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.invalid("expected a JSON value"));
        }
        self.push(self.scalar(kind, self.at, self.at + word.len()));
        self.at += word.len();
        Ok(kind)
    }

    fn digits(&mut self) -> Result<usize, Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.invalid("expected a digit")) } else { Ok(self.at - start) }
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<Kind, Fault> {
        let Some(end) = plain_number_end(self.bytes, self.at) else { return self.odd_number() };
        self.push(self.scalar(Kind::Number, self.at, end));
        self.at = end;
        Ok(Kind::Number)
    }

    /// A number with a sign, an exponent, many digits, or with what it must not have.
    #[inline(never)]
    fn odd_number(&mut self) -> Result<Kind, Fault> {
        /// An integer of so many digits is below the largest 64-bit float, 1.8e308.
        const SURELY_FINITE_DIGITS: usize = 308;
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
            if self.peek() == Some(b'I') {
                return Err(fault(Code::JsonNumber, start, "NaN and Infinity are not JSON numbers"));
            }
        }
        let leading_zero = self.peek() == Some(b'0');
        let integer_digits = self.digits()?;
        if leading_zero && integer_digits > 1 {
            return Err(fault(Code::JsonInvalid, start, "a number with a leading zero"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if exponent || integer_digits > SURELY_FINITE_DIGITS {
            let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("");
            if !text.parse::<f64>().is_ok_and(f64::is_finite) {
                return Err(fault(Code::JsonNumber, start, "a number beyond the range of a 64-bit float"));
            }
        }
        self.push(self.scalar(Kind::Number, start, self.at));
        Ok(Kind::Number)
    }

    /// Where the string that begins at `start` ends, if nothing comes before that would have to be looked at, and whether
    /// it is marked.
    #[inline]
    pub(super) fn plain_end(&self, start: usize) -> Option<(usize, bool)> {
        // The scan has marked what ends or interrupts a string: its bytes are not looked at again.
        let (end, is_marked) = next_stop(self.blocks, start)?;
        (self.bytes.get(end) == Some(&b'"')).then_some((end, is_marked))
    }

    #[inline]
    pub(super) fn string(&mut self) -> Result<Kind, Fault> {
        let start = self.at + 1;
        let Some((end, marked)) = self.plain_end(start) else { return self.odd_string() };
        self.push(Node { marked, ..self.scalar(Kind::String, start, end) });
        self.at = end + 1;
        Ok(Kind::String)
    }

    /// A string with escapes, or with what it must not have.
    #[inline(never)]
    pub(super) fn odd_string(&mut self) -> Result<Kind, Fault> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at = next_stop(self.blocks, self.at).map_or(self.bytes.len(), |(at, _)| at);
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += escape(self.bytes, self.at)?;
                }
                Some(_) => return Err(self.invalid("a control character in a string; escape it")),
                None => {
                    self.at = self.bytes.len();
                    return Err(self.invalid("the text ends inside a string"));
                }
            }
        }
        self.push(Node { escaped, marked: true, ..self.scalar(Kind::String, start, self.at) });
        self.at += 1;
        Ok(Kind::String)
    }
}

/// Length of the escape whose backslash stands at `at`.
fn escape(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') => {
            let unit = unit(bytes, at)?;
            let paired = (0xd800..0xdc00).contains(&unit)
                && bytes.get(at + 6..at + 8) == Some(b"\\u")
                && (0xdc00..0xe000).contains(&self::unit(bytes, at + 6)?);
            if (0xd800..0xe000).contains(&unit) && !paired {
                return Err(fault(Code::JsonSurrogate, at, "half of a surrogate pair"));
            }
            Ok(if paired { 12 } else { 6 })
        }
        _ => Err(fault(Code::JsonInvalid, at, "an escape that JSON does not have")),
    }
}

/// The UTF-16 unit of the `\uXXXX` at `at`.
fn unit(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    let digits = bytes.get(at + 2..at + 6).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    let digits = digits.ok_or_else(|| fault(Code::JsonInvalid, at, "expected four hex digits behind \\u"))?;
    Ok(hex4(std::str::from_utf8(digits).ok()))
}

/// Where the string ends whose inside begins at `start`, whatever escapes it has; nothing where it is none.
pub(crate) fn string_end(bytes: &[u8], blocks: &[Block], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at = next_stop(blocks, at)?.0;
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += escape(bytes, at).ok()?,
            _ => return None,
        }
    }
}
