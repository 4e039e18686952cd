//! The words around a number: labels such as `phone:` or `SSN is` that say what it is where its form alone does not.

/// How many bytes of separators may stand between a word and what it speaks of.
const MAX_GAP: usize = 4;
/// Longer words are no labels.
const MAX_WORD: usize = 16;

/// Words in lower case. Most others are told from them by their length and first letter.
pub(super) struct Words {
    words: &'static [&'static str],
    /// A bit for each length, by the low bits of the first letter.
    lengths: [u32; FIRST_LETTERS],
}

/// Low bits of a letter, whatever its case.
const FIRST_LETTERS: usize = 32;

impl Words {
    pub(super) const fn of(words: &'static [&'static str]) -> Self {
        let (mut lengths, mut i) = ([0; FIRST_LETTERS], 0);
        while i < words.len() {
            let word = words[i].as_bytes();
            // No longer word is looked for.
            assert!(word.len() <= MAX_WORD);
            lengths[word[0] as usize % FIRST_LETTERS] |= 1 << word.len();
            i += 1;
        }
        Self { words, lengths }
    }

    /// Whether `word` is one of them, in any case.
    pub(super) fn has(&self, word: &[u8]) -> bool {
        let first = word.first().map_or(0, |letter| usize::from(*letter) % FIRST_LETTERS);
        let may_be = word.len() <= MAX_WORD && self.lengths[first] >> word.len() & 1 == 1;
        may_be && self.words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
    }
}

/// A word, with the separators between it and what follows.
pub(super) struct Word<'a> {
    pub(super) letters: &'a [u8],
    /// Where it starts.
    pub(super) start: usize,
    /// Whether a colon or an equals sign binds it to what follows.
    pub(super) bound: bool,
}

impl Word<'_> {
    /// Whether it is one of `words`.
    pub(super) fn is_any(&self, words: &Words) -> bool {
        words.has(self.letters)
    }
}

/// The ASCII word that ends before `at`. A token's name (`[phone]`) is none: it spoke of what is gone.
pub(super) fn word_before(text: &[u8], at: usize) -> Option<Word<'_>> {
    let mut end = at;
    let mut bound = false;
    while end > 0 && at - end < MAX_GAP && is_gap(text[end - 1]) {
        bound |= matches!(text[end - 1], b':' | b'=');
        end -= 1;
    }
    let mut start = end;
    while start > 0 && end - start <= MAX_WORD && text[start - 1].is_ascii_alphabetic() {
        start -= 1;
    }
    (start < end && end - start <= MAX_WORD).then(|| Word { letters: &text[start..end], start, bound })
}

/// The ASCII word that follows `at`, behind spaces or hyphens.
pub(super) fn word_after(text: &[u8], at: usize) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    let gap = rest.iter().take(MAX_GAP).take_while(|byte| is_gap_before_word(**byte)).count();
    let rest = &rest[gap..];
    let len = rest.iter().take(MAX_WORD).take_while(|byte| byte.is_ascii_alphabetic()).count();
    if gap == 0 { &[] } else { &rest[..len] }
}

/// Whether the byte may stand between a number and the word behind it.
pub(super) const fn is_gap_before_word(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'(')
}

/// Whether one of `labels` stands before `at`, with a few words of `fillers` in between; and
/// whether a colon or an equals sign binds it.
pub(super) fn label_before(text: &[u8], at: usize, labels: &Words, fillers: &Words) -> Option<bool> {
    /// `phone number is now`
    const MAX_FILLERS: usize = 3;
    let (mut at, mut bound) = (at, false);
    for _ in 0..=MAX_FILLERS {
        let word = word_before(text, at)?;
        bound |= word.bound;
        if word.is_any(labels) {
            return Some(bound);
        }
        if !word.is_any(fillers) {
            return None;
        }
        at = word.start;
    }
    None
}

const fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b':' | b'=' | b'#' | b'.' | b'_' | b'-' | b'"' | b'\'' | b'\\' | b'(' | b'+')
}
