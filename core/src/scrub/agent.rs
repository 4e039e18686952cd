//! User agents in strict mode: the products and their major versions stay. Comments (systems, devices, their versions),
//! minor versions and all that is no product go: together they tell single users apart.

use super::detector::LANES;
use super::policy::Rule;
use super::token::{is_token, token_len};
use super::{Change, Changes, MAX_PASSES, Place, Scrubbed, Scrubber};
use crate::scan::{Scan, Scanned};

/// Products that a user agent names: browsers name five.
const MAX_PRODUCTS: usize = 8;
/// Bytes of a product's name.
const MAX_NAME: usize = 32;
/// Digits of a major version: a year at the most.
const MAX_MAJOR: usize = 4;

impl Scrubber {
    /// Whether user agents lose something at `place`.
    pub(super) fn cuts_agent(&self, place: Place) -> bool {
        place == Place::UserAgent && self.wanted[place as usize].has(Rule::UserAgent)
    }

    /// A user agent without what detectors find in it and without its detail; nothing where it stays.
    pub(super) fn scrub_agent(&self, scanned: Scanned<'_>, depth: usize) -> Option<Scrubbed> {
        if is_token(scanned.text) || scanned.text.is_empty() {
            return None;
        }
        let mut changes: Vec<Change> = Vec::new();
        let mut current = None;
        for _ in 0..MAX_PASSES {
            let text: &str = current.as_deref().unwrap_or(scanned.text);
            let scan = Scan::of(text, &LANES);
            let settled = self.settled(scan.with(text), Place::UserAgent, depth);
            let (text, found) = match settled {
                Some((Scrubbed { text, changes }, _)) => (text, changes),
                None => (text.to_owned().into(), Changes::None),
            };
            changes.extend(found.iter());
            let replaced = if is_token(&text) { None } else { self.policy.replace(Rule::UserAgent, &text) };
            let Some((replacement, action)) = replaced.filter(|(replacement, _)| *replacement != text) else {
                changes.sort_by_key(|(rule, _)| *rule as usize);
                changes.dedup();
                return (!changes.is_empty()).then_some(Scrubbed { text, changes: Changes::Many(changes) });
            };
            changes.push((Rule::UserAgent, action));
            current = Some(replacement);
        }
        let (text, action) = self.policy.cover(Rule::UserAgent);
        Some(Scrubbed { text, changes: (Rule::UserAgent, action).into() })
    }
}

/// `agent`'s products with their major versions; nothing where it names none.
pub(super) fn reduced(agent: &str) -> Option<String> {
    let plain = without_comments(agent);
    let products = plain.split_ascii_whitespace().filter_map(product).take(MAX_PRODUCTS);
    let reduced = products.collect::<Vec<_>>().join(" ");
    (!reduced.is_empty()).then_some(reduced)
}

/// What stands outside of parentheses; one that does not close runs to the end.
fn without_comments(agent: &str) -> String {
    let mut open = 0_usize;
    let outside = |c: &char| {
        match c {
            '(' => open += 1,
            ')' if open > 0 => {
                open -= 1;
                return false;
            }
            _ => {}
        }
        open == 0
    };
    agent.chars().filter(outside).collect()
}

/// `Chrome/126` of `Chrome/126.0.6478.127` (RFC 9110, 10.1.5). `Mobile` alone says on what kind of screen it is.
fn product(word: &str) -> Option<String> {
    if word == "Mobile" || token_len(word.as_bytes()) == Some(word.len()) {
        return Some(word.to_owned());
    }
    let (name, version) = word.split_once('/')?;
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let is_name =
        name.len() <= MAX_NAME && name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(is_part);
    if !is_name {
        return None;
    }
    if is_token(version) {
        return Some(word.to_owned());
    }
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    // `Version/v1.2`, and what is no number of a version.
    (1..=MAX_MAJOR).contains(&digits).then(|| format!("{name}/{}", &version[..digits]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_keep_their_major_versions() {
        for (agent, left) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.127 Safari/537.36",
                "Mozilla/5 AppleWebKit/537 Chrome/126 Safari/537",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148",
                "Mozilla/5 AppleWebKit/605 Version/17 Mobile/15",
            ),
            ("okhttp/4.12.0", "okhttp/4"),
            ("Foo/1.2 (a (b) c) Mobile Safari/1", "Foo/1 Mobile Safari/1"),
            ("App/[ipv4] x", "App/[ipv4]"),
            ("curl/8.4.0 (unclosed", "curl/8"),
        ] {
            assert_eq!(reduced(agent).as_deref(), Some(left));
            assert_eq!(reduced(left).as_deref(), Some(left));
        }
        for agent in ["Ann's iPhone", "build/20260102", "(a)", ""] {
            assert_eq!(reduced(agent), None, "{agent}");
        }
    }
}
