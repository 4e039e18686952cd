//! The configuration's own rules: patterns that are looked for in every string and every member name.
//!
//! The engine of the patterns is linear in the text for each match, without look-around and back-references. What a
//! pattern costs in sum is bounded by [`MAX_MATCHES`]. Patterns are never tried on tokens, nor across them.

use std::borrow::Cow;
use std::ops::Range;

use regex_lite::{Regex, RegexBuilder};

use super::Found;
use super::modes::check_action;
use super::policy::Policy;
use super::rule::Rule;
use super::token::{is_custom_name, token_len};
use crate::config::{CustomRule, PrivacyConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::outcome::Action;

/// Own rules of a configuration: each is tried on every string.
const MAX_RULES: usize = 32;

/// Bytes of a pattern: beyond any that a person can check.
const MAX_PATTERN_BYTES: usize = 1_000;

/// Bytes of a compiled pattern. It is what a byte of text costs at the most; `\w{20}` needs a tenth of it.
const MAX_COMPILED_BYTES: usize = 256 << 10;

/// Matches of one rule in one text. A search may read all of the text for each, so their number bounds the work; a text
/// with more of them goes whole.
const MAX_MATCHES: usize = 64;

/// The section, compiled.
#[derive(Debug)]
pub(super) struct CustomRules(Vec<Compiled>);

#[derive(Debug)]
struct Compiled {
    pattern: Regex,
    token: String,
    action: Action,
}

impl CustomRules {
    /// The rules, or nothing where there are none.
    pub(super) fn new(config: &PrivacyConfig) -> Result<Option<Self>> {
        if config.rules.len() > MAX_RULES {
            return Err(Error::new(ErrorKind::ConfigInvalid, "/privacy/rules", format!("at most {MAX_RULES} rules")));
        }
        let mut rules: Vec<Compiled> = Vec::new();
        for (i, rule) in config.rules.iter().enumerate() {
            let compiled = Compiled::new(config, rule).map_err(|(member, message)| {
                Error::new(ErrorKind::ConfigInvalid, format!("/privacy/rules/{i}/{member}"), message)
            })?;
            if rules.iter().any(|other| other.token == compiled.token) {
                let path = format!("/privacy/rules/{i}/name");
                return Err(Error::new(ErrorKind::ConfigInvalid, path, "another rule has this name"));
            }
            rules.push(compiled);
        }
        Ok((!rules.is_empty()).then_some(Self(rules)))
    }

    /// What the rules find in `text` and does not stay, in order and without overlaps; the earlier rule wins.
    pub(super) fn find(&self, text: &str, policy: &Policy) -> Vec<Found> {
        let matches = self.matches(text).into_iter();
        let found = matches.filter(|(range, _)| policy.allowed(Rule::Custom, &text[range.clone()]).is_none());
        found.filter_map(|(range, rule)| Some(self.0.get(rule)?.found(range, text, policy))).collect()
    }

    /// Where the rules match in `text`, and which.
    pub(super) fn matches(&self, text: &str) -> Vec<(Range<usize>, usize)> {
        let mut matches: Vec<(Range<usize>, usize)> = Vec::new();
        for (i, rule) in self.0.iter().enumerate() {
            let mut count = 0;
            for stretch in between_tokens(text) {
                let start = stretch.start;
                let found = rule.pattern.find_iter(&text[stretch]).map(|found| found.range());
                let found = found.filter(|range| !range.is_empty()).take(MAX_MATCHES - count + 1);
                let before = matches.len();
                matches.extend(found.map(|range| (range.start + start..range.end + start, i)));
                count += matches.len() - before;
                if count > MAX_MATCHES {
                    return vec![(0..text.len(), i)];
                }
            }
        }
        matches.sort_by_key(|(range, rule)| (range.start, *rule));
        let mut end = 0;
        matches.retain(|(range, _)| {
            let is_apart = range.start >= end;
            end = if is_apart { range.end } else { end };
            is_apart
        });
        matches
    }
}

impl Compiled {
    /// The rule, or the member that is wrong and why.
    fn new(config: &PrivacyConfig, rule: &CustomRule) -> std::result::Result<Self, (&'static str, String)> {
        if !is_custom_name(rule.name.as_bytes()) {
            return Err(("name", "expected 1 to 32 of a-z, 0-9 and _, a letter first".to_owned()));
        }
        if Rule::named(rule.name.as_bytes()).is_some() {
            return Err(("name", "a built-in rule has this name".to_owned()));
        }
        if rule.pattern.len() > MAX_PATTERN_BYTES {
            return Err(("pattern", format!("at most {MAX_PATTERN_BYTES} bytes")));
        }
        let pattern = RegexBuilder::new(&rule.pattern).size_limit(MAX_COMPILED_BYTES).build().map_err(|_| {
            // The parser's own message would quote the pattern.
            ("pattern", "no regular expression, too large, or with look-around or back-references".to_owned())
        })?;
        if pattern.is_match("") {
            return Err(("pattern", "must not match the empty text: it would be everywhere".to_owned()));
        }
        let action = Action::from(rule.action);
        if action == Action::Keep {
            return Err(("action", "a rule that keeps finds nothing; see /privacy/allow".to_owned()));
        }
        check_action(config, Rule::Custom, rule.action).map_err(|message| ("action", message.to_owned()))?;
        Ok(Self { pattern, token: format!("[custom:{}]", rule.name), action })
    }

    fn found(&self, at: Range<usize>, text: &str, policy: &Policy) -> Found {
        let asked = if policy.treatment(Rule::Custom).0 == Action::Seal { Action::Seal } else { self.action };
        let (replacement, action) = match policy.apply(asked, Rule::Custom, &text[at.clone()]) {
            Some((replacement, action)) if action != Action::Replace => (replacement, action),
            _ => (Cow::Owned(self.token.clone()), Action::Replace),
        };
        Found { at, rule: Rule::Custom, replacement, action }
    }
}

/// The stretches of `text` between its tokens.
fn between_tokens(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let start = from?;
        let token = (start..bytes.len())
            .filter(|&at| bytes[at] == b'[')
            .find_map(|at| token_len(&bytes[at..]).map(|len| (at, at + len)));
        from = token.map(|(_, end)| end);
        Some(start..token.map_or(bytes.len(), |(at, _)| at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(rules: &str) -> Policy {
        let privacy = format!(r#"{{"pseudonym_key":"0123456789abcdef","rules":{rules}}}"#);
        Policy::new(&serde_json::from_str(&privacy).unwrap()).unwrap()
    }

    fn found(rules: &str, text: &str) -> Vec<(String, String)> {
        let policy = policy(rules);
        let found = policy.custom().unwrap().find(text, &policy);
        found.into_iter().map(|found| (text[found.at].to_owned(), found.replacement.into_owned())).collect()
    }

    #[test]
    fn matches_are_found_between_tokens_and_the_earlier_rule_wins() {
        let rules = r#"[{"name":"order","pattern":"ord-[0-9]+"},{"name":"any","pattern":"[a-z]+","action":"remove"}]"#;
        let expected = [("ab", "[removed]"), ("ord-1", "[custom:order]"), ("or", "[removed]")];
        let expected = expected.map(|(text, token)| (text.to_owned(), token.to_owned()));
        assert_eq!(found(rules, "ab[email]ord-1 [card] or"), expected);
    }

    #[test]
    fn a_text_with_too_many_matches_goes_whole() {
        let rules = r#"[{"name":"a","pattern":"a"}]"#;
        assert_eq!(found(rules, &"a ".repeat(MAX_MATCHES)).len(), MAX_MATCHES);
        let text = "a ".repeat(MAX_MATCHES + 1);
        assert_eq!(found(rules, &text), [(text.clone(), "[custom:a]".to_owned())]);
    }

    #[test]
    fn empty_matches_are_none() {
        assert_eq!(found(r#"[{"name":"edge","pattern":"\\b"}]"#, "a b"), []);
    }

    #[test]
    fn a_bad_rule_is_an_error_at_its_place_that_quotes_nothing() {
        let long = format!(r#"{{"name":"a","pattern":"{}"}}"#, "a".repeat(MAX_PATTERN_BYTES + 1));
        for (rule, member) in [
            (r#"{"name":"Order No","pattern":"x"}"#, "name"),
            (r#"{"name":"email","pattern":"x"}"#, "name"),
            (r#"{"name":"a","pattern":"(hunter2"}"#, "pattern"),
            (r#"{"name":"a","pattern":"(?=hunter2)"}"#, "pattern"),
            (r#"{"name":"a","pattern":"(hunter2)\\1"}"#, "pattern"),
            (r#"{"name":"a","pattern":"(((a{100}){100}){100})"}"#, "pattern"),
            (r#"{"name":"a","pattern":"a*"}"#, "pattern"),
            (r#"{"name":"a","pattern":"a","action":"keep"}"#, "action"),
            (r#"{"name":"a","pattern":"a","action":"hash"}"#, "action"),
            (&long, "pattern"),
        ] {
            let config = serde_json::from_str(&format!(r#"{{"rules":[{rule}]}}"#)).unwrap();
            let error = CustomRules::new(&config).unwrap_err();
            assert_eq!(error.path(), format!("/privacy/rules/0/{member}"), "{rule}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
