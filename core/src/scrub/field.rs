//! Fields of a tracking plan: what the plan's `pii` says goes before what detectors find, except for secrets.

use super::Scrubber;
use std::net::IpAddr;

use super::actions::Replacement;
use super::detector::{Hit, LANES, Wanted, find};
use super::policy::{Policy, Rule};
use super::token::token_len;
use crate::config::PrivacyConfig;
use crate::error::Result;
use crate::outcome::Action;
use crate::scan::Scan;
use crate::schema::Pii;

/// A plan's actions on one record.
#[derive(Clone, Copy, Default)]
pub(crate) struct Fields<'a> {
    /// Nodes and what is to be done with them, in rising order.
    pub(crate) actions: &'a [(usize, Pii)],
    /// What scrubs the values that are kept: it acts on secrets only.
    pub(crate) secrets: Option<&'a Scrubber>,
}

impl Scrubber {
    /// A scrubber for values that a plan keeps: of all detectors only those of secrets act, and `pii_fields` hold.
    ///
    /// # Errors
    /// Those of [`Scrubber::new`].
    pub(crate) fn of_secrets(config: &PrivacyConfig) -> Result<Self> {
        let mut policy = Policy::new(config)?;
        policy.restrict_to_secrets();
        Ok(Self::of(policy, config))
    }

    /// What stands in place of the value `text` of a field with the action `pii`. `named` is the rule that the value's
    /// name brings; nothing for [`Pii::Keep`].
    pub(super) fn field(&self, pii: Pii, named: Option<Rule>, text: &str) -> Option<(Rule, Replacement)> {
        if pii == Pii::FreeText {
            return self.free_text(named, text);
        }
        let rule = Self::kind_of(named, text);
        let action = match pii {
            Pii::Remove => Action::Remove,
            Pii::Replace => Action::Replace,
            Pii::Mask => Action::Mask,
            Pii::Hash => Action::Hash,
            Pii::Keep | Pii::FreeText => return None,
        };
        Some((rule, self.policy.apply(action, rule, text)?))
    }

    /// What a value is: a secret by its name, what a detector takes it for whole, or what its name says.
    fn kind_of(named: Option<Rule>, text: &str) -> Rule {
        if let Some(secret) = named.filter(|rule| rule.is_secret()) {
            return secret;
        }
        match found(text, |_| true).as_deref() {
            Ok([hit]) if hit.start == 0 && hit.end == text.len() => hit.rule,
            _ => named.unwrap_or(Rule::Pii),
        }
    }
}

/// What the detectors of the rules that `wanted` holds for find in `text`.
fn found(text: &str, wanted: fn(Rule) -> bool) -> std::result::Result<Vec<Hit>, Rule> {
    find(Scan::of(text, &LANES).with(text), Wanted::new(wanted))
}

/// Whether a token stands in `text`.
pub(crate) fn holds_token(text: &str) -> bool {
    text.match_indices('[').any(|(at, _)| token_len(&text.as_bytes()[at..]).is_some())
}

/// Whether scrubbing wrote in `text` before: a token, or an address without its host part, in whichever mode.
pub(crate) fn is_redacted(text: &str) -> bool {
    let mut addresses = found(text, |rule| matches!(rule, Rule::Ipv4 | Rule::Ipv6)).into_iter().flatten();
    holds_token(text) || addresses.any(|hit| text[hit.start..hit.end].parse().is_ok_and(is_network))
}

/// Whether the host part is zero, as truncation leaves it: /24 and /48.
fn is_network(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[3] == 0,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.octets()[3] == 0,
            None => address.segments()[3..] == [0; 5],
        },
    }
}
