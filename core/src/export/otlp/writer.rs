//! What the mapping needs of an encoding, so that it is written once for both.

use super::fields::common;
use crate::json::{Document, Node};

/// A field of a message: its number in protocol buffers and its name in JSON.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) number: u32,
    pub(super) name: &'static str,
}

pub(super) const fn field(number: u32, name: &'static str) -> Field {
    Field { number, name }
}

/// The key of an attribute.
#[derive(Clone, Copy)]
pub(super) enum Key<'a> {
    /// A name of ours.
    Ours(&'a str),
    /// A name of the document.
    Copied(Node),
}

/// A guess at the size of a message that is mostly below 128 bytes.
pub(super) const SMALL: usize = 0;

/// Writes the fields of one message. Whoever calls leaves out what has its default, as proto3 does.
///
/// Elements of a repeated field are written one after the other, with no other field of the message between them.
pub(super) trait Writer {
    /// A message in a field of its own.
    fn message(&mut self, field: Field, body: impl FnOnce(&mut Self));
    /// One element of a repeated field of messages. It will have about `size` bytes: who guesses well saves a move.
    fn element(&mut self, field: Field, size: usize, body: impl FnOnce(&mut Self));
    /// A repeated field without elements. Protocol buffers have no such thing; some readers of JSON ask for it.
    fn empty(&mut self, field: Field);
    fn string(&mut self, field: Field, text: &str);
    /// A string in parts.
    fn joined(&mut self, field: Field, parts: [&str; 3]) {
        self.string(field, &parts.concat());
    }
    /// A string of a document, as it stands there.
    fn copied(&mut self, field: Field, document: &Document<'_>, node: Node);
    /// Bytes that are given as hex digits, an even number of them: ids of traces and spans.
    fn id(&mut self, field: Field, hex: &str);
    fn boolean(&mut self, field: Field, value: bool);
    /// `int64`.
    fn integer(&mut self, field: Field, value: i64);
    fn double(&mut self, field: Field, value: f64);
    /// `fixed64`.
    fn fixed64(&mut self, field: Field, value: u64);
    /// `sfixed64`.
    fn signed_fixed64(&mut self, field: Field, value: i64);
    /// `fixed32`.
    fn fixed32(&mut self, field: Field, value: u32);
    /// `uint32`, and enumerations.
    fn number(&mut self, field: Field, value: u32);
    /// A `KeyValue` whose value is a string: most attributes are.
    fn string_pair(&mut self, field: Field, document: &Document<'_>, key: Key<'_>, value: Node) {
        self.element(field, SMALL, |out| {
            match key {
                Key::Ours(name) => out.string(common::KEY, name),
                Key::Copied(node) => out.copied(common::KEY, document, node),
            }
            out.message(common::VALUE, |out| out.copied(common::STRING, document, value));
        });
    }
    /// `repeated fixed64`.
    fn fixed64s(&mut self, field: Field, values: &[u64]);
    /// `repeated double`.
    fn doubles(&mut self, field: Field, values: &[f64]);
}
