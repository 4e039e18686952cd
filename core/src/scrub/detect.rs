//! The detectors, one file each: what it matches and why, its checksum, and examples on both sides.

mod api_key;
mod bearer;
mod card;
mod checksum;
mod cookie;
mod crypto;
mod email;
mod extent;
mod iban;
mod imei;
pub(super) mod ipv4;
mod ipv6;
mod jwt;
pub(super) mod key;
pub(super) mod label;
mod mac;
mod national_id;
mod otp;
mod phone;
mod private_key;
mod secret_extent;
pub(super) mod secret_label;
pub(super) mod secret_name;
mod secret_text;
pub(super) mod secret_value;
mod spaced;
mod ssn;
mod url_credentials;
mod url_query;
mod user_path;
mod version;
mod words;

use super::detector::Detector;

/// In order of precedence: the more specific first.
pub(super) static DETECTORS: [Detector; 22] = [
    private_key::DETECTOR,
    otp::DETECTOR,
    url_credentials::DETECTOR,
    api_key::DETECTOR,
    secret_text::DETECTOR,
    spaced::DETECTOR,
    bearer::DETECTOR,
    jwt::DETECTOR,
    email::DETECTOR,
    iban::DETECTOR,
    card::DETECTOR,
    crypto::DETECTOR,
    mac::DETECTOR,
    label::DETECTOR,
    imei::DETECTOR,
    ssn::DETECTOR,
    national_id::DETECTOR,
    ipv6::DETECTOR,
    ipv4::DETECTOR,
    phone::DETECTOR,
    user_path::DETECTOR,
    url_query::DETECTOR,
];

/// Whether a byte continues a word: a letter, a digit, an underscore, or part of a letter beyond ASCII.
pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The byte before `at`, or a line end at the start.
fn before(text: &[u8], at: usize) -> u8 {
    at.checked_sub(1).and_then(|i| text.get(i)).copied().unwrap_or(b'\n')
}

/// The byte at `at`, or a line end behind the text.
fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(b'\n')
}

/// The end of the run from `at` of bytes that `of` holds for.
fn run(text: &[u8], at: usize, of: impl Fn(u8) -> bool) -> usize {
    let len = text.get(at..).unwrap_or_default().iter().take_while(|&&byte| of(byte)).count();
    at + len
}
