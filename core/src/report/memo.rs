//! Where texts were found lately, so that a table need not be asked again.

use crate::hash::hash;

/// Texts that are remembered, as a power of two. Hours, days, channels and events that come in turns are few.
const SLOTS_LOG2: u32 = 6;

/// Places of texts in some table. A text that is not here may well be there.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    /// Empty, or as many as [`SLOTS_LOG2`] says: each text has one place here, and the last one has it. What has none has
    /// the empty text.
    slots: Vec<(Box<str>, usize)>,
}

impl Memo {
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        let (known, at) = self.slots.get(slot(text))?;
        (**known == *text && !text.is_empty()).then_some(*at)
    }

    /// Remembers a text, if it is not the empty one.
    pub(super) fn remember(&mut self, text: &str, at: usize) {
        if self.slots.is_empty() {
            self.slots.resize(1 << SLOTS_LOG2, Default::default());
        }
        if let Some(slot) = self.slots.get_mut(slot(text)).filter(|_| !text.is_empty()) {
            *slot = (text.into(), at);
        }
    }

    /// Forgets all: their table begins anew.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
    }
}

fn slot(text: &str) -> usize {
    (hash(text.as_bytes()) >> (u32::BITS - SLOTS_LOG2)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_found_until_another_text_takes_its_place() {
        let mut memo = Memo::default();
        assert_eq!(memo.find(""), None);
        memo.remember("", 1);
        assert_eq!(memo.find(""), None);
        for at in 0..10 * (1 << SLOTS_LOG2) {
            let text = at.to_string();
            memo.remember(&text, at);
            assert_eq!(memo.find(&text), Some(at));
        }
        let found: Vec<usize> = (0..10 * (1 << SLOTS_LOG2)).filter_map(|at| memo.find(&at.to_string())).collect();
        assert!(!found.is_empty() && found.len() <= 1 << SLOTS_LOG2);
        assert!(found.iter().all(|at| memo.find(&at.to_string()) == Some(*at)));
        memo.clear();
        assert_eq!(memo.find("639"), None);
    }
}
