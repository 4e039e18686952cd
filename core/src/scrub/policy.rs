//! Rules, and what each privacy mode does about them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Place;
use super::pseudonym::Pseudonyms;
use super::token::token;
use crate::config::{PrivacyConfig, PrivacyMode};
use crate::outcome::Action;

/// What a detector, or a member's name, says that a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    Email,
    Card,
    Ipv4,
    Ipv6,
    Bearer,
    Jwt,
    Phone,
    Iban,
    /// A social security number of the United States.
    Ssn,
    Mac,
    Imei,
    /// An address of a crypto-currency.
    Crypto,
    NationalId,
    Passport,
    DriverLicense,
    TaxId,
    HealthId,
    BankAccount,
    LicensePlate,
    BirthDate,
    Person,
    Address,
    Geo,
    DeviceId,
    UserPath,
    /// A value under a name such as `password`.
    Secret,
    /// A key or token of a known issuer.
    ApiKey,
    PrivateKey,
    /// A password in a URL.
    UrlCredentials,
    Cookie,
    /// The seed of one-time passwords.
    Otp,
    /// A value under a name that the configuration lists in `pii_fields`.
    Pii,
    /// `user_id` and `session_id` of the envelope.
    Identifier,
}

impl Rule {
    pub(crate) const ALL: [Self; 33] = [
        Self::Email,
        Self::Card,
        Self::Ipv4,
        Self::Ipv6,
        Self::Bearer,
        Self::Jwt,
        Self::Phone,
        Self::Iban,
        Self::Ssn,
        Self::Mac,
        Self::Imei,
        Self::Crypto,
        Self::NationalId,
        Self::Passport,
        Self::DriverLicense,
        Self::TaxId,
        Self::HealthId,
        Self::BankAccount,
        Self::LicensePlate,
        Self::BirthDate,
        Self::Person,
        Self::Address,
        Self::Geo,
        Self::DeviceId,
        Self::UserPath,
        Self::Secret,
        Self::ApiKey,
        Self::PrivateKey,
        Self::UrlCredentials,
        Self::Cookie,
        Self::Otp,
        Self::Pii,
        Self::Identifier,
    ];

    /// The rule that is called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Whether a match gives access: such values are removed in every mode, whatever a plan says.
    pub(crate) const fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Bearer
                | Self::Jwt
                | Self::Secret
                | Self::ApiKey
                | Self::PrivateKey
                | Self::UrlCredentials
                | Self::Cookie
                | Self::Otp
        )
    }

    /// Whether a check digit proves a match, so that chance hardly makes one.
    pub(crate) fn is_checked(self) -> bool {
        matches!(self, Self::Card | Self::Iban)
    }

    /// The stable name, which is also what its token says.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Card => "card",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Bearer => "bearer",
            Self::Jwt => "jwt",
            Self::Phone => "phone",
            Self::Iban => "iban",
            Self::Ssn => "ssn",
            Self::Mac => "mac",
            Self::Imei => "imei",
            Self::Crypto => "crypto",
            Self::NationalId => "national_id",
            Self::Passport => "passport",
            Self::DriverLicense => "driver_license",
            Self::TaxId => "tax_id",
            Self::HealthId => "health_id",
            Self::BankAccount => "bank_account",
            Self::LicensePlate => "license_plate",
            Self::BirthDate => "birth_date",
            Self::Person => "person",
            Self::Address => "address",
            Self::Geo => "geo",
            Self::DeviceId => "device_id",
            Self::UserPath => "user_path",
            Self::Secret => "secret",
            Self::ApiKey => "api_key",
            Self::PrivateKey => "private_key",
            Self::UrlCredentials => "url_credentials",
            Self::Cookie => "cookie",
            Self::Otp => "otp",
            Self::Pii => "pii",
            Self::Identifier => "identifier",
        }
    }
}

/// What a policy acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Everything,
    /// Only secrets and `pii_fields`: what a plan keeps.
    Secrets,
}

/// A mode with its refinements, compiled.
#[derive(Debug)]
pub(crate) struct Policy {
    mode: PrivacyMode,
    truncate_ips: bool,
    keep_ips: bool,
    keep_identifiers: bool,
    pseudonyms: Option<Pseudonyms>,
    /// Pseudonyms of a plan's fields, which are independent of `hash_identifiers`.
    field_pseudonyms: Option<Pseudonyms>,
    scope: Scope,
}

impl Policy {
    pub(crate) fn new(config: &PrivacyConfig) -> Self {
        let key = config.pseudonym_key.as_ref().filter(|_| config.hash_identifiers != Some(false));
        Self {
            mode: config.mode,
            truncate_ips: config.anonymize_ips.unwrap_or(config.mode == PrivacyMode::Balanced),
            keep_ips: config.mode == PrivacyMode::Minimal && config.anonymize_ips != Some(true)
                || config.anonymize_ips == Some(false) && config.mode != PrivacyMode::Strict,
            // Without a key the choice is to keep people apart or to keep them unknown; unknown is the default.
            keep_identifiers: config.hash_identifiers == Some(false) || config.mode == PrivacyMode::Minimal,
            pseudonyms: key.map(|key| Pseudonyms::new(key.as_bytes())),
            field_pseudonyms: config.pseudonym_key.as_ref().map(|key| Pseudonyms::new(key.as_bytes())),
            scope: Scope::Everything,
        }
    }

    /// Whether a match of `rule` is replaced at all.
    pub(crate) fn acts_on(&self, rule: Rule, place: Place) -> bool {
        if self.scope == Scope::Secrets && !rule.is_secret() && rule != Rule::Pii {
            return false;
        }
        match rule {
            Rule::Bearer
            | Rule::Jwt
            | Rule::Secret
            | Rule::ApiKey
            | Rule::PrivateKey
            | Rule::UrlCredentials
            | Rule::Cookie
            | Rule::Otp
            | Rule::Card
            | Rule::Pii
            | Rule::Email
            | Rule::Ssn
            | Rule::NationalId
            | Rule::Passport
            | Rule::DriverLicense
            | Rule::TaxId
            | Rule::HealthId => true,
            Rule::Phone
            | Rule::Iban
            | Rule::Mac
            | Rule::Imei
            | Rule::Crypto
            | Rule::BankAccount
            | Rule::LicensePlate
            | Rule::BirthDate
            | Rule::Person
            | Rule::Address
            | Rule::Geo
            | Rule::DeviceId
            | Rule::UserPath => self.mode != PrivacyMode::Minimal,
            Rule::Ipv4 => !self.keep_ips && place != Place::UserAgent,
            Rule::Ipv6 => !self.keep_ips,
            Rule::Identifier => self.pseudonyms.is_some() || !self.keep_identifiers,
        }
    }

    /// What stands in place of `text`, and what that is called.
    pub(crate) fn replace(&self, rule: Rule, text: &str) -> (String, Action) {
        match rule {
            Rule::Ipv4 if self.truncate_ips => {
                let network = text.parse::<Ipv4Addr>().ok().and_then(|_| truncate_v4(text));
                network.map_or_else(|| replaced(rule), |network| (network, Action::Truncate))
            }
            Rule::Ipv6 if self.truncate_ips => {
                text.parse().map_or_else(|_| replaced(rule), |address| (truncate_v6(address), Action::Truncate))
            }
            Rule::Identifier => self.hashed(rule, text),
            Rule::Email if self.mode == PrivacyMode::Minimal => self.hashed(rule, text),
            Rule::Email
            | Rule::Card
            | Rule::Ipv4
            | Rule::Ipv6
            | Rule::Bearer
            | Rule::Jwt
            | Rule::Phone
            | Rule::Iban
            | Rule::Ssn
            | Rule::Mac
            | Rule::Imei
            | Rule::Crypto
            | Rule::NationalId
            | Rule::Passport
            | Rule::DriverLicense
            | Rule::TaxId
            | Rule::HealthId
            | Rule::BankAccount
            | Rule::LicensePlate
            | Rule::BirthDate
            | Rule::Person
            | Rule::Address
            | Rule::Geo
            | Rule::DeviceId
            | Rule::UserPath
            | Rule::Secret
            | Rule::ApiKey
            | Rule::PrivateKey
            | Rule::UrlCredentials
            | Rule::Cookie
            | Rule::Otp
            | Rule::Pii => replaced(rule),
        }
    }

    /// From now on acts on secrets and `pii_fields` only.
    pub(super) fn restrict_to_secrets(&mut self) {
        self.scope = Scope::Secrets;
    }

    /// What stands in place of `text` where a plan asks for `action`.
    pub(super) fn apply(&self, action: Action, rule: Rule, text: &str) -> (String, Action) {
        match action {
            Action::Hash => {
                self.field_pseudonyms.as_ref().map_or_else(|| replaced(rule), |names| (names.of(text), Action::Hash))
            }
            Action::Replace | Action::Truncate => replaced(rule),
        }
    }

    fn hashed(&self, rule: Rule, text: &str) -> (String, Action) {
        self.pseudonyms.as_ref().map_or_else(|| replaced(rule), |names| (names.of(text), Action::Hash))
    }
}

fn replaced(rule: Rule) -> (String, Action) {
    (token(rule), Action::Replace)
}

/// The /24 network: a household at the least (design section 4).
fn truncate_v4(address: &str) -> Option<String> {
    let host = address.rfind('.')? + 1;
    let mut network = String::with_capacity(host + 1);
    network.push_str(&address[..host]);
    network.push('0');
    Some(network)
}

/// The /48 network: a site at the least. A mapped IPv4 address is truncated as one.
fn truncate_v6(address: Ipv6Addr) -> String {
    if let Some(mapped) = address.to_ipv4_mapped() {
        let [a, b, c, _] = mapped.octets();
        return format!("::ffff:{a}.{b}.{c}.0");
    }
    let [a, b, c, ..] = address.segments();
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(json: &str) -> Policy {
        Policy::new(&crate::Config::from_json(json).unwrap().privacy)
    }

    #[test]
    fn addresses_keep_their_network_only_in_balanced_mode() {
        let balanced = policy("{}");
        assert_eq!(balanced.replace(Rule::Ipv4, "203.0.113.77").0, "203.0.113.0");
        assert_eq!(balanced.replace(Rule::Ipv6, "2001:db8:85a3::8a2e:370:7334").0, "2001:db8:85a3::");
        assert_eq!(balanced.replace(Rule::Ipv6, "::ffff:203.0.113.77").0, "::ffff:203.0.113.0");
        let strict = policy(r#"{"privacy":{"mode":"strict"}}"#);
        assert_eq!(strict.replace(Rule::Ipv4, "203.0.113.77").0, "[ipv4]");
        assert!(!policy(r#"{"privacy":{"mode":"minimal"}}"#).acts_on(Rule::Ipv4, Place::Plain));
    }

    #[test]
    fn identifiers_are_unknown_without_a_key_and_pseudonyms_with_one() {
        assert_eq!(policy("{}").replace(Rule::Identifier, "u1").0, "[identifier]");
        let keyed = policy(r#"{"privacy":{"pseudonym_key":"0123456789abcdef"}}"#);
        let (name, action) = keyed.replace(Rule::Identifier, "u1");
        assert!(crate::scrub::is_token(&name) && action == Action::Hash, "{name}");
        assert!(!policy(r#"{"privacy":{"hash_identifiers":false}}"#).acts_on(Rule::Identifier, Place::Plain));
    }
}
