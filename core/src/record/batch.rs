//! A request body divided into records, each of which then stands or falls alone.
//!
//! Dividing looks only at brackets, strings and commas, so a malformed record stays within its own slot. It is
//! one pass without recursion: time and memory are linear in the body, whatever its nesting.

mod blocks;

use std::ops::Range;

use super::limits::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS};
use super::quote::string_end;
use crate::error::{Error, ErrorKind, Result};

/// How records stand in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// The whole body is one record.
    Record,
    /// A JSON array of records, or an object with such an array as its member `records`.
    Batch,
    /// One record a line.
    Ndjson,
}

impl Format {
    /// Reads `record`, `batch` or `ndjson`.
    ///
    /// # Errors
    /// `argument_invalid`.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        match name {
            "record" => Ok(Self::Record),
            "batch" => Ok(Self::Batch),
            "ndjson" => Ok(Self::Ndjson),
            _ => Err(Error::new(ErrorKind::ArgumentInvalid, "/format", "expected record, batch or ndjson")),
        }
    }
}

/// The slots of a body in their order, without the whitespace around them.
///
/// # Errors
/// `batch_unreadable`, naming the byte: the body is too large, has too many records, starts with a byte order
/// mark, or its brackets, strings and commas do not divide it.
pub(crate) fn split(format: Format, body: &[u8]) -> Result<Vec<&[u8]>> {
    if format == Format::Record {
        return Ok(vec![body]);
    }
    if body.len() > MAX_BATCH_BYTES {
        return Err(unreadable(MAX_BATCH_BYTES, "a batch has at most 4194304 bytes; send smaller batches"));
    }
    if body.starts_with(b"\xEF\xBB\xBF") {
        return Err(unreadable(0, "a byte order mark; send UTF-8 without one"));
    }
    let slots = match format {
        Format::Record | Format::Batch => array(body)?,
        Format::Ndjson => lines(body)?,
    };
    Ok(slots.into_iter().map(|slot| &body[slot]).collect())
}

fn lines(body: &[u8]) -> Result<Vec<Range<usize>>> {
    let mut slots = Vec::new();
    let mut start = 0;
    for line in body.split(|byte| *byte == b'\n') {
        let slot = trim(body, start..start + line.len());
        if !slot.is_empty() {
            push(&mut slots, slot)?;
        }
        start += line.len() + 1;
    }
    Ok(slots)
}

/// The elements of the batch's array.
fn array(body: &[u8]) -> Result<Vec<Range<usize>>> {
    let start = skip_whitespace(body, 0);
    let (elements, end) = match body.get(start) {
        Some(b'[' | b'{') => elements(body, start)?,
        Some(_) | None => return Err(unreadable(start, "expected an array of records, or an object with one")),
    };
    let rest = skip_whitespace(body, end);
    if rest < body.len() {
        return Err(unreadable(rest, "text after the end of the batch"));
    }
    if body[start] == b'[' {
        return Ok(elements);
    }
    let mut arrays = elements.into_iter().filter_map(|member| records_array(body, member));
    match (arrays.next(), arrays.next()) {
        (Some(array), None) => Ok(self::elements(body, array)?.0),
        (Some(_), Some(second)) => Err(unreadable(second, "a second member `records`")),
        (None, _) => Err(unreadable(start, "the object has no member `records` that is an array")),
    }
}

/// Where the array of a member `"records": […]` begins.
fn records_array(body: &[u8], member: Range<usize>) -> Option<usize> {
    const NAME: &[u8] = b"\"records\"";
    let text = &body[member.clone()];
    let colon = skip_whitespace(text, text.starts_with(NAME).then_some(NAME.len())?);
    let value = skip_whitespace(text, (text.get(colon) == Some(&b':')).then_some(colon + 1)?);
    (text.get(value) == Some(&b'[')).then_some(member.start + value)
}

/// Divides the array or object that opens at `start` at its own commas. Returns the parts, and where it ends.
fn elements(body: &[u8], start: usize) -> Result<(Vec<Range<usize>>, usize)> {
    blocks::elements(body, start).map_or_else(|| byte_by_byte(body, start), Ok)
}

/// The same, which knows at which byte a body does not divide, and why.
fn byte_by_byte(body: &[u8], start: usize) -> Result<(Vec<Range<usize>>, usize)> {
    let mut slots = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    let mut slot_start = start + 1;
    let mut at = start;
    while let Some(&byte) = body.get(at) {
        match byte {
            b'"' => {
                // Strings are most of a body: each is passed over in words of eight bytes.
                let end = string_end(body, at + 1);
                at = end.ok_or_else(|| unreadable(at, "a string that does not end"))?.0;
                // Behind a name stands a colon, which says nothing here.
                at += usize::from(body.get(at + 1) == Some(&b':'));
            }
            b'[' => open.push(b']'),
            b'{' => open.push(b'}'),
            b']' | b'}' => {
                if open.pop() != Some(byte) {
                    return Err(unreadable(at, "a bracket closes what it did not open"));
                }
                if open.is_empty() {
                    let slot = trim(body, slot_start..at);
                    // An empty array has no slots; after a comma one is due.
                    if !slot.is_empty() {
                        push(&mut slots, slot)?;
                    } else if !slots.is_empty() {
                        return Err(unreadable(at, "an empty slot: a comma with nothing after it"));
                    }
                    return Ok((slots, at + 1));
                }
            }
            b',' if open.len() == 1 => {
                let slot = trim(body, slot_start..at);
                if slot.is_empty() {
                    return Err(unreadable(at, "an empty slot: a comma with nothing before it"));
                }
                push(&mut slots, slot)?;
                slot_start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    Err(unreadable(body.len(), "the body ends inside the batch"))
}

fn push(slots: &mut Vec<Range<usize>>, slot: Range<usize>) -> Result<()> {
    if slots.len() == MAX_BATCH_RECORDS {
        return Err(unreadable(slot.start, "a batch has at most 1000 records; send smaller batches"));
    }
    slots.push(slot);
    Ok(())
}

fn trim(body: &[u8], range: Range<usize>) -> Range<usize> {
    let text = &body[range.clone()];
    let leading = skip_whitespace(text, 0);
    let trailing = text[leading..].iter().rev().take_while(|byte| is_whitespace(**byte)).count();
    range.start + leading..range.end - trailing
}

fn skip_whitespace(body: &[u8], from: usize) -> usize {
    from + body[from..].iter().take_while(|byte| is_whitespace(**byte)).count()
}

fn is_whitespace(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn unreadable(at: usize, why: &str) -> Error {
    Error::new(ErrorKind::BatchUnreadable, "", format!("byte {at}: {why}"))
}

#[cfg(test)]
mod tests;
