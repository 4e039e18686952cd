//! From the compact form to JSON text.

use std::io::Write;

use super::number::{write_float, write_number};
use super::tag;

/// Bytes that are no captured record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Levels that are read; more than any writer walks. One bit each.
const MAX_LEVELS: u32 = 32;

/// What is open, from the outermost: one bit a level, set for an object.
#[derive(Default)]
struct Open {
    objects: u32,
    levels: u32,
}

impl Open {
    fn begin(&mut self, is_object: bool) -> Result<(), Malformed> {
        if self.levels == MAX_LEVELS {
            return Err(Malformed);
        }
        self.objects = self.objects << 1 | u32::from(is_object);
        self.levels += 1;
        Ok(())
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

/// Appends the JSON text of one captured record. What was appended before an error is of no use.
pub(crate) fn write_json(record: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    if record.is_empty() {
        return Ok(());
    }
    // Quotes, commas and digits about make up for tags and lengths.
    out.reserve(record.len() + record.len() / 4);
    let mut rest = record;
    let mut open = Open::default();
    // Whether a name comes next, and whether nothing came yet, in what is open.
    let (mut wants_name, mut is_first) = (false, true);
    loop {
        let tag = byte(&mut rest)?;
        if tag == tag::END {
            if open.levels == 0 || open.in_object() != wants_name {
                return Err(Malformed);
            }
            out.push(if open.in_object() { b'}' } else { b']' });
            open.levels -= 1;
            open.objects >>= 1;
        } else {
            if !is_first && (wants_name || !open.in_object()) {
                out.push(b',');
            }
            is_first = false;
            if wants_name {
                match tag {
                    // A string with half a surrogate pair, of which JavaScript knows the escape only.
                    tag::JSON => out.extend_from_slice(long(&mut rest)?),
                    _ => write_text(string(tag, &mut rest)?, out),
                }
                out.push(b':');
                wants_name = false;
                continue;
            }
            if let tag::OBJECT | tag::ARRAY = tag {
                let is_object = tag == tag::OBJECT;
                open.begin(is_object)?;
                out.push(if is_object { b'{' } else { b'[' });
                (wants_name, is_first) = (is_object, true);
                continue;
            }
            write_scalar(tag, &mut rest, out)?;
        }
        // A value is complete.
        if open.levels == 0 {
            return if rest.is_empty() { Ok(()) } else { Err(Malformed) };
        }
        (wants_name, is_first) = (open.in_object(), false);
    }
}

fn write_scalar(tag: u8, rest: &mut &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    match tag {
        0..0x80 => write_int(i64::from(tag), out),
        tag::NULL => out.extend_from_slice(b"null"),
        tag::FALSE => out.extend_from_slice(b"false"),
        tag::TRUE => out.extend_from_slice(b"true"),
        tag::INT_4 => write_int(i32::from_le_bytes(fixed(rest)?).into(), out),
        tag::INT_8 => write_int(i64::from_le_bytes(fixed(rest)?), out),
        tag::FLOAT => write_float(f64::from_le_bytes(fixed(rest)?), out),
        tag::NUMBER => write_number(f64::from_le_bytes(fixed(rest)?), out),
        tag::JSON => out.extend_from_slice(long(rest)?),
        _ => write_text(string(tag, rest)?, out),
    }
    Ok(())
}

fn byte(rest: &mut &[u8]) -> Result<u8, Malformed> {
    let (&byte, after) = rest.split_first().ok_or(Malformed)?;
    *rest = after;
    Ok(byte)
}

fn fixed<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (bytes, after) = rest.split_first_chunk().ok_or(Malformed)?;
    *rest = after;
    Ok(*bytes)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (bytes, after) = rest.split_at_checked(length).ok_or(Malformed)?;
    *rest = after;
    Ok(bytes)
}

fn long<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    let length = u32::from_le_bytes(fixed(rest)?);
    take(rest, usize::try_from(length).map_err(|_| Malformed)?)
}

fn string<'a>(tag: u8, rest: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    match tag {
        tag::TEXT_1 => {
            let length = byte(rest)?;
            take(rest, length.into())
        }
        tag::TEXT_4 => long(rest),
        _ => Err(Malformed),
    }
}

/// Digits of the longest 64-bit integer, with its sign.
const MOST_DIGITS: usize = 20;

// The standard library's formatting costs three times as much.
pub(super) fn write_int(value: i64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; MOST_DIGITS];
    let (mut at, mut rest) = (MOST_DIGITS, value.unsigned_abs());
    while at > 1 {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    out.extend_from_slice(&digits[at..]);
}

/// Whether `text` has nothing that JSON escapes. Eight bytes at a time: most strings are shorter than what a compiler makes
/// of a loop over bytes pays for.
fn is_plain(text: &[u8]) -> bool {
    /// A word of this byte.
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    // The highest bit of each byte that is less than `than`, and perhaps of some behind the first such.
    let less = |word: u64, than: u8| word.wrapping_sub(all(than)) & !word & all(0x80);
    let is_odd = |word: u64| less(word, 0x20) | less(word ^ all(b'"'), 1) | less(word ^ all(b'\\'), 1) != 0;
    let (words, rest) = text.as_chunks();
    if words.iter().any(|word| is_odd(u64::from_le_bytes(*word))) {
        return false;
    }
    // What is left, once more with bytes that were looked at, or filled up.
    let last = text.last_chunk().copied().unwrap_or_else(|| {
        let mut filled = [b' '; 8];
        filled.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
        filled
    });
    !is_odd(u64::from_le_bytes(last))
}

/// A JSON string of bytes that may be no UTF-8: they are the engine's to refuse.
fn write_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    // Nearly no string has anything to escape.
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        for &byte in text {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                0x08 => out.extend_from_slice(b"\\b"),
                0x0c => out.extend_from_slice(b"\\f"),
                0..0x20 => _ = write!(out, "\\u{byte:04x}"),
                _ => out.push(byte),
            }
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn what_json_escapes_is_seen_wherever_it_stands() {
        for len in 0..20 {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    for around in [b'a', 0xff, b'!'] {
                        let mut text = vec![around; len];
                        text[at] = byte;
                        let is_odd = byte < 0x20 || matches!(byte, b'"' | b'\\');
                        assert_eq!(is_plain(&text), !is_odd, "{byte:#x} at {at} of {len}");
                    }
                }
            }
            assert!(is_plain(&vec![b'#'; len]));
        }
    }
}
