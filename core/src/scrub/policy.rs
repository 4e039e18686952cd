//! What the configuration does about each rule, compiled.

use std::borrow::Cow;
use std::sync::Arc;

use super::Place;
use super::actions::{Replacement, masked, removed, replaced, truncated, without_host};
use super::allow::Allow;
use super::custom::CustomRules;
use super::modes::{Treatment, treatments};
use super::pseudonym::Keyring;
pub(crate) use super::rule::Rule;
use super::seal::Sealer;
use super::subject::Subject;
use crate::config::PrivacyConfig;
use crate::error::Result;
use crate::explanation::Reason;
use crate::outcome::{Action, RecordId};

/// What is done about each rule, with the keys and lists that it takes. Cloning is cheap: a record whose tenant or id
/// matters has a policy of its own ([`of_record`](Self::of_record)).
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    treatments: [Treatment; Rule::ALL.len()],
    keyring: Option<Arc<Keyring>>,
    sealer: Option<Arc<Sealer>>,
    allow: Option<Arc<Allow>>,
    custom: Option<Arc<CustomRules>>,
    subject: Subject,
}

impl Policy {
    /// Compiles `config`.
    ///
    /// # Errors
    /// `config_unknown_key` for an action of no rule or group; `config_invalid` for anything else, at its place.
    pub(crate) fn new(config: &PrivacyConfig) -> Result<Self> {
        let keyring = Keyring::new(config)?;
        Ok(Self {
            treatments: treatments(config)?,
            sealer: Sealer::new(config, keyring.as_ref())?.map(Arc::new),
            keyring: keyring.map(Arc::new),
            allow: Allow::new(&config.allow)?.map(Arc::new),
            custom: CustomRules::new(config)?.map(Arc::new),
            subject: Subject::default(),
        })
    }

    /// The policy for one record, or nothing where this one will do.
    pub(crate) fn of_record<'t>(
        &self,
        tenant: impl FnOnce() -> Option<Cow<'t, str>>,
        id: Option<&RecordId>,
    ) -> Option<Self> {
        self.keyring.as_ref()?;
        let tenant = tenant();
        let matters = tenant.is_some() || self.sealer.is_some();
        matters.then(|| Self { subject: Subject::new(tenant.as_deref(), id.map(|id| &**id)), ..self.clone() })
    }

    /// From now on acts on secrets and `pii_fields` only: what a plan keeps.
    pub(super) fn restrict_to_secrets(&mut self) {
        for rule in Rule::ALL.into_iter().filter(|&rule| !rule.is_secret() && rule != Rule::Pii) {
            self.treatments[rule as usize] = (Action::Keep, Reason::Plan);
        }
    }

    /// What is done about `rule`, and who says so.
    pub(super) fn treatment(&self, rule: Rule) -> Treatment {
        self.treatments[rule as usize]
    }

    /// Whether a match of `rule` is replaced at all.
    pub(crate) fn acts_on(&self, rule: Rule, place: Place) -> bool {
        let is_meant = match place {
            Place::Plain | Place::PerhapsSecret => true,
            Place::UserAgent | Place::Version => rule != Rule::Ipv4,
            Place::Allowed => Allow::never(rule),
        };
        let is_there = rule != Rule::Custom || self.custom.is_some();
        is_meant && is_there && self.treatment(rule).0 != Action::Keep
    }

    /// What stands in place of `text`, which `rule` found; nothing where it stays.
    pub(crate) fn replace(&self, rule: Rule, text: &str) -> Option<Replacement> {
        let (action, _) = self.treatment(rule);
        if action == Action::Keep || self.allowed(rule, text).is_some() {
            return None;
        }
        self.apply(action, rule, text)
    }

    /// [`replace`](Self::replace) of an IPv4 address in its one form, whose last part begins at `host`.
    pub(super) fn replace_address(&self, text: &str, host: usize) -> Option<Replacement> {
        match self.treatment(Rule::Ipv4).0 {
            Action::Truncate if self.allow.is_none() => Some((without_host(text, host).into(), Action::Truncate)),
            _ => self.replace(Rule::Ipv4, text),
        }
    }

    /// What stands in place of `text`, which `rule` found, where a caller asks for `action`; nothing where it stays.
    ///
    /// Secrets go whatever is asked for: of theirs, nothing is kept, shown or made a pseudonym. What cannot be done
    /// (a mask that would show too much, a pseudonym without a key) is a replacement.
    pub(crate) fn apply(&self, action: Action, rule: Rule, text: &str) -> Option<Replacement> {
        let replacement = match action {
            Action::Remove => removed(),
            Action::Seal => self.sealed(rule, text),
            _ if rule.is_secret() => replaced(rule),
            Action::Keep => return None,
            Action::Replace => replaced(rule),
            Action::Mask => masked(rule, text),
            Action::Hash => self.hashed(rule, text),
            Action::Truncate => truncated(rule, text),
        };
        Some(replacement)
    }

    /// What stands in place of an encoded stretch in which `rule` found something: all of it goes, but it says no more
    /// than it may.
    pub(super) fn cover(&self, rule: Rule) -> Replacement {
        if self.treatment(rule).0 == Action::Remove { removed() } else { replaced(rule) }
    }

    fn hashed(&self, rule: Rule, text: &str) -> Replacement {
        let Some(keyring) = &self.keyring else { return replaced(rule) };
        (keyring.token(self.subject.key(keyring), rule, text).into(), Action::Hash)
    }

    fn sealed(&self, rule: Rule, text: &str) -> Replacement {
        let token = self.sealer.as_ref().and_then(|sealer| sealer.token(&self.subject, text));
        token.map_or_else(|| replaced(rule), |token| (token.into(), Action::Seal))
    }

    /// The configuration's own rules.
    pub(super) fn custom(&self) -> Option<&CustomRules> {
        self.custom.as_deref()
    }

    /// What in `privacy.allow` lets `text` stay, which `rule` found.
    pub(super) fn allowed(&self, rule: Rule, text: &str) -> Option<Reason> {
        self.allow.as_ref()?.reason(rule, text)
    }

    /// Whether `privacy.allow.paths` names any place.
    pub(super) fn has_allowed_paths(&self) -> bool {
        self.allow.as_ref().is_some_and(|allow| allow.has_paths())
    }

    /// Whether `privacy.allow.paths` names the place; asks for the pointer only where there are such.
    pub(super) fn allows_path(&self, pointer: impl FnOnce() -> String) -> bool {
        self.allow.as_ref().is_some_and(|allow| allow.has_paths() && allow.allows_path(&pointer()))
    }

    /// Why `text`, which `rule` finds, stays; nothing where it does not.
    pub(super) fn reason_to_keep(&self, rule: Rule, text: &str, place: Place) -> Option<Reason> {
        let (action, reason) = self.treatment(rule);
        if action == Action::Keep {
            return Some(reason);
        }
        if let Some(reason) = self.allowed(rule, text) {
            return Some(reason);
        }
        match place {
            Place::UserAgent if rule == Rule::Ipv4 => Some(Reason::UserAgent),
            Place::Version if rule == Rule::Ipv4 => Some(Reason::Version),
            Place::Allowed if !Allow::never(rule) => Some(Reason::AllowPath),
            Place::Plain | Place::UserAgent | Place::Version | Place::PerhapsSecret | Place::Allowed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(privacy: &str) -> Policy {
        Policy::new(&serde_json::from_str(privacy).unwrap()).unwrap()
    }

    fn text(replacement: Option<Replacement>) -> String {
        replacement.unwrap().0.into_owned()
    }

    #[test]
    fn addresses_keep_their_network_only_in_balanced_mode() {
        let balanced = policy("{}");
        assert_eq!(text(balanced.replace(Rule::Ipv4, "203.0.113.77")), "203.0.113.0");
        assert_eq!(text(balanced.replace(Rule::Ipv6, "2001:db8:85a3::8a2e:370:7334")), "2001:db8:85a3::");
        assert_eq!(text(balanced.replace(Rule::Ipv6, "::ffff:203.0.113.77")), "::ffff:203.0.113.0");
        assert_eq!(text(policy(r#"{"mode":"strict"}"#).replace(Rule::Ipv4, "203.0.113.77")), "[ipv4]");
        assert!(!policy(r#"{"mode":"minimal"}"#).acts_on(Rule::Ipv4, Place::Plain));
    }

    #[test]
    fn identifiers_are_unknown_without_a_key_and_pseudonyms_with_one() {
        assert_eq!(text(policy("{}").replace(Rule::Identifier, "u1")), "[identifier]");
        let (name, action) = policy(r#"{"pseudonym_key":"0123456789abcdef"}"#).replace(Rule::Identifier, "u1").unwrap();
        assert!(crate::scrub::is_token(&name) && action == Action::Hash, "{name}");
        assert!(!policy(r#"{"hash_identifiers":false}"#).acts_on(Rule::Identifier, Place::Plain));
    }

    #[test]
    fn secrets_go_whatever_is_asked_for() {
        let policy = policy(r#"{"pseudonym_key":"0123456789abcdef","allow":{"values":["hunter2"]}}"#);
        for action in [Action::Keep, Action::Mask, Action::Hash, Action::Truncate] {
            assert_eq!(text(policy.apply(action, Rule::Secret, "hunter2")), "[secret]");
        }
        assert_eq!(text(policy.replace(Rule::Secret, "hunter2")), "[secret]");
    }

    #[test]
    fn plain_tokens_allocate_nothing() {
        for action in [Action::Replace, Action::Remove] {
            let (token, _) = policy("{}").apply(action, Rule::Email, "ann@example.com").unwrap();
            assert!(matches!(token, Cow::Borrowed(_)));
        }
    }

    #[test]
    fn what_is_kept_hides_nothing_that_it_covers() {
        let privacy = r#"{"mode":"minimal","actions":{"person":"replace"}}"#;
        let scrubber = crate::scrub::Scrubber::new(&serde_json::from_str(privacy).unwrap()).unwrap();
        let text = scrubber.scrub("phone: 4111 1111 1111 1111", Place::Plain).map(|scrubbed| scrubbed.text);
        assert_eq!(text.as_deref(), Some("phone: [card]"));
    }
}
