//! What each mode does about each rule, and what the configuration asks for instead.

use super::rule::{Group, Rule};
use crate::config::{PrivacyConfig, PrivacyMode, RuleAction, nearest_of};
use crate::error::{Error, ErrorKind, Result};
use crate::explanation::Reason;
use crate::outcome::Action;

/// What is done about a rule's findings, and who says so.
pub(super) type Treatment = (Action, Reason);

type Treatments = [Treatment; Rule::ALL.len()];

/// The treatment of each rule, in order of [`Rule::ALL`]: the mode's, its refinements', what `privacy.actions` asks for
/// a group and for the rule itself, what `privacy.seal` names.
pub(super) fn treatments(config: &PrivacyConfig) -> Result<Treatments> {
    let mut treatments = Rule::ALL.map(|rule| by_mode(config, rule));
    let mut specific = Rule::ALL.map(|_| Specific::No);
    for wanted in [Specific::Group, Specific::Rule] {
        for (name, &action) in &config.actions {
            let place = || format!("/privacy/actions/{}", name.replace('~', "~0").replace('/', "~1"));
            let (rules, by) = named(name).ok_or_else(|| no_such(ErrorKind::ConfigUnknownKey, place(), name))?;
            if by != wanted {
                continue;
            }
            for rule in rules {
                check_action(config, rule, action).map_err(|message| invalid(place(), message))?;
                treatments[rule as usize] = (action.into(), Reason::Actions);
                specific[rule as usize] = by;
            }
        }
    }
    for (i, name) in config.seal.iter().flat_map(|seal| &seal.rules).enumerate() {
        let place = || format!("/privacy/seal/rules/{i}");
        if name == Group::Secrets.name() {
            let message = "name the secrets to be sealed rule by rule: whoever opens the box can use them";
            return Err(invalid(place(), message));
        }
        let is_custom = name == Rule::Custom.name();
        let found = if is_custom { Some((vec![Rule::Custom], Specific::Rule)) } else { named(name) };
        let (rules, by) = found.ok_or_else(|| no_such(ErrorKind::ConfigInvalid, place(), name))?;
        for rule in rules {
            match specific[rule as usize] {
                asked if asked == by => {
                    return Err(invalid(place(), "has an entry in /privacy/actions too; name it in one of both"));
                }
                Specific::Rule => {}
                Specific::Group | Specific::No => treatments[rule as usize] = (Action::Seal, Reason::Seal),
            }
        }
    }
    Ok(treatments)
}

/// How narrowly a rule was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Specific {
    No,
    Group,
    Rule,
}

/// The rules that `name` stands for.
fn named(name: &str) -> Option<(Vec<Rule>, Specific)> {
    if let Some(group) = Group::ALL.into_iter().find(|group| group.name() == name) {
        let rules = Rule::ALL.into_iter().filter(|rule| rule.group() == Some(group)).collect();
        return Some((rules, Specific::Group));
    }
    // Own rules have their action beside their pattern.
    let rule = Rule::named(name.as_bytes()).filter(|&rule| rule != Rule::Custom)?;
    Some((vec![rule], Specific::Rule))
}

/// What is wrong with `action` for `rule`.
pub(super) fn check_action(
    config: &PrivacyConfig,
    rule: Rule,
    action: RuleAction,
) -> std::result::Result<(), &'static str> {
    match action {
        RuleAction::Keep if rule.is_secret() => Err("secrets are removed in every mode; use replace or remove"),
        RuleAction::Hash if rule.is_secret() => {
            Err("a pseudonym would tell which secrets are equal; use replace or remove")
        }
        RuleAction::Hash if config.pseudonym_key.is_none() => {
            Err("needs /privacy/pseudonym_key: a hash without a key can be reversed by guessing")
        }
        RuleAction::Replace | RuleAction::Remove | RuleAction::Mask | RuleAction::Hash | RuleAction::Keep => Ok(()),
    }
}

fn no_such(kind: ErrorKind, place: String, name: &str) -> Error {
    let known = Rule::ALL.into_iter().filter(|&rule| rule != Rule::Custom).map(Rule::name);
    let hint = nearest_of(name, known.chain(Group::ALL.map(Group::name)));
    let hint = hint.map_or_else(String::new, |known| format!("; did you mean {known}?"));
    Error::new(kind, place, format!("no rule or group of this name{hint}"))
}

fn invalid(place: String, message: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, place, message)
}

/// What the mode and its refinements do.
fn by_mode(config: &PrivacyConfig, rule: Rule) -> Treatment {
    let is_strict = config.mode == PrivacyMode::Strict;
    let is_minimal = config.mode == PrivacyMode::Minimal;
    let is_keyed = config.pseudonym_key.is_some() && config.hash_identifiers != Some(false);
    let in_full = if is_minimal { Action::Keep } else { Action::Replace };
    match rule {
        Rule::Bearer
        | Rule::Jwt
        | Rule::Secret
        | Rule::ApiKey
        | Rule::PrivateKey
        | Rule::UrlCredentials
        | Rule::Cookie
        | Rule::Otp => (Action::Replace, Reason::Secret),
        Rule::Card
        | Rule::Ssn
        | Rule::NationalId
        | Rule::Passport
        | Rule::DriverLicense
        | Rule::TaxId
        | Rule::HealthId => (Action::Replace, Reason::Mode),
        Rule::Email => (if is_minimal && is_keyed { Action::Hash } else { Action::Replace }, Reason::Mode),
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
        | Rule::UserPath => (in_full, Reason::Mode),
        Rule::Ipv4 | Rule::Ipv6 => match (config.anonymize_ips, config.mode) {
            (Some(true), _) => (Action::Truncate, Reason::AnonymizeIps),
            (Some(false), PrivacyMode::Balanced) => (Action::Keep, Reason::AnonymizeIps),
            (None, PrivacyMode::Balanced) => (Action::Truncate, Reason::Mode),
            (_, PrivacyMode::Strict) => (Action::Replace, Reason::Mode),
            (_, PrivacyMode::Minimal) => (Action::Keep, Reason::Mode),
        },
        // The design's section 4; what is left of a user agent tells no two users of one browser apart.
        Rule::UrlQuery | Rule::FreeText if is_strict => (Action::Replace, Reason::Mode),
        Rule::UserAgent if is_strict => (Action::Truncate, Reason::Mode),
        Rule::UrlQuery | Rule::FreeText | Rule::UserAgent => (Action::Keep, Reason::Mode),
        Rule::Pii => (Action::Replace, Reason::PiiFields),
        // Without a key the choice is to keep people apart or to keep them unknown; unknown is the default.
        Rule::Identifier => {
            let reason = if config.hash_identifiers.is_some() { Reason::HashIdentifiers } else { Reason::Mode };
            let action = match config.hash_identifiers {
                _ if is_keyed => Action::Hash,
                Some(false) => Action::Keep,
                Some(true) | None => in_full,
            };
            (action, reason)
        }
        Rule::Custom => (Action::Replace, Reason::Rules),
    }
}

/// The table of what each mode does about each rule, as the documentation has it.
#[cfg(test)]
fn table() -> String {
    let configs = PrivacyMode::ALL.map(|mode| PrivacyConfig { mode, ..PrivacyConfig::default() });
    let keyed = |config: &PrivacyConfig| PrivacyConfig {
        pseudonym_key: Some("any key of 16 bytes".to_owned()),
        ..config.clone()
    };
    let mut out = String::from("| rule | group |");
    out.extend(PrivacyMode::ALL.map(|mode| format!(" {} |", mode.as_str())));
    out.push_str(" masked |\n|---|---|---|---|---|---|\n");
    for rule in Rule::ALL {
        out.extend(["| `", rule.name(), "` | ", rule.group().map_or("", Group::name), " |"]);
        for config in &configs {
            let (plain, with_key) = (by_mode(config, rule).0, by_mode(&keyed(config), rule).0);
            let also = if plain == with_key { String::new() } else { format!("; {} with a key", with_key.as_str()) };
            out.extend([" ", plain.as_str(), &also, " |"]);
        }
        out.extend([" ", super::actions::shown(rule), " |\n"]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Result<Treatments> {
        treatments(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_rule_s_own_action_wins_over_its_group_s_and_both_over_the_mode() {
        let given = r#"{"mode":"minimal","actions":{"contact":"remove","email":"mask","ipv4":"keep"}}"#;
        let treatments = of(given).unwrap();
        for (rule, action, reason) in [
            (Rule::Email, Action::Mask, Reason::Actions),
            (Rule::Phone, Action::Remove, Reason::Actions),
            (Rule::Ipv4, Action::Keep, Reason::Actions),
            (Rule::Iban, Action::Keep, Reason::Mode),
            (Rule::Jwt, Action::Replace, Reason::Secret),
        ] {
            assert_eq!(treatments[rule as usize], (action, reason), "{rule:?}");
        }
    }

    #[test]
    fn what_is_sealed_is_named_in_one_place() {
        let seal = |actions: &str, rules: &str| {
            of(&format!(r#"{{"actions":{actions},"seal":{{"public_key":"","rules":{rules}}}}}"#))
        };
        let treatments = seal(r#"{"contact":"remove","card":"mask"}"#, r#"["email","financial","jwt"]"#).unwrap();
        for (rule, action) in [
            (Rule::Email, Action::Seal),
            (Rule::Phone, Action::Remove),
            (Rule::Card, Action::Mask),
            (Rule::Iban, Action::Seal),
            (Rule::Jwt, Action::Seal),
            (Rule::ApiKey, Action::Replace),
        ] {
            assert_eq!(treatments[rule as usize].0, action, "{rule:?}");
        }
        for (actions, rules, path) in [
            (r#"{"email":"mask"}"#, r#"["card","email"]"#, "/privacy/seal/rules/1"),
            (r#"{"contact":"mask"}"#, r#"["contact"]"#, "/privacy/seal/rules/0"),
            ("{}", r#"["secrets"]"#, "/privacy/seal/rules/0"),
            ("{}", r#"["emial"]"#, "/privacy/seal/rules/0"),
        ] {
            assert_eq!(seal(actions, rules).unwrap_err().path(), path);
        }
    }

    #[test]
    fn an_action_that_cannot_be_is_an_error_that_says_why() {
        for (actions, path, says) in [
            (r#"{"emial":"mask"}"#, "/privacy/actions/emial", "did you mean email?"),
            (r#"{"finance":"mask"}"#, "/privacy/actions/finance", "did you mean financial?"),
            (r#"{"a/b":"mask"}"#, "/privacy/actions/a~1b", "no rule or group"),
            (r#"{"custom":"mask"}"#, "/privacy/actions/custom", "no rule or group"),
            (r#"{"jwt":"keep"}"#, "/privacy/actions/jwt", "removed in every mode"),
            (r#"{"secrets":"keep"}"#, "/privacy/actions/secrets", "removed in every mode"),
            (r#"{"secret":"hash"}"#, "/privacy/actions/secret", "equal"),
            (r#"{"email":"hash"}"#, "/privacy/actions/email", "needs /privacy/pseudonym_key"),
        ] {
            let error = of(&format!(r#"{{"actions":{actions}}}"#)).unwrap_err();
            assert_eq!(error.path(), path);
            assert!(error.message().contains(says), "{error}");
        }
    }

    /// Run with `SCRUBJAY_BLESS=1` to write the table anew.
    #[test]
    fn the_documented_table_is_what_the_code_does() {
        const BEGIN: &str = "<!-- The table is generated from the code. -->\n";
        const END: &str = "<!-- The table ends. -->\n";
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/privacy-modes.md");
        let page = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        let fresh = format!("{before}{BEGIN}\n{}\n{END}{after}", table());
        if std::env::var_os("SCRUBJAY_BLESS").is_some() {
            std::fs::write(&path, &fresh).unwrap();
        }
        assert!(
            page == fresh,
            "docs/privacy-modes.md is stale; run this test with SCRUBJAY_BLESS=1 and read the change"
        );
    }
}
