//! Protocol buffers, written front to back into one buffer.
//!
//! A message's length stands before it and is known after it. One byte is kept for it, which is enough for most
//! messages; behind a longer one the bytes are moved. That is cheaper than measuring everything first, as code
//! generated from the definitions does.

use super::writer::{Field, Writer};
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
        self.tag(field, LEN);
        let start = self.0.len();
        self.0.push(0);
        body(self);
        let end = self.0.len();
        let length = (end - start - 1) as u64;
        if length < 0x80 {
            self.0[start] = low_bits(length);
            return;
        }
        let (bytes, len) = varint(length);
        self.0.resize(end + len - 1, 0);
        self.0.copy_within(start + 1..end, start + len);
        self.0[start..start + len].copy_from_slice(&bytes[..len]);
    }

    fn element(&mut self, field: Field, body: impl FnOnce(&mut Self)) {
        self.message(field, body);
    }

    fn empty(&mut self, _: Field) {}

    fn string(&mut self, field: Field, text: &str) {
        self.bytes(field, text.as_bytes());
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

    fn fixed64s(&mut self, field: Field, values: &[u64]) {
        self.packed(field, values.iter().map(|value| value.to_le_bytes()));
    }

    fn doubles(&mut self, field: Field, values: &[f64]) {
        self.packed(field, values.iter().map(|value| value.to_le_bytes()));
    }
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

#[expect(clippy::cast_possible_truncation, reason = "seven bits are kept")]
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
