//! API keys: made here, shown once, and known by their hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::day::rfc3339;
use super::model::ApiKey;
use super::spec::{invalid, object};
use super::{Store, TenantStore};
use crate::error::{Error, ErrorKind, Result};
use crate::record::limits::MAX_NAME_CHARS;
use crate::record::time::Timestamp;
use crate::stamp::Stamp;

/// What every key begins with, by which scanners for leaked secrets know it.
const PREFIX: &str = "sjk_";
/// Random bytes of a key: nobody can try out so many.
const KEY_BYTES: usize = 32;
/// Roles of one key, and characters of a role.
const MAX_ROLES: usize = 16;
const MAX_ROLE_CHARS: usize = 32;

/// A key to be made, as its caller writes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    name: String,
    roles: Vec<String>,
    #[serde(default)]
    expires_at: Option<String>,
}

impl TenantStore<'_> {
    /// Makes a key: `{"id","key"}`, of which `key` is never shown again. `wanted` is `{"name","roles":[…],"expires_at"}`.
    /// Any number of keys live side by side: to rotate one, add the next, change to it, and revoke the first.
    ///
    /// # Errors
    /// `argument_invalid`; `internal` where the machine has no random bytes; those of [`MetaStore`](super::MetaStore).
    pub fn api_key_add(&self, wanted: &str) -> Result<String> {
        let wanted: Wanted = object("", wanted, r#"{"name":text,"roles":[text…],"expires_at":RFC 3339}"#)?;
        if wanted.name.chars().count() > MAX_NAME_CHARS {
            return Err(invalid("/name", format!("expected at most {MAX_NAME_CHARS} characters")));
        }
        let is_role = |role: &String| {
            let word = role.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            word && !role.is_empty() && role.len() <= MAX_ROLE_CHARS
        };
        if wanted.roles.is_empty() || wanted.roles.len() > MAX_ROLES || !wanted.roles.iter().all(is_role) {
            return Err(invalid("/roles", format!("expected 1 to {MAX_ROLES} words of a-z, 0-9 and _")));
        }
        let time = |text: String| {
            let time = Timestamp::parse(&text).map(|time| rfc3339(time.microseconds()));
            time.ok_or_else(|| invalid("/expires_at", "expected an RFC 3339 time with an offset"))
        };
        let mut secret = [0; KEY_BYTES];
        getrandom::fill(&mut secret).map_err(|_| {
            Error::new(ErrorKind::Internal, "", "this machine gives no random bytes, and a key must not do without")
        })?;
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret));
        let key = ApiKey {
            id: Stamp::now().id().as_str().to_owned(),
            tenant: self.tenant.as_str().to_owned(),
            name: wanted.name,
            roles: wanted.roles,
            created_at: rfc3339(Timestamp::now().microseconds()),
            expires_at: wanted.expires_at.map(time).transpose()?,
            revoked_at: None,
        };
        self.store.shared.meta.api_key_add(&key, &hash(&text))?;
        Ok(json!({"id": key.id, "key": text}).to_string())
    }

    /// Ends a key at once; false where there is no living one of this id.
    ///
    /// # Errors
    /// Those of [`MetaStore`](super::MetaStore).
    pub fn api_key_revoke(&self, id: &str) -> Result<bool> {
        self.store.shared.meta.api_key_revoke(&self.tenant, id)
    }

    /// The tenant's keys, revoked ones too, oldest first, without what they open.
    ///
    /// # Errors
    /// Those of [`MetaStore`](super::MetaStore).
    pub fn api_keys(&self) -> Result<Vec<ApiKey>> {
        self.store.shared.meta.api_keys(&self.tenant)
    }
}

impl Store {
    /// Whose a key is, of any tenant; nothing where it is none, was revoked, or is past its time.
    ///
    /// # Errors
    /// Those of [`MetaStore`](super::MetaStore).
    pub fn api_key_find(&self, key: &str) -> Result<Option<ApiKey>> {
        if !key.starts_with(PREFIX) {
            return Ok(None);
        }
        self.shared.meta.api_key_find(&hash(key))
    }
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}
