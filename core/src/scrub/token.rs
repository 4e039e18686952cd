//! The tokens that scrubbing writes: `[email]`, `[email:2]`, `[hash:…]`. They say what stood there, satisfy any
//! keyword of a schema, and are never scrubbed again.

use super::policy::Rule;

/// Hex digits of a pseudonym: 128 bits, so that two people never share one.
pub(crate) const HASH_DIGITS: usize = 32;

/// The token of `rule`. From the second on, an ordinal keeps the names of one object's members apart.
pub(crate) fn token(rule: Rule, ordinal: u32) -> String {
    if ordinal > 1 { format!("[{}:{ordinal}]", rule.name()) } else { format!("[{}]", rule.name()) }
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
    fn only_what_scrubbing_writes_is_a_token() {
        for text in ["[email]", "[card:2]", "[hash:0123456789abcdef0123456789abcdef]"] {
            assert!(is_token(text), "{text}");
        }
        for text in ["[ann]", "email", "[email", "[email] ", "[email:]", "[email:x]", "[hash:12]", "[hash]", "[]", ""] {
            assert!(!is_token(text), "{text}");
        }
    }
}
