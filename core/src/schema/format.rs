//! `format`: a closed list of forms, each checked as the document that defines it says.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::uri::is_uri;

/// A form that a string must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    DateTime,
    Date,
    Time,
    Uuid,
    Email,
    Uri,
    Ipv4,
    Ipv6,
}

impl Format {
    pub(super) const ALL: [Self; 8] =
        [Self::DateTime, Self::Date, Self::Time, Self::Uuid, Self::Email, Self::Uri, Self::Ipv4, Self::Ipv6];

    /// The word in a schema.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::DateTime => "date-time",
            Self::Date => "date",
            Self::Time => "time",
            Self::Uuid => "uuid",
            Self::Email => "email",
            Self::Uri => "uri",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }

    /// What is expected, for messages.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::DateTime => "expected an RFC 3339 time with an offset, such as 2026-01-02T03:04:05Z",
            Self::Date => "expected an RFC 3339 date, such as 2026-01-02",
            Self::Time => "expected an RFC 3339 time of day with an offset, such as 03:04:05Z",
            Self::Uuid => "expected a UUID (RFC 9562)",
            Self::Email => "expected an e-mail address (RFC 5321)",
            Self::Uri => "expected an absolute URI (RFC 3986)",
            Self::Ipv4 => "expected an IPv4 address",
            Self::Ipv6 => "expected an IPv6 address",
        }
    }

    /// Whether `text` has this form.
    pub(super) fn accepts(self, text: &str) -> bool {
        match self {
            Self::DateTime => is_date_time(text),
            Self::Date => is_date(text.as_bytes()),
            Self::Time => is_time(text),
            Self::Uuid => is_uuid(text.as_bytes()),
            Self::Email => is_email(text),
            Self::Uri => is_uri(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
        }
    }
}

fn is_date_time(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked("2026-01-02".len()) else { return false };
    is_date(date.as_bytes()) && rest.strip_prefix(['T', 't']).is_some_and(is_time)
}

/// `full-date` of RFC 3339, section 5.6.
fn is_date(text: &[u8]) -> bool {
    let &[_, _, _, _, b'-', _, _, b'-', _, _] = text else { return false };
    let [Some(year), Some(month), Some(day)] = [&text[..4], &text[5..7], &text[8..]].map(number) else { return false };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(is_leap),
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// `full-time` of RFC 3339, section 5.6. A leap second stands at the end of a day in UTC.
fn is_time(text: &str) -> bool {
    const MINUTES_OF_A_DAY: u32 = 24 * 60;
    let Some((clock, rest)) = text.split_at_checked("03:04:05".len()) else { return false };
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = clock.as_bytes() else { return false };
    let [Some(hour), Some(minute), Some(second)] = [[h1, h2], [m1, m2], [s1, s2]].map(|digits| number(&digits)) else {
        return false;
    };
    let fraction = rest.strip_prefix('.').map(|rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if fraction == Some(0) {
        return false;
    }
    let offset = match &rest.as_bytes()[fraction.map_or(0, |digits| digits + 1)..] {
        b"Z" | b"z" => Some(0),
        &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => match [[h1, h2], [m1, m2]].map(|digits| number(&digits)) {
            // What goes ahead of UTC is taken back to it.
            [Some(h @ 0..24), Some(m @ 0..60)] if sign == b'+' => Some(MINUTES_OF_A_DAY - h * 60 - m),
            [Some(h @ 0..24), Some(m @ 0..60)] => Some(h * 60 + m),
            _ => None,
        },
        _ => None,
    };
    let Some(offset) = offset else { return false };
    let minute_in_utc = (hour * 60 + minute + offset) % MINUTES_OF_A_DAY;
    hour < 24 && minute < 60 && (second < 60 || (second == 60 && minute_in_utc == MINUTES_OF_A_DAY - 1))
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

/// Five groups of hex digits, of any version and case.
fn is_uuid(text: &[u8]) -> bool {
    /// Where the hyphens stand: 8-4-4-4-12.
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    let is_in_place =
        |(i, byte): (usize, &u8)| if HYPHENS.contains(&i) { *byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == 36 && text.iter().enumerate().all(is_in_place)
}

/// `Mailbox` of RFC 5321, section 4.1.2.
fn is_email(text: &str) -> bool {
    /// RFC 5321, section 4.5.3.1.
    const MAX_LOCAL_BYTES: usize = 64;
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_local = match local.strip_prefix('"').and_then(|inside| inside.strip_suffix('"')) {
        Some(inside) => is_quoted(inside.as_bytes()),
        None => local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_text)),
    };
    let is_domain = match domain.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')) {
        Some(literal) => match literal.strip_prefix("IPv6:") {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => literal.parse::<Ipv4Addr>().is_ok(),
        },
        None => is_domain(domain),
    };
    is_local && local.len() <= MAX_LOCAL_BYTES && is_domain
}

/// The inside of a `Quoted-string`: printable, with a backslash before quotes and backslashes.
fn is_quoted(inside: &[u8]) -> bool {
    let mut bytes = inside.iter();
    while let Some(byte) = bytes.next() {
        let byte = if *byte == b'\\' { bytes.next() } else { Some(byte).filter(|byte| **byte != b'"') };
        if !byte.is_some_and(|byte| (b' '..=b'~').contains(byte)) {
            return false;
        }
    }
    true
}

/// `atext` of RFC 5322.
fn is_atom_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// Labels of letters, digits and inner hyphens (RFC 1123).
fn is_domain(text: &str) -> bool {
    /// RFC 1035, section 2.3.4.
    const MAX_DOMAIN_BYTES: usize = 253;
    const MAX_LABEL_BYTES: usize = 63;
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= MAX_DOMAIN_BYTES && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(format.accepts(text), "{} should accept {text}", format.as_str());
        }
        for text in bad {
            assert!(!format.accepts(text), "{} should refuse {text}", format.as_str());
        }
    }

    #[test]
    fn times_are_those_of_rfc_3339() {
        check(
            Format::DateTime,
            &[
                "2026-01-02T03:04:05Z",
                "2026-01-02t03:04:05.123456789012z",
                "1998-12-31T23:59:60Z",
                "1998-12-31T15:59:60.1-08:00",
                "2024-02-29T00:00:00+23:59",
            ],
            &[
                "2026-01-02",
                "2026-01-02 03:04:05Z",
                "2026-01-02T03:04:05",
                "2026-02-29T03:04:05Z",
                "2026-01-02T24:00:00Z",
                "2026-01-02T03:04:60Z",
                "1998-12-31T23:59:60+01:00",
                "2026-01-02T03:04:05.Z",
                "2026-01-02T03:04:05+24:00",
                "2026-1-02T03:04:05Z",
                "é",
                "",
            ],
        );
        check(Format::Date, &["2026-01-02", "2000-02-29"], &["1900-02-29", "2026-13-01", "2026-01-00", "20260102"]);
        check(Format::Time, &["03:04:05Z", "00:59:60+01:00"], &["03:04Z", "3:04:05Z", "03:04:05", "03:04:05+1:00"]);
    }

    #[test]
    fn addresses_and_ids_have_their_forms() {
        check(
            Format::Email,
            &["ann@example.com", "a.b+c@x", "\"joe bloggs\"@example.com", "\"a\\\"b@c\"@example.com", "a@[127.0.0.1]"],
            &["ann", "@x.de", "a@", ".a@x.de", "a..b@x.de", "a@-x.de", "a b@x.de", "a@[1.2.3]", "\"a\"b\"@x.de", "é@x"],
        );
        check(
            Format::Uuid,
            &["2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"],
            &[
                "2eb8aa08aa9811eab4aa73b441d16380",
                "2eb8aa08-aa98-11ea-b4aa-73b441d1638",
                "2eb8-aa08-aa98-11ea-b4aa73b441d16380",
            ],
        );
        check(Format::Ipv4, &["192.0.2.1"], &["192.0.2", "192.0.2.256", "192.0.02.1", "192.0.2.1/24", "::1"]);
        check(Format::Ipv6, &["::1", "2001:db8::1", "::ffff:192.0.2.1"], &["::1%eth0", "12345::", "1::2::3", "::1/64"]);
    }
}
