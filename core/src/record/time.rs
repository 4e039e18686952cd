//! Times of records: RFC 3339 in, UTC with microseconds out.

use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::inline::Inline;

/// A moment with microsecond precision, printed as `2026-01-02T03:04:05.000006Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(i64);

/// 0000-01-01T00:00:00Z in microseconds: earlier moments have no four-digit year.
const EARLIEST: i64 = -62_167_219_200_000_000;

/// Where a canonical text has digits, and what stands between them.
#[cfg(any(feature = "store", feature = "report"))]
const SHAPE: &[u8; 27] = b"dddd-dd-ddTdd:dd:dd.ddddddZ";

impl Timestamp {
    /// Reads RFC 3339 with an offset; `None` for anything else. Finer than a microsecond is cut off.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let instant = instant(text.as_bytes())?;
        // Cut towards the past: before 1970 the library's own cut would lengthen the fraction.
        let microseconds = i64::try_from(instant.as_nanosecond().div_euclid(1_000)).ok()?;
        (microseconds >= EARLIEST).then_some(Self(microseconds))
    }

    /// The moment that a canonical text says, which was checked when it was written: the calendar's arithmetic alone.
    #[cfg(any(feature = "store", feature = "report"))]
    pub(crate) fn of_canonical(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_shaped = bytes.len() == SHAPE.len()
            && bytes
                .iter()
                .zip(SHAPE)
                .all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form });
        if !is_shaped {
            return Self::parse(text);
        }
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
        };
        let (year, month, day) = (number(0..4), number(5..7), number(8..10));
        let seconds = (number(11..13) * 60 + number(14..16)) * 60 + number(17..19);
        // Days of the proleptic Gregorian calendar, with years that begin in March (H. Hinnant, "days_from_civil").
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        Some(Self((days * 86_400 + seconds) * 1_000_000 + number(20..26)))
    }

    /// The clock's time.
    ///
    /// Asked without the library, which would panic over a clock beyond the calendar, and would link the texts of all of
    /// its errors to say so: 50 KB. Such a clock is wrong anyway.
    #[cfg(feature = "clock")]
    pub(crate) fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).ok().and_then(Self::from_microseconds).unwrap_or(Self(0))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(crate) fn microseconds(self) -> i64 {
        self.0
    }

    /// The moment so many microseconds after 1970-01-01T00:00:00Z; `None` beyond the calendar.
    #[cfg(feature = "clock")]
    pub(crate) fn from_microseconds(microseconds: i64) -> Option<Self> {
        Instant::from_microsecond(microseconds).ok().filter(|_| microseconds >= EARLIEST).map(|_| Self(microseconds))
    }

    /// The moment so many milliseconds after 1970-01-01T00:00:00Z; `None` beyond the calendar.
    pub(crate) fn from_milliseconds(milliseconds: i64) -> Option<Self> {
        let instant = Instant::from_millisecond(milliseconds).ok()?;
        (instant.as_microsecond() >= EARLIEST).then(|| Self(instant.as_microsecond()))
    }

    /// The moment so many nanoseconds after 1970-01-01T00:00:00Z. Finer than a microsecond is cut off.
    pub(crate) fn from_nanoseconds(nanoseconds: u64) -> Option<Self> {
        let microseconds = i64::try_from(nanoseconds / 1_000).ok()?;
        Instant::from_microsecond(microseconds).ok().map(|_| Self(microseconds))
    }

    /// The canonical text.
    pub(crate) fn to_text(self) -> Inline {
        // Every way to make one goes through the library's range.
        let instant = Instant::from_microsecond(self.0).unwrap_or_default();
        let time = Offset::UTC.to_datetime(instant);
        let year = u32::from(time.year().unsigned_abs());
        let microseconds = time.subsec_nanosecond().unsigned_abs() / 1_000;
        let mut text = Inline::new(pair(year / 100));
        for (sign, number) in [
            ("", year % 100),
            ("-", time.month().unsigned_abs().into()),
            ("-", time.day().unsigned_abs().into()),
            ("T", time.hour().unsigned_abs().into()),
            (":", time.minute().unsigned_abs().into()),
            (":", time.second().unsigned_abs().into()),
            (".", microseconds / 10_000),
            ("", microseconds / 100 % 100),
            ("", microseconds % 100),
        ] {
            text.push(sign);
            text.push(pair(number));
        }
        text.push("Z");
        text
    }

    /// The same for one who writes many: `latest` is what was kept of the text before, which nearly always was of this second.
    pub(crate) fn to_text_after(self, latest: &mut Option<Second>) -> Inline {
        let second = self.0.div_euclid(MICROSECONDS_A_SECOND);
        let Some(known) = latest.as_ref().filter(|known| known.number == second) else {
            let text = self.to_text();
            let begin = text.as_str().get(..=SECONDS).unwrap_or_default();
            *latest = Some(Second { number: second, text: Inline::new(begin) });
            return text;
        };
        let mut fraction = *b"000000Z";
        let mut rest = self.0.rem_euclid(MICROSECONDS_A_SECOND);
        for digit in fraction[..6].iter_mut().rev() {
            *digit += u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        let mut text = known.text;
        text.push(std::str::from_utf8(&fraction).unwrap_or_default());
        text
    }
}

const MICROSECONDS_A_SECOND: i64 = 1_000_000;

/// What the texts of a second's times begin with, up to the point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Second {
    /// Since 1970-01-01T00:00:00Z.
    number: i64,
    text: Inline,
}

/// A number below 100 as two digits.
fn pair(number: u32) -> &'static str {
    const PAIRS: &str = "\
        00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748\
        4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798\
        99";
    let at = usize::try_from(number * 2).unwrap_or(usize::MAX - 2);
    PAIRS.get(at..at + 2).unwrap_or_default()
}

/// The canonical text of an RFC 3339 time with an offset; `None` for anything else.
///
/// Times that are in UTC already, which most are, only need their fraction cut or filled; the calendar's rules are
/// small enough to check in place, and the library is asked about everything else.
pub(crate) fn canonical(text: &str) -> Option<Inline> {
    canonical_utc(text).or_else(|| Timestamp::parse(text).map(Timestamp::to_text))
}

fn canonical_utc(text: &str) -> Option<Inline> {
    let len = utc_len(text.as_bytes())?;
    let mut out = Inline::new(text.get(..len)?);
    out.push(utc_end(len));
    Some(out)
}

/// Bytes of a time in UTC up to its seconds.
const SECONDS: usize = "0000-00-00T00:00:00".len();
/// And with the digits of a fraction that stay.
const MICROSECONDS: usize = SECONDS + ".000000".len();

/// What a canonical text has behind the first `len` bytes of a time in UTC, as [`utc_len`] gives them.
pub(crate) fn utc_end(len: usize) -> &'static str {
    ".000000Z".get(len.saturating_sub(SECONDS)..).unwrap_or_default()
}

/// How many of the first bytes of a time in UTC stay in its canonical text; nothing where the library has to be asked.
pub(crate) fn utc_len(text: &[u8]) -> Option<usize> {
    let (b'Z', body) = text.split_last()? else { return None };
    let (seconds, fraction) = body.split_first_chunk::<SECONDS>()?;
    if !is_shaped(seconds) {
        return None;
    }
    let kept = match fraction {
        [] => SECONDS,
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) => {
            MICROSECONDS.min(SECONDS + fraction.len())
        }
        _ => return None,
    };
    let number = |at: usize| u32::from(seconds[at] - b'0') * 10 + u32::from(seconds[at + 1] - b'0');
    if number(11) > 23 || number(14) > 59 || number(17) > 59 {
        return None;
    }
    let (year, month, day) = (number(0) * 100 + number(2), number(5), number(8));
    // The library's range ends within this year.
    if year == 9999 {
        return None;
    }
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(is_leap),
        _ => return None,
    };
    (day != 0 && day <= days).then_some(kept)
}

/// Whether digits and signs stand where they do in `0000-00-00T00:00:00`, eight bytes at a time.
fn is_shaped(seconds: &[u8; SECONDS]) -> bool {
    const FORM: &[u8; SECONDS] = b"0000-00-00T00:00:00";
    const LAST: usize = SECONDS - 8;
    /// What a byte's difference from the form may be less than to stay below [`HIGH`]: ten for a digit, one for a sign.
    const fn most(form: u8) -> u8 {
        if form == b'0' { 0x80 - 10 } else { 0x80 - 1 }
    }
    const HIGH: u64 = 0x8080_8080_8080_8080;
    /// The form, and room, of the eight bytes from a place on.
    const fn expected(at: usize) -> (u64, u64) {
        let (mut form, mut room, mut i) = ([0; 8], [0; 8], 0);
        while i < 8 {
            (form[i], room[i]) = (FORM[at + i], most(FORM[at + i]));
            i += 1;
        }
        (u64::from_le_bytes(form), u64::from_le_bytes(room))
    }
    let word = |at: usize, (form, room): (u64, u64)| {
        let text = seconds[at..].first_chunk().map_or(0, |text| u64::from_le_bytes(*text));
        let difference = text ^ form;
        // A sum of seven bits each carries into no neighbour.
        (difference & !HIGH).wrapping_add(room) | difference
    };
    // The last word begins within the second.
    (word(0, const { expected(0) }) | word(8, const { expected(8) }) | word(LAST, const { expected(LAST) })) & HIGH == 0
}

/// The moment that RFC 3339 text names, by the library's calendar.
///
/// The library's own reader takes looser forms of ISO 8601 too, which every runtime must refuse alike, and links the texts
/// of all of its errors for panics that never happen: 100 KB, on phones too.
fn instant(text: &[u8]) -> Option<Instant> {
    /// What the library's reader takes.
    const MAX_OFFSET_HOURS: i32 = 25;
    if !is_rfc3339(text) {
        return None;
    }
    let (local, offset) = match text {
        [local @ .., b'Z' | b'z'] => (local, 0),
        [local @ .., sign, h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2]), number(&[*m1, *m2]));
            if hours > MAX_OFFSET_HOURS || minutes > 59 {
                return None;
            }
            let seconds = (hours * 60 + minutes) * 60;
            (local, if *sign == b'-' { -seconds } else { seconds })
        }
        _ => return None,
    };
    let part = |at: usize| i8::try_from(number(&local[at..at + 2])).ok();
    let fraction = local.get(20..).unwrap_or_default();
    let nanosecond = fraction.iter().chain(&[b'0'; 9]).take(9).fold(0, |number, digit| number * 10 + value(*digit));
    let year = i16::try_from(number(&local[..4])).ok()?;
    // A leap second is the last one of its minute, as for the library.
    let second = part(17)?;
    let second = if second == 60 { 59 } else { second };
    let local = DateTime::new(year, part(5)?, part(8)?, part(11)?, part(14)?, second, nanosecond).ok()?;
    Offset::from_seconds(offset).ok()?.to_timestamp(local).ok()
}

/// The number that digits stand for.
fn number(digits: &[u8]) -> i32 {
    digits.iter().fold(0, |number, digit| number * 10 + value(*digit))
}

fn value(digit: u8) -> i32 {
    i32::from(digit) - i32::from(b'0')
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
    fn a_time_is_written_alike_whichever_was_written_before() {
        let mut latest = None;
        let moments = [0, 1, 999_999, 1_000_000, 999_999, -1, -999_999, 1_767_323_045_000_006, 1_767_323_045_123_456];
        for time in moments.map(Timestamp) {
            assert_eq!(time.to_text_after(&mut latest), time.to_text());
        }
    }

    proptest::proptest! {
        #[test]
        fn our_reader_agrees_with_the_librarys(
            date in "(0000|1969|2024|9999|[0-9]{4})-[01][0-9]-[0-3][0-9]",
            time in r"[0-2][0-9]:[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?",
            offset in "Z|[+-][0-2][0-9]:[0-6][0-9]",
        ) {
            let text = format!("{date}T{time}{offset}");
            proptest::prop_assert_eq!(instant(text.as_bytes()), text.parse().ok(), "{}", text);
        }
    }

    #[test]
    #[cfg(any(feature = "store", feature = "report"))]
    fn canonical_times_become_the_library_s_microseconds() {
        for text in [
            "2026-01-02T03:04:05.000006Z",
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "0000-01-01T00:00:00Z",
            "2024-02-29T12:00:00Z",
            "2000-12-31T23:59:59.5Z",
            "1900-03-01T00:00:00Z",
            "9998-12-31T23:59:59Z",
        ] {
            let text = canonical(text).unwrap();
            assert_eq!(Timestamp::of_canonical(text.as_str()), Timestamp::parse(text.as_str()), "{}", text.as_str());
        }
        assert_eq!(Timestamp::of_canonical("2026-01-02T03:04:05+01:00"), Timestamp::parse("2026-01-02T03:04:05+01:00"));
        assert_eq!(Timestamp::of_canonical("2026-01-02T03:04:05.00000xZ"), None);
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
            assert_eq!(canonical(text).as_ref().map(Inline::as_str), Some(expected), "{text}");
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
