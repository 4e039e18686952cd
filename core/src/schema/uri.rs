//! URIs by the grammar of RFC 3986, without resolving anything.

use std::net::Ipv6Addr;

/// Whether `text` is a `URI`: with a scheme, and only with characters that may stand where they stand.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let (rest, fragment) = cut(rest, '#');
    let (hierarchy, query) = cut(rest, '?');
    let (authority, path) = match hierarchy.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", hierarchy),
    };
    is_scheme(scheme)
        && is_authority(authority)
        && are_chars(path, b":@/")
        && are_chars(query, b":@/?")
        && are_chars(fragment, b":@/?")
}

/// The parts before and behind the first `at`.
fn cut(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn is_authority(text: &str) -> bool {
    let (user, address) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match address.strip_prefix('[') {
        Some(literal) => {
            let Some((literal, behind)) = literal.split_once(']') else { return false };
            if !is_literal(literal) || !(behind.is_empty() || behind.starts_with(':')) {
                return false;
            }
            ("", behind.trim_start_matches(':'))
        }
        None => address.rsplit_once(':').unwrap_or((address, "")),
    };
    are_chars(user, b":") && are_chars(host, b"") && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// `IP-literal` without its brackets.
fn is_literal(text: &str) -> bool {
    let future = text.strip_prefix(['v', 'V']).and_then(|future| future.split_once('.'));
    future.map_or_else(
        || text.parse::<Ipv6Addr>().is_ok(),
        |(version, address)| {
            let is_hex = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex && !address.is_empty() && !address.contains('%') && are_chars(address, b":")
        },
    )
}

/// Whether `text` has only `unreserved`, `sub-delims`, whole `pct-encoded` and those in `also`.
fn are_chars(text: &str, also: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || also.contains(&byte);
        let is_encoded =
            || byte == b'%' && bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        at += match (is_plain, is_plain || is_encoded()) {
            (true, _) => 1,
            (false, true) => 3,
            (false, false) => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_has_a_scheme_and_no_foreign_characters() {
        for text in [
            "http://foo.bar/?baz=qux#quux",
            "http://foo.com/blah_(wikipedia)_blah#cite-1",
            "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com",
            "http://223.255.255.254",
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "http://[v1.fe80:1]:8080/",
            "mailto:John.Doe@example.com",
            "tel:+1-816-555-1212",
            "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
            "a:",
        ] {
            assert!(is_uri(text), "{text}");
        }
        for text in [
            "//foo.bar/?baz=qux#quux",
            "/abc",
            "\\\\WINDOWS\\fileshare",
            "abc",
            "http:// shouldfail.com",
            ":// should fail",
            "bar,baz:foo",
            "https://[@example.org/test.txt",
            "https://example.org/foobar\\.txt",
            "https://example.org/foobar<>.txt",
            "https://example.org/é",
            "https://example.org/%4",
            "https://example.org/%zz",
            "https://example.org:8o/",
            "https://[::1]x/",
            "https://example.org/a#b#c",
            "1http://x",
        ] {
            assert!(!is_uri(text), "{text}");
        }
    }
}
