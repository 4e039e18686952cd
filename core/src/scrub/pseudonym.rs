//! Keyed pseudonyms: the same value gives the same name, and without the key it cannot be guessed back.
//!
//! A pseudonym is the head of HMAC-SHA-256 (RFC 2104). Each tenant has a key of its own, so that nobody can tell from
//! two tenants' records that they speak of the same person: `privacy.pseudonym_keys` names it, or it is derived from
//! `privacy.pseudonym_key` by HKDF-SHA-256 (RFC 5869) with [`TENANT_SALT`] and the tenant's id as info. A record
//! without a tenant uses `pseudonym_key` itself.

use std::collections::HashMap;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::rule::Rule;
use super::token::{HASH_DIGITS, is_key_id};
use crate::config::{MIN_PSEUDONYM_KEY_BYTES, PrivacyConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::record::is_tenant;

/// Keeps tenants' keys apart from whatever else is ever derived from the same secret.
const TENANT_SALT: &[u8] = b"scrubjay tenant pseudonym key v1";
/// Likewise for the key that sealing is seeded with.
const SEAL_SALT: &[u8] = b"scrubjay seal seed key v1";

/// Bytes of a derived key: SHA-256's.
pub(super) const KEY_BYTES: usize = 32;

/// HMAC-SHA-256 with one tenant's key.
#[derive(Clone)]
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

    /// The whole digest of `parts`, one after the other.
    pub(super) fn digest(&self, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
        let mac = parts.iter().fold(self.0.clone(), Mac::chain_update);
        mac.finalize().into_bytes().into()
    }

    /// The pseudonym's hex digits for `text`.
    fn of(&self, text: &str) -> String {
        let mut out = String::with_capacity(HASH_DIGITS);
        for byte in self.digest(&[text.as_bytes()]).iter().take(HASH_DIGITS / 2) {
            out.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
            out.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        }
        out
    }
}

/// All keys of a configuration.
pub(super) struct Keyring {
    /// For records without a tenant.
    default: Pseudonyms,
    /// What tenants' keys are derived from.
    root: Hkdf<Sha256>,
    /// Of tenants that have their own.
    own: HashMap<String, Pseudonyms>,
    /// `[hash:` or `[hash:ID:`.
    head: String,
    seal: [u8; KEY_BYTES],
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring")
    }
}

impl Keyring {
    /// The keys of `config`, or nothing where it has none.
    pub(super) fn new(config: &PrivacyConfig) -> Result<Option<Self>> {
        check(config)?;
        let Some(key) = config.pseudonym_key.as_ref().map(String::as_bytes) else { return Ok(None) };
        let own = config.pseudonym_keys.iter().map(|(tenant, key)| (tenant.clone(), Pseudonyms::new(key.as_bytes())));
        let head = config.pseudonym_key_id.as_ref().map_or_else(|| "[hash:".to_owned(), |id| format!("[hash:{id}:"));
        Ok(Some(Self {
            default: Pseudonyms::new(key),
            root: Hkdf::new(Some(TENANT_SALT), key),
            own: own.collect(),
            head,
            seal: derived(&Hkdf::new(Some(SEAL_SALT), key), b""),
        }))
    }

    /// The key of `tenant`, or of records without one.
    pub(super) fn of(&self, tenant: Option<&str>) -> Pseudonyms {
        let Some(tenant) = tenant else { return self.default.clone() };
        let own = self.own.get(tenant).cloned();
        own.unwrap_or_else(|| Pseudonyms::new(&derived(&self.root, tenant.as_bytes())))
    }

    /// The token of `text`, which `rule` found, under `key`.
    pub(super) fn token(&self, key: &Pseudonyms, rule: Rule, text: &str) -> String {
        format!("{}{}]", self.head, key.of(&canonical(rule, text)))
    }

    /// The key that seeds sealing.
    pub(super) fn seal_key(&self) -> Pseudonyms {
        Pseudonyms::new(&self.seal)
    }
}

fn check(config: &PrivacyConfig) -> Result<()> {
    let invalid = |path: &str, message: &str| Err(Error::new(ErrorKind::ConfigInvalid, path, message));
    let needs_key = "needs /privacy/pseudonym_key, which records without a tenant use";
    if config.pseudonym_key.is_none() && !config.pseudonym_keys.is_empty() {
        return invalid("/privacy/pseudonym_keys", needs_key);
    }
    for (tenant, key) in &config.pseudonym_keys {
        if !is_tenant(tenant) {
            let message = "a name is no tenant id: expected 1 to 64 letters, digits, dots, dashes or underscores";
            return invalid("/privacy/pseudonym_keys", message);
        }
        if key.len() < MIN_PSEUDONYM_KEY_BYTES {
            return invalid(&format!("/privacy/pseudonym_keys/{tenant}"), "must have at least 16 bytes");
        }
    }
    match &config.pseudonym_key_id {
        Some(_) if config.pseudonym_key.is_none() => invalid("/privacy/pseudonym_key_id", needs_key),
        Some(id) if !is_key_id(id.as_bytes()) => {
            invalid("/privacy/pseudonym_key_id", "expected 1 to 12 of a-z and 0-9")
        }
        Some(_) | None => Ok(()),
    }
}

fn derived(from: &Hkdf<Sha256>, info: &[u8]) -> [u8; KEY_BYTES] {
    let mut key = [0; KEY_BYTES];
    // Fails beyond 255 blocks only.
    let _ = from.expand(info, &mut key);
    key
}

/// One text for the spellings of one value: e-mail addresses in lower case, numbers without what groups them. Names
/// and ids may differ in just that, and stay as they are.
fn canonical(rule: Rule, text: &str) -> String {
    match rule {
        Rule::Email => text.to_lowercase(),
        Rule::Ipv6 => text.parse::<std::net::Ipv6Addr>().map_or_else(|_| text.to_owned(), |ip| ip.to_string()),
        Rule::Card
        | Rule::Iban
        | Rule::BankAccount
        | Rule::Phone
        | Rule::Ssn
        | Rule::Mac
        | Rule::Imei
        | Rule::NationalId
        | Rule::Passport
        | Rule::DriverLicense
        | Rule::TaxId
        | Rule::HealthId
        | Rule::LicensePlate => text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(json: &str) -> Keyring {
        Keyring::new(&serde_json::from_str(json).unwrap()).unwrap().unwrap()
    }

    #[test]
    fn a_pseudonym_is_the_head_of_hmac_sha256() {
        // RFC 4231, test case 2 and, for a key longer than a block, test case 6.
        assert_eq!(Pseudonyms::new(b"Jefe").of("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c7");
        let long = Pseudonyms::new(&[0xaa; 131]);
        assert_eq!(
            long.of("Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f"
        );
    }

    #[test]
    fn two_tenants_give_one_value_two_names() {
        let keys =
            keyring(r#"{"pseudonym_key":"correct horse battery staple","pseudonym_keys":{"c":"0123456789abcdef"}}"#);
        let name = |tenant| keys.token(&keys.of(tenant), Rule::Identifier, "u-42");
        let names = [name(None), name(Some("a")), name(Some("b")), name(Some("c"))];
        for (i, one) in names.iter().enumerate() {
            assert!(!names[i + 1..].contains(one), "{names:?}");
        }
        assert_eq!(name(Some("c")), format!("[hash:{}]", Pseudonyms::new(b"0123456789abcdef").of("u-42")));
        assert_eq!(name(None), format!("[hash:{}]", Pseudonyms::new(b"correct horse battery staple").of("u-42")));
    }

    #[test]
    fn spellings_of_one_value_share_a_name() {
        let keys = keyring(r#"{"pseudonym_key":"correct horse battery staple"}"#);
        let name = |rule, text| keys.token(&keys.of(None), rule, text);
        for (rule, one, other) in [
            (Rule::Email, "Ann@Example.com", "ann@example.com"),
            (Rule::Card, "4111 1111 1111 1111", "4111111111111111"),
            (Rule::Phone, "+49 (151) 1234-5678", "4915112345678"),
            (Rule::Mac, "00:00:5e:00:53:af", "00-00-5E-00-53-AF"),
            (Rule::Ipv6, "2001:DB8:0::1", "2001:db8::1"),
        ] {
            assert_eq!(name(rule, one), name(rule, other));
        }
        assert_ne!(name(Rule::Identifier, "u1"), name(Rule::Identifier, "U1"));
    }

    #[test]
    fn a_key_s_id_stands_in_the_token() {
        let keys = keyring(r#"{"pseudonym_key":"correct horse battery staple","pseudonym_key_id":"2026q4"}"#);
        let name = keys.token(&keys.of(None), Rule::Identifier, "u-42");
        assert!(name.starts_with("[hash:2026q4:") && crate::scrub::is_token(&name), "{name}");
    }
}
