//! Credentials before the host of a URL (RFC 3986, 3.2.1) and behind curl's `--user`: `scheme://user:password@host`.
//! Scheme, host and path stay.

use super::secret_value::{is_filled, is_placeholder, looks_random};
use super::{byte, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// Longer user parts are none.
const MAX_LEN: usize = 512;
/// Of a user part without a password: a token, not a name.
const MIN_TOKEN: usize = 20;
/// How far back an option stands from the colon.
const MAX_USER: usize = 128;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::UrlCredentials],
    gates: &[Gate {
        before: |byte| !byte.is_ascii_whitespace(),
        after: |byte| !byte.is_ascii_whitespace(),
        ..Gate::new(Lane::Sign, |byte| byte == b':', verify)
    }],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    if text[at..].starts_with(b"://") { in_url(text, at) } else { in_option(text, at, floor) }
}

fn in_url(text: &[u8], at: usize) -> Verdict {
    let start = at + b"://".len();
    let limit = text.len().min(start + MAX_LEN);
    let miss = Verdict::Miss { until: start };
    let mut host = None;
    for (i, &byte) in text[start..limit].iter().enumerate() {
        match AUTHORITY[usize::from(byte)] {
            Part::Other => {}
            // The last: a password may hold one.
            Part::At => host = Some(start + i),
            Part::End => break,
        }
    }
    let Some(host) = host else { return miss };
    let colon = text[start..host].iter().position(|byte| *byte == b':').map(|i| start + i);
    let secret = colon.map_or(start, |colon| colon + 1);
    let password = &text[secret..host];
    let is_token = password.len() >= MIN_TOKEN && looks_random(password);
    if !is_given(password) || colon.is_none() && !is_token {
        return miss;
    }
    // A person's address goes with the password; a service's name says which service it was.
    let user = &text[start..secret];
    let is_person = user.contains(&b'@') || user.windows(3).any(|three| three.eq_ignore_ascii_case(b"%40"));
    Verdict::Hit { start: if is_person { start } else { secret }, end: host }
}

/// `curl -u user:password`
fn in_option(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    let lowest = floor.max(at.saturating_sub(MAX_USER));
    let Some(user) = (lowest..at).rev().take_while(|&i| is_user(text[i])).last() else { return miss };
    // Nearly always a text begins there, or another word stands before it.
    if user == lowest {
        return miss;
    }
    let option = text[lowest..user].trim_ascii_end();
    let option = option.strip_suffix(b"\"").or_else(|| option.strip_suffix(b"'")).unwrap_or(option).trim_ascii_end();
    let option = option.strip_suffix(b"=").unwrap_or(option);
    let is_option = [&b" -u"[..], b" --user", b" --proxy-user", b" -U"].iter().any(|name| option.ends_with(name));
    let is_number = text[user..at].iter().all(u8::is_ascii_digit);
    if !is_option || is_number || !is_given(&text[user..at]) {
        return miss;
    }
    let end = run(text, at + 1, |byte| is_user(byte) || matches!(byte, b':' | b','));
    if !is_given(&text[at + 1..end]) {
        return miss;
    }
    Verdict::Hit { start: user, end }
}

/// A byte of an option's user.
fn is_user(byte: u8) -> bool {
    static TABLE: [bool; 256] = {
        let (mut table, mut i) = ([false; 256], 0);
        while i < table.len() {
            let byte = i.to_le_bytes()[0];
            table[i] = !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b':' | b'`' | b',' | b'=');
            i += 1;
        }
        table
    };
    TABLE[usize::from(byte)]
}

/// What a byte is in a URL's authority.
#[derive(Clone, Copy)]
enum Part {
    Other,
    At,
    End,
}

static AUTHORITY: [Part; 256] = {
    let (mut table, mut i) = ([Part::Other; 256], 0);
    while i < table.len() {
        table[i] = match i.to_le_bytes()[0] {
            b'@' => Part::At,
            byte if may_be_authority(byte) => Part::Other,
            _ => Part::End,
        };
        i += 1;
    }
    table
};

const fn may_be_authority(byte: u8) -> bool {
    !byte.is_ascii_whitespace()
        && !byte.is_ascii_control()
        && !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' | b',')
}

/// Neither a placeholder nor a token of ours.
fn is_given(value: &[u8]) -> bool {
    !is_placeholder(value)
        && !is_filled(value)
        && !matches!(byte(value, 0), b'[' | b'<' | b'$' | b'{')
        && !value.windows(2).any(|two| two == b"{{" || two == b"${")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn passwords_are_found_and_the_place_is_kept() {
        hits(
            Rule::UrlCredentials,
            &[
                "https://ann:«hunter2»@example.com/a?b=c",
                "postgres://app:«p@ss:w»@db.example:5432/x",
                "redis://:«hunter2»@cache.example:6379/0",
                "amqp://«ann%40example.com:pw1»@mq.example",
                "jdbc:postgresql://root:«root»@localhost:5432",
                "https://«9f2c1e7ab04d83c65512ffe0a9b3d7c4»@errors.example/1",
                "curl -u «ann:hunter2» https://a.example",
                "curl --user '«ann@example.com:zK4»' https://a.example",
            ],
        );
    }

    #[test]
    fn other_urls_are_left() {
        misses(
            Rule::UrlCredentials,
            &[
                "https://example.com:8080/@ann",
                "https://example.com/a:b@c",
                "ssh://git@example.com/a.git",
                "postgres://app:${PASSWORD}@db",
                "https://user:<password>@example.com",
                "https://user:[url_credentials]@example.com",
                "https://user:****@example.com",
                "curl -u \"${{ steps.id }}:${{ steps.password }}\"",
                "docker run -u 1000:1000 x",
                "://://://",
            ],
        );
    }
}
