//! Writes a document anew out of stretches of what was read: what stays is copied in pieces as long as they come.

use std::ops::Range;

use crate::json::write_string;

/// The text that is being written.
pub(super) struct Output<'a> {
    input: &'a str,
    out: String,
    /// The stretch of the input that is still to be copied.
    pending: Range<usize>,
    /// All of the input stays but for what is replaced: what else is written is not asked for.
    is_spliced: bool,
}

impl<'a> Output<'a> {
    pub(super) fn new(input: &'a str, capacity: usize) -> Self {
        let end = input.len();
        Self { input, out: String::with_capacity(capacity), pending: end..end, is_spliced: false }
    }

    /// Of a document that stays as it was written, signs and spaces too, but for what is replaced. Takes no memory before.
    pub(super) const fn spliced(input: &'a str) -> Self {
        Self { input, out: String::new(), pending: 0..0, is_spliced: true }
    }

    pub(super) fn finish(mut self) -> String {
        if self.is_spliced {
            self.pending.end = self.input.len();
        }
        self.flush();
        self.out
    }

    fn flush(&mut self) {
        self.out.push_str(&self.input[self.pending.clone()]);
        self.pending.start = self.pending.end;
    }

    /// Where nothing more comes in the input.
    fn leave(&mut self) {
        self.pending = self.input.len()..self.input.len();
    }

    /// Writes a stretch of the input.
    #[inline]
    pub(super) fn copy(&mut self, stretch: Range<usize>) {
        if self.is_spliced {
            return;
        }
        if stretch.start != self.pending.end {
            self.flush();
            self.pending.start = stretch.start;
        }
        self.pending.end = stretch.end;
    }

    /// Writes a sign of the grammar: out of the input, where it comes next there.
    #[inline]
    pub(super) fn sign(&mut self, sign: u8) {
        if self.is_spliced {
            return;
        }
        if self.input.as_bytes().get(self.pending.end) == Some(&sign) {
            self.pending.end += 1;
        } else {
            self.flush();
            self.out.push(char::from(sign));
            self.leave();
        }
    }

    /// Writes text that stands nowhere in the input, as it is.
    pub(super) fn pieces(&mut self, pieces: &[&str]) {
        self.flush();
        self.out.extend(pieces.iter().copied());
        self.leave();
    }

    /// Writes a string that stands nowhere in the input.
    pub(super) fn string(&mut self, text: &str) {
        self.flush();
        write_string(text, &mut self.out);
        self.leave();
    }

    /// Writes a string in place of a stretch of the input.
    pub(super) fn replace(&mut self, stretch: &Range<usize>, text: &str) {
        if self.is_spliced {
            self.out.reserve(if self.out.is_empty() { self.input.len() } else { 0 });
            self.pending.end = stretch.start;
        }
        self.flush();
        write_string(text, &mut self.out);
        self.pending = stretch.end..stretch.end;
    }
}
