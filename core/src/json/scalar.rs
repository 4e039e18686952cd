//! Literals, numbers and strings of the strict reader.

use super::read::{Fault, Kind, Reader, fault};
use super::text::hex4;
use crate::outcome::Code;
use crate::scan::next_stop;

impl Reader<'_, '_> {
    pub(super) fn literal(&mut self, word: &str, kind: Kind) -> Result<(), Fault> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.invalid("expected a JSON value"));
        }
        self.push(kind, false, self.at, self.at + word.len());
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> Result<usize, Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.invalid("expected a digit")) } else { Ok(self.at - start) }
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<(), Fault> {
        /// Up to this many digits a whole number needs no further check.
        const PLAIN_DIGITS: usize = 18;
        let rest = &self.bytes[self.at..];
        let digits = rest.iter().take(PLAIN_DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
        let is_plain = (1..=PLAIN_DIGITS).contains(&digits)
            && (digits == 1 || rest[0] != b'0')
            && !matches!(rest.get(digits), Some(b'.' | b'e' | b'E'));
        if is_plain {
            self.push(Kind::Number, false, self.at, self.at + digits);
            self.at += digits;
            return Ok(());
        }
        self.odd_number()
    }

    /// A number with a sign, a fraction, an exponent, or with what it must not have.
    fn odd_number(&mut self) -> Result<(), Fault> {
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
        self.push(Kind::Number, false, start, self.at);
        Ok(())
    }

    #[inline]
    pub(super) fn string(&mut self) -> Result<(), Fault> {
        let start = self.at + 1;
        // The scan has marked what ends or interrupts a string: its bytes are not looked at again.
        let end = next_stop(self.blocks, start).unwrap_or(self.bytes.len());
        if self.bytes.get(end) != Some(&b'"') {
            return self.odd_string();
        }
        self.push(Kind::String, false, start, end);
        self.at = end + 1;
        Ok(())
    }

    /// A string with escapes, or with what it must not have.
    fn odd_string(&mut self) -> Result<(), Fault> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at = next_stop(self.blocks, self.at).unwrap_or(self.bytes.len());
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.invalid("a control character in a string; escape it")),
                None => {
                    self.at = self.bytes.len();
                    return Err(self.invalid("the text ends inside a string"));
                }
            }
        }
        self.push(Kind::String, escaped, start, self.at);
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = self.unit(self.at)?;
                let paired = (0xd800..0xdc00).contains(&unit)
                    && self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u")
                    && (0xdc00..0xe000).contains(&self.unit(self.at + 6)?);
                if (0xd800..0xe000).contains(&unit) && !paired {
                    return Err(fault(Code::JsonSurrogate, self.at, "half of a surrogate pair"));
                }
                self.at += if paired { 12 } else { 6 };
            }
            _ => return Err(self.invalid("an escape that JSON does not have")),
        }
        Ok(())
    }

    /// The UTF-16 unit of the `\uXXXX` at `at`.
    fn unit(&self, at: usize) -> Result<u32, Fault> {
        let digits = self.bytes.get(at + 2..at + 6).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.ok_or_else(|| fault(Code::JsonInvalid, at, "expected four hex digits behind \\u"))?;
        Ok(hex4(std::str::from_utf8(digits).ok()))
    }
}
