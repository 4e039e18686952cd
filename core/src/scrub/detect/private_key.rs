//! Private keys in PEM (RFC 7468), `OpenPGP` armour (RFC 9580), SSH2 (RFC 4716) and `PuTTY`'s files: the lines
//! between the markers, also where the end is cut off or line ends are written `\n`. The markers stay.

use super::{before, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// `-----BEGIN ENCRYPTED PRIVATE KEY-----` and what other tools write there.
const MAX_MARKER: usize = 80;
/// An Ed25519 key has 64 characters of base64; what a limit has cut off this short is no use to anybody.
const MIN_BODY: usize = 20;
const DASHES: &[u8] = b"----";

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::PrivateKey],
    gates: &[
        Gate {
            before: |byte| byte != b'-',
            after: |byte| byte == b'-',
            after2: |byte| byte == b'-',
            ..Gate::new(Lane::Dash, |byte| byte == b'-', verify)
        },
        Gate {
            before2: |byte| byte == b't',
            before: |byte| byte == b'e',
            after: |byte| byte == b'L',
            after2: |byte| byte == b'i',
            ..Gate::new(Lane::Dash, |byte| byte == b'-', verify)
        },
    ],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    if before(text, at) == b'-' {
        return Verdict::Miss { until: at + 1 };
    }
    match marker_end(text, at) {
        Some(start) => {
            // Up to the next marker, whichever: a repeated one is not read twice.
            let next = find(&text[start..], DASHES).map(|i| start + i);
            let is_closed = next.is_some_and(|next| {
                let after = run(text, next, |byte| matches!(byte, b'-' | b' '));
                text[after..].starts_with(b"END")
            });
            let end = next.filter(|_| is_closed).unwrap_or_else(|| run(text, start, is_body));
            body(text, start, end).unwrap_or(Verdict::Miss { until: end.max(at + 1) })
        }
        None => putty(text, at, floor),
    }
}

/// The end of `-----BEGIN … PRIVATE KEY-----` at `at`.
fn marker_end(text: &[u8], at: usize) -> Option<usize> {
    let name = run(text, at, |byte| byte == b'-');
    let open = &text[name..text.len().min(name + MAX_MARKER)];
    let close = find(open, DASHES)?;
    let words = open[..close].trim_ascii();
    let is_private = words.starts_with(b"BEGIN ")
        && [&b"PRIVATE KEY"[..], b"PRIVATE KEY BLOCK"].iter().any(|name| words.ends_with(name));
    (name - at >= DASHES.len() && is_private).then(|| run(text, name + close, |byte| byte == b'-'))
}

/// `Private-Lines: 14`, and base64 below.
fn putty(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    let is_header =
        at >= floor + b"Private".len() && text[..at].ends_with(b"Private") && text[at..].starts_with(b"-Lines: ");
    if !is_header {
        return miss;
    }
    let start = run(text, at + b"-Lines: ".len(), |byte| byte.is_ascii_digit());
    let is_line = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n' | b'\\');
    let end = run(text, start, is_line);
    // The line below is `Private-MAC:`, whose first word is no base64.
    let end = if text[..end].ends_with(b"Private") { end - b"Private".len() } else { end };
    body(text, start, end).unwrap_or(miss)
}

/// Base64 with line ends, the armour's headers, and `\n` as two characters.
const fn is_body(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte.is_ascii_whitespace()
        || matches!(byte, b'+' | b'/' | b'=' | b'\\' | b':' | b',' | b'.' | b'(' | b')')
}

/// What stands between `start` and `end` without the line ends around it, if it can be a key.
fn body(text: &[u8], start: usize, end: usize) -> Option<Verdict> {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let (mut start, mut end) = (start, end);
    loop {
        if start < end && text[start].is_ascii_whitespace() {
            start += 1;
        } else if start + 1 < end && text[start] == b'\\' && matches!(text[start + 1], b'n' | b'r') {
            start += 2;
        } else {
            break;
        }
    }
    while end > start
        && (text[end - 1].is_ascii_whitespace() || text[start..end].ends_with(b"\\n") || text[end - 1] == b'\\')
    {
        end -= if text[start..end].ends_with(b"\\n") { 2 } else { 1 };
    }
    let size = text[start..end].iter().filter(|byte| is_key(**byte)).count();
    // A token in it is a key's that went before.
    (size >= MIN_BODY && text[start] != b'[').then_some(Verdict::Hit { start, end })
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn keys_are_found_and_their_markers_kept() {
        hits(
            Rule::PrivateKey,
            &[
                "-----BEGIN PRIVATE KEY-----\n«MC4CAQAwBQYDK2VwBCIEINT\
                uctv5E1hK1bbY8fdp+K06\nSAMPLEsample012345678»\n-----END PRIVATE KEY-----",
                "-----BEGIN RSA PRIVATE KEY-----\\n«MIIEpAIBAAKCAQEA01\
                23456789SAMPLE\\nabcdefgh»\\n-----END RSA PRIVATE KEY-----",
                "-----BEGIN EC PRIVATE KEY-----\n«Proc-Type: 4,ENCRYPT\
                ED\nDEK-Info: AES-128-CBC,00\n\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04f»\n-----\
                END EC PRIVATE KEY-----",
                "-----BEGIN OPENSSH PRIVATE KEY-----\n«b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAA»",
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n«lQWGBGSAMPL\
                Esample0123456789abcdefgh\n=abcd»\n-----END PGP PRIVATE KEY BLOCK-----",
                "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n«P2/56wAA\
                Ai4AAAA3aWYtbW9kbntzaWdufQAA»\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
                "PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n«AAAAgQCSAMPLEsample0123456789»\nPrivate-MAC: 0",
            ],
        );
    }

    #[test]
    fn public_keys_and_markers_alone_are_left() {
        misses(
            Rule::PrivateKey,
            &[
                "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEz\
                f6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----",
                "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUAbcdefgh0123456789\n-----END CERTIFICATE-----",
                "-----BEGIN PRIVATE KEY-----",
                "-----BEGIN PRIVATE KEY-----\nanything\n-----END PRIVATE KEY-----",
                "-----BEGIN PRIVATE KEY-----\n[private_key]\n-----END PRIVATE KEY-----",
                "------------------------",
                "Private-Lines: 14",
            ],
        );
    }
}
