//! Bodies of requests: a JSON array of canonical records, gzip.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::client::queue::Load;
use crate::client::settings::Bounds;

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

    /// Both halves, where there is more than one record.
    pub(crate) fn halve(mut self) -> (Self, Self) {
        let second = self.0.split_off(self.0.len() / 2);
        (self, Self(second))
    }

    /// Records, and the bytes that they hold of the queue's bound.
    pub(crate) fn load(&self) -> Load {
        Load { items: self.0.len(), bytes: self.0.iter().map(|record| record.cost).sum() }
    }

    /// The records, in order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|record| &*record.text)
    }

    /// The compressed body.
    pub(crate) fn body(&self) -> io::Result<Vec<u8>> {
        // Level 1: higher levels cost more CPU than everything before them and save little on JSON.
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        for (i, record) in self.0.iter().enumerate() {
            gzip.write_all(if i == 0 { b"[" } else { b"," })?;
            gzip.write_all(record.text.as_bytes())?;
        }
        gzip.write_all(b"]")?;
        gzip.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

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

    #[test]
    fn the_body_is_a_gzipped_json_array() {
        let batch = Batch::divide(ready(&[r#"{"a":1}"#, r#"{"b":2}"#]), Bounds { items: 9, bytes: 100 }).remove(0);
        let mut text = String::new();
        flate2::read::GzDecoder::new(batch.body().unwrap().as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(text, r#"[{"a":1},{"b":2}]"#);
    }
}
