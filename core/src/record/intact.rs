//! Strings that are copied as they are.

/// String nodes whose form proves them harmless, though a detector may trip over them: digits of a span id are no
/// card.
#[derive(Debug, Default)]
pub(crate) struct Intact {
    few: [usize; Self::FEW],
    count: usize,
    many: Vec<usize>,
}

impl Intact {
    /// A span has five ids and times of its own.
    const FEW: usize = 6;
    /// What a span's events and links may add. Looked through for each find, so it must be bounded; beyond it ids are
    /// scrubbed like any text.
    pub(crate) const MOST: usize = 256;

    pub(super) fn push(&mut self, node: usize) {
        if let Some(place) = self.few.get_mut(self.count) {
            *place = node;
            self.count += 1;
            return;
        }
        if self.many.is_empty() {
            self.many.extend_from_slice(&self.few);
        }
        if self.many.len() < Self::MOST {
            self.many.push(node);
        }
    }

    pub(crate) fn nodes(&self) -> &[usize] {
        if self.many.is_empty() { &self.few[..self.count] } else { &self.many }
    }
}
