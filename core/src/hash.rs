//! A hash of short texts that come again and again, names above all: a few instructions, for tables that compare the
//! texts themselves afterwards. No protection against texts made to collide.

/// The first and the last bytes of a text in two numbers. With the length they say all of a text up to
/// [`Ends::WHOLE`] bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    head: u64,
    tail: u64,
}

impl Ends {
    /// Texts up to this length are equal where their lengths and ends are.
    pub(crate) const WHOLE: usize = 16;

    #[inline]
    pub(crate) const fn of(text: &[u8]) -> Self {
        if let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) {
            return Self { head: u64::from_le_bytes(*head), tail: u64::from_le_bytes(*tail) };
        }
        if let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) {
            return Self { head: u32::from_le_bytes(*head) as u64, tail: u32::from_le_bytes(*tail) as u64 };
        }
        // At most three bytes: the first, the last, and the one between.
        let (mut head, mut i) = (0, 0);
        while i < text.len() {
            head = head << 8 | text[i] as u64;
            i += 1;
        }
        Self { head, tail: 0 }
    }

    /// Mixes ends and length: texts of one application differ there.
    #[inline]
    pub(crate) const fn hash(self, len: usize) -> u32 {
        /// The odd number nearest to 2^64 divided by the golden ratio (Knuth): spreads neighbours.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        ((self.head ^ self.tail.rotate_left(29) ^ len as u64).wrapping_mul(SPREAD) >> 32) as u32
    }
}

/// The hash of `text`.
#[inline]
pub(crate) const fn hash(text: &[u8]) -> u32 {
    Ends::of(text).hash(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_length_tell_all_texts_up_to_sixteen_bytes_apart() {
        let texts: Vec<Vec<u8>> = (0..=16)
            .flat_map(|len| (0..=len).map(move |at| (len, at)))
            .map(|(len, at)| {
                let mut text = vec![b'a'; len];
                if at < len {
                    text[at] = b'b';
                }
                text
            })
            .collect();
        for (i, a) in texts.iter().enumerate() {
            for b in &texts[..i] {
                assert!(a == b || a.len() != b.len() || Ends::of(a) != Ends::of(b), "{a:?} {b:?}");
            }
        }
    }
}
