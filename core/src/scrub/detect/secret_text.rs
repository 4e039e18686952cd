//! Secrets behind a label in running text: `password=…`, `"api_key": "…"`, `<token>…</token>`, `?sig=…&`,
//! `X-Api-Key: …`, `set("DB_PASSWORD", "…")`, `--token …`, `password is …`. The label stays; which names are labels
//! says [`super::secret_name`].

use super::secret_extent::{close, is_name, is_quote, rest_of_header};
use super::secret_label::{Label, label};
use super::secret_name::{MAX_NAME, Sense, sense};
use super::secret_value::{MAX_NOTHING, is_filled, is_mixed, is_placeholder, is_uuid, looks_random};
use super::words::Words;
use super::{bearer, before, byte, cookie, is_word, jwt, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Label as Says, Lane, Verify};
use crate::scrub::policy::Rule;
use crate::scrub::token::token_len;

/// A `key` in a query that is longer than names of things.
const MIN_QUERY: usize = 16;
/// Passwords have no fixed form; behind a comma or a space only this long and mixed is one.
const MIN_UNSURE: usize = 8;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Secret, Rule::Cookie],
    gates: &[
        Gate {
            before: |byte| is_name(byte) || is_quote(byte) || matches!(byte, b' ' | b'\t' | b']' | b'\\'),
            after: |byte| byte != b':',
            label: Says::Secret,
            ..Gate::new(Lane::Sign, |byte| byte == b':', verify)
        },
        Gate {
            before: |byte| {
                is_name(byte) || is_quote(byte) || matches!(byte, b' ' | b'\t' | b']' | b'\\' | b'!' | b'?' | b'+')
            },
            label: Says::Secret,
            ..Gate::new(Lane::Sign, |byte| byte == b'=', verify)
        },
        Gate {
            before: |byte| !matches!(byte, b'=' | b'-' | b'/' | b'>'),
            ..Gate::new(Lane::Sign, |byte| byte == b'>', verify)
        },
        Gate { before: is_quote, ..Gate::new(Lane::Comma, |byte| byte == b',', verify) },
    ],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    let Some(label) = label(text, at, floor) else { return miss };
    match label.sense {
        Sense::Authorization => credentials(text, &label).unwrap_or(miss),
        Sense::Cookie => cookie::verify(text, at, &label).or_else(|| secret(text, &label)).unwrap_or(miss),
        Sense::Secret => secret(text, &label).unwrap_or(miss),
        Sense::Perhaps => perhaps(text, &label).unwrap_or_else(|until| Verdict::Miss { until: until.max(at + 1) }),
        Sense::Other => miss,
    }
}

/// A value behind a name that says "secret".
fn secret(text: &[u8], label: &Label) -> Option<Verdict> {
    if label.sign == b'>' {
        let end = run(text, label.value, |byte| byte != b'<');
        let value = text[label.value..end].trim_ascii_end();
        let end = label.value + value.len();
        return (!is_placeholder(value)).then_some(Verdict::Hit { start: label.value, end });
    }
    // A reference, a list, an object: no value to take.
    let is_opening = label.quote == 0
        && (matches!(byte(text, label.value), b'{' | b'(' | b'|')
            || byte(text, label.value) == b'[' && token_len(&text[label.value..]).is_none()
            || text[label.value..].starts_with(b"$(")
            || text[label.value..].starts_with(b"${"));
    if is_opening {
        return None;
    }
    let end = close(text, label.value, label.quote);
    let value = &text[label.value..end];
    let is_long = value.len() > MAX_NOTHING;
    let is_filler = !is_long && value.len() >= MIN_UNSURE && is_filled(value);
    let is_nothing = is_filler || is_placeholder(without_scheme(value));
    let is_taken = !is_nothing
        && match (label.sign, label.quote) {
            (b',', _) => is_unsure_secret(value),
            (_, 0) => is_long || !is_code(text, label, end) && !is_prose(text, label, end),
            _ => true,
        };
    (is_taken && !is_elsewhere(text, label.value, end)).then_some(Verdict::Hit { start: label.value, end })
}

/// `Bearer [bearer]`: what stands behind an authentication scheme.
fn without_scheme(value: &[u8]) -> &[u8] {
    let scheme = run(value, 0, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let rest = run(value, scheme, |byte| byte == b' ');
    if token_len(&value[rest..]).is_some() { &value[rest..] } else { value }
}

/// A value behind a name that may say "secret". The error says up to where nothing is one.
fn perhaps(text: &[u8], label: &Label) -> Result<Verdict, usize> {
    let start = label.value;
    if text[start..].starts_with(b"http") || matches!(label.sign, b',') {
        return Err(start);
    }
    let end = close(text, start, label.quote);
    let name = &text[label.name.0..label.name.1];
    let digest = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    // A bare `key` of a map is often a digest; in a query it is a right.
    let is_bare_key = name.eq_ignore_ascii_case(b"key") && !matches!(before(text, label.name.0), b'?' | b'&' | b' ');
    let is_digest = is_bare_key && run(text, start, digest) >= end;
    let value = &text[start..end];
    // In a query a `key` is a right, not a place; in the environment it is configuration, and there a UUID is one too.
    let is_in_query = matches!(before(text, label.name.0), b'?' | b'&') && name.eq_ignore_ascii_case(b"key");
    let is_in_environment = name.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9'));
    // A verdict of a test is a word or a count.
    let is_pass = name.eq_ignore_ascii_case(b"pass") && is_unsure_secret(value);
    let is_given = is_pass
        || looks_random(value)
        || (is_in_query || is_in_environment && name.len() > b"KEY".len()) && is_uuid(value)
        || is_in_query
            && value.len() >= MIN_QUERY
            && value.iter().all(u8::is_ascii_alphanumeric)
            && !is_placeholder(value);
    let is_taken = is_given && !is_digest && !is_elsewhere(text, start, end);
    if is_taken { Ok(Verdict::Hit { start, end }) } else { Err(if end - start > MAX_NAME { end } else { start }) }
}

/// Credentials of an `Authorization` header: the scheme stays.
fn credentials(text: &[u8], label: &Label) -> Option<Verdict> {
    let start = label.value;
    let scheme = run(text, start, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let from = if byte(text, scheme) == b' ' { run(text, scheme, |byte| byte == b' ') } else { start };
    let end = close(text, from, label.quote);
    if from >= end || is_placeholder(&text[from..end]) || is_prose(text, label, end) || is_elsewhere(text, start, end) {
        return None;
    }
    let is_short = end - from <= MAX_NOTHING;
    let is_reference =
        is_short && (matches!(byte(text, from), b'$' | b'{' | b'<' | b'[') || text[from..end].contains(&b'('));
    // Parameters (RFC 9110, 11.4) go on behind a comma or a quotation mark.
    let has_parameters = label.quote == 0 && text[from..end].contains(&b'=') && matches!(byte(text, end), b',' | b'"');
    let end = if has_parameters { rest_of_header(text, from, 0).1.max(end) } else { end };
    (!is_reference).then_some(Verdict::Hit { start: from, end })
}

/// Whether another detector takes the whole value and knows better what it is.
fn is_elsewhere(text: &[u8], start: usize, end: usize) -> bool {
    let takes = |verify: Verify| {
        start < end && matches!(verify(text, start, start), Verdict::Hit { end: other, .. } if other >= end)
    };
    takes(jwt::verify) || matches!(text[start], b'B' | b'b') && takes(bearer::verify)
}

/// Long and mixed enough for a place where anything may stand.
pub(super) fn is_unsure_secret(value: &[u8]) -> bool {
    value.len() >= MIN_UNSURE
        && !value.iter().any(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b')' | b'/' | b'<'))
        && value.iter().any(u8::is_ascii_digit)
        && (is_mixed(value) || looks_random(value))
        && !is_placeholder(value)
}

/// `getToken()`, `user.password`, `token`: a program's text, not its data.
fn is_code(text: &[u8], label: &Label, end: usize) -> bool {
    let value = &text[label.value..end];
    let name = &text[label.name.0..label.name.1];
    // Each is asked only where those before say no: the cheapest and the most frequent first.
    let is_same = || {
        value.eq_ignore_ascii_case(name)
            || value.iter().all(|b| b.is_ascii_lowercase() || *b == b'_') && sense(value) == Sense::Secret
    };
    let is_path = || {
        value.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_'))
            && value.windows(3).any(|three| three[1] == b'.' && three[0] != b'.' && three[2] != b'.')
    };
    // `Token{5c01b2e …`: an object's print.
    let is_call = || {
        let Some(i) = value.iter().position(|byte| matches!(byte, b'(' | b'{')) else { return false };
        let is_open = matches!(value[value.len() - 1], b')' | b'}') || value[i] == b'{' && is_word(byte(value, i + 1));
        // `require('x')`, `read(prompt, …)`: cut off at the quotation mark or the comma.
        let is_cut = value.len() == i + 1 && is_quote(byte(text, end))
            || byte(text, end) == b',' && value[i + 1..].iter().all(|byte| is_name(*byte));
        i > 0 && (value[..i].iter().all(|byte| is_name(*byte)) && (is_open || is_cut))
    };
    // `token === COLON`, `$App::Config->{…}`
    let is_operand = || {
        byte(text, label.name.1 + 1) == b'=' && value.iter().all(u8::is_ascii_alphabetic)
            || value.starts_with(b"$") && value.ends_with(b"-") && byte(text, end) == b'>'
    };
    // An object's address and a path of a file.
    let is_object = || value.contains(&b'@') && value.windows(5).any(|part| part.eq_ignore_ascii_case(b"proxy"));
    let is_folder = || {
        let is_of_folder = name.last_chunk::<3>().is_some_and(|last| last.eq_ignore_ascii_case(b"pwd"));
        is_of_folder && matches!(value.first(), Some(b'/' | b'~'))
    };
    is_same() || is_path() || is_call() || is_operand() || is_object() || is_folder()
}

/// `password: incorrect`, `token: the one you got`: words about a secret.
fn is_prose(text: &[u8], label: &Label, end: usize) -> bool {
    #[rustfmt::skip]
    static VERDICTS: Words = Words::of(&[
        "invalid", "incorrect", "expired", "missing", "wrong", "failed", "failure", "ok", "valid", "not", "is", "was",
        "must", "cannot", "can't", "the", "a", "an", "your", "this", "please", "error", "denied", "revoked",
        "rejected", "accepted", "mismatch", "unable", "could", "too", "default",
    ]);
    let value = &text[label.value..end];
    let is_word = value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'\'');
    let is_lower = value.iter().skip(1).all(u8::is_ascii_lowercase);
    let goes_on = byte(text, end) == b' ' && byte(text, end + 1).is_ascii_lowercase();
    is_word && (VERDICTS.has(value) || label.sign == b':' && is_lower && goes_on)
}

#[cfg(test)]
#[path = "secret_text_tests.rs"]
mod tests;
