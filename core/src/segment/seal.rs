//! Encryption at rest: each frame sealed by itself with XChaCha20-Poly1305.
//!
//! Nonces are random; with 24 bytes they may be (draft-irtf-cfrg-xchacha, section 3.1). A frame is bound to its
//! header, so that no frame passes for another, nor for a later one. Sealing one stream over a whole segment would
//! lose everything behind one bad byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dryoc::classic::crypto_aead_xchacha20poly1305_ietf::{
    crypto_aead_xchacha20poly1305_ietf_decrypt, crypto_aead_xchacha20poly1305_ietf_encrypt,
};
#[cfg(feature = "store")]
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::format::KeyId;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// Bytes that sealing adds.
pub(super) const OVERHEAD: usize = NONCE_BYTES + TAG_BYTES;

/// What seals and opens frames.
#[derive(Clone, PartialEq)]
pub(crate) struct SealKey([u8; KEY_BYTES]);

impl SealKey {
    /// Reads 32 bytes of base64; nothing where the text is none.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text.trim()).ok()?.try_into().ok().map(Self)
    }

    /// Tells keys apart and tells nothing of them: a few bytes of a keyed hash.
    pub(super) fn id(&self) -> KeyId {
        let mut id = KeyId::default();
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(b"scrubjay segment key id");
            let digest = mac.finalize().into_bytes();
            id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        }
        id
    }

    /// A key for something else, which tells nothing of this one (RFC 5869, SHA-256, no salt). At most 8,160 bytes.
    #[cfg(feature = "store")]
    pub(crate) fn derived<const N: usize>(&self, label: &[u8]) -> [u8; N] {
        const { assert!(N <= 255 * 32) };
        let mut derived = [0; N];
        // Fails for longer keys alone.
        let _ = Hkdf::<Sha256>::new(None, &self.0).expand(label, &mut derived);
        derived
    }

    /// Nonce, sealed bytes and tag; nothing where the machine has no random bytes.
    pub(super) fn seal(&self, plain: &[u8], bound_to: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let mut sealed = nonce.to_vec();
        sealed.resize(plain.len() + OVERHEAD, 0);
        let body = sealed.get_mut(NONCE_BYTES..)?;
        crypto_aead_xchacha20poly1305_ietf_encrypt(body, plain, Some(bound_to), &nonce, &self.0).ok()?;
        Some(sealed)
    }

    /// What was sealed; nothing where it was not with this key, or changed since.
    pub(super) fn open(&self, sealed: &[u8], bound_to: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let mut plain = vec![0; body.len().checked_sub(TAG_BYTES)?];
        crypto_aead_xchacha20poly1305_ietf_decrypt(&mut plain, body, Some(bound_to), nonce, &self.0).ok()?;
        Some(plain)
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_place_open_what_was_sealed() {
        let (key, other) = (SealKey([1; KEY_BYTES]), SealKey([2; KEY_BYTES]));
        let sealed = key.seal(b"canary", b"place").unwrap();
        assert_eq!(sealed.len(), 6 + OVERHEAD);
        assert!(!sealed.windows(6).any(|window| window == b"canary"));
        assert_eq!(key.open(&sealed, b"place").as_deref(), Some(&b"canary"[..]));
        assert_eq!(other.open(&sealed, b"place"), None);
        assert_eq!(key.open(&sealed, b"another"), None);
        assert_eq!(key.open(&sealed[..OVERHEAD - 1], b"place"), None);
        assert_ne!(key.id(), other.id());
    }

    #[test]
    fn a_key_is_32_bytes_of_base64_and_is_never_printed() {
        let text = STANDARD.encode([9; KEY_BYTES]);
        assert_eq!(format!("{:?}", SealKey::from_base64(&format!(" {text}\n")).unwrap()), "SealKey(…)");
        for bad in ["", "hunter2", &STANDARD.encode([9; 31]), &STANDARD.encode([9; 33])] {
            assert!(SealKey::from_base64(bad).is_none(), "{bad}");
        }
    }
}
