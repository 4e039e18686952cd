//! Protocol buffers, written front to back into one buffer.
//!
//! A message's length stands before it and is known after it. One byte is kept for it, which is enough for most
//! messages, or as many as a guess needs; where that was wrong the message is moved. That is cheaper than measuring
//! everything first, as code generated from the definitions does.

use std::borrow::Cow;

use super::fields::common;
use super::writer::{Field, Key, SMALL, Writer};
use crate::json::{Document, Node};

/// See the module's words.
#[derive(Default)]
pub(super) struct Protobuf(pub(super) Vec<u8>);

/// Wire types.
const VARINT: u32 = 0;
const I64: u32 = 1;
const LEN: u32 = 2;
const I32: u32 = 5;

/// Bytes of the longest varint.
const MAX_VARINT_BYTES: usize = 10;

impl Protobuf {
    fn tag(&mut self, field: Field, wire_type: u32) {
        self.varint(u64::from(field.number << 3 | wire_type));
    }

    fn varint(&mut self, value: u64) {
        if value < 0x80 {
            self.0.push(low_bits(value));
            return;
        }
        let (bytes, len) = varint(value);
        self.0.extend_from_slice(&bytes[..len]);
    }

    fn bytes(&mut self, field: Field, bytes: &[u8]) {
        self.tag(field, LEN);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn packed<const N: usize>(&mut self, field: Field, values: impl ExactSizeIterator<Item = [u8; N]>) {
        self.tag(field, LEN);
        self.varint((values.len() * N) as u64);
        values.for_each(|value| self.0.extend_from_slice(&value));
    }
}

impl Writer for Protobuf {
    fn message(&mut self, field: Field, body: impl FnOnce(&mut Self)) {
        self.element(field, SMALL, body);
    }

    fn element(&mut self, field: Field, size: usize, body: impl FnOnce(&mut Self)) {
        self.tag(field, LEN);
        let start = self.0.len();
        let kept = if size < 0x80 { 1 } else { varint(size as u64).1 };
        self.0.resize(start + kept, 0);
        body(self);
        let end = self.0.len();
        let length = end - start - kept;
        if kept == 1 && length < 0x80 {
            self.0[start] = low_bits(length as u64);
            return;
        }
        let (bytes, len) = varint(length as u64);
        if len > kept {
            self.0.resize(end + len - kept, 0);
        }
        if len != kept {
            self.0.copy_within(start + kept..end, start + len);
            self.0.truncate(start + len + length);
        }
        self.0[start..start + len].copy_from_slice(&bytes[..len]);
    }

    fn empty(&mut self, _: Field) {}

    fn string(&mut self, field: Field, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn joined(&mut self, field: Field, parts: [&str; 3]) {
        self.tag(field, LEN);
        self.varint(parts.iter().map(|part| part.len() as u64).sum());
        for part in parts {
            self.0.extend_from_slice(part.as_bytes());
        }
    }

    fn copied(&mut self, field: Field, document: &Document<'_>, node: Node) {
        self.bytes(field, document.text(node).as_bytes());
    }

    fn id(&mut self, field: Field, hex: &str) {
        self.tag(field, LEN);
        self.varint(hex.len() as u64 / 2);
        self.0.extend(hex.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])));
    }

    fn boolean(&mut self, field: Field, value: bool) {
        self.tag(field, VARINT);
        self.0.push(u8::from(value));
    }

    fn integer(&mut self, field: Field, value: i64) {
        self.tag(field, VARINT);
        self.varint(value.cast_unsigned());
    }

    fn double(&mut self, field: Field, value: f64) {
        self.tag(field, I64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn fixed64(&mut self, field: Field, value: u64) {
        self.tag(field, I64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn signed_fixed64(&mut self, field: Field, value: i64) {
        self.fixed64(field, value.cast_unsigned());
    }

    fn fixed32(&mut self, field: Field, value: u32) {
        self.tag(field, I32);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn number(&mut self, field: Field, value: u32) {
        self.tag(field, VARINT);
        self.varint(u64::from(value));
    }

    fn string_pair(&mut self, field: Field, document: &Document<'_>, key: Key<'_>, value: Node) {
        let key = match key {
            Key::Ours(name) => Cow::Borrowed(name),
            Key::Copied(node) => document.text(node),
        };
        let value = document.text(value);
        let (key, value) = (key.as_bytes(), value.as_bytes());
        // All lengths are known beforehand: nothing is moved, and there is one check for room.
        let of_value = 1 + varint_len(value.len()) + value.len();
        let length = 1 + varint_len(key.len()) + key.len() + 1 + varint_len(of_value) + of_value;
        self.0.reserve(length + 2 * MAX_VARINT_BYTES);
        self.tag(field, LEN);
        self.varint(length as u64);
        self.bytes(common::KEY, key);
        self.tag(common::VALUE, LEN);
        self.varint(of_value as u64);
        self.bytes(common::STRING, value);
    }

    fn fixed64s(&mut self, field: Field, values: &[u64]) {
        self.packed(field, values.iter().map(|value| value.to_le_bytes()));
    }

    fn doubles(&mut self, field: Field, values: &[f64]) {
        self.packed(field, values.iter().map(|value| value.to_le_bytes()));
    }
}

/// Bytes of the varint of a length.
fn varint_len(length: usize) -> usize {
    if length < 0x80 { 1 } else { varint(length as u64).1 }
}

fn varint(mut value: u64) -> ([u8; MAX_VARINT_BYTES], usize) {
    let mut bytes = [0; MAX_VARINT_BYTES];
    let mut len = 0;
    while value >= 0x80 {
        bytes[len] = low_bits(value) | 0x80;
        value >>= 7;
        len += 1;
    }
    bytes[len] = low_bits(value);
    (bytes, len + 1)
}

const fn low_bits(value: u64) -> u8 {
    (value & 0x7f) as u8
}

/// The value of a hex digit.
fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte | 0x20).wrapping_sub(b'a').wrapping_add(10) & 15,
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::field;
    use super::*;

    #[test]
    fn lengths_of_any_size_stand_before_their_message() {
        for len in [0, 1, 127, 128, 16_383, 16_384, 3_000_000] {
            let text = "x".repeat(len);
            let mut out = Protobuf::default();
            out.message(field(1, "a"), |out| out.string(field(2, "b"), &text));
            let mut inner = Protobuf::default();
            inner.string(field(2, "b"), &text);
            let mut expected = Protobuf::default();
            expected.bytes(field(1, "a"), &inner.0);
            assert!(out.0 == expected.0, "{len}");
            for guess in [0, 127, 128, 20_000, 1 << 40] {
                let mut out = Protobuf::default();
                out.element(field(1, "a"), guess, |out| out.string(field(2, "b"), &text));
                assert!(out.0 == expected.0, "{len} guessed as {guess}");
            }
        }
    }

    #[test]
    fn varints_are_those_of_the_documentation() {
        let of = |value| {
            let (bytes, len) = varint(value);
            bytes[..len].to_vec()
        };
        assert_eq!(of(150), [0x96, 0x01]);
        assert_eq!(of(u64::MAX).len(), MAX_VARINT_BYTES);
    }
}
