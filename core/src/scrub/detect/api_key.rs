//! API keys and access tokens that their issuer's prefix or layout gives away, wherever they stand. The prefixes are
//! in [`shapes`]; what has no prefix but a fixed layout is below.

mod shapes;

use self::shapes::{PLAIN, PREFIXED, Shape};
use super::secret_value::{distinct, is_filled};
use super::{before, byte, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// The longest head of a prefix: what may stand before the first separator.
const MAX_HEAD: usize = 16;
/// From here on a greatest length is no property of the key.
const LONG: usize = 128;
/// Airtable's head.
const MIN_LAID_OUT: usize = 12;
/// Fewer different characters are a placeholder: `sk-test-test-test`.
const MIN_DISTINCT: u32 = 2;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::ApiKey],
    gates: &[
        Gate {
            before2: |byte| SECOND_LAST[usize::from(byte)],
            before: |byte| LAST[usize::from(byte)] & UNDERSCORE != 0,
            ..Gate::new(Lane::Underscore, |byte| byte == b'_', prefixed)
        },
        Gate {
            before2: |byte| SECOND_LAST[usize::from(byte)],
            before: |byte| LAST[usize::from(byte)] & DASH != 0,
            ..Gate::new(Lane::Dash, |byte| byte == b'-', prefixed)
        },
        Gate {
            before2: |byte| SECOND_LAST[usize::from(byte)],
            before: |byte| LAST[usize::from(byte)] & DOT != 0,
            ..Gate::new(Lane::Dash, |byte| byte == b'.', prefixed)
        },
        Gate {
            before2: |byte| byte.is_ascii_hexdigit(),
            before: |byte| byte.is_ascii_hexdigit(),
            after: |byte| byte == b'u',
            after2: |byte| byte == b's',
            ..Gate::new(Lane::Dash, |byte| byte == b'-', laid_out)
        },
        Gate {
            before2: is_base64url,
            before: is_base64url,
            after: is_base64url,
            after2: is_base64url,
            ..Gate::new(Lane::Dash, |byte| byte == b'.', laid_out)
        },
        Gate {
            before2: |byte| byte.is_ascii_digit(),
            before: |byte| byte.is_ascii_digit(),
            after: |byte| byte == b'A',
            after2: is_base64url,
            ..Gate::new(Lane::Sign, |byte| byte == b':', telegram)
        },
        Gate {
            before2: |byte| byte.is_ascii_digit(),
            before: |byte| byte == b'Q',
            ..Gate::new(Lane::Tilde, |byte| byte == b'~', azure_secret)
        },
        Gate {
            before2: |byte| byte == b'o',
            before: |byte| byte == b'm',
            after: |byte| matches!(byte, b's' | b'w' | b't' | b'a' | b'h'),
            ..Gate::new(Lane::Slash, |byte| byte == b'/', webhook)
        },
        Gate {
            before: |byte| !byte.is_ascii_alphanumeric() || matches!(byte, b'n' | b'r' | b't'),
            after: |byte| SECOND[usize::from(byte)],
            ..Gate::new(Lane::Capital, |byte| matches!(byte, b'A' | b'E' | b'G' | b'L' | b'S'), plain)
        },
    ],
};

/// A place that may hold a key, and where it is.
type Place = Option<(usize, usize)>;

fn verdict(at: usize, found: Place) -> Verdict {
    found.map_or(Verdict::Miss { until: at + 1 }, |(start, end)| Verdict::Hit { start, end })
}

/// The separators that a byte stands before where it is the last of a prefix's head.
const UNDERSCORE: u8 = 1;
const DASH: u8 = 2;
const DOT: u8 = 4;
static LAST: [u8; 256] = {
    let (mut last, mut i) = ([0; 256], 0);
    while i < PREFIXED.len() {
        let head = PREFIXED[i].head.as_bytes();
        last[head[head.len() - 1] as usize] |= separator(&PREFIXED[i]);
        i += 1;
    }
    last
};
/// Bytes that stand second to last in a head.
static SECOND_LAST: [bool; 256] = {
    let (mut second, mut i) = ([false; 256], 0);
    while i < PREFIXED.len() {
        let head = PREFIXED[i].head.as_bytes();
        second[head[head.len() - 2] as usize] = true;
        i += 1;
    }
    second
};
/// Pairs of last bytes of heads, by their low bits.
static LAST_TWO: [[bool; LOW]; LOW] = {
    let (mut pairs, mut i) = ([[false; LOW]; LOW], 0);
    while i < PREFIXED.len() {
        let head = PREFIXED[i].head.as_bytes();
        pairs[head[head.len() - 2] as usize % LOW][head[head.len() - 1] as usize % LOW] = true;
        i += 1;
    }
    pairs
};
const LOW: usize = 32;

const fn separator(shape: &Shape) -> u8 {
    match shape.rest.as_bytes()[0] {
        b'_' => UNDERSCORE,
        b'-' => DASH,
        _ => DOT,
    }
}
/// Bytes that stand second in a prefix without a separator.
static SECOND: [bool; 256] = {
    let (mut second, mut i) = ([false; 256], 0);
    while i < PLAIN.len() {
        second[PLAIN[i].head.as_bytes()[1] as usize] = true;
        i += 1;
    }
    second
};

/// A prefix with a separator at `at`: `ghp_…`, `sk-…`, `SG.…`.
fn prefixed(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_prefixed(text, at, floor))
}

fn find_prefixed(text: &[u8], at: usize, floor: usize) -> Place {
    let pair = text[..at].last_chunk::<2>()?.map(|byte| usize::from(byte) % LOW);
    if !LAST_TWO[pair[0]][pair[1]] {
        return None;
    }
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
fn plain(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_plain(text, at, floor))
}

fn find_plain(text: &[u8], at: usize, floor: usize) -> Place {
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
fn laid_out(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_laid_out(text, at, floor))
}

fn find_laid_out(text: &[u8], at: usize, floor: usize) -> Place {
    // The shortest has twelve characters before its separator.
    if !at.checked_sub(MIN_LAID_OUT).is_some_and(|i| is_base64url(text[i]) && text[i] != b'-') {
        return None;
    }
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
fn telegram(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_telegram(text, at, floor))
}

fn find_telegram(text: &[u8], at: usize, floor: usize) -> Place {
    if !text[at..].starts_with(b":A") {
        return None;
    }
    let lowest = floor.max(at.saturating_sub(17));
    let start = (lowest..at).rev().take_while(|&i| text[i].is_ascii_digit()).last()?;
    let end = run(&text[..text.len().min(at + 40)], at + 1, is_base64url);
    ((6..=16).contains(&(at - start)) && (34..=36).contains(&(end - at - 1))).then_some((start, end))
}

/// Microsoft Entra: three characters, a digit, `Q~`, 31 to 34 characters.
fn azure_secret(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_azure_secret(text, at, floor))
}

fn find_azure_secret(text: &[u8], at: usize, floor: usize) -> Place {
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
fn webhook(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_webhook(text, at, floor))
}

fn find_webhook(text: &[u8], at: usize, floor: usize) -> Place {
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
