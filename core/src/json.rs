//! Strict JSON (RFC 8259) over bytes: one verdict for every oddity, and no tree.
//!
//! [`Document::read`] checks the text once and notes where each value stands; [`write_string`] is the one way a
//! string is written. Nothing here recurses, so nesting cannot exhaust a stack.

mod document;
mod duplicates;
mod read;
mod scalar;
mod text;

pub(crate) use self::document::{Document, Kind, Node, Scalar};
pub(crate) use self::scalar::{plain_number_end, string_end};
pub(crate) use self::text::decode;
pub(crate) use self::text::write_string;
