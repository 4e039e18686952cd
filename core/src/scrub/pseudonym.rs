//! Keyed pseudonyms: the same value gives the same name, and without the key it cannot be guessed back.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::token::HASH_DIGITS;

/// HMAC-SHA-256 (RFC 2104) with one tenant's key, cut to 128 bits.
pub(crate) struct Pseudonyms(Hmac<Sha256>);

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    pub(crate) fn new(key: &[u8]) -> Self {
        // HMAC hashes keys that are longer than its block; `new` wants exactly a block, padded with zeros.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        if key.len() <= block.len() {
            block[..key.len()].copy_from_slice(key);
        } else {
            let digest = <Sha256 as sha2::Digest>::digest(key);
            block[..digest.len()].copy_from_slice(&digest);
        }
        Self(<Hmac<Sha256> as KeyInit>::new(&block))
    }

    /// `[hash:…]` for `text`.
    pub(crate) fn of(&self, text: &str) -> String {
        let digest = self.0.clone().chain_update(text.as_bytes()).finalize().into_bytes();
        let mut out = String::with_capacity("[hash:]".len() + HASH_DIGITS);
        out.push_str("[hash:");
        for byte in digest.iter().take(HASH_DIGITS / 2) {
            out.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        out.push(']');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_the_head_of_hmac_sha256() {
        // RFC 4231, test case 2 and, for a key longer than a block, test case 6.
        assert_eq!(
            Pseudonyms::new(b"Jefe").of("what do ya want for nothing?"),
            "[hash:5bdcc146bf60754e6a042426089575c7]"
        );
        let long = Pseudonyms::new(&[0xaa; 131]);
        assert_eq!(
            long.of("Test Using Larger Than Block-Size Key - Hash Key First"),
            "[hash:60e431591ee0b67f0d8a26aacbf5b77f]"
        );
    }
}
