//! From the compact form to JSON text.

use super::number::{write_float, write_number};
use super::tag;
use super::text::JsonText;

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
pub(crate) fn write_json(record: &[u8], out: &mut JsonText) -> Result<(), Malformed> {
    if record.is_empty() {
        return Ok(());
    }
    let mut rest = record;
    let mut open = Open::default();
    // A comma stands behind each value, where the sign that closes what is open then finds it.
    loop {
        let mut tag = byte(&mut rest)?;
        if tag == tag::END {
            if open.levels == 0 {
                return Err(Malformed);
            }
            out.close(if open.in_object() { b'}' } else { b']' });
            open.levels -= 1;
            open.objects >>= 1;
            out.byte(b',');
        } else {
            if open.in_object() {
                write_name(tag, &mut rest, out)?;
                tag = byte(&mut rest)?;
            }
            if let tag::OBJECT | tag::ARRAY = tag {
                let is_object = tag == tag::OBJECT;
                open.begin(is_object)?;
                out.byte(if is_object { b'{' } else { b'[' });
                continue;
            }
            write_scalar(tag, &mut rest, out)?;
        }
        // A value is complete.
        if open.levels == 0 {
            out.end();
            return if rest.is_empty() { Ok(()) } else { Err(Malformed) };
        }
    }
}

/// A member's name, and the colon.
#[inline]
fn write_name(tag: u8, rest: &mut &[u8], out: &mut JsonText) -> Result<(), Malformed> {
    if tag == tag::JSON {
        // A string with half a surrogate pair, of which JavaScript knows the escape only.
        out.append(long(rest)?);
        out.byte(b':');
    } else {
        out.string(string(tag, rest)?, b':');
    }
    Ok(())
}

/// A value, and a comma.
#[inline]
pub(crate) fn write_scalar(tag: u8, rest: &mut &[u8], out: &mut JsonText) -> Result<(), Malformed> {
    match tag {
        0..0x80 => out.int(i64::from(tag)),
        tag::NULL => out.append(b"null"),
        tag::FALSE => out.append(b"false"),
        tag::TRUE => out.append(b"true"),
        tag::INT_4 => out.int(i32::from_le_bytes(fixed(rest)?).into()),
        tag::INT_8 => out.int(i64::from_le_bytes(fixed(rest)?)),
        tag::FLOAT => write_float(f64::from_le_bytes(fixed(rest)?), out),
        tag::NUMBER => write_number(f64::from_le_bytes(fixed(rest)?), out),
        tag::JSON => out.append(long(rest)?),
        _ => {
            out.string(string(tag, rest)?, b',');
            return Ok(());
        }
    }
    out.byte(b',');
    Ok(())
}

pub(crate) fn byte(rest: &mut &[u8]) -> Result<u8, Malformed> {
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

pub(crate) fn string<'a>(tag: u8, rest: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    match tag {
        tag::TEXT_1 => {
            let length = byte(rest)?;
            take(rest, length.into())
        }
        tag::TEXT_4 => long(rest),
        _ => Err(Malformed),
    }
}
