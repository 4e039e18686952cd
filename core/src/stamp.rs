//! What the edge of the system adds to a record that lacks it: an id and a time.
//!
//! The engine has no clock and no randomness. Whoever captures or receives a record makes a [`Stamp`] and hands
//! it in, so that processing stays a pure function and tests can repeat it.

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};
use crate::record::Inline;
use crate::record::time::Timestamp;

/// The moment and the random bits from which an absent `timestamp` and `id` are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub(crate) now: Timestamp,
    pub(crate) random: [u8; 10],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    now: String,
    random: String,
}

impl Stamp {
    /// A stamp of the given time and random bits.
    ///
    /// # Errors
    /// `argument_invalid` where `now` is not RFC 3339 with an offset.
    pub fn new(now: &str, random: [u8; 10]) -> Result<Self> {
        let now = Timestamp::parse(now).ok_or_else(|| {
            Error::new(ErrorKind::ArgumentInvalid, "/now", "expected an RFC 3339 time with an offset")
        })?;
        Ok(Self { now, random })
    }

    /// Reads `{"now":RFC 3339,"random":20 hex digits}`.
    ///
    /// # Errors
    /// `argument_invalid` with the place.
    pub fn from_json(text: &str) -> Result<Self> {
        let written: Written = serde_json::from_str(text).map_err(|_| {
            let form = r#"expected {"now":RFC 3339,"random":20 hex digits}"#;
            Error::new(ErrorKind::ArgumentInvalid, "", form)
        })?;
        let random = from_hex(&written.random)
            .ok_or_else(|| Error::new(ErrorKind::ArgumentInvalid, "/random", "expected 20 hex digits"))?;
        Self::new(&written.now, random)
    }

    /// The clock's time and fresh random bits.
    #[cfg(feature = "clock")]
    pub fn now() -> Self {
        let mut random = [0; 10];
        // Only on a machine without a random source; ids then fall back to their millisecond.
        let _ = getrandom::fill(&mut random);
        Self { now: Timestamp::now(), random }
    }

    /// Stamps of so many records that came in together: one reading of the clock and one call of the system for all.
    #[cfg(any(feature = "store", feature = "receive"))]
    pub(crate) fn for_each_of(count: usize) -> impl Iterator<Item = Self> {
        let mut random = vec![[0; 10]; count];
        // Only on a machine without a random source; ids then fall back to their millisecond.
        let _ = getrandom::fill(random.as_flattened_mut());
        let now = Timestamp::now();
        random.into_iter().map(move |random| Self { now, random })
    }

    /// The stamp of a record that was captured at that moment, microseconds since 1970-01-01T00:00:00Z.
    #[cfg(feature = "client")]
    pub(crate) fn captured(at: i64, random: [u8; 10]) -> Self {
        // A moment beyond the calendar is a clock's mistake.
        Self { now: Timestamp::from_microseconds(at).unwrap_or_else(Timestamp::now), random }
    }

    /// The id of the record that this stamps: `UUIDv7` (RFC 9562) of its time and random bits.
    pub(crate) fn id(&self) -> Inline {
        let millis = u64::try_from(self.now.microseconds() / 1_000).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &self.random).into_uuid();
        Inline::new(id.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))
    }
}

/// The clock's time in microseconds since 1970-01-01T00:00:00Z: what a capture keeps of it.
#[cfg(all(feature = "client", unix))]
pub(crate) fn microseconds_now() -> i64 {
    // As the system tells it: the standard library's difference of two times costs more than asking.
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion, reason = "their width is the platform's")]
    let (seconds, nanoseconds) = (i64::from(now.tv_sec), now.tv_nsec as i64);
    seconds.saturating_mul(1_000_000).saturating_add(nanoseconds / 1_000)
}

/// The same where there is no such call.
#[cfg(all(feature = "client", not(unix)))]
pub(crate) fn microseconds_now() -> i64 {
    // A clock that stands before 1970 is wrong anyway.
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0).saturating_mul(1_000_000) + i64::from(since.subsec_micros())
}

fn from_hex(text: &str) -> Option<[u8; 10]> {
    let mut bytes = [0; 10];
    if text.len() != 20 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
