//! Addresses of crypto-currencies: Bitcoin by its checksums (`Base58Check`; Bech32 and Bech32m, BIP 173 and 350),
//! Ethereum by `0x` and forty hex digits, Monero by its length and alphabet.

use sha2::{Digest, Sha256};

use super::{before, byte, is_word, run};
use crate::scan::Class;
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{DIGITS_WITHIN, Gate, Lane};
use crate::scrub::policy::Rule;

/// Bitcoin's alphabet: no 0, O, I and l.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// BIP 173.
const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Longest Bech32 string of an address: `bc1`, a version, 32 bytes and a checksum, rounded up.
const MAX_BECH32: usize = 90;

const ALPHANUMERIC: Class = |byte| byte.is_ascii_alphanumeric();

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Crypto],
    gates: &[
        Gate {
            before: |byte| !is_word(byte),
            after: ALPHANUMERIC,
            after2: ALPHANUMERIC,
            run: |digits, behind| digits >= DIGITS_WITHIN || behind.is_ascii_alphabetic(),
            ..Gate::new(Lane::Digit, |byte| matches!(byte, b'1' | b'3' | b'4' | b'8'), verify)
        },
        Gate {
            before2: |byte| matches!(byte, b'b' | b'B' | b't' | b'T'),
            before: |byte| matches!(byte, b'c' | b'C' | b'b' | b'B'),
            after: ALPHANUMERIC,
            after2: ALPHANUMERIC,
            ..Gate::new(Lane::Digit, |byte| byte == b'1', verify)
        },
        Gate {
            before: |byte| !is_word(byte),
            after: |byte| byte == b'x',
            after2: |byte| byte.is_ascii_hexdigit(),
            ..Gate::new(Lane::Digit, |byte| byte == b'0', verify)
        },
    ],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    // The letters before `bc1`, `tb1`.
    let prefix = if text[at] == b'1' && is_segwit(text, at) { 2 } else { 0 };
    let Some(start) = at.checked_sub(prefix).filter(|start| *start >= floor) else { return miss };
    if is_word(before(text, start)) || at + 25 > text.len() {
        return miss;
    }
    let end = run(text, at + 1, |byte| byte.is_ascii_alphanumeric());
    let address = &text[start..end];
    if is_word(byte(text, end)) {
        return Verdict::Miss { until: end };
    }
    let found = match (text[at], prefix) {
        (b'0', _) => is_ethereum(&address[2..]),
        (b'1', 2) => is_bech32(address),
        (b'4' | b'8', _) => is_monero(address),
        _ => is_bitcoin(address),
    };
    if found { Verdict::Hit { start, end } } else { Verdict::Miss { until: end } }
}

fn is_segwit(text: &[u8], at: usize) -> bool {
    let prefix = at.checked_sub(2).map_or(&[][..], |start| &text[start..at]);
    prefix.eq_ignore_ascii_case(b"bc") || prefix.eq_ignore_ascii_case(b"tb")
}

/// Forty hex digits that are not all alike: the zero address is nobody's.
fn is_ethereum(digits: &[u8]) -> bool {
    digits.len() == 40 && digits.iter().all(u8::is_ascii_hexdigit) && digits.iter().any(|digit| *digit != digits[0])
}

/// 95 characters, or 106 with a payment id; the checksum (Keccak) is not worth a dependency at this length.
fn is_monero(address: &[u8]) -> bool {
    let mixed = address.iter().any(u8::is_ascii_lowercase) && address.iter().any(u8::is_ascii_uppercase);
    matches!(address.len(), 95 | 106) && mixed && address.iter().all(|byte| BASE58.contains(byte))
}

/// Whether the checksum holds, or form and usual length say that the address was mistyped.
fn is_bitcoin(address: &[u8]) -> bool {
    let has = |of: fn(&u8) -> bool| address[1..].iter().any(of);
    let formed = matches!(address.len(), 33 | 34) && address.iter().all(|byte| BASE58.contains(byte));
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    is_base58check(address) || formed && mixed
}

/// A version byte, 20 bytes, and the first four of their double SHA-256.
fn is_base58check(address: &[u8]) -> bool {
    const LEN: usize = 25;
    if !(26..=35).contains(&address.len()) {
        return false;
    }
    let mut bytes = [0_u8; LEN];
    for character in address {
        let Some(value) = BASE58.iter().position(|of| of == character) else { return false };
        let mut carry = value;
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * BASE58.len();
            *byte = u8::try_from(carry & 0xff).unwrap_or(0);
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let (payload, checksum) = bytes.split_at(LEN - 4);
    Sha256::digest(Sha256::digest(payload))[..4] == *checksum
}

/// BIP 173, with the constant of either version.
fn is_bech32(address: &[u8]) -> bool {
    const BECH32_CONSTANT: u32 = 1;
    const BECH32M_CONSTANT: u32 = 0x2bc8_30a3;
    let mixed = address.iter().any(u8::is_ascii_lowercase) && address.iter().any(u8::is_ascii_uppercase);
    if !(14..=MAX_BECH32).contains(&address.len()) || mixed {
        return false;
    }
    let prefix = [address[0].to_ascii_lowercase(), address[1].to_ascii_lowercase()];
    let mut check = [prefix[0] >> 5, prefix[1] >> 5, 0, prefix[0] & 31, prefix[1] & 31]
        .iter()
        .fold(1, |check, &value| polymod(check, value));
    for byte in &address[3..] {
        let Some(value) = BECH32.iter().position(|of| *of == byte.to_ascii_lowercase()) else { return false };
        check = polymod(check, u8::try_from(value).unwrap_or(0));
    }
    matches!(check, BECH32_CONSTANT | BECH32M_CONSTANT)
}

fn polymod(check: u32, value: u8) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = check >> 25;
    let next = (check & 0x01ff_ffff) << 5 ^ u32::from(value);
    GENERATOR.iter().enumerate().filter(|(i, _)| top >> i & 1 == 1).fold(next, |next, (_, term)| next ^ term)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn addresses_are_found() {
        hits(
            Rule::Crypto,
            &[
                "«1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2»",
                "mistyped «1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3»",
                "pay «3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy», please",
                "«bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4»",
                "«BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4»",
                "«bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0»",
                "wallet=«0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed»",
            ],
        );
    }

    #[test]
    fn wrong_checksums_hashes_and_pointers_are_left() {
        misses(
            Rule::Crypto,
            &[
                "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN22",
                "1bvbmseystwetqtfn5au4m4gfg7xjanvn2",
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
                "0x0000000000000000000000000000000000000000",
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed0",
                "0x7ffeefbff5c8",
                "3f786850e387550fdab836ed7e6dc881de23001b",
                "1111111111111111111111111111111111",
                "1234567890",
            ],
        );
    }
}
