//! Why scrubbing did what it did to one record: every decision with its rule and its reason, never the value.

use crate::json::write_string;
use crate::outcome::{Action, Status, Violation, write_violations};

/// Why a value was changed, or kept. Stable across releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The privacy mode does this to the rule.
    Mode,
    /// It guards access to something: secrets are removed in every mode.
    Secret,
    /// `privacy.actions` says so for the rule or its group.
    Actions,
    /// The tracking plan says so for the field.
    Plan,
    /// `privacy.seal` names the rule.
    Seal,
    /// `privacy.rules` has a rule of this name.
    Rules,
    /// `privacy.pii_fields` has the member's name.
    PiiFields,
    /// `privacy.hash_identifiers` is set.
    HashIdentifiers,
    /// `privacy.anonymize_ips` is set.
    AnonymizeIps,
    /// `privacy.allow.values` has the value.
    AllowValue,
    /// `privacy.allow.domains` has the address's domain.
    AllowDomain,
    /// `privacy.allow.networks` holds the address.
    AllowNetwork,
    /// `privacy.allow.paths` names the place.
    AllowPath,
    /// It stands in a user agent, where four-part numbers are versions.
    UserAgent,
    /// The member's name says that it is a version, as are four-part numbers there.
    Version,
    /// The member's name says what it could be, but it has not that form.
    Form,
}

impl Reason {
    /// Every reason, for tests and documentation.
    pub const ALL: [Self; 16] = [
        Self::Mode,
        Self::Secret,
        Self::Actions,
        Self::Plan,
        Self::Seal,
        Self::Rules,
        Self::PiiFields,
        Self::HashIdentifiers,
        Self::AnonymizeIps,
        Self::AllowValue,
        Self::AllowDomain,
        Self::AllowNetwork,
        Self::AllowPath,
        Self::UserAgent,
        Self::Version,
        Self::Form,
    ];

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Secret => "secret",
            Self::Actions => "actions",
            Self::Plan => "plan",
            Self::Seal => "seal",
            Self::Rules => "rules",
            Self::PiiFields => "pii_fields",
            Self::HashIdentifiers => "hash_identifiers",
            Self::AnonymizeIps => "anonymize_ips",
            Self::AllowValue => "allow_value",
            Self::AllowDomain => "allow_domain",
            Self::AllowNetwork => "allow_network",
            Self::AllowPath => "allow_path",
            Self::UserAgent => "user_agent",
            Self::Version => "version",
            Self::Form => "form",
        }
    }
}

/// What was decided about one kind of finding at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// JSON Pointer into the record as it was written; keys in it are scrubbed.
    pub path: String,
    /// The rule that found something there.
    pub rule: &'static str,
    /// What was done; [`Action::Keep`] where nothing was.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// [`Engine::explain`](crate::Engine::explain)'s answer for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The verdict.
    pub status: Status,
    /// Why it was not accepted; empty when it was.
    pub violations: Vec<Violation>,
    /// What was changed and what was kept, in document order.
    pub decisions: Vec<Decision>,
}

impl Explanation {
    /// `{"status":…,"violations":[…],"decisions":[{"path":…,"rule":…,"action":…,"reason":…}]}`.
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\"status\":\"{}\",", self.status.as_str());
        write_violations(&self.violations, &mut out);
        out.push_str(",\"decisions\":[");
        for (i, decision) in self.decisions.iter().enumerate() {
            out.push_str(if i == 0 { "{\"path\":" } else { ",{\"path\":" });
            write_string(&decision.path, &mut out);
            out.extend([",\"rule\":\"", decision.rule, "\",\"action\":\"", decision.action.as_str()]);
            out.extend(["\",\"reason\":\"", decision.reason.as_str(), "\"}"]);
        }
        out.push_str("]}");
        out
    }
}
