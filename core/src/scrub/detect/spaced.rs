//! Secrets behind a label without a sign: `--token …`, `password is …`, `token '…'`. Prose has labels too, so only
//! what no word is, is taken; behind a command's option anything is.

use super::secret_extent::{close, is_name, is_quote, open};
use super::secret_label::{name_start, phrase_start};
use super::secret_name::{MAX_NAME, Sense, may_end_label, sense};
use super::secret_text::is_unsure_secret;
use super::secret_value::{is_placeholder, looks_random};
use super::{before, byte, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

const WORDS: [&[u8]; 5] = [b"token", b"key", b"password", b"passwd", b"pwd"];
/// A password that somebody tells.
const MIN_TOLD: usize = 4;

/// At a word's last letter, before a space, and at an option's first hyphen.
pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Secret],
    gates: &[
        Gate {
            before2: |byte| byte.eq_ignore_ascii_case(&b'k'),
            before: |byte| byte.eq_ignore_ascii_case(&b'e'),
            after: |byte| byte == b' ',
            ..Gate::new(Lane::LastLetter, |byte| matches!(byte.to_ascii_lowercase(), b'n' | b'y'), verify)
        },
        Gate {
            before2: |byte| matches!(byte.to_ascii_lowercase(), b'o' | b's' | b'p'),
            before: |byte| matches!(byte.to_ascii_lowercase(), b'r' | b'w'),
            after: |byte| byte == b' ',
            ..Gate::new(Lane::LastLetter, |byte| byte.eq_ignore_ascii_case(&b'd'), verify)
        },
        Gate {
            before: is_before_option,
            after: |byte| byte == b'-',
            after2: is_name,
            ..Gate::new(Lane::Dash, |byte| byte == b'-', option)
        },
    ],
};

/// What an option may stand behind.
const fn is_before_option(byte: u8) -> bool {
    byte.is_ascii_whitespace() || is_quote(byte)
}

/// Looks at the word whose last letter stands at `at`.
fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    find(text, at, floor).unwrap_or(Verdict::Miss { until: at + 1 })
}

fn find(text: &[u8], at: usize, floor: usize) -> Option<Verdict> {
    let end = at + 1;
    let ends = |word: &&[u8]| {
        let start = end.checked_sub(word.len()).filter(|start| *start >= floor);
        start.is_some_and(|start| text[start..end].eq_ignore_ascii_case(word))
    };
    WORDS.iter().find(|word| ends(word))?;
    let name = (name_start(text, end, floor), end);
    let gap = run(text, end, |byte| byte == b' ');
    let (linked, is_told) = link(text, gap);
    let (start, quote) = open(text, linked);
    // The sign behind the name is looked at by itself.
    if matches!(byte(text, gap), b'=' | b':' | b'>') || start >= text.len() || quote == 0 && !is_name(text[start]) {
        return None;
    }
    let sense = sense(&text[phrase_start(text, name, floor)..end]);
    let is_option = text[name.0..].starts_with(b"--") && gap == linked;
    let end = close(text, start, quote);
    let value = &text[start..end];
    let is_taken = match sense {
        Sense::Secret if is_told => value.len() >= MIN_TOLD && is_no_word(value),
        Sense::Secret => is_unsure_secret(value),
        Sense::Perhaps if is_option || is_quote(quote) => looks_random(value),
        _ => false,
    };
    is_taken.then_some(Verdict::Hit { start, end })
}

/// `--client-secret …`: what stands behind a command's option whose two hyphens stand at `at`.
fn option(text: &[u8], at: usize, floor: usize) -> Verdict {
    find_option(text, at, floor).unwrap_or(Verdict::Miss { until: at + 1 })
}

fn find_option(text: &[u8], at: usize, floor: usize) -> Option<Verdict> {
    let end = run(&text[..text.len().min(at + 3 + MAX_NAME)], at + 2, is_name);
    if at < floor
        || byte(text, end) != b' '
        || !is_before_option(before(text, at))
        || !may_end_label(&text[at + 2..end])
    {
        return None;
    }
    let (start, quote) = open(text, end + 1);
    let end_of_value = close(text, start, quote);
    let value = &text[start..end_of_value];
    // `--secret id=x,src=y` names one.
    let is_pair = value.windows(2).any(|two| two[0] == b'=' && two[1] != b'=');
    let is_value = quote != 0 || !value.starts_with(b"-") && !is_pair;
    let is_taken =
        start < text.len() && is_value && !is_placeholder(value) && sense(&text[at + 2..end]) == Sense::Secret;
    is_taken.then_some(Verdict::Hit { start, end: end_of_value })
}

/// Behind `is` or a dash, and whether it was one of words.
fn link(text: &[u8], at: usize) -> (usize, bool) {
    for (link, is_told) in [(&b"is "[..], true), (b"was ", true), (b"- ", false)] {
        if text[at..].len() >= link.len() && text[at..at + link.len()].eq_ignore_ascii_case(link) {
            return (at + link.len(), is_told);
        }
    }
    (at, false)
}

/// Letters with a digit or a sign among them.
fn is_no_word(value: &[u8]) -> bool {
    let odd = value.iter().filter(|byte| !byte.is_ascii_alphabetic() && !matches!(byte, b'\'' | b'-' | b'.')).count();
    odd > 0 && odd < value.len() && !is_placeholder(value) && value.iter().any(|byte| is_word(*byte))
}
