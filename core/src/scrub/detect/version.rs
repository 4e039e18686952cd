//! What tells a four-part version from an address: the words around it.

use super::words::{Words, label_before, word_after, word_before};
use super::{before, byte, is_word, run};

/// Words before a version, and products and parts of books that are numbered alike.
#[rustfmt::skip]
static VERSIONED: Words = Words::of(&[
    "rv", "version", "ver", "vers", "v", "versions", "release", "rel", "build", "phone", "browser", "firmware", "driver",
    "update", "upgrade", "upgraded", "downgraded", "revision", "patch", "sdk", "jdk", "jre", "dll", "clr", "kernel",
    "bios", "chrome", "chromium", "firefox", "safari", "opera", "windows", "macos", "android", "ios",
    "instagram", "plugin", "section", "sections", "chapter", "clause",
]);
/// Behind a version's last part: `1.2.3.4-rc1`.
const STAGES: [&[u8]; 9] =
    [b"alpha", b"beta", b"rc", b"snapshot", b"dev", b"preview", b"nightly", b"canary", b"hotfix"];
/// How a user agent begins; whoever logs one bare has versions in it.
const USER_AGENTS: [&[u8]; 3] = [b"Mozilla/", b"Opera/", b"Dalvik/"];

/// Behind one of [`VERSIONED`]: `version is`, `build number`.
static FILLERS: Words = Words::of(&["is", "was", "number", "no", "nr"]);
/// Words that a version's change is told with, and what stands between: `upgraded to`.
static CHANGES: Words = Words::of(&[
    "upgrade",
    "upgraded",
    "upgrades",
    "upgrading",
    "downgrade",
    "downgraded",
    "downgrading",
    "bump",
    "bumped",
]);
static DIRECTIONS: Words = Words::of(&["to", "from"]);
/// Between two versions: `from 1.2.3.4 to 1.2.3.5`.
static BETWEEN: Words = Words::of(&["to", "and", "or", "through", "until"]);
/// Versions in a row that are told by the first.
const MAX_ROW: usize = 3;
/// Behind a version: `1.2.3.4 or later`, `1.2.3.4 (beta)`.
const COMPARED: [&[u8]; 8] = [b"later", b"newer", b"higher", b"above", b"earlier", b"older", b"below", b"prior"];
const KINDS: [&[u8]; 6] = [b"release", b"build", b"version", b"beta", b"alpha", b"snapshot"];

/// Whether what stands from `at` to `end` is a version.
pub(super) fn is_version(text: &[u8], at: usize, end: usize) -> bool {
    let (mut at, mut end) = (at, end);
    for _ in 0..MAX_ROW {
        if says_version(text, at, end) {
            return true;
        }
        let Some((start, until)) = previous(text, at) else { return false };
        (at, end) = (start, until);
    }
    false
}

/// The number of four parts before the one at `at`, with a word between.
fn previous(text: &[u8], at: usize) -> Option<(usize, usize)> {
    /// `255.255.255.255`
    const MAX_LEN: usize = 15;
    let word = word_before(text, at).filter(|word| word.is_any(&BETWEEN))?;
    let end = text[..word.start].trim_ascii_end().len();
    let lowest = end.saturating_sub(MAX_LEN);
    let is_part = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let start = (lowest..end).rev().take_while(|&i| is_part(text[i])).last()?;
    (text[start..end].split(|byte| *byte == b'.').count() == 4).then_some((start, end))
}

/// Words behind a version.
fn is_compared(text: &[u8], end: usize) -> bool {
    let word = word_after(text, end);
    let is_any = |word: &[u8], known: &[&[u8]]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
    let joins = || is_any(word, &[b"or", b"and"]);
    let next = || word_after(text, run(text, end, |byte| !byte.is_ascii_alphabetic()) + word.len());
    !word.is_empty() && (is_any(word, &KINDS) || joins() && is_any(next(), &COMPARED))
}

/// `Chrome/120.0.6099.71` (a product's name and a slash, not a URL's two), `rv:1.9.2.17`, `amd64~~6.1.1.1`.
fn says_version(text: &[u8], at: usize, end: usize) -> bool {
    let product = before(text, at) == b'/' && at.checked_sub(2).is_some_and(|i| is_word(text[i]) || text[i] == b')');
    product
        || before(text, at) == b'~'
        || word_before(text, at)
            .is_some_and(|word| word.is_any(&VERSIONED) || word.letters.to_ascii_lowercase().ends_with(b"version"))
        || label_before(text, at, &VERSIONED, &FILLERS).is_some()
        || label_before(text, at, &CHANGES, &DIRECTIONS).is_some()
        || is_stage(text, end)
        || is_compared(text, end)
        || USER_AGENTS.iter().any(|name| text.starts_with(name))
}

/// `-beta`, `-SNAPSHOT`, but not the `-` of a range or a label.
fn is_stage(text: &[u8], end: usize) -> bool {
    byte(text, end) == b'-'
        && STAGES
            .iter()
            .any(|stage| text.get(end + 1..end + 1 + stage.len()).is_some_and(|word| word.eq_ignore_ascii_case(stage)))
}
