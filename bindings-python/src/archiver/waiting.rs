//! Captured records until a router's thread processes them.

use scrubjay_core::ffi::microseconds_now;

/// Stands for a channel that is no text.
const NO_CHANNEL: u32 = u32::MAX;
/// Bytes before each record: its moment, and the lengths of its channel and of itself.
const FRAME: usize = 16;

/// Records that wait, one behind the other: moment in microseconds since 1970, length of the channel, length of the
/// record, channel, record.
#[derive(Default)]
pub(super) struct Waiting(Vec<u8>);

impl Waiting {
    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds one that is captured now.
    pub(super) fn push(&mut self, channel: Option<&str>, record: &[u8]) {
        let name = channel.unwrap_or_default();
        // A name is a part of the record, whose bytes a walk bounds.
        let length = channel.map_or(NO_CHANNEL, |name| u32::try_from(name.len()).unwrap_or_default());
        self.0.extend_from_slice(&microseconds_now().to_le_bytes());
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(&u32::try_from(record.len()).unwrap_or_default().to_le_bytes());
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(record);
    }

    /// Each record's moment, channel and bytes.
    pub(super) fn each(&self) -> impl Iterator<Item = (i64, Option<&str>, &[u8])> {
        let mut rest = &self.0[..];
        std::iter::from_fn(move || {
            let (head, after) = rest.split_at_checked(FRAME)?;
            let at = i64::from_le_bytes(head[..8].try_into().ok()?);
            let length = u32::from_le_bytes(head[8..12].try_into().ok()?);
            let name_len = if length == NO_CHANNEL { 0 } else { length as usize };
            let (name, after) = after.split_at_checked(name_len)?;
            let (record, after) = after.split_at_checked(u32::from_le_bytes(head[12..].try_into().ok()?) as usize)?;
            rest = after;
            let channel = if length == NO_CHANNEL { None } else { std::str::from_utf8(name).ok() };
            Some((at, channel, record))
        })
    }
}
