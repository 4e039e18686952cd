//! Times of records: RFC 3339 in, UTC with microseconds out.

use jiff::Timestamp as Instant;

/// A moment with microsecond precision, printed as `2026-01-02T03:04:05.000006Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(i64);

/// Length of the canonical form.
const CANONICAL_LEN: usize = "2026-01-02T03:04:05.000006Z".len();

/// 0000-01-01T00:00:00Z: earlier moments have no four-digit year.
const EARLIEST_SECOND: i64 = -62_167_219_200;

impl Timestamp {
    /// Reads RFC 3339 with an offset; `None` for anything else. Finer than a microsecond is cut off.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The library also reads looser ISO 8601 forms; every runtime must refuse those alike.
        if !is_rfc3339(text.as_bytes()) {
            return None;
        }
        let instant: Instant = text.parse().ok()?;
        (instant.as_second() >= EARLIEST_SECOND).then(|| Self(instant.as_microsecond()))
    }

    /// The clock's time.
    #[cfg(feature = "clock")]
    pub(crate) fn now() -> Self {
        Self(Instant::now().as_microsecond())
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(crate) fn microseconds(self) -> i64 {
        self.0
    }

    /// The canonical text.
    pub(crate) fn to_text(self) -> String {
        let mut text = String::with_capacity(CANONICAL_LEN);
        match Instant::from_microsecond(self.0) {
            Ok(instant) => text.push_str(&instant.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()),
            // Unreachable by construction: every way to make one goes through the library's range.
            Err(_) => text.push_str("1970-01-01T00:00:00.000000Z"),
        }
        text
    }
}

/// `dddd-dd-ddTdd:dd:dd[.d{1,9}](Z|±dd:dd)`, the shape only.
fn is_rfc3339(text: &[u8]) -> bool {
    let Some((date_time, rest)) = text.split_at_checked(19) else { return false };
    let shape = date_time.iter().zip(b"dddd-dd-ddTdd:dd:dd").all(|(byte, form)| match form {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't'),
        _ => byte == form,
    });
    let fraction = match rest.strip_prefix(b".") {
        Some(rest) => 1 + rest.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        None => 0,
    };
    let offset = &rest[fraction..];
    let offset_shape = match offset {
        b"Z" | b"z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    shape && offset_shape && (fraction == 0 || (2..=10).contains(&fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        Timestamp::parse(text).map(Timestamp::to_text)
    }

    #[test]
    fn times_become_utc_with_microseconds() {
        for (text, expected) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
            ("2026-01-02t03:04:05.123456789z", "2026-01-02T03:04:05.123456Z"),
            ("2026-01-02T00:30:00.5+02:00", "2026-01-01T22:30:00.500000Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_rfc3339_with_an_offset_is_refused() {
        for text in [
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05Z",
            "2026-01-02T03:04Z",
            "2026-02-30T00:00:00Z",
            "2026-01-02T25:00:00Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05.1234567890Z",
            "2026-01-02T03:04:05+0200",
            "2026-01-02T03:04:05Z[UTC]",
            "0000-01-01T00:00:00+01:00",
            "20260102T030405Z",
            "",
            "é",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
