//! Records that travel together.

use crate::client::queue::Load;
use crate::client::settings::Bounds;
use crate::export::Target;

/// A scrubbed canonical record, ready to send.
pub(crate) struct Ready {
    pub(crate) text: Box<str>,
    /// Bytes that its capture holds of the queue's bound.
    pub(crate) cost: usize,
}

/// Records that travel in one request.
pub(crate) struct Batch(Vec<Ready>);

impl Batch {
    /// Divides records, in order, so that each part keeps both bounds. A record larger than a batch goes alone.
    pub(crate) fn divide(records: Vec<Ready>, bounds: Bounds) -> Vec<Self> {
        let mut batches = Vec::new();
        let mut current = Vec::new();
        let mut bytes = 0;
        for record in records {
            let is_full = current.len() >= bounds.items || bytes + record.text.len() > bounds.bytes;
            if is_full && !current.is_empty() {
                batches.push(Self(std::mem::take(&mut current)));
                bytes = 0;
            }
            bytes += record.text.len();
            current.push(record);
        }
        if !current.is_empty() {
            batches.push(Self(current));
        }
        batches
    }

    /// The same, and each part is one request to `target`: it ends where the kind changes, and where a request of the kind
    /// carries one record only.
    pub(crate) fn divide_for(target: &Target, mut records: Vec<Ready>, bounds: Bounds) -> Vec<Self> {
        let mut batches = Vec::new();
        while let Some(first) = records.first().map(|record| target.kind_of(&record.text)) {
            let end = records.iter().position(|record| target.kind_of(&record.text) != first).unwrap_or(records.len());
            let rest = records.split_off(end);
            let bounds = if first.is_single() { Bounds { items: 1, ..bounds } } else { bounds };
            batches.extend(Self::divide(std::mem::replace(&mut records, rest), bounds));
        }
        batches
    }

    /// Takes out those that `goes` holds for, and returns what they were.
    pub(crate) fn take_out(&mut self, goes: impl Fn(&str) -> bool) -> Load {
        let before = self.load();
        self.0.retain(|record| !goes(&record.text));
        let mut gone = before;
        gone -= self.load();
        gone
    }

    /// Both halves, where there is more than one record.
    pub(crate) fn halve(mut self) -> (Self, Self) {
        let second = self.0.split_off(self.0.len() / 2);
        (self, Self(second))
    }

    /// Records, and the bytes that they hold of the queue's bound.
    pub(crate) fn load(&self) -> Load {
        Load { items: self.0.len(), bytes: self.0.iter().map(|record| record.cost).sum() }
    }

    /// The records' texts, in order.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.0.iter().map(|record| &*record.text).collect()
    }

    /// The same without those that `may` does not hold for; and how many those are.
    pub(crate) fn without(mut self, may: impl Fn(&str) -> bool) -> (Self, u64) {
        let all = self.0.len();
        self.0.retain(|record| may(&record.text));
        let withheld = all - self.0.len();
        (self, withheld as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(texts: &[&str]) -> Vec<Ready> {
        texts.iter().map(|text| Ready { text: (*text).into(), cost: 10 }).collect()
    }

    fn lengths(batches: &[Batch]) -> Vec<usize> {
        batches.iter().map(|batch| batch.load().items).collect()
    }

    #[test]
    fn a_batch_ends_at_its_items_or_its_bytes() {
        let records = || ready(&["1", "22", "333", "4444", "55555"]);
        assert_eq!(lengths(&Batch::divide(records(), Bounds { items: 2, bytes: 100 })), [2, 2, 1]);
        assert_eq!(lengths(&Batch::divide(records(), Bounds { items: 9, bytes: 6 })), [3, 1, 1]);
        assert_eq!(lengths(&Batch::divide(records(), Bounds { items: 9, bytes: 1 })), [1, 1, 1, 1, 1]);
        assert_eq!(lengths(&Batch::divide(Vec::new(), Bounds { items: 9, bytes: 1 })), [0; 0]);
    }

    #[test]
    fn halves_lose_nothing() {
        let batch = Batch::divide(ready(&["1", "2", "3"]), Bounds { items: 9, bytes: 100 }).remove(0);
        let (first, second) = batch.halve();
        assert_eq!((first.load(), second.load()), (Load { items: 1, bytes: 10 }, Load { items: 2, bytes: 20 }));
    }
}
