//! Sealed values: a finding in a box that only the owner of a secret key opens, in the form of libsodium's
//! `crypto_box_seal` (X25519, XSalsa20-Poly1305), so that any libsodium opens it too.
//!
//! A sealed box has a key pair of its own, which libsodium draws at random. The engine has no randomness, and a second
//! run must write the same bytes, so the pair is derived: HMAC-SHA-256, with a key that `privacy.pseudonym_key` gives by
//! HKDF, of the record's tenant and id and of the value. What that means:
//!
//! - Whoever has neither key learns the value's length, and nothing else of it: without `pseudonym_key` the pair can
//!   not be told from a random one. No pair is used for two values, since the value is among what it is derived from.
//! - Equal values give equal boxes within one record, and in texts and documents that have no record id; in records
//!   with an id (every record that a client or collector stamps) they do not.
//! - Whoever has `pseudonym_key` (the applications and the collector, not the store) can confirm a guess of a value, as
//!   with pseudonyms, but not open a box.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dryoc::classic::crypto_box::{crypto_box_easy, crypto_box_seal_open};
use dryoc::classic::crypto_core::crypto_scalarmult;
use dryoc::classic::crypto_generichash::crypto_generichash;

use super::detector::LANES;
use super::pseudonym::{KEY_BYTES, Keyring, Pseudonyms};
use super::subject::Subject;
use super::token::token_len;
use crate::config::PrivacyConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::json::{Document, write_string};

/// Values of one record that are sealed; a box costs a tenth of a millisecond, so their number bounds the work. Further
/// ones are replaced.
const MAX_SEALED: usize = 32;

/// Bytes of a value that is sealed; larger ones are replaced. A private key of RSA with 4,096 bits has 3,300.
const MAX_SEALED_BYTES: usize = 4 << 10;

/// `crypto_box_seal`: the box's public key.
const PUBLIC_BYTES: usize = 32;
/// `crypto_box_easy`: the authenticator in front.
const MAC_BYTES: usize = 16;
/// Of its stream cipher, `XSalsa20`.
const NONCE_BYTES: usize = 24;

/// Seals for one owner.
pub(super) struct Sealer {
    owner: [u8; KEY_BYTES],
    seeds: Pseudonyms,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// The section, compiled; nothing where it is absent.
    pub(super) fn new(config: &PrivacyConfig, keyring: Option<&Keyring>) -> Result<Option<Self>> {
        let Some(seal) = &config.seal else { return Ok(None) };
        let invalid = |path, message| Error::new(ErrorKind::ConfigInvalid, path, message);
        let Some(keyring) = keyring else {
            return Err(invalid("/privacy/seal", "needs /privacy/pseudonym_key, which the boxes' own keys come from"));
        };
        let expected = "expected an X25519 public key: 32 bytes as base64url without padding";
        let owner = key(&seal.public_key).ok_or_else(|| invalid("/privacy/seal/public_key", expected))?;
        let sealer = Self { owner, seeds: keyring.seal_key() };
        // Points of low order are keys that everybody can open.
        match sealer.sealed(&[], b"") {
            Some(_) => Ok(Some(sealer)),
            None => Err(invalid("/privacy/seal/public_key", expected)),
        }
    }

    /// `[sealed:…]` for `text`; nothing where it is beyond the bounds.
    pub(super) fn token(&self, subject: &Subject, text: &str) -> Option<String> {
        if text.len() > MAX_SEALED_BYTES || !subject.may_seal(MAX_SEALED) {
            return None;
        }
        let sealed = self.sealed(&subject.context(), text.as_bytes())?;
        let mut token = String::with_capacity("[sealed:]".len() + sealed.len().div_ceil(3) * 4);
        token.push_str("[sealed:");
        URL_SAFE_NO_PAD.encode_string(sealed, &mut token);
        token.push(']');
        Some(token)
    }

    fn sealed(&self, context: &[&str], value: &[u8]) -> Option<Vec<u8>> {
        // Lengths keep `("a", "bc")` and `("ab", "c")` apart.
        let lengths: Vec<[u8; 8]> = context.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
        let parts = lengths.iter().zip(context).flat_map(|(len, part)| [&len[..], part.as_bytes()]);
        let parts: Vec<&[u8]> = parts.chain([value]).collect();
        let secret = self.seeds.digest(&parts);
        let mut sealed = vec![0; PUBLIC_BYTES + MAC_BYTES + value.len()];
        let (public, boxed) = sealed.split_first_chunk_mut::<PUBLIC_BYTES>()?;
        *public = public_key(&secret)?;
        let (mut nonce, both) = ([0; NONCE_BYTES], [&public[..], &self.owner].concat());
        crypto_generichash(&mut nonce, &both, None).ok()?;
        crypto_box_easy(boxed, value, &nonce, &self.owner, &secret).ok()?;
        Some(sealed)
    }
}

/// A text whose boxes were opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unsealed {
    /// The text with the values in place of their boxes; boxes that the key does not open stay.
    pub(crate) text: String,
    pub(crate) opened: usize,
    pub(crate) failed: usize,
}

impl Unsealed {
    /// `{"opened":n,"failed":n,"text":…}`.
    pub(crate) fn to_json(&self) -> String {
        let mut out = format!("{{\"opened\":{},\"failed\":{},\"text\":", self.opened, self.failed);
        write_string(&self.text, &mut out);
        out.push('}');
        out
    }

    /// Adds `text` with its boxes opened.
    fn add(&mut self, text: &str, is_json: bool, open: impl Fn(&str) -> Option<String>) {
        let mut copied = 0;
        for (at, mark) in text.match_indices("[sealed:") {
            let Some(len) = token_len(&text.as_bytes()[at..]) else { continue };
            let Some(value) = open(&text[at + mark.len()..at + len - 1]) else {
                self.failed += 1;
                continue;
            };
            self.opened += 1;
            self.text.push_str(&text[copied..at]);
            if is_json {
                let mut string = String::with_capacity(value.len() + 2);
                write_string(&value, &mut string);
                self.text.push_str(&string[1..string.len() - 1]);
            } else {
                self.text.push_str(&value);
            }
            copied = at + len;
        }
        self.text.push_str(&text[copied..]);
    }
}

/// Opens every box in `text` that `secret_key` opens. In a JSON document, and in each line that is one, the values are
/// escaped as JSON's strings ask.
///
/// # Errors
/// `argument_invalid` for a key that is none.
pub(crate) fn unseal(secret_key: &str, text: &str) -> Result<Unsealed> {
    let secret = key(secret_key.trim()).ok_or_else(|| {
        Error::new(ErrorKind::ArgumentInvalid, "/secret_key", "expected 32 bytes as base64url without padding")
    })?;
    let public = public_key(&secret).unwrap_or_default();
    let is_json = |text: &str| Document::read(text.as_bytes(), &LANES).is_ok();
    let mut unsealed = Unsealed { text: String::with_capacity(text.len()), opened: 0, failed: 0 };
    let open = |digits: &str| open(digits, &public, &secret);
    if is_json(text) {
        unsealed.add(text, true, open);
    } else {
        text.split_inclusive('\n').for_each(|line| unsealed.add(line, is_json(line), open));
    }
    Ok(unsealed)
}

fn open(digits: &str, public: &[u8; KEY_BYTES], secret: &[u8; KEY_BYTES]) -> Option<String> {
    let sealed = URL_SAFE_NO_PAD.decode(digits).ok()?;
    let mut value = vec![0; sealed.len().checked_sub(PUBLIC_BYTES + MAC_BYTES)?];
    crypto_box_seal_open(&mut value, &sealed, public, secret).ok()?;
    String::from_utf8(value).ok()
}

/// `{"public_key":…,"secret_key":…}` of the key pair whose secret key this is; any 32 random bytes are one.
#[cfg_attr(not(feature = "clock"), allow(dead_code, reason = "only the edge has randomness to draw it from"))]
pub(crate) fn keypair(secret: &[u8; KEY_BYTES]) -> String {
    let public = public_key(secret).unwrap_or_default();
    let [public, secret] = [&public, secret].map(|key| URL_SAFE_NO_PAD.encode(key));
    format!("{{\"public_key\":\"{public}\",\"secret_key\":\"{secret}\"}}")
}

/// The public key to a secret one: the base point (RFC 7748, 6.1) times the secret.
///
/// `crypto_scalarmult_base` gives the same by tables of multiples, a quarter faster, and 100 KB larger in a stripped library.
/// Never absent: only points of low order have no multiples.
fn public_key(secret: &[u8; KEY_BYTES]) -> Option<[u8; KEY_BYTES]> {
    let (mut base, mut public) = ([0; KEY_BYTES], [0; KEY_BYTES]);
    base[0] = 9;
    crypto_scalarmult(&mut public, secret, &base).ok()?;
    Some(public)
}

fn key(text: &str) -> Option<[u8; KEY_BYTES]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (String, String) {
        let pair: serde_json::Value = serde_json::from_str(&keypair(&[7; KEY_BYTES])).unwrap();
        (pair["public_key"].as_str().unwrap().to_owned(), pair["secret_key"].as_str().unwrap().to_owned())
    }

    fn sealer() -> Sealer {
        let privacy = serde_json::json!({
            "pseudonym_key": "correct horse battery staple",
            "seal": {"public_key": keys().0, "rules": ["email"]},
        });
        let config = serde_json::from_value(privacy).unwrap();
        let keyring = Keyring::new(&config).unwrap();
        Sealer::new(&config, keyring.as_ref()).unwrap().unwrap()
    }

    #[test]
    fn the_owner_opens_what_was_sealed() {
        let token = sealer().token(&Subject::default(), "ann@example.com").unwrap();
        assert!(crate::scrub::is_token(&token), "{token}");
        let unsealed = unseal(&keys().1, &format!("to {token}, or [sealed:x] and [email]")).unwrap();
        assert_eq!(unsealed.text, "to ann@example.com, or [sealed:x] and [email]");
        assert_eq!((unsealed.opened, unsealed.failed), (1, 0));
    }

    #[test]
    fn a_public_key_is_what_libsodium_makes_of_the_secret_one() {
        let (mut theirs, secret) = ([0; KEY_BYTES], [7; KEY_BYTES]);
        dryoc::classic::crypto_core::crypto_scalarmult_base(&mut theirs, &secret);
        assert_eq!(public_key(&secret), Some(theirs));
    }

    #[test]
    fn nobody_else_does() {
        let token = sealer().token(&Subject::default(), "ann@example.com").unwrap();
        let pair: serde_json::Value = serde_json::from_str(&keypair(&[8; KEY_BYTES])).unwrap();
        let unsealed = unseal(pair["secret_key"].as_str().unwrap(), &token).unwrap();
        assert_eq!((unsealed.text, unsealed.opened, unsealed.failed), (token, 0, 1));
        assert_eq!(unseal("no key", "").unwrap_err().path(), "/secret_key");
    }

    #[test]
    fn values_are_escaped_in_json() {
        let token = sealer().token(&Subject::default(), "O\"Hara\n").unwrap();
        let unsealed = unseal(&keys().1, &format!(r#"{{"name":"{token}"}}"#)).unwrap();
        assert_eq!(unsealed.text, r#"{"name":"O\"Hara\n"}"#);
    }

    #[test]
    fn boxes_depend_on_the_record_and_on_nothing_else() {
        let (sealer, of) = (sealer(), |tenant, id| Subject::new(Some(tenant), Some(id)));
        let token = |subject: &Subject| sealer.token(subject, "ann@example.com").unwrap();
        assert_eq!(token(&of("a", "1")), token(&of("a", "1")));
        assert_ne!(token(&of("a", "1")), token(&of("a", "2")));
        assert_ne!(token(&of("a", "1")), token(&of("b", "1")));
        assert_ne!(token(&of("a", "bc")), token(&of("ab", "c")));
    }

    #[test]
    fn what_is_sealed_is_bounded() {
        let (sealer, subject) = (sealer(), Subject::default());
        assert!(sealer.token(&Subject::default(), &"x".repeat(MAX_SEALED_BYTES + 1)).is_none());
        let count = (0..MAX_SEALED + 5).filter_map(|i| sealer.token(&subject, &i.to_string())).count();
        assert_eq!(count, MAX_SEALED);
    }

    #[test]
    fn a_key_that_everybody_can_open_is_refused() {
        let privacy = serde_json::json!({
            "pseudonym_key": "correct horse battery staple",
            "seal": {"public_key": "A".repeat(43), "rules": []},
        });
        let config = serde_json::from_value(privacy).unwrap();
        let keyring = Keyring::new(&config).unwrap();
        assert_eq!(Sealer::new(&config, keyring.as_ref()).unwrap_err().path(), "/privacy/seal/public_key");
    }
}
