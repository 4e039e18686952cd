//! Records as hosts hold them: a compact form that a caller can afford to write, read back as JSON text by the worker.
//!
//! Formatting numbers, escaping strings and allocating cost more than everything else that a caller of `track` does.
//! So the caller only copies: a byte that says what follows, and the value as the host has it. [`write_json`] makes of
//! it the very text that the host's own JSON writer would have made, so the engine sees the same record either way.
//!
//! | first byte | value |
//! |---|---|
//! | `00`–`7f` | the integer 0 to 127 itself |
//! | `80` `81` `82` | null, false, true |
//! | `83` `84` | an integer: 4 or 8 bytes |
//! | `85` | a float, 8 bytes, that keeps its point: `1.0`, `1e+16` (Python) |
//! | `86` | a number, 8 bytes, that has none where it needs none: `1`, `1e+21` (JavaScript) |
//! | `87` `88` | a string: its length in 1 or 4 bytes, and its bytes, unescaped |
//! | `89` | JSON text, taken as it stands: its length in 4 bytes, and its bytes; a string where a name is due |
//! | `8a` `8b` | an object or an array begins; members are a string and a value |
//! | `8c` | the latest one ends |
//!
//! All numbers are little-endian. No bytes at all are the empty text: what a host could not write, which the engine
//! refuses as it refuses any unreadable record.

mod json;
mod number;
mod text;

pub(crate) use self::json::{byte as captured_byte, string as captured_string, write_json, write_scalar};
pub(crate) use self::text::JsonText;
use crate::record::limits::{MAX_DEPTH, MAX_RECORD_BYTES};

/// Bytes beyond which a captured record is too large whatever it says. No value takes more than 2.25 times what it
/// takes as JSON (`1.5,` has four bytes there and nine here), so nothing that fits a record is refused for this.
pub const MAX_CAPTURED_BYTES: usize = 3 * MAX_RECORD_BYTES;

/// Levels that a writer needs to walk: the level beyond the last that a record may have shows the engine that there
/// is one, and what is below it changes nothing. So a walk is bounded, and a cycle is a record that is too deep.
pub const WALKED_LEVELS: usize = MAX_DEPTH + 1;

pub(crate) mod tag {
    pub(crate) const NULL: u8 = 0x80;
    pub(crate) const FALSE: u8 = 0x81;
    pub(crate) const TRUE: u8 = 0x82;
    pub(crate) const INT_4: u8 = 0x83;
    pub(crate) const INT_8: u8 = 0x84;
    pub(crate) const FLOAT: u8 = 0x85;
    pub(crate) const NUMBER: u8 = 0x86;
    pub(crate) const TEXT_1: u8 = 0x87;
    pub(crate) const TEXT_4: u8 = 0x88;
    pub(crate) const JSON: u8 = 0x89;
    pub(crate) const OBJECT: u8 = 0x8a;
    pub(crate) const ARRAY: u8 = 0x8b;
    pub(crate) const END: u8 = 0x8c;
}

/// Writes one record value by value.
///
/// Every `begin_object` and `begin_array` needs its `end`, and every value of an object a `name` before it; a record
/// that is written otherwise is dropped and counted as invalid. Kept for the next record, a writer allocates nothing.
///
/// ```
/// use scrubjay_core::CapturedRecord;
///
/// let mut record = CapturedRecord::new();
/// record.begin_object().name("channel").text("app").name("event").text("login");
/// record.name("payload").begin_object().name("ms").int(12).end();
/// record.end();
/// assert_eq!(record.to_json(), Some(br#"{"channel":"app","event":"login","payload":{"ms":12}}"#.to_vec()));
/// ```
// The memory is kept initialised, with a cursor, and short strings are copied in words of fixed size: that halves the
// cost of a record against appending to a vector, where each string is a call of the system's `memcpy`.
#[derive(Clone, Debug, Default)]
pub struct CapturedRecord {
    /// What was written, and room.
    bytes: Vec<u8>,
    /// Where the next value goes. At least `ROOM` bytes follow, or nothing was written yet.
    at: usize,
}

/// Bytes that the longest value of bounded length takes, a string of [`SHORT`] bytes.
const ROOM: usize = SHORT + 2;
/// Bytes of a string that is copied in two words.
const SHORT: usize = 16;
/// Bytes of memory at first: an event with a handful of attributes.
const FIRST_BYTES: usize = 512;

impl CapturedRecord {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), at: 0 }
    }

    /// The bytes so far.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.at]
    }

    /// How many bytes there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.at
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.at == 0
    }

    /// Forgets what was written, and keeps the memory.
    #[inline]
    pub fn clear(&mut self) -> &mut Self {
        self.at = 0;
        self
    }

    /// Room for one value of bounded length.
    #[inline]
    fn room(&mut self) -> &mut [u8] {
        if self.bytes.len() < self.at + ROOM {
            self.grow(ROOM);
        }
        &mut self.bytes[self.at..self.at + ROOM]
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let wanted = (self.at + more).max(2 * self.bytes.len()).max(FIRST_BYTES);
        self.bytes.resize(wanted, 0);
    }

    /// The JSON text; `None` where calls did not add up to one value.
    pub fn to_json(&self) -> Option<Vec<u8>> {
        json_of(self.as_bytes())
    }

    /// `null`.
    #[inline]
    pub fn null(&mut self) -> &mut Self {
        self.byte(tag::NULL)
    }

    /// `true` or `false`.
    #[inline]
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.byte(if value { tag::TRUE } else { tag::FALSE })
    }

    /// An integer.
    #[inline]
    pub fn int(&mut self, value: i64) -> &mut Self {
        if let Ok(small @ 0..0x80) = u8::try_from(value) {
            self.byte(small)
        } else if let Ok(value) = i32::try_from(value) {
            self.fixed(tag::INT_4, value.to_le_bytes())
        } else {
            self.fixed(tag::INT_8, value.to_le_bytes())
        }
    }

    /// A float, written with its point: 1.0 is `1.0`. NaN and the infinities are no JSON: the engine refuses them.
    #[inline]
    pub fn float(&mut self, value: f64) -> &mut Self {
        self.fixed(tag::FLOAT, value.to_le_bytes())
    }

    /// A number as ECMAScript writes it: 1.0 is `1`.
    #[inline]
    pub fn number(&mut self, value: f64) -> &mut Self {
        self.fixed(tag::NUMBER, value.to_le_bytes())
    }

    /// A string.
    #[inline]
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.text_bytes(value.as_bytes())
    }

    /// A string whose bytes may be no UTF-8, which the engine refuses.
    #[inline]
    pub fn text_bytes(&mut self, value: &[u8]) -> &mut Self {
        let length = value.len();
        if length > SHORT {
            return self.long_text(value);
        }
        let room = self.room();
        [room[0], room[1]] = [tag::TEXT_1, u8::try_from(length).unwrap_or(0)];
        // Words that overlap in the middle.
        let inside = &mut room[2..2 + length];
        if let (Some(first), Some(last)) = (value.first_chunk::<8>(), value.last_chunk::<8>()) {
            inside[..8].copy_from_slice(first);
            inside[length - 8..].copy_from_slice(last);
        } else if let (Some(first), Some(last)) = (value.first_chunk::<4>(), value.last_chunk::<4>()) {
            inside[..4].copy_from_slice(first);
            inside[length - 4..].copy_from_slice(last);
        } else {
            for (to, from) in inside.iter_mut().zip(value) {
                *to = *from;
            }
        }
        self.at += 2 + length;
        self
    }

    fn long_text(&mut self, value: &[u8]) -> &mut Self {
        let Ok(length) = u8::try_from(value.len()) else { return self.long(tag::TEXT_4, value) };
        let room = self.room();
        [room[0], room[1]] = [tag::TEXT_1, length];
        self.at += 2;
        self.append(value)
    }

    /// A value that is JSON text already.
    pub fn json(&mut self, value: &[u8]) -> &mut Self {
        self.long(tag::JSON, value)
    }

    /// The name of the member whose value comes next.
    #[inline]
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.text(name)
    }

    /// An object begins.
    #[inline]
    pub fn begin_object(&mut self) -> &mut Self {
        self.byte(tag::OBJECT)
    }

    /// An array begins.
    #[inline]
    pub fn begin_array(&mut self) -> &mut Self {
        self.byte(tag::ARRAY)
    }

    /// The latest object or array ends.
    #[inline]
    pub fn end(&mut self) -> &mut Self {
        self.byte(tag::END)
    }

    #[inline]
    fn byte(&mut self, byte: u8) -> &mut Self {
        self.room()[0] = byte;
        self.at += 1;
        self
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, tag: u8, value: [u8; N]) -> &mut Self {
        let room = self.room();
        room[0] = tag;
        room[1..=N].copy_from_slice(&value);
        self.at += 1 + N;
        self
    }

    /// What is longer than a record may be is cut: the record is refused for its size all the same.
    fn long(&mut self, tag: u8, value: &[u8]) -> &mut Self {
        let value = &value[..value.len().min(MAX_CAPTURED_BYTES)];
        let length = u32::try_from(value.len()).unwrap_or(0);
        self.fixed(tag, length.to_le_bytes()).append(value)
    }

    fn append(&mut self, value: &[u8]) -> &mut Self {
        let end = self.at + value.len();
        if self.bytes.len() < end {
            self.grow(value.len());
        }
        self.bytes[self.at..end].copy_from_slice(value);
        self.at = end;
        self
    }
}

/// Appends a number as ECMAScript writes it.
pub(crate) fn write_number(value: f64, out: &mut Vec<u8>) {
    let mut text = JsonText::new();
    number::write_number(value, &mut text);
    out.extend_from_slice(text.as_bytes());
}

/// The JSON text of a captured record; `None` for bytes that are none.
pub(crate) fn json_of(record: &[u8]) -> Option<Vec<u8>> {
    let mut text = JsonText::new();
    write_json(record, &mut text).ok().map(|()| text.into_bytes())
}

/// In place of a length in [`framed`]: a record that is too large to be handed over, and has no bytes.
#[cfg(feature = "client")]
const TOO_LARGE_MARK: u32 = u32::MAX;

/// Records that a shell collected between two crossings, one behind the other: each has its length in 4 bytes, the
/// milliseconds since 1970-01-01T00:00:00Z as a float in 8 (what a host's clock gives), and its bytes. Yields the time
/// in microseconds and the bytes, none for a record that is too large. What is cut off at the end is left out.
#[cfg(feature = "client")]
pub(crate) fn framed(mut frames: &[u8]) -> impl Iterator<Item = (i64, Option<&[u8]>)> {
    std::iter::from_fn(move || {
        let (length, rest) = frames.split_first_chunk()?;
        let (milliseconds, rest) = rest.split_first_chunk()?;
        let length = u32::from_le_bytes(*length);
        let kept = if length == TOO_LARGE_MARK { 0 } else { usize::try_from(length).ok()? };
        let (bytes, rest) = rest.split_at_checked(kept)?;
        frames = rest;
        #[allow(clippy::cast_possible_truncation, reason = "saturates, and such a moment is stamped anew")]
        let at = (f64::from_le_bytes(*milliseconds) * 1_000.0) as i64;
        let is_small = length != TOO_LARGE_MARK && kept <= MAX_CAPTURED_BYTES;
        Some((at, is_small.then_some(bytes)))
    })
}

#[cfg(test)]
mod tests;
