//! How far the log is acknowledged, kept beside it in a file for people and programs: one line of JSON and its
//! CRC-32. It is replaced, never changed; without it, or where it does not check, everything that is there counts
//! as not acknowledged, and is delivered once more with the same ids.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The file's name.
pub(super) const NAME: &str = "acknowledged.json";

/// See the module's words.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Position {
    /// Sequence number of the first record that is not acknowledged.
    pub(super) acknowledged: u64,
    /// What the log's user wants to be kept with it, such as its books.
    #[serde(default)]
    pub(super) note: Option<Box<RawValue>>,
}

impl Position {
    pub(super) fn encode(&self) -> Vec<u8> {
        // Integers and JSON always serialise.
        let line = serde_json::to_string(self).unwrap_or_default();
        let crc = crc32fast::hash(line.as_bytes());
        format!("{line}\n{crc:08x}\n").into_bytes()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (line, crc) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
        (crc == format!("{:08x}\n", crc32fast::hash(line.as_bytes()))).then(|| serde_json::from_str(line).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_and_no_changed_byte_passes_for_one() {
        let note = RawValue::from_string(r#"{"delivered":3}"#.to_owned()).unwrap();
        let written = Position { acknowledged: u64::MAX, note: Some(note) }.encode();
        let read = Position::decode(&written).unwrap();
        assert_eq!((read.acknowledged, read.note.unwrap().get()), (u64::MAX, r#"{"delivered":3}"#));
        for i in 0..written.len() {
            let mut changed = written.clone();
            changed[i] ^= 1;
            assert!(Position::decode(&changed).is_none(), "byte {i}");
            assert!(Position::decode(&written[..i]).is_none(), "cut at {i}");
        }
    }
}
