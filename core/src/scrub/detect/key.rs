//! Values that their member's name gives away: `password`, `api_key`, `authorization`, and what the configuration
//! lists in `pii_fields`. The whole value goes, whatever its form.

use std::collections::HashSet;

use super::secret_name::{MAX_NAME, Sense};
use crate::scrub::policy::Rule;

/// Compiled names.
#[derive(Debug)]
pub(crate) struct KeyRules {
    /// Names from the configuration, lower case without separators.
    pii: HashSet<String>,
}

impl KeyRules {
    pub(crate) fn new(pii_fields: &[String]) -> Self {
        Self { pii: pii_fields.iter().map(|name| words(name).concat()).collect() }
    }

    /// The rule that `name`, of which [`sense`](super::secret_name::sense) says this, brings on its value.
    pub(crate) fn rule_of(&self, name: &str, sense: Sense) -> Option<Rule> {
        if name.len() > MAX_NAME {
            return None;
        }
        if matches!(sense, Sense::Secret | Sense::Authorization | Sense::Cookie) {
            return Some(Rule::Secret);
        }
        (!self.pii.is_empty() && self.pii.contains(&words(name).concat())).then_some(Rule::Pii)
    }
}

/// `X-API-Key`, `apiKey`, `api_key` → `api`, `key`: lower-case words, split at separators and humps.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    for c in name.chars() {
        let starts = !previous.is_alphanumeric() || (previous.is_lowercase() && c.is_uppercase());
        if c.is_alphanumeric() {
            match words.last_mut() {
                Some(word) if !starts => word.extend(c.to_lowercase()),
                _ => words.push(c.to_lowercase().collect()),
            }
        }
        previous = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detect::secret_name::sense;

    fn rule_of(rules: &KeyRules, name: &str) -> Option<Rule> {
        rules.rule_of(name, sense(name.as_bytes()))
    }

    #[test]
    fn names_that_say_secret_are_found_in_every_spelling() {
        let rules = KeyRules::new(&[]);
        for name in [
            "password",
            "userPassword",
            "DB_PASSWORD",
            "api_key",
            "X-API-Key",
            "apiKey",
            "Authorization",
            "set-cookie",
            "access_token",
            "accessToken",
            "client.secret",
            "aws_secret_access_key",
            "privateKey",
        ] {
            assert_eq!(rule_of(&rules, name), Some(Rule::Secret), "{name}");
        }
    }

    #[test]
    fn names_that_only_speak_of_secrets_are_left() {
        let rules = KeyRules::new(&[]);
        for name in [
            "password_length",
            "token_type",
            "tokens",
            "input_tokens",
            "max_tokens",
            "next_page_token",
            "key",
            "primary_key",
            "cookie_consent",
            "secretary",
            "passed",
            "code",
            "",
        ] {
            assert_eq!(rule_of(&rules, name), None, "{name}");
        }
    }

    #[test]
    fn configured_names_are_compared_without_case_and_separators() {
        let rules = KeyRules::new(&["Home_Address".to_owned()]);
        assert_eq!(rule_of(&rules, "homeAddress"), Some(Rule::Pii));
        assert_eq!(rule_of(&rules, "address"), None);
    }
}
