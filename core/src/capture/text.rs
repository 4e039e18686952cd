//! The JSON text that is being written: memory that is kept initialised, with a cursor, as
//! [`CapturedRecord`](super::CapturedRecord) keeps its own, and for the same reason.

use std::io::Write;

/// Bytes of a string that is copied in words of fixed size: most names, routes and the like.
const SHORT: usize = 32;
/// Bytes that a short string takes with its quotes and the sign behind it; numbers take less.
const ROOM: usize = SHORT + 3;
/// Memory at first: an event with a handful of attributes.
const FIRST_BYTES: usize = 1024;
/// Digits of the longest 64-bit integer, with its sign.
const MOST_DIGITS: usize = 20;

/// JSON text and the memory that it is in.
#[derive(Debug, Default)]
pub(crate) struct JsonText {
    /// What was written, and room.
    bytes: Vec<u8>,
    /// Where the next byte goes.
    at: usize,
}

impl JsonText {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), at: 0 }
    }

    /// The text so far.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.at).unwrap_or_default()
    }

    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.at);
        self.bytes
    }

    /// Forgets the text and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.at = 0;
    }

    /// Bytes of the memory.
    #[cfg(feature = "client")]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Room for what has a bounded length.
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

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.room()[0] = byte;
        self.at += 1;
    }

    /// Closes what is open: in place of the comma behind its last value, if there is one.
    #[inline]
    pub(crate) fn close(&mut self, sign: u8) {
        if let Some(last @ b',') = self.bytes.get_mut(self.at.wrapping_sub(1)) {
            *last = sign;
        } else {
            self.byte(sign);
        }
    }

    /// Takes back the comma behind the only value.
    pub(crate) fn end(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    pub(crate) fn append(&mut self, text: &[u8]) {
        let end = self.at + text.len();
        if self.bytes.len() < end {
            self.grow(text.len());
        }
        self.bytes[self.at..end].copy_from_slice(text);
        self.at = end;
    }

    #[inline]
    pub(super) fn int(&mut self, value: i64) {
        // Digits end in the middle, so that as many bytes as ever are copied from where they begin.
        let mut digits = [b'0'; 2 * MOST_DIGITS];
        let (mut first, mut rest) = (MOST_DIGITS - 1, value.unsigned_abs());
        while rest >= 10 && first > 1 {
            digits[first] = digit(rest);
            rest /= 10;
            first -= 1;
        }
        digits[first] = digit(rest);
        if value < 0 {
            first -= 1;
            digits[first] = b'-';
        }
        self.room()[..MOST_DIGITS].copy_from_slice(&digits[first..first + MOST_DIGITS]);
        self.at += MOST_DIGITS - first;
    }

    /// A JSON string of bytes that may be no UTF-8, which are the engine's to refuse, and the sign behind it.
    #[inline]
    pub(crate) fn string(&mut self, text: &[u8], sign: u8) {
        let length = text.len();
        if length > SHORT {
            return self.long_string(text, sign);
        }
        let room = self.room();
        room[0] = b'"';
        let inside = &mut room[1..=length];
        // Words that overlap in the middle: each byte is copied and looked at once or twice, none by itself.
        let is_plain = if let (Some(first), Some(last)) = (text.first_chunk::<16>(), text.last_chunk::<16>()) {
            inside[..16].copy_from_slice(first);
            inside[length - 16..].copy_from_slice(last);
            let ([a, b], [c, d]) = (halves(first), halves(last));
            odd(a) | odd(b) | odd(c) | odd(d) == 0
        } else if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            inside[..8].copy_from_slice(first);
            inside[length - 8..].copy_from_slice(last);
            odd(u64::from_le_bytes(*first)) | odd(u64::from_le_bytes(*last)) == 0
        } else if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            inside[..4].copy_from_slice(first);
            inside[length - 4..].copy_from_slice(last);
            let [first, last] = [*first, *last].map(|word| u64::from(u32::from_le_bytes(word)));
            odd(first | last << 32) == 0
        } else {
            let mut is_plain = true;
            for (to, from) in inside.iter_mut().zip(text) {
                *to = *from;
                is_plain &= *from >= 0x20 && !matches!(from, b'"' | b'\\');
            }
            is_plain
        };
        if !is_plain {
            return self.escaped(text, sign);
        }
        room[length + 1] = b'"';
        room[length + 2] = sign;
        self.at += length + 3;
    }

    fn long_string(&mut self, text: &[u8], sign: u8) {
        if !is_plain(text) {
            return self.escaped(text, sign);
        }
        self.byte(b'"');
        self.append(text);
        self.append(&[b'"', sign]);
    }

    #[cold]
    fn escaped(&mut self, text: &[u8], sign: u8) {
        self.byte(b'"');
        for &byte in text {
            match byte {
                b'"' | b'\\' => self.append(&[b'\\', byte]),
                b'\n' => self.append(b"\\n"),
                b'\r' => self.append(b"\\r"),
                b'\t' => self.append(b"\\t"),
                0x08 => self.append(b"\\b"),
                0x0c => self.append(b"\\f"),
                0..0x20 => _ = write!(self, "\\u{byte:04x}"),
                _ => self.byte(byte),
            }
        }
        self.append(&[b'"', sign]);
    }
}

impl Write for JsonText {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.append(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The last digit.
fn digit(number: u64) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or(0)
}

fn halves(chunk: &[u8; 16]) -> [u64; 2] {
    let (words, _) = chunk.as_chunks();
    [0, 1].map(|at| words.get(at).map_or(0, |word| u64::from_le_bytes(*word)))
}

/// Not zero where a byte of the word is one that JSON escapes. Eight bytes at a time: most strings are shorter than what
/// a compiler makes of a loop over bytes pays for.
#[inline]
const fn odd(word: u64) -> u64 {
    /// A word of this byte.
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    /// The highest bit of each byte that is less than `than`, and perhaps of some behind the first such.
    const fn less(word: u64, than: u8) -> u64 {
        word.wrapping_sub(all(than)) & !word
    }
    (less(word, 0x20) | less(word ^ all(b'"'), 1) | less(word ^ all(b'\\'), 1)) & all(0x80)
}

/// Whether a long text has nothing that JSON escapes.
fn is_plain(text: &[u8]) -> bool {
    let (words, _) = text.as_chunks();
    let last = text.last_chunk().copied().unwrap_or([b' '; 8]);
    words.iter().fold(odd(u64::from_le_bytes(last)), |sum, word| sum | odd(u64::from_le_bytes(*word))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_escapes_is_seen_wherever_it_stands() {
        for len in 0..SHORT + 10 {
            for at in 0..len {
                for byte in [0, 0x1f, b' ', b'!', b'"', b'#', b'[', b'\\', b']', 0x7f, 0x80, 0xff] {
                    for around in [b'a', 0xff, b'!'] {
                        let mut text = vec![around; len];
                        text[at] = byte;
                        let mut written = JsonText::new();
                        written.string(&text, b',');
                        let is_odd = byte < 0x20 || matches!(byte, b'"' | b'\\');
                        let is_changed = written.as_bytes() != [b"\"", &text[..], b"\","].concat();
                        assert_eq!(is_changed, is_odd, "{byte:#x} at {at} of {len}");
                    }
                }
            }
        }
    }

    #[test]
    fn whole_numbers_are_written_as_the_standard_library_writes_them() {
        let mut value = 1_i64;
        for _ in 0..200 {
            for value in [value, value.wrapping_neg(), value / 1_000, i64::MIN, i64::MAX, 0, 9, 10, -10, 99] {
                let mut written = JsonText::new();
                written.int(value);
                assert_eq!(written.into_bytes(), value.to_string().into_bytes());
            }
            value = value.wrapping_mul(31).wrapping_add(7);
        }
    }
}
