//! The form that a value must have to be taken for what its name says: light checks that keep prose, flags, enums and
//! measurements apart from personal data. The name is the evidence; the form only has to be possible.

use super::policy::Rule;

/// Longer values are not one number, name or address.
const MAX_LEN: usize = 160;

/// Whether `text` can be what `rule` names.
pub(super) fn accepts(rule: Rule, text: &str) -> bool {
    let text = text.trim();
    if has_form(rule) && text.len() > MAX_LEN {
        return false;
    }
    match rule {
        Rule::Ssn | Rule::NationalId | Rule::TaxId | Rule::HealthId | Rule::DriverLicense | Rule::BankAccount => {
            is_document(text, 4)
        }
        Rule::Passport => is_document(text, 4) || is_passport(text),

        Rule::DeviceId => is_document(text, 8),
        Rule::LicensePlate => is_document(text, 1) && text.len() <= 14,
        Rule::Phone => is_phone(text),
        Rule::BirthDate => is_date(text),
        Rule::Person => is_person(text),
        Rule::Address => is_address(text),
        Rule::Geo => is_place(text),
        _ => true,
    }
}

/// Whether a JSON number can be what `rule` names: counts and measurements are short or have a fraction.
pub(super) fn accepts_number(rule: Rule, text: &str) -> bool {
    let is_whole = text.bytes().all(|b| b.is_ascii_digit());
    match rule {
        Rule::Geo => is_place(text),
        Rule::Phone => is_whole && (8..=15).contains(&text.len()),
        Rule::BirthDate => text.bytes().all(|b| b.is_ascii_digit() || b == b'-') && text.len() >= 4,
        Rule::Person | Rule::Address | Rule::LicensePlate => false,
        _ => !has_form(rule) || is_whole && (7..=20).contains(&text.len()),
    }
}

/// Whether the value of a name that brings `rule` must have a form.
pub(super) const fn has_form(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::Ssn
            | Rule::NationalId
            | Rule::TaxId
            | Rule::HealthId
            | Rule::Passport
            | Rule::DriverLicense
            | Rule::BankAccount
            | Rule::DeviceId
            | Rule::LicensePlate
            | Rule::Phone
            | Rule::BirthDate
            | Rule::Person
            | Rule::Address
            | Rule::Geo
    )
}

pub(super) fn digits(text: &[u8]) -> usize {
    text.iter().filter(|b| b.is_ascii_digit()).count()
}

/// A number of a document: groups of letters and digits, of which words of four letters and more are none, unless they
/// are capitals (`WEST 1234`).
fn is_document(text: &str, least_digits: usize) -> bool {
    /// The longest is an IBAN in groups of four.
    const MAX_DOCUMENT: usize = 42;
    let is_part =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'.' | b'/' | b'+' | b'(' | b')') || b >= 0x80;
    let is_capitals = |part: &[u8]| part.len() == 4 && part.iter().all(u8::is_ascii_uppercase);
    let is_word = |part: &[u8]| part.len() > 3 && !part.iter().any(u8::is_ascii_digit) && !is_capitals(part);
    let bytes = text.as_bytes();
    // A ratio, and a version with its architecture: `amd64 (1.2-3`.
    let is_measure = || text.contains('.') && text.parse::<f64>().is_ok() || text.contains(" (") && !text.contains(')');
    (3..=MAX_DOCUMENT).contains(&bytes.len())
        && bytes.iter().all(|&b| is_part(b))
        && digits(bytes) >= least_digits
        && !bytes.split(|&b| b == b' ').any(|part| is_word(part) && part.is_ascii())
        && !is_measure()
        && !is_uuid_or_version(bytes)
}

/// Nine capitals and digits, few of which need be digits (Germany's).
fn is_passport(text: &str) -> bool {
    text.len() == 9
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && digits(text.as_bytes()) >= 2
}

/// `1.2.3`, `10.0.0.1`, and five groups of hex digits.
fn is_uuid_or_version(text: &[u8]) -> bool {
    let is_version = text.split(|&b| b == b'.').nth(2).is_some() && digits(text) < 8;
    is_version || text.len() == 36 && text.split(|&b| b == b'-').count() == 5
}

fn is_phone(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_part =
        |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.' | b'(' | b')' | b'+' | b'/' | b'*' | b'#' | b'x');
    let count = digits(bytes);
    (5..=18).contains(&count)
        && (count >= 6 || !bytes.contains(&b'.'))
        && bytes.iter().all(|b| is_part(b) || *b >= 0x80)
        && text.parse::<std::net::Ipv4Addr>().is_err()
        && !(text.contains('.') && text.parse::<f64>().is_ok())
        && !is_timestamp(bytes)
}

/// `2026-01-02…`: a date and time, not a number to call.
fn is_timestamp(text: &[u8]) -> bool {
    matches!(text, [b'1' | b'2', b'0' | b'9', _, _, b'-' | b'/', b'0' | b'1', _, b'-' | b'/', ..])
}

/// A date in figures or with the month's name; a year alone.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !(4..=40).contains(&bytes.len()) {
        return false;
    }
    let count = digits(bytes);
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let is_part = |c: char| c.is_alphanumeric() || " -/.,:+".contains(c);
    (4..=23).contains(&count)
        && letters <= 12
        && text.chars().all(is_part)
        && (count >= 6 || letters >= 3 || bytes.len() == 4)
}

/// Words that stand where a name would, and name nobody.
const NOBODY: [&str; 18] = [
    "unknown",
    "none",
    "null",
    "nil",
    "undefined",
    "anonymous",
    "n/a",
    "na",
    "test",
    "true",
    "false",
    "required",
    "missing",
    "invalid",
    "empty",
    "string",
    "is",
    "not",
];

/// Scripts that write a name or a street in one or two characters: from CJK radicals on (Unicode blocks).
const fn is_dense(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// A vowel sign or another mark of Indic and South-East Asian scripts, which stands with a letter.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{900}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

fn is_person(text: &str) -> bool {
    let is_part = |c: char| c.is_alphabetic() || is_mark(c) || matches!(c, ' ' | '\'' | '’' | '-' | '.' | ',' | '·');
    let letters: usize = text.chars().filter(|c| c.is_alphabetic()).map(|c| if is_dense(c) { 2 } else { 1 }).sum();
    let mut words = text.split_whitespace();
    text.len() <= 80
        && letters >= 2
        && text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '\'')
        && text.chars().all(is_part)
        && text.split_whitespace().count() <= 7
        // A dot inside a word is a path or a package, unless it is one of a row of titles: `Univ.Prof.`.
        && !text
            .split_whitespace()
            .any(|word| word.trim_end_matches('.').contains('.') && word.len() > 6 && !word.ends_with('.'))
        && !words.any(|word| NOBODY.contains(&word.to_lowercase().trim_end_matches(['.', ','])))
}

/// Words of messages about network and memory addresses.
const NOT_IN_ADDRESSES: [&str; 15] = [
    "is", "in", "not", "already", "use", "port", "failed", "error", "invalid", "from", "to", "bytes", "size", "on",
    "was",
];

/// Words for a street, with which a name is an address without a number.
#[rustfmt::skip]
const STREETS: [&str; 34] = [
    "street", "st", "road", "rd", "avenue", "ave", "lane", "drive", "boulevard", "blvd", "court", "terrace", "highway",
    "straße", "strasse", "str", "gasse", "allee", "platz", "rue", "chemin", "impasse", "via", "viale", "piazza",
    "strada", "calle", "avenida", "rua", "travessa", "bulevardul", "aleea", "ulica", "ul",
];

/// A house number, or a word for a street, and a word of letters; no message about a machine's address.
fn is_address(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || " ,.-'’/#&()º°·".contains(c);
    let parts = || text.split([' ', ',']).filter(|part| !part.is_empty());
    let is_number = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.trim_end_matches('.').len() <= 9
            && !part.starts_with("0x")
    };
    let is_word = |part: &str| {
        part.chars().filter(|c| c.is_alphabetic()).count() >= 3 && !part.bytes().any(|b| b.is_ascii_digit())
    };
    let is_street = |part: &str| {
        let word = part.trim_end_matches('.');
        STREETS.iter().any(|street| street.eq_ignore_ascii_case(word))
    };
    let is_named = |part: &str| is_word(part) && part.chars().any(|c| c.is_uppercase() || !c.is_ascii());
    let has_number = || parts().any(is_number) || parts().any(is_street);
    let has_name = || parts().any(|part| is_named(part) && !is_street(part));
    let is_dense_address = || {
        text.chars().filter(|c| is_dense(*c)).count() >= 2
            && text.chars().any(|c| c.is_numeric() || "號号街路".contains(c))
    };
    (6..=150).contains(&text.len())
        && (text.chars().all(|c| is_part(c) || is_mark(c)) && has_number() && has_name()
            || !text.is_ascii() && is_dense_address())
        && !parts().any(|part| NOT_IN_ADDRESSES.contains(&part))
}

/// A pair of coordinates, or one of at least four decimals (11 m).
fn is_place(text: &str) -> bool {
    const MAX_DEGREES: f64 = 180.0;
    let is_part = |c: char| c.is_ascii_digit() || " +-.,°′″'\"NSEWnsew;".contains(c);
    if text.len() > 60 || !text.chars().all(is_part) || digits(text.as_bytes()) < 2 {
        return false;
    }
    let in_range = |part: &str| part.trim().parse::<f64>().is_ok_and(|degrees| degrees.abs() <= MAX_DEGREES);
    if text.contains(['°', '′', '″']) {
        return true;
    }
    let text = text.trim_matches([' ', '"', '\'', ';']);
    match text.split_once([',', ';']).or_else(|| text.split_once(' ')) {
        Some((lat, lon)) => in_range(lat) && in_range(lon),
        None => in_range(text) && text.split_once('.').is_some_and(|(_, decimals)| decimals.len() >= 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_kinds_form_are_taken() {
        for (rule, text) in [
            (Rule::Passport, "X1234567"),
            (Rule::NationalId, "12 34 56-789 01"),
            (Rule::LicensePlate, "B XY 12"),
            (Rule::Phone, "(030) 1234-567"),
            (Rule::BirthDate, "1990-01-02"),
            (Rule::BirthDate, "2 January 1990"),
            (Rule::Person, "Ann-Marie van der Berg"),
            (Rule::Address, "12 High Street, Springfield"),
            (Rule::Address, "Hauptstraße 5"),
            (Rule::Address, "Via Dias"),
            (Rule::Address, "建國路571號"),
            (Rule::Address, "11/95 ถนนหอมพิกุล"),
            (Rule::Person, "王"),
            (Rule::Person, "พุทธิพงษ์"),
            (Rule::Person, "Univ.Prof. Ann Berg"),
            (Rule::BankAccount, "WEST 1234 5698"),
            (Rule::Geo, "52.5, 13.4"),
            (Rule::Geo, "40° 26′ 46″ N, 79° 58′ 56″ W"),
        ] {
            assert!(accepts(rule, text), "{rule:?} {text}");
        }
    }

    #[test]
    fn prose_flags_and_measurements_are_left() {
        for (rule, text) in [
            (Rule::Passport, "expired"),
            (Rule::Passport, "verified in 2024"),
            (Rule::NationalId, "1.2.3"),
            (Rule::NationalId, "123e4567-e89b-12d3-a456-426614174000"),
            (Rule::Phone, "iPhone 15"),
            (Rule::Phone, "203.0.113.77"),
            (Rule::Phone, "2026-01-02"),
            (Rule::Person, "unknown"),
            (Rule::Person, "octo/hello"),
            (Rule::Address, "0x7fff5fbff8c0"),
            (Rule::Address, "Address already in use 8080"),
            (Rule::Address, "10.0.0.1:80"),
            (Rule::Address, "via proxy"),
            (Rule::NationalId, "0.5299"),
            (Rule::NationalId, "amd64 (7.88.1-10"),
            (Rule::Person, "org.example.Main"),
            (Rule::Person, "X"),
            (Rule::Geo, "eu-west-1"),
            (Rule::Geo, "12"),
        ] {
            assert!(!accepts(rule, text), "{rule:?} {text}");
        }
    }

    #[test]
    fn numbers_are_taken_where_they_are_long_and_whole() {
        assert!(accepts_number(Rule::Phone, "4915112345678"));
        assert!(accepts_number(Rule::Geo, "52.52001"));
        for (rule, text) in [(Rule::Phone, "3"), (Rule::Phone, "0.25"), (Rule::Geo, "12.5"), (Rule::Person, "7")] {
            assert!(!accepts_number(rule, text), "{rule:?} {text}");
        }
    }
}
