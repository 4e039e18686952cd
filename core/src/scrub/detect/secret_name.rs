//! What a name says about its value: `client_secret`, `DB_PASSWORD`, `X-API-Key`. One list for the members of JSON
//! and for labels in running text, so that both know the same names.

mod words;

use std::sync::LazyLock;

use self::words::{
    DESCRIPTORS, ENDINGS, HARMLESS_KEYS, HARMLESS_TOKENS, KEY_WORDS, PAIRS, PASSES, PERHAPS, SECRET_KEYS, SECRETS,
    TAILS,
};

use crate::scrub::endings::Endings;

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scrub) enum Sense {
    /// The value is a secret, whatever it looks like.
    Secret,
    /// The value may be one: `key`, `auth`, `signature`. Its form decides.
    Perhaps,
    /// As `Secret`, and a scheme stands before the credentials (RFC 9110, 11.6.2).
    Authorization,
    /// As `Secret`, in pairs (RFC 6265).
    Cookie,
    /// Nothing.
    Other,
}

/// Longer names are not looked at: nobody names a secret in so many words.
pub(in crate::scrub) const MAX_NAME: usize = 64;
/// Words of a name that are told apart.
const MAX_WORDS: usize = 12;

/// What `name` says, in any spelling: words are split at separators and humps.
pub(in crate::scrub) fn sense(name: &[u8]) -> Sense {
    if name.len() > MAX_NAME || !may_end(name) {
        return Sense::Other;
    }
    // One word, as labels in texts mostly are.
    if name.iter().all(u8::is_ascii_lowercase) {
        return of("", std::str::from_utf8(name).unwrap_or_default());
    }
    let (mut lower, mut words) = ([0; MAX_NAME], [(0, 0); MAX_WORDS]);
    let count = split(name, &mut lower, &mut words);
    let word = |i: usize| {
        let (start, end) = words.get(i).copied().unwrap_or_default();
        std::str::from_utf8(&lower[start..end]).unwrap_or_default()
    };
    // `password_2`, `secret_value`: what counts is the word before.
    let mut end = count;
    while end > 1 && (word(end - 1).is_empty() || said(word(end - 1)) & TAIL != 0) {
        end -= 1;
    }
    let last = end.checked_sub(1).map_or("", word);
    let found = of(end.checked_sub(2).map_or("", word), last);
    if found == Sense::Perhaps && end != count { Sense::Other } else { found }
}

/// All words that [`of`] asks about as the last, and the tails.
static LAST: LazyLock<Endings> = LazyLock::new(|| {
    let alone = ["token", "authorization", "cookie", "cookies", "key", "pass"].iter();
    let pairs = PAIRS.iter().map(|(_, last)| last);
    Endings::of(alone.chain(&SECRETS).chain(&ENDINGS).chain(&PERHAPS).chain(&TAILS).chain(pairs))
});

/// Whether `name` may end with a word that says something; nearly always it does not, and this is a quick no.
fn may_end(name: &[u8]) -> bool {
    // Digits behind a word do not count: `password2`, `token_2`.
    without_digits(name).is_none_or(|name| LAST.may_end(name))
}

/// How names end that say something.
pub(in crate::scrub) fn endings() -> &'static Endings {
    &LAST
}

/// [`may_end`] of the label that stands at the end of a text.
pub(in crate::scrub) fn may_end_label(text: &[u8]) -> bool {
    without_digits(text).is_none_or(|text| LAST.may_end_label(text))
}

/// `name` without the digits at its end and what stands among them; nothing where there are many.
#[inline]
fn without_digits(name: &[u8]) -> Option<&[u8]> {
    /// A name is counted in few.
    const MAX_DIGITS: usize = 8;
    let is_count = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.' | b' ');
    let count = name.iter().rev().take(MAX_DIGITS).take_while(is_count).count();
    if count == MAX_DIGITS { None } else { Some(&name[..name.len() - count]) }
}

/// Whether a member called `name` of an object whose own name says "secret" only describes the secret.
pub(in crate::scrub) fn is_descriptor(name: &[u8]) -> bool {
    let Some(last) = last_word(name) else { return false };
    DESCRIPTORS.iter().any(|known| last.eq_ignore_ascii_case(known.as_bytes()))
}

/// What stands behind the last separator or hump.
fn last_word(name: &[u8]) -> Option<&[u8]> {
    let is_start = |i: &usize| {
        !name[i - 1].is_ascii_alphabetic() || name[i - 1].is_ascii_lowercase() && name[*i].is_ascii_uppercase()
    };
    let start = (1..name.len()).rev().find(is_start).unwrap_or(0);
    name.get(start..).filter(|word| word.iter().all(u8::is_ascii_alphabetic))
}

fn of(before: &str, last: &str) -> Sense {
    if let Some(owner) = last.strip_suffix("token") {
        let owner = if owner.is_empty() { before } else { owner };
        return if HARMLESS_TOKENS.contains(&owner) { Sense::Other } else { Sense::Secret };
    }
    if last == "authorization" {
        return Sense::Authorization;
    }
    if last == "cookie" || last == "cookies" {
        return Sense::Cookie;
    }
    let is_key = last == "key";
    let said = said(last);
    if said & SECRET != 0
        || said & LAST_OF_PAIR != 0 && PAIRS.contains(&(before, last))
        || last.len() >= SHORTEST_ENDING && ENDINGS.iter().any(|ending| last.ends_with(ending))
        || is_key && SECRET_KEYS.iter().any(|kind| before.ends_with(kind))
        || last == "pass" && PASSES.contains(&before)
    {
        return Sense::Secret;
    }
    let perhaps = if is_key { !HARMLESS_KEYS.contains(&before) } else { ends_in_key(last) || PERHAPS.contains(&last) };
    if perhaps { Sense::Perhaps } else { Sense::Other }
}

/// Letters of the shortest of [`ENDINGS`].
const SHORTEST_ENDING: usize = 6;

/// What a word can be.
const SECRET: u8 = 1;
const TAIL: u8 = 2;
const LAST_OF_PAIR: u8 = 4;

/// What `word` can be: of the long lists at once.
fn said(word: &str) -> u8 {
    /// Twice as many slots as words, and few enough words to a slot.
    const SLOTS: usize = 256;
    type Slots = Vec<Vec<(&'static str, u8)>>;
    /// The length, and the ends: words in use differ there.
    fn slot(word: &[u8]) -> usize {
        let (first, last) = (word.first().copied().unwrap_or(0), word.last().copied().unwrap_or(0));
        let third = word.get(2).copied().unwrap_or(0);
        (word.len() * 5 + usize::from(first) * 7 + usize::from(last) * 29 + usize::from(third) * 3) % SLOTS
    }
    static WORDS: LazyLock<Slots> = LazyLock::new(|| {
        let mut slots: Slots = vec![Vec::new(); SLOTS];
        let secrets = SECRETS.iter().map(|word| (*word, SECRET));
        let tails = TAILS.iter().map(|word| (*word, TAIL));
        let pairs = PAIRS.iter().map(|(_, word)| (*word, LAST_OF_PAIR));
        for (word, what) in secrets.chain(tails).chain(pairs) {
            slots[slot(word.as_bytes())].push((word, what));
        }
        slots
    });
    let known = WORDS[slot(word.as_bytes())].iter();
    known.filter(|(known, _)| *known == word).fold(0, |said, (_, what)| said | what)
}

/// `shodankey`, `cosmoskey`
fn ends_in_key(last: &str) -> bool {
    last.strip_suffix("key").is_some_and(|owner| !HARMLESS_KEYS.contains(&owner)) && !KEY_WORDS.contains(&last)
}

const fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Lower-case words of `name` without their trailing digits, the last [`MAX_WORDS`] of them at most.
fn split(name: &[u8], lower: &mut [u8; MAX_NAME], words: &mut [(usize, usize); MAX_WORDS]) -> usize {
    let (mut count, mut previous, mut at) = (0, b' ', 0);
    for &byte in name {
        if is_part(byte) {
            if !is_part(previous) || previous.is_ascii_lowercase() && byte.is_ascii_uppercase() {
                if count == MAX_WORDS {
                    words.rotate_left(1);
                    count -= 1;
                }
                words[count] = (at, at);
                count += 1;
            }
            lower[at] = byte.to_ascii_lowercase();
            at += 1;
            words[count - 1].1 = at;
        }
        previous = byte;
    }
    for (start, end) in &mut words[..count] {
        while *end > *start && lower[*end - 1].is_ascii_digit() {
            *end -= 1;
        }
    }
    count
}

#[cfg(test)]
mod tests;
