//! Values that their member's name gives away: `password`, `api_key`, `authorization`, and what the configuration
//! lists in `pii_fields`. The whole value goes, whatever its form.

use std::collections::HashSet;

use crate::scrub::policy::Rule;

/// Names whose last word alone says "secret".
const SECRET_WORDS: [&str; 15] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "secrets",
    "token",
    "apikey",
    "authorization",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "jwt",
];

/// Names whose last two words together say "secret".
const SECRET_PAIRS: [(&str, &str); 9] = [
    ("api", "key"),
    ("access", "key"),
    ("secret", "key"),
    ("private", "key"),
    ("signing", "key"),
    ("encryption", "key"),
    ("otp", "seed"),
    ("totp", "seed"),
    ("recovery", "code"),
];

/// A token of these names a place in a listing, not a right.
const HARMLESS_TOKENS: [&str; 5] = ["page", "next", "continuation", "sync", "cancellation"];

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

    /// The rule that `name` brings on its value.
    pub(crate) fn rule_of(&self, name: &str) -> Option<Rule> {
        /// Longer names are not looked at: nobody names a secret in so many words.
        const MAX_NAME: usize = 64;
        if name.len() > MAX_NAME {
            return None;
        }
        let words = words(name);
        if is_secret(&words) {
            return Some(Rule::Secret);
        }
        (!self.pii.is_empty() && self.pii.contains(&words.concat())).then_some(Rule::Pii)
    }
}

fn is_secret(words: &[String]) -> bool {
    let last = words.last().map_or("", String::as_str);
    let second = words.len().checked_sub(2).map_or("", |i| words[i].as_str());
    match last {
        "token" => !HARMLESS_TOKENS.contains(&second),
        _ => SECRET_WORDS.contains(&last) || SECRET_PAIRS.contains(&(second, last)),
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
            assert_eq!(rules.rule_of(name), Some(Rule::Secret), "{name}");
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
            assert_eq!(rules.rule_of(name), None, "{name}");
        }
    }

    #[test]
    fn configured_names_are_compared_without_case_and_separators() {
        let rules = KeyRules::new(&["Home_Address".to_owned()]);
        assert_eq!(rules.rule_of("homeAddress"), Some(Rule::Pii));
        assert_eq!(rules.rule_of("address"), None);
    }
}
