//! API keys and access tokens that their issuer's prefix or layout gives away, wherever they stand. The prefixes are
//! in [`shapes`]; what has no prefix but a fixed layout is below.

mod shapes;

use self::shapes::{PLAIN, PREFIXED, Shape};
use super::secret_value::{distinct, is_filled};
use super::{before, byte, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::policy::Rule;

/// The longest head of a prefix: what may stand before the first separator.
const MAX_HEAD: usize = 16;
/// From here on a greatest length is no property of the key.
const LONG: usize = 128;
/// Fewer different characters are a placeholder: `sk-test-test-test`.
const MIN_DISTINCT: u32 = 2;

pub(super) const DETECTOR: Detector = Detector {
    rule: Rule::ApiKey,
    trigger: |byte| matches!(byte, b'_' | b'-' | b'.' | b':' | b'~' | b'/' | b'A' | b'E' | b'G' | b'L' | b'S'),
    verify,
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let found = match text[at] {
        b'_' | b'-' | b'.' => prefixed(text, at, floor).or_else(|| laid_out(text, at, floor)),
        b':' => telegram(text, at, floor),
        b'~' => azure_secret(text, at, floor),
        b'/' => webhook(text, at, floor),
        _ => plain(text, at, floor),
    };
    found.map_or(Verdict::Miss { until: at + 1 }, |(start, end)| Verdict::Hit { start, end })
}

/// A prefix with a separator at `at`: `ghp_…`, `sk-…`, `SG.…`.
fn prefixed(text: &[u8], at: usize, floor: usize) -> Option<(usize, usize)> {
    let lowest = floor.max(at.saturating_sub(MAX_HEAD + 1));
    let start = (lowest..at).rev().take_while(|&i| text[i].is_ascii_alphanumeric()).last()?;
    // `\nghp_…` where line ends are written as two characters.
    let start = start + usize::from(before(text, start) == b'\\' && matches!(text[start], b'n' | b'r' | b't'));
    let head = &text[start..at];
    let first = PREFIXED.partition_point(|shape| shape.head.as_bytes() < head);
    let shapes = PREFIXED.get(first..)?.iter().take_while(|shape| shape.head.as_bytes() == head);
    shapes.into_iter().find_map(|shape| fits(text, shape, at)).map(|end| (start, end))
}

/// A prefix without one that begins at `at`: `AKIA…`, `AIza…`.
fn plain(text: &[u8], at: usize, floor: usize) -> Option<(usize, usize)> {
    if at < floor || before(text, at).is_ascii_alphanumeric() && !is_escape(text, at) {
        return None;
    }
    let shape = PLAIN.iter().find(|shape| text[at..].starts_with(shape.head.as_bytes()))?;
    fits(text, shape, at + shape.head.len()).map(|end| (at, end))
}

fn is_escape(text: &[u8], at: usize) -> bool {
    at >= 2 && text[at - 2] == b'\\' && matches!(text[at - 1], b'n' | b'r' | b't')
}

/// The end of the key whose prefix's head ends at `at`.
fn fits(text: &[u8], shape: &Shape, at: usize) -> Option<usize> {
    if !text[at..].starts_with(shape.rest.as_bytes()) {
        return None;
    }
    let start = at + shape.rest.len();
    // What may be long has no limit: a key that were refused for its length would be read again at its next separator.
    let max = if shape.max < LONG { shape.max } else { text.len() };
    let limit = text.len().min(start + max + 1);
    let end = run(&text[..limit], start, shape.alphabet);
    // The stop that ends the sentence.
    let end = start + text[start..end].iter().rposition(|byte| *byte != b'.').map_or(0, |i| i + 1);
    let body = &text[start..end];
    let digits = body.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_key = (shape.min..=max).contains(&body.len())
        && digits >= shape.digits
        && !is_filled(body)
        && (shape.digits == 0 || distinct(body) >= MIN_DISTINCT);
    is_key.then_some(end)
}

/// Keys told by lengths and separators alone.
fn laid_out(text: &[u8], at: usize, floor: usize) -> Option<(usize, usize)> {
    let lowest = floor.max(at.saturating_sub(33));
    let start = (lowest..at).rev().take_while(|&i| text[i].is_ascii_alphanumeric() || text[i] == b'_').last()?;
    let head = &text[start..at];
    if text[at] == b'-' {
        // Mailchimp: 32 hexadecimal digits and a data centre.
        let end = run(text, at + 3, |byte| byte.is_ascii_digit());
        let is_mailchimp = head.len() == 32
            && head.iter().all(u8::is_ascii_hexdigit)
            && text[at..].starts_with(b"-us")
            && (1..=2).contains(&(end - at.min(end)).saturating_sub(3));
        return (is_mailchimp && !byte(text, end).is_ascii_alphanumeric()).then_some((start, end));
    }
    if text[at] != b'.' {
        return None;
    }
    let second = run(&text[..text.len().min(at + 130)], at + 1, is_base64url);
    let middle = second - at - 1;
    // Airtable: `pat`, 14 characters, 64 hexadecimal digits.
    if head.len() >= 12 && head.len() <= 20 && head.starts_with(b"pat") && middle >= 60 {
        return text[at + 1..second].iter().all(u8::is_ascii_hexdigit).then_some((start, second));
    }
    // Discord: an id in base64, a time, a signature.
    let is_discord = (23..=28).contains(&head.len())
        && matches!(head[0], b'M' | b'N' | b'O')
        && (6..=7).contains(&middle)
        && byte(text, second) == b'.'
        && head.iter().any(u8::is_ascii_digit);
    let end = run(&text[..text.len().min(second + 42)], second + 1, is_base64url);
    (is_discord && (27..=40).contains(&(end - second).saturating_sub(1))).then_some((start, end))
}

/// `123456789:AAB0c1D2e3F4g5H6i7J8k9L0m1N2o3P4q5R`: a bot's number and 35 characters.
fn telegram(text: &[u8], at: usize, floor: usize) -> Option<(usize, usize)> {
    if !text[at..].starts_with(b":A") {
        return None;
    }
    let lowest = floor.max(at.saturating_sub(17));
    let start = (lowest..at).rev().take_while(|&i| text[i].is_ascii_digit()).last()?;
    let end = run(&text[..text.len().min(at + 40)], at + 1, is_base64url);
    ((6..=16).contains(&(at - start)) && (34..=36).contains(&(end - at - 1))).then_some((start, end))
}

/// Microsoft Entra: three characters, a digit, `Q~`, 31 to 34 characters.
fn azure_secret(text: &[u8], at: usize, floor: usize) -> Option<(usize, usize)> {
    let start = at.checked_sub(5).filter(|start| *start >= floor)?;
    let is_part = |byte: u8| is_base64url(byte) || matches!(byte, b'.' | b'~');
    let end = run(&text[..text.len().min(at + 36)], at + 1, is_part);
    let is_secret = text[at - 1] == b'Q'
        && text[at - 2].is_ascii_digit()
        && text[start..at].iter().all(|byte| is_part(*byte))
        && (31..=34).contains(&(end - at - 1));
    is_secret.then_some((start, end))
}

/// Addresses that anyone may post to who has them. The path goes, the host stays.
fn webhook(text: &[u8], at: usize, floor: usize) -> Option<(usize, usize)> {
    const HOOKS: [(&[u8], &[u8]); 8] = [
        (b"hooks.slack.com", b"/services/"),
        (b"hooks.slack.com", b"/workflows/"),
        (b"hooks.slack.com", b"/triggers/"),
        (b"discord.com", b"/api/webhooks/"),
        (b"discordapp.com", b"/api/webhooks/"),
        (b"office.com", b"/webhook"),
        (b"tines.com", b"/webhook/"),
        (b"hooks.zapier.com", b"/hooks/catch/"),
    ];
    let path = HOOKS
        .iter()
        .find(|(host, path)| at >= floor + host.len() && text[at..].starts_with(path) && text[..at].ends_with(host))?
        .1;
    let end = run(text, at, |byte| is_base64url(byte) || matches!(byte, b'/' | b'@' | b'%' | b'.'));
    let start = at + path.len();
    (end > start + 8 && !is_filled(&text[start..end])).then_some((start, end))
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests;
