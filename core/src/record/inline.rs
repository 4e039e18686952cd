//! Short text held in place: canonical ids and times without an allocation.

use arrayvec::ArrayString;

/// Bytes of the longest such text, a UUID with its hyphens.
const MAX_LEN: usize = 36;

/// A text of at most 36 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inline(ArrayString<MAX_LEN>);

impl Inline {
    pub(crate) fn new(text: &str) -> Self {
        let mut inline = Self(ArrayString::new());
        inline.push(text);
        inline
    }

    /// Adds `text`; what does not fit is left out whole, which no caller's text is.
    #[inline]
    pub(crate) fn push(&mut self, text: &str) {
        let _ = self.0.try_push_str(text);
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}
