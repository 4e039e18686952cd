//! Short ASCII text held in place: canonical ids and times without an allocation.

/// Bytes of the longest such text, a UUID with its hyphens.
const MAX_LEN: usize = 36;

/// A text of at most 36 ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inline {
    len: u8,
    bytes: [u8; MAX_LEN],
}

impl Inline {
    /// The text of `bytes`; what is beyond the bound is cut off, which no caller's text is.
    pub(crate) fn new(text: &[u8]) -> Self {
        let len = text.len().min(MAX_LEN);
        let mut bytes = [0; MAX_LEN];
        bytes[..len].copy_from_slice(&text[..len]);
        Self { len: u8::try_from(len).unwrap_or(0), bytes }
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}
