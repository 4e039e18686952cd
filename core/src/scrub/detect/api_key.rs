//! API keys and access tokens that their issuer's prefix or layout gives away, wherever they stand. The prefixes are
//! in [`shapes`]; what has no prefix but a fixed layout is below.

mod heads;
mod layouts;
mod shapes;

use self::heads::{DASH, DOT, LAST, LAST_TWO, LONE, LOW, MAX_HEAD, SECOND, SECOND_LAST, UNDERSCORE, shapes_of};
use self::layouts::{
    astra, azure_secret, google_refresh, laid_out, max_mind, openshift, salesforce, telegram, webhook,
};
use self::shapes::{PLAIN, Shape};
use super::secret_name::{Sense, sense};
use super::secret_value::{distinct, is_filled, looks_random};
use super::{before, byte, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

/// The longest last word of an unknown issuer's prefix, and the longest such prefix.
const MAX_WORD: usize = 6;
const MAX_PREFIX: usize = 40;
/// From here on a greatest length is no property of the key. So much of a key must look like one, too: what is refused
/// is read again at its next separator.
const LONG: usize = 128;
/// Fewer different characters are a placeholder: `sk-test-test-test`.
const MIN_DISTINCT: u32 = 2;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::ApiKey],
    gates: &[
        Gate {
            before2: |byte| SECOND_LAST[usize::from(byte)] & UNDERSCORE != 0,
            before: |byte| LAST[usize::from(byte)] & UNDERSCORE != 0,
            ..Gate::new(Lane::Underscore, |byte| byte == b'_', prefixed)
        },
        Gate {
            before2: |byte| SECOND_LAST[usize::from(byte)] & DASH != 0,
            before: |byte| LAST[usize::from(byte)] & DASH != 0,
            ..Gate::new(Lane::Dash, |byte| byte == b'-', prefixed)
        },
        Gate {
            before2: |byte| SECOND_LAST[usize::from(byte)] & DOT != 0,
            before: |byte| LAST[usize::from(byte)] & DOT != 0,
            ..Gate::new(Lane::Dash, |byte| byte == b'.', prefixed)
        },
        Gate {
            before2: is_before_lone,
            before: |byte| LONE[usize::from(byte)] & DASH != 0,
            ..Gate::new(Lane::Dash, |byte| byte == b'-', lone)
        },
        Gate {
            before2: is_before_lone,
            before: |byte| LONE[usize::from(byte)] & DOT != 0,
            ..Gate::new(Lane::Dash, |byte| byte == b'.', lone)
        },
        Gate {
            before2: |byte| matches!(byte, b'a' | b'e' | b'p' | b's'),
            before: |byte| matches!(byte, b'c' | b'i' | b'k' | b'n' | b't' | b'y'),
            after: |byte| byte.is_ascii_alphanumeric(),
            after2: |byte| byte.is_ascii_alphanumeric(),
            ..Gate::new(Lane::Underscore, |byte| byte == b'_', named)
        },
        Gate {
            before2: |byte| matches!(byte, b'a' | b'e' | b'p' | b's'),
            before: |byte| matches!(byte, b'c' | b'i' | b'k' | b'n' | b't' | b'y'),
            after: |byte| byte.is_ascii_alphanumeric(),
            after2: |byte| byte.is_ascii_alphanumeric(),
            ..Gate::new(Lane::Dash, |byte| byte == b'-', named)
        },
        Gate {
            before2: |byte| byte.is_ascii_alphanumeric(),
            before: |byte| byte.is_ascii_alphanumeric(),
            after: |byte| byte == b'm',
            after2: |byte| byte == b'm',
            ..Gate::new(Lane::Underscore, |byte| byte == b'_', max_mind)
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
            before2: |byte| byte == b'5',
            before: |byte| byte == b'6',
            after: is_base64url,
            after2: is_base64url,
            ..Gate::new(Lane::Tilde, |byte| byte == b'~', openshift)
        },
        Gate {
            before2: |byte| byte == b'o',
            before: |byte| byte == b'm',
            after: |byte| matches!(byte, b's' | b'w' | b't' | b'a' | b'h'),
            ..Gate::new(Lane::Slash, |byte| byte == b'/', webhook)
        },
        Gate {
            before: is_before_lone,
            after: |byte| SECOND[usize::from(byte)],
            ..Gate::new(Lane::Capital, |byte| matches!(byte, b'A' | b'E' | b'G' | b'I' | b'L' | b'S' | b'Y'), plain)
        },
        // `cmVmd…`, `dapi…`, `dose…`, `eyJrIjoi…`, `oy2…`.
        Gate {
            before: is_before_lone,
            after: |byte| matches!(byte, b'a' | b'm' | b'o' | b'y'),
            after2: |byte| matches!(byte, b'2' | b'J' | b'V' | b'p' | b's'),
            ..Gate::new(Lane::Letter, |byte| matches!(byte, b'c' | b'd' | b'e' | b'o'), plain)
        },
        Gate {
            before2: |byte| byte == b'C',
            before: |byte| byte == b'S',
            after: |byte| byte.is_ascii_alphanumeric(),
            after2: |byte| byte.is_ascii_alphanumeric(),
            ..Gate::new(Lane::Sign, |byte| byte == b':', astra)
        },
        Gate {
            before2: |byte| byte.is_ascii_alphanumeric(),
            before: |byte| byte.is_ascii_alphanumeric(),
            after: |byte| byte.is_ascii_alphanumeric(),
            after2: is_base64url,
            ..Gate::new(Lane::Comma, |byte| byte == b'!', salesforce)
        },
        Gate {
            before: |byte| byte == b'1',
            after: |byte| byte == b'/',
            after2: |byte| byte == b'0',
            ..Gate::new(Lane::Slash, |byte| byte == b'/', google_refresh)
        },
    ],
};

/// A place that may hold a key, and where it is.
type Place = Option<(usize, usize)>;

fn verdict(at: usize, found: Place) -> Verdict {
    found.map_or(Verdict::Miss { until: at + 1 }, |(start, end)| Verdict::Hit { start, end })
}

/// A byte that is no part of a word, or the letter of `\n` where line ends are written as two characters.
const fn is_before_lone(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() || matches!(byte, b'n' | b'r' | b't')
}

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
    key_of(text, start, at)
}

/// A prefix whose head is the one letter before `at`: `s.…`.
fn lone(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_lone(text, at, floor))
}

fn find_lone(text: &[u8], at: usize, floor: usize) -> Place {
    let start = at.checked_sub(1).filter(|start| *start >= floor)?;
    let is_alone = !before(text, start).is_ascii_alphanumeric() || is_escape(text, start);
    if is_alone { key_of(text, start, at) } else { None }
}

/// The key whose prefix's head stands from `start` to `at`.
fn key_of(text: &[u8], start: usize, at: usize) -> Place {
    let head = &text[start..at];
    let (separator, next) = (text[at], byte(text, at + 1));
    let may_be = |[first, second]: [u8; 2]| first == separator && (second == next || second == 0);
    let mut shapes = shapes_of(head)?.filter(|(begins, _)| may_be(*begins));
    shapes.find_map(|(_, shape)| fits(text, shape, at)).map(|end| (start, end))
}

/// A prefix of an issuer that is not known, whose last word says what it is: `acme_api_…`, `acme_pat_…`. What follows
/// must be long and drawn, since objects' ids have prefixes too.
fn named(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_named(text, at, floor))
}

fn find_named(text: &[u8], at: usize, floor: usize) -> Place {
    const WORDS: [&[u8]; 9] = [b"api", b"apikey", b"key", b"token", b"secret", b"sk", b"pat", b"oat", b"sec"];
    const MIN_BODY: usize = 24;
    const MAX_BODY: usize = 160;
    /// Of letters and digits alone: words and ids of many parts end sooner.
    const OPENING: usize = 16;
    const MIN_DISTINCT: u32 = 12;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let opening = text.get(at + 1..at + 1 + OPENING)?;
    if !opening.iter().all(u8::is_ascii_alphanumeric) || !opening.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let lowest = floor.max(at.saturating_sub(MAX_WORD + 1));
    let word = (lowest..at).rev().take_while(|&i| text[i].is_ascii_lowercase()).last()?;
    if !WORDS.contains(&&text[word..at]) || !matches!(before(text, word), b'_' | b'-') {
        return None;
    }
    let lowest = floor.max(at.saturating_sub(MAX_PREFIX));
    let start = (lowest..word).rev().take_while(|&i| is_part(text[i])).last()?;
    let end = run(&text[..text.len().min(at + 2 + MAX_BODY)], at + 1, is_base64url);
    let body = &text[at + 1..end];
    // `cache_key_…`, `next_token_…` name a place.
    let is_place = || matches!(&text[word..at], b"key" | b"token") && sense(&text[start..at]) == Sense::Other;
    let cases = [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit].map(|of| body.iter().any(of));
    let is_key = (MIN_BODY..=MAX_BODY).contains(&body.len())
        && cases == [true; 3]
        && distinct(body) >= MIN_DISTINCT
        && looks_random(body)
        && !is_place();
    is_key.then_some((start, end))
}

/// A prefix without one that begins at `at`: `AKIA…`, `AIza…`.
fn plain(text: &[u8], at: usize, floor: usize) -> Verdict {
    verdict(at, find_plain(text, at, floor))
}

fn find_plain(text: &[u8], at: usize, floor: usize) -> Place {
    if at < floor || before(text, at).is_ascii_alphanumeric() && !is_escape(text, at) {
        return None;
    }
    let is_head = |head: &[u8]| head[..2] == text[at..text.len().min(at + 2)] && text[at..].starts_with(head);
    let shape = PLAIN.iter().find(|shape| is_head(shape.head.as_bytes()))?;
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
    // Before its end is looked for: most of what begins like a key ends sooner, or has no digit.
    let least = text.get(start..start + shape.min.min(LONG))?;
    let within = &text[start..text.len().min(start + LONG)];
    if !least.iter().all(|byte| (shape.alphabet)(*byte)) || shape.digits > 0 && digits(within) < shape.digits {
        return None;
    }
    let is_long = shape.max >= LONG;
    let max = if is_long { LONG } else { shape.max };
    let head = run(&text[..text.len().min(start + max + 1)], start, shape.alphabet);
    let end = without_stop(text, start, head);
    let body = &text[start..end];
    let digits = digits(body);
    let is_key = body.len() >= shape.min
        && (is_long || body.len() <= max)
        && digits >= shape.digits
        && !is_filled(body)
        && (shape.digits == 0 || distinct(body) >= MIN_DISTINCT);
    is_key.then(|| if is_long { without_stop(text, start, run(text, head, shape.alphabet)) } else { end })
}

/// Digits in `text`, counted in lanes of a byte: at most [`LONG`] of them.
fn digits(text: &[u8]) -> usize {
    text.chunks(LONG)
        .map(|chunk| usize::from(chunk.iter().map(|byte| u8::from(byte.is_ascii_digit())).sum::<u8>()))
        .sum()
}

/// `end` without the stops that end the sentence.
fn without_stop(text: &[u8], start: usize, end: usize) -> usize {
    start + text[start..end].iter().rposition(|byte| *byte != b'.').map_or(0, |i| i + 1)
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests;
