//! The `privacy` section as people write it.
//!
//! What types alone cannot say (names of rules, patterns, networks, keys) is checked where the section is compiled,
//! which is the one place that knows what they mean: [`Engine::new`](crate::Engine::new).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Form, Key};
use crate::outcome::Action;

/// The section's keys. `*` stands for any one name or index.
pub(super) const KEYS: &[Key] = &[
    Key::new("/privacy", "What is scrubbed and how."),
    Key::new("/privacy/mode", "strict, balanced or minimal.")
        .variables(&[("TELEMETRY_PRIVACY_MODE", Form::Text)])
        .default("\"balanced\"")
        .most_private(&["\"strict\"", "\"balanced\"", "\"minimal\""]),
    Key::new("/privacy/pii_fields", "Further key names whose values are personal data.")
        .variables(&[("TELEMETRY_PII_FIELDS", Form::List)]),
    Key::new("/privacy/hash_identifiers", "Replace identifiers by keyed pseudonyms (needs pseudonym_key)."),
    Key::new("/privacy/anonymize_ips", "Truncate IP addresses to /24 and /48 (default: by mode)."),
    Key::new("/privacy/pseudonym_key", "Secret of at least 16 bytes for keyed pseudonyms.")
        .variables(&[("TELEMETRY_PSEUDONYM_KEY", Form::Text)])
        .secret(),
    Key::new("/privacy/pseudonym_keys", "Keys of single tenants, by tenant id; others' keys are derived.").secret(),
    Key::new("/privacy/pseudonym_keys/*", "Secret of at least 16 bytes for one tenant's pseudonyms.").secret(),
    Key::new("/privacy/pseudonym_key_id", "Stands in each pseudonym: [hash:ID:…]; change it with the key."),
    Key::new("/privacy/actions", "What is done to a rule or group of rules, by its name."),
    Key::new("/privacy/actions/*", "replace, remove, mask, hash (needs pseudonym_key) or keep."),
    Key::new("/privacy/rules", "Own rules, at most 32."),
    Key::new("/privacy/rules/*", "An own rule: an object with name, pattern and action."),
    Key::new("/privacy/rules/*/name", "1 to 32 of a-z, 0-9 and _, a letter first; stands in the token."),
    Key::new("/privacy/rules/*/pattern", "A regular expression without look-around and back-references."),
    Key::new("/privacy/rules/*/action", "replace (default), remove, mask or hash (needs pseudonym_key)."),
    Key::new("/privacy/allow", "What stays although a rule finds it; never secrets and cards."),
    Key::new("/privacy/allow/values", "Whole findings that stay, whatever their case."),
    Key::new("/privacy/allow/domains", "Domains whose e-mail addresses stay; *.example.com for those below."),
    Key::new("/privacy/allow/paths", "JSON Pointers into the record; all below stays; * is any one name."),
    Key::new("/privacy/allow/networks", "Networks whose IP addresses stay, such as 10.0.0.0/8."),
    Key::new("/privacy/seal", "Keeps what some rules find in boxes that one key opens."),
    Key::new("/privacy/seal/public_key", "X25519 public key: 32 bytes as base64url without padding."),
    Key::new("/privacy/seal/rules", "Rules and groups whose findings are sealed; secrets rule by rule only."),
];

/// How much is scrubbed (R1). Secrets are removed in every mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrivacyMode {
    /// All detectors; IP addresses and identifiers without a key are removed.
    Strict,
    /// All detectors; IP addresses keep their network.
    #[default]
    Balanced,
    /// Secrets, cards and national ids only; e-mail addresses become pseudonyms where there is a key.
    Minimal,
}

impl PrivacyMode {
    /// Every mode, for tests and documentation.
    pub const ALL: [Self; 3] = [Self::Strict, Self::Balanced, Self::Minimal];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Balanced => "balanced",
            Self::Minimal => "minimal",
        }
    }
}

/// The `privacy` section.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrivacyConfig {
    /// Which detectors run and what they do.
    pub mode: PrivacyMode,
    /// Further key names whose values are personal data; compared without case and separators.
    pub pii_fields: Vec<String>,
    /// Keyed pseudonyms for identifiers; by default exactly when there is a key.
    pub hash_identifiers: Option<bool>,
    /// Truncate IP addresses; by default as the mode says.
    pub anonymize_ips: Option<bool>,
    /// Key of the pseudonyms: of records without a tenant as it is, of a tenant's by derivation. Never printed.
    pub pseudonym_key: Option<String>,
    /// Keys of tenants that have their own. Never printed.
    pub pseudonym_keys: BTreeMap<String, String>,
    /// Stands in each pseudonym, so that a change of keys shows.
    pub pseudonym_key_id: Option<String>,
    /// What is done to a rule, or to all rules of a group; a rule's own entry wins. Overrides the mode.
    pub actions: BTreeMap<String, RuleAction>,
    /// Own rules.
    pub rules: Vec<CustomRule>,
    /// What stays although a rule finds it.
    pub allow: AllowConfig,
    /// Keeps findings in boxes that one key opens.
    pub seal: Option<SealConfig>,
}

impl std::fmt::Debug for PrivacyConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivacyConfig")
            .field("mode", &self.mode)
            .field("pii_fields", &self.pii_fields)
            .field("hash_identifiers", &self.hash_identifiers)
            .field("anonymize_ips", &self.anonymize_ips)
            .field("pseudonym_key", &self.pseudonym_key.as_ref().map(|_| "…"))
            .field("pseudonym_keys", &self.pseudonym_keys.keys())
            .field("pseudonym_key_id", &self.pseudonym_key_id)
            .field("actions", &self.actions)
            .field("rules", &self.rules)
            .field("allow", &self.allow)
            .field("seal", &self.seal)
            .finish()
    }
}

/// An action that can be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleAction {
    /// A token that names the rule.
    #[default]
    Replace,
    /// A token that does not say what it was.
    Remove,
    /// A token with the part that is safe to show.
    Mask,
    /// A keyed pseudonym.
    Hash,
    /// It stays. Never for secrets.
    Keep,
}

impl From<RuleAction> for Action {
    fn from(action: RuleAction) -> Self {
        match action {
            RuleAction::Replace => Self::Replace,
            RuleAction::Remove => Self::Remove,
            RuleAction::Mask => Self::Mask,
            RuleAction::Hash => Self::Hash,
            RuleAction::Keep => Self::Keep,
        }
    }
}

/// An own rule: what a pattern finds in any string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomRule {
    /// Stands in the token: `[custom:NAME]`.
    pub name: String,
    /// A regular expression whose cost is linear in the text.
    pub pattern: String,
    /// What is done to a match.
    #[serde(default)]
    pub action: RuleAction,
}

/// What stays although a rule finds it. Secrets and cards never do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AllowConfig {
    /// Whole findings, compared without ASCII case.
    pub values: Vec<String>,
    /// Domains of e-mail addresses.
    pub domains: Vec<String>,
    /// JSON Pointers into the record as it is written.
    pub paths: Vec<String>,
    /// Networks of IP addresses.
    pub networks: Vec<String>,
}

/// Whose key opens what is sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealConfig {
    /// X25519 public key in base64url.
    pub public_key: String,
    /// Rules and groups whose findings are sealed.
    pub rules: Vec<String>,
}
