//! The words beside a number that say it is a telephone's.

use super::super::words::{Word, Words, label_before, word_after, word_before};
use super::super::{before, byte, is_word, run};
use super::form::Number;

/// Words that say it by themselves.
static STRONG: Words = Words::of(&[
    "phone",
    "phones",
    "tel",
    "telephone",
    "telefon",
    "telefone",
    "telefono",
    "telepono",
    "telno",
    "mobile",
    "msisdn",
    "fax",
    "whatsapp",
    "handy",
    "cellphone",
    "phonenumber",
    "mobilenumber",
    "phoneno",
    "landline",
    "hotline",
    "rufnummer",
    "gsm",
    "mob",
    "ph",
    "mobil",
]);
/// Words that say it where the number is written in groups, or with a colon.
static WEAK: Words = Words::of(&[
    "cell",
    "call",
    "calling",
    "called",
    "dial",
    "sms",
    "texted",
    "reach",
    "answering",
    "messages",
    "contact",
    "registered",
    "ring",
    "desk",
    "office",
    "home",
    "caller",
    "helpline",
]);
/// Words that may stand between.
static FILLERS: Words = Words::of(&[
    "number", "numbers", "no", "nr", "num", "is", "was", "at", "on", "to", "me", "us", "him", "her", "my", "value",
    "or", "the",
]);
/// Words before a number in a sentence.
static SPOKEN: Words = Words::of(&["at", "on", "me", "us", "him", "her"]);
/// Words behind a number: `… office`, `…-Fax`.
const PLACES: [&str; 8] = ["office", "fax", "mobile", "home", "cell", "desk", "work", "phone"];

/// The fewest digits of a subscriber's number behind a bound label.
pub(super) const MIN_BOUND: usize = 5;

/// The labels before a number: whether there is one, and whether it is bound to the number.
pub(super) struct Labels {
    strong: Option<bool>,
    weak: Option<bool>,
}

impl Labels {
    fn before(text: &[u8], at: usize) -> Self {
        let strong = label_before(text, at, &STRONG, &FILLERS);
        let weak = if strong.is_some() { None } else { label_before(text, at, &WEAK, &FILLERS) };
        Self { strong, weak }
    }
}

/// Whether `word` right before a number may be a label, or stand between it and one.
pub(super) fn may_say_phone(word: &Word<'_>) -> bool {
    word.is_any(&STRONG) || word.is_any(&WEAK) || word.is_any(&FILLERS)
}

/// Whether a label says that `number` at `at` is a telephone's. `labels` are looked up once for all numbers there.
pub(super) fn says_phone(text: &[u8], at: usize, number: &Number<'_>, labels: &mut Option<Labels>) -> bool {
    let count = number.digits.len();
    let grouped = number.sizes.len() > 1;
    if !(MIN_BOUND..=super::MAX_DIGITS).contains(&count)
        || is_date(number)
        || number.only(b'.') && number.sizes.len() == 2
    {
        return false;
    }
    let labels = labels.get_or_insert_with(|| Labels::before(text, at));
    if let Some(bound) = labels.strong {
        return bound || count >= super::MIN_DIGITS;
    }
    if count < super::MIN_DIGITS {
        return false;
    }
    if is_place(text, number.end) {
        return true;
    }
    // `call me at 4155550132`, but not `call 4155550132` or an epoch.
    let digits = number.digits;
    let is_spoken = || {
        count == 10
            && digits[0] >= b'2'
            && digits[3] >= b'2'
            && word_before(text, at).is_some_and(|word| word.is_any(&SPOKEN))
    };
    labels.weak.is_some_and(|bound| bound || grouped || digits[0] == b'0' && count >= 9 || is_spoken())
}

/// `2026-11-21` and `21.11.2026` beside a label are when it was called.
fn is_date(number: &Number<'_>) -> bool {
    matches!(number.sizes, [4, 2, 2] | [2, 2, 4]) && !number.has(b' ')
}

/// Whether a word such as `office` or `fax` follows and ends the phrase.
pub(super) fn is_place(text: &[u8], end: usize) -> bool {
    let word = word_after(text, end);
    PLACES.iter().any(|place| word.eq_ignore_ascii_case(place.as_bytes()))
}

/// The end of an extension behind a number (`x155`, `ext. 49`), or `end`.
pub(super) fn extension_end(text: &[u8], end: usize) -> usize {
    let at = end + usize::from(byte(text, end) == b',');
    let at = run(text, at, |byte| byte == b' ').min(end + 2);
    let rest = text.get(at..).unwrap_or_default();
    let marks: [&[u8]; 4] = [b"extension", b"ext.", b"ext", b"x"];
    let Some(mark) = marks.iter().find(|mark| rest.len() > mark.len() && rest[..mark.len()].eq_ignore_ascii_case(mark))
    else {
        return end;
    };
    let digits = at + mark.len();
    let digits = digits + usize::from(byte(text, digits) == b' ');
    let limit = text.len().min(digits + 7);
    let extension = run(&text[..limit], digits, |byte| byte.is_ascii_digit());
    if extension > digits && extension - digits <= 6 && !is_word(byte(text, extension)) && before(text, at) != b'\n' {
        extension
    } else {
        end
    }
}
