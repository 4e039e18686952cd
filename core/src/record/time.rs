//! Times of records: RFC 3339 in, UTC with microseconds out.

use jiff::Timestamp as Instant;

/// A moment with microsecond precision, printed as `2026-01-02T03:04:05.000006Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(i64);

/// Length of the canonical form.
const CANONICAL_LEN: usize = "2026-01-02T03:04:05.000006Z".len();

/// 0000-01-01T00:00:00Z in microseconds: earlier moments have no four-digit year.
const EARLIEST: i64 = -62_167_219_200_000_000;

impl Timestamp {
    /// Reads RFC 3339 with an offset; `None` for anything else. Finer than a microsecond is cut off.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The library also reads looser ISO 8601 forms; every runtime must refuse those alike.
        if !is_rfc3339(text.as_bytes()) {
            return None;
        }
        let instant: Instant = text.parse().ok()?;
        // Cut towards the past: before 1970 the library's own cut would lengthen the fraction.
        let microseconds = i64::try_from(instant.as_nanosecond().div_euclid(1_000)).ok()?;
        (microseconds >= EARLIEST).then_some(Self(microseconds))
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

/// The canonical text of an RFC 3339 time with an offset; `None` for anything else.
///
/// Times that are in UTC already, which most are, only need their fraction cut or filled; the calendar's rules are
/// small enough to check in place, and the library is asked about everything else.
pub(crate) fn canonical(text: &str) -> Option<String> {
    canonical_utc(text.as_bytes()).or_else(|| Timestamp::parse(text).map(Timestamp::to_text))
}

fn canonical_utc(text: &[u8]) -> Option<String> {
    let (b'Z', body) = text.split_last()? else { return None };
    let (seconds, fraction) = body.split_at_checked(19)?;
    let shape = seconds.iter().zip(b"dddd-dd-ddTdd:dd:dd").all(|(byte, form)| match form {
        b'd' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    let digits = match fraction {
        [] => fraction,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) => digits,
        _ => return None,
    };
    let number = |range: std::ops::Range<usize>| {
        seconds[range].iter().fold(0u32, |number, digit| number * 10 + u32::from(digit - b'0'))
    };
    if !shape || number(11..13) > 23 || number(14..16) > 59 || number(17..19) > 59 {
        return None;
    }
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // The library's range ends within this year.
    if year == 9999 {
        return None;
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(is_leap),
        _ => return None,
    };
    if day == 0 || day > days {
        return None;
    }
    let mut out = String::with_capacity(CANONICAL_LEN);
    out.extend(seconds.iter().map(|&byte| char::from(byte)));
    out.push('.');
    out.extend((0..6).map(|i| digits.get(i).map_or('0', |&digit| char::from(digit))));
    out.push('Z');
    Some(out)
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

    #[test]
    fn the_short_way_agrees_with_the_library() {
        for year in ["0000", "1900", "2000", "2023", "2024", "9999"] {
            for rest in
                ["-02-28", "-02-29", "-02-30", "-04-30", "-04-31", "-12-31", "-13-01", "-00-10", "-01-00", "-01-32"]
            {
                for end in
                    ["T00:00:00Z", "T23:59:59.1Z", "T23:59:60Z", "T24:00:00Z", "T12:60:00Z", "T01:02:03.1234567Z"]
                {
                    let text = format!("{year}{rest}{end}");
                    assert_eq!(canonical(&text), Timestamp::parse(&text).map(Timestamp::to_text), "{text}");
                }
            }
        }
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
