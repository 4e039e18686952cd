//! Writes a document anew out of stretches of what was read: what stays is copied in pieces as long as they come.

use std::ops::Range;

use crate::json::write_string;

/// The text that is being written.
pub(super) struct Output<'a> {
    input: &'a str,
    out: String,
    /// The stretch of the input that is still to be copied.
    pending: Range<usize>,
}

impl<'a> Output<'a> {
    pub(super) fn new(input: &'a str, capacity: usize) -> Self {
        let end = input.len();
        Self { input, out: String::with_capacity(capacity), pending: end..end }
    }

    pub(super) fn finish(mut self) -> String {
        self.flush();
        self.out
    }

    /// Bytes written, with none pending.
    pub(super) fn len(&mut self) -> usize {
        self.flush();
        self.out.len()
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
        if stretch.start != self.pending.end {
            self.flush();
            self.pending.start = stretch.start;
        }
        self.pending.end = stretch.end;
    }

    /// Writes a sign of the grammar: out of the input, where it comes next there.
    #[inline]
    pub(super) fn sign(&mut self, sign: u8) {
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
        self.flush();
        write_string(text, &mut self.out);
        self.pending = stretch.end..stretch.end;
    }
}
