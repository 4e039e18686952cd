//! Ids and digests in hex, such as those of traces, commits, orders and files: telemetry is full of them, and their digits make the
//! detectors look everywhere for nothing. A text that is one of these alone is passed over.

use super::detect::secret_value::is_uuid;

/// Shorter ones are numbers and words, too.
const MIN_LEN: usize = 16;
/// SHA-512.
const MAX_LEN: usize = 128;
/// The longest account number (ISO 13616).
const MAX_ACCOUNT: usize = 34;

/// Whether `text` is a UUID or a digest, and no detector's business.
pub(super) fn is_hex_id(text: &[u8]) -> bool {
    (MIN_LEN..=MAX_LEN).contains(&text.len())
        // Most texts say no here.
        && is_digit(text[0])
        && is_digit(text[text.len() - 1])
        && (is_digest(text) || is_known_uuid(text))
        && text.iter().any(u8::is_ascii_lowercase)
}

const fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Nothing but hex digits in lower case. What detectors find that has no sign and no capital begins with a prefix that is no hex,
/// but for an account number (IBAN), which begins with two letters and two digits. The alphabets of crypto-currencies' addresses
/// have these letters too, and checksums of 30 bits and more.
fn is_digest(text: &[u8]) -> bool {
    let may_be_account = || match text {
        [a, b, c, d, ..] => !a.is_ascii_digit() && !b.is_ascii_digit() && c.is_ascii_digit() && d.is_ascii_digit(),
        _ => false,
    };
    text.iter().copied().all(is_digit) && (text.len() > MAX_ACCOUNT || !may_be_account())
}

/// A UUID in lower case, of a version and variant that there are (RFC 9562): `xxxxxxxx-xxxx-Vxxx-Nxxx-xxxxxxxxxxxx`.
fn is_known_uuid(text: &[u8]) -> bool {
    is_uuid(text)
        && matches!(text[14], b'1'..=b'8')
        && matches!(text[19], b'8' | b'9' | b'a' | b'b')
        && !text.iter().any(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scan::Scan;
    use crate::scrub::LANES;
    use crate::scrub::detector::{Hit, Wanted, find};

    fn found(text: &str) -> Vec<Hit> {
        find(Scan::of(text, &LANES).with(text), Wanted::new(|_| true)).unwrap()
    }

    #[test]
    fn ids_are_told_from_numbers_words_and_account_numbers() {
        for (text, is) in [
            ("4bf92f3577b34da6a3ce929d0e0e4736", true),
            ("da39a3ee5e6b4b0d3255bfef95601890afd80709", true),
            ("550e8400-e29b-41d4-a716-446655440000", true),
            ("0123456789abcde", false),
            ("4111111111111111", false),
            ("41111111-1111-1111-8111-111111111111", false),
            ("de89370400440532013000", false),
            ("de8937040044053201300000000000000000", true),
            ("4BF92F3577B34DA6A3CE929D0E0E4736", false),
            ("550e8400-e29b-01d4-a716-446655440000", false),
            ("550e8400-e29b-41d4-c716-446655440000", false),
            ("550e8400-e29b-41d4-a716-44665544000 ", false),
            ("4bf92f35-77b34da6a3ce929d0e0e4736", false),
            ("", false),
        ] {
            assert_eq!(is_hex_id(text.as_bytes()), is, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_detector_finds_anything_in_a_digest(text in "[0-9a-f]{16,64}") {
            prop_assert!(!is_hex_id(text.as_bytes()) || found(&text).is_empty());
        }

        #[test]
        fn no_detector_finds_anything_in_a_uuid(
            text in "[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
        ) {
            prop_assert!(!is_hex_id(text.as_bytes()) || found(&text).is_empty());
        }
    }
}
