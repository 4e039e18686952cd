//! The tokens that scrubbing writes: `[email]`, `[email:2]`, `[hash:…]`. They say what stood there, satisfy any
//! keyword of a schema, and are never scrubbed again.

use super::policy::Rule;

/// Hex digits of a pseudonym: 128 bits, so that two people never share one.
pub(crate) const HASH_DIGITS: usize = 32;

/// The token of `rule`.
pub(crate) fn token(rule: Rule) -> String {
    format!("[{}]", rule.name())
}

/// `text` with `ordinal` in the last of its tokens that can carry one, or behind it.
pub(crate) fn numbered(text: &str, ordinal: u32) -> String {
    let starts = text.match_indices('[').map(|(at, _)| at);
    let last = starts
        .filter_map(|at| Some((at, token_len(&text.as_bytes()[at..])?)))
        .rfind(|(at, _)| !text[*at..].starts_with("[hash:"));
    let Some((at, len)) = last else { return format!("{text}:{ordinal}") };
    let name = text[at + 1..at + len - 1].split(':').next().unwrap_or_default();
    format!("{}[{name}:{ordinal}]{}", &text[..at], &text[at + len..])
}

/// Whether the whole of `text` is one token.
pub(crate) fn is_token(text: &str) -> bool {
    token_len(text.as_bytes()) == Some(text.len())
}

/// Length of the token at the start of `text`, if one stands there.
pub(crate) fn token_len(text: &[u8]) -> Option<usize> {
    let inside = text.strip_prefix(b"[")?;
    // No token is longer than a pseudonym: a bound that keeps a run of brackets linear.
    let end = inside.iter().take("hash:".len() + HASH_DIGITS + 1).position(|&byte| byte == b']')?;
    let inside = &inside[..end];
    let (name, rest) = match inside.iter().position(|&byte| byte == b':') {
        Some(colon) => (&inside[..colon], Some(&inside[colon + 1..])),
        None => (inside, None),
    };
    let known = match rest {
        Some(digits) if name == b"hash" => {
            digits.len() == HASH_DIGITS && digits.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
        }
        // An ordinal: at most as many members as a record can hold.
        Some(digits) => is_rule(name) && matches!(digits.len(), 1..=5) && digits.iter().all(u8::is_ascii_digit),
        None => is_rule(name),
    };
    known.then_some(end + 2)
}

fn is_rule(name: &[u8]) -> bool {
    Rule::ALL.iter().any(|rule| rule.name().as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinal_goes_into_the_last_token_that_can_carry_one() {
        assert_eq!(numbered("a [email] b [card] c", 3), "a [email] b [card:3] c");
        let hash = "[hash:0123456789abcdef0123456789abcdef]";
        assert_eq!(numbered(&format!("[ipv4]{hash}"), 2), format!("[ipv4:2]{hash}"));
        assert_eq!(numbered(hash, 2), format!("{hash}:2"));
    }

    #[test]
    fn only_what_scrubbing_writes_is_a_token() {
        for text in ["[email]", "[card:2]", "[hash:0123456789abcdef0123456789abcdef]"] {
            assert!(is_token(text), "{text}");
        }
        for text in ["[ann]", "email", "[email", "[email] ", "[email:]", "[email:x]", "[hash:12]", "[hash]", "[]", ""] {
            assert!(!is_token(text), "{text}");
        }
    }
}
