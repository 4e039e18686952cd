//! What may stand in place of a value: the tokens of each action, masks, truncated addresses.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::agent::reduced;
use super::detect::ipv4;
use super::rule::Rule;
use super::token::{REMOVED, is_domain, is_last_four};
use crate::outcome::Action;

/// What stands in place of a value, and what that is called. Tokens that say no more than a rule's name are static.
pub(crate) type Replacement = (Cow<'static, str>, Action);

/// The rule's token.
pub(super) const fn replaced(rule: Rule) -> Replacement {
    (Cow::Borrowed(rule.token()), Action::Replace)
}

/// The token that does not say what it was.
pub(super) const fn removed() -> Replacement {
    (Cow::Borrowed(REMOVED), Action::Remove)
}

/// Characters of a number that a mask hides at the least.
const MIN_HIDDEN: usize = 4;

/// A token with the part of `text` that is safe to show. The table is closed: last four of numbers that are printed
/// so on receipts and statements, the domain of an e-mail address, the network of an IP address. For everything else,
/// and where too little would be hidden, it is the rule's token.
pub(super) fn masked(rule: Rule, text: &str) -> Replacement {
    let shown = match rule {
        Rule::Card | Rule::Iban | Rule::BankAccount => last_four(text),
        // What follows the first letter is an extension.
        Rule::Phone => last_four(text.split(char::is_alphabetic).next().unwrap_or_default()),
        Rule::Email => domain(text),
        Rule::Ipv4 | Rule::Ipv6 => return truncated(rule, text),
        _ => None,
    };
    match shown {
        Some(shown) => (Cow::Owned(format!("[{}:mask:{shown}]", rule.name())), Action::Mask),
        None => replaced(rule),
    }
}

/// What a mask shows of the rule, for the documentation.
#[cfg(test)]
pub(super) fn shown(rule: Rule) -> &'static str {
    let shows = |text| matches!(masked(rule, text).1, Action::Mask | Action::Truncate);
    match rule {
        Rule::Email if shows("ann@example.com") => "domain",
        Rule::Ipv4 if shows("203.0.113.77") => "/24 network",
        Rule::Ipv6 if shows("2001:db8::1") => "/48 network",
        _ if shows("1234 5678 9012") => "last four",
        _ => "",
    }
}

fn last_four(text: &str) -> Option<String> {
    let all: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase()).collect();
    let shown = all.get(all.len().checked_sub(4)?..)?;
    (all.len() >= 4 + MIN_HIDDEN && is_last_four(shown)).then(|| String::from_utf8_lossy(shown).into_owned())
}

fn domain(text: &str) -> Option<String> {
    let domain = text.rsplit_once('@')?.1.to_ascii_lowercase();
    is_domain(domain.as_bytes()).then_some(domain)
}

/// An address without its host part, a user agent without its detail; the rule's token where it is neither.
pub(super) fn truncated(rule: Rule, text: &str) -> Replacement {
    let network = match rule {
        Rule::Ipv4 => match ipv4::host_of(text.as_bytes()) {
            Some(host) => Some(without_host(text, host)),
            None => text.parse().ok().map(truncate_v4),
        },
        Rule::Ipv6 => text.parse().ok().map(truncate_v6),
        Rule::UserAgent => reduced(text),
        _ => None,
    };
    network.map_or_else(|| replaced(rule), |network| (Cow::Owned(network), Action::Truncate))
}

/// The /24 network of the address `text` in its one form, whose last part begins at `host`.
pub(super) fn without_host(text: &str, host: usize) -> String {
    let mut network = String::with_capacity(host + 1);
    network.push_str(&text[..host]);
    network.push('0');
    network
}

/// The /24 network: a household at the least (design section 4).
fn truncate_v4(address: Ipv4Addr) -> String {
    let [a, b, c, _] = address.octets();
    Ipv4Addr::new(a, b, c, 0).to_string()
}

/// The /48 network: a site at the least. A mapped IPv4 address is truncated as one.
fn truncate_v6(address: Ipv6Addr) -> String {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return format!("::ffff:{}", truncate_v4(mapped));
    }
    let [a, b, c, ..] = address.segments();
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::is_token;

    #[test]
    fn a_mask_shows_what_a_receipt_does() {
        for (rule, text, token) in [
            (Rule::Card, "4111 1111 1111 1234", "[card:mask:1234]"),
            (Rule::Iban, "GB82 WEST 1234 5698 7654 32", "[iban:mask:5432]"),
            (Rule::Phone, "+1 (415) 555-0132", "[phone:mask:0132]"),
            (Rule::Phone, "+1 415-555-0132 ext. 49", "[phone:mask:0132]"),
            (Rule::BankAccount, "12345678", "[bank_account:mask:5678]"),
            (Rule::Email, "Ann.B@Mail.Example.com", "[email:mask:mail.example.com]"),
            (Rule::Ipv4, "203.0.113.77", "203.0.113.0"),
        ] {
            let (shown, _) = masked(rule, text);
            assert_eq!(shown, token);
            assert!(rule == Rule::Ipv4 || is_token(&shown), "{shown}");
        }
    }

    #[test]
    fn nothing_is_shown_where_little_would_be_hidden_or_nothing_is_safe() {
        for (rule, text) in [
            (Rule::BankAccount, "1234567"),
            (Rule::Phone, "12345"),
            (Rule::Ssn, "219-09-9999"),
            (Rule::Person, "Ann van der Berg"),
            (Rule::Secret, "hunter2hunter2"),
            (Rule::Email, "ann@müller.example"),
            (Rule::Email, "x@4111111111111111.com"),
        ] {
            assert_eq!(masked(rule, text), replaced(rule), "{text}");
        }
    }
}
