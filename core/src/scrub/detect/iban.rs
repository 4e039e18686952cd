//! Bank account numbers (ISO 13616): a country's letters, two check digits by ISO 7064 mod 97-10, and an account of
//! the country's length and characters; together or in groups, in either case.

use std::sync::LazyLock;

use super::{before, byte, is_word};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::Gate;
use crate::scrub::policy::Rule;

/// Account forms by country: n digits, a letters, c both, each with a count. Reduced from the registry that the
/// package schwifty 2026.10.1 (MIT) carries: SWIFT's IBAN registry, and its own additions for countries that use the
/// form without being listed there.
const FORMS: &str = "\
AD n8c12; AE n19; AL n8c16; AO n21; AT n16; AX n14; AZ a4c20; BA n16; BE n12; BF c2n22; BG a4n6c8; BH a4c14;\
BI n23; BJ c2n22; BL n10c11n2; BR c8n15c2; BY c4n4c16; CF n23; CG n23; CH n5c12; CI a2n22; CM n23; CR n18;\
CV n21; CY n8c16; CZ n20; DE n18; DJ n23; DK n14; DO c4n20; DZ n22; EE n16; EG n25; ES n20; FI n14; FK a2n12;\
FO n14; FR n10c11n2; GA n23; GB a4n14; GE a2n16; GF n10c11n2; GG a4n14; GI a4c15; GL n14; GP n10c11n2; GQ n23;\
GR n7c16; GT c24; GW c2n19; HN a4n20; HR n17; HU n24; IE a4n14; IL n19; IM a4n14; IQ a4n15; IR n22; IS n22;\
IT a1n10c12; JE a4n14; JO a4n4c18; KM n23; KW a4c22; KZ n3c13; LB n4c20; LC a4c24; LI n5c12; LT n16; LU n3c13;\
LV a4c13; LY n21; MA n24; MC n10c11n2; MD c20; ME n18; MF n10c11n2; MG n23; MK n3c10n2; ML c2n22; MN n16;\
MQ n10c11n2; MR n23; MT a4n5c18; MU a4n19a3; MZ n21; NC n10c11n2; NE a2n22; NI a4n20; NL a4n10; NO n11; OM n3c16;\
PF n10c11n2; PK a4c16; PL n24; PM n10c11n2; PS a4c21; PT n21; QA a4c21; RE n10c11n2; RO a4c16; RS n18; RU n14c15;\
SA n2c18; SC a4n20a3; SD n14; SE n20; SI n15; SK n20; SM a1n10c12; SN a2n22; SO n19; ST n21; SV a4n20; TD n23;\
TF n10c11n2; TG a2n22; TL n19; TN n20; TR n6c16; UA n6c19; VA n18; VG a4n16; WF n10c11n2; XK n16; YE a4n4c18;\
YT n10c11n2";
/// A number begins at its letters, but their check digits are rarer in text than letters.
pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Iban],
    gates: &[Gate {
        before2: |byte| byte.is_ascii_alphabetic(),
        after: |byte| byte.is_ascii_digit(),
        // What goes on behind the check digits, unless all of the account are digits.
        run: |digits, behind| digits >= MIN_ALL_DIGITS || behind.is_ascii_alphanumeric() || is_separator(behind),
        // Accounts of some countries may have no digit at all, so only the check digits can be asked for.
        ..Gate::at_digit(|before| before.is_ascii_alphabetic() || before == b' ', 2, verify)
    }],
};

/// Check digits and the shortest account of digits, `NO`'s.
const MIN_ALL_DIGITS: usize = 13;

/// The longest form, `LC`: two letters, two check digits, 28 characters; and room for two more.
const MAX_LEN: usize = 34;

pub(super) fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    // `GB82` or `GB 82`.
    let letters = if before(text, at) == b' ' { at.saturating_sub(1) } else { at };
    let Some(start) = letters.checked_sub(2).filter(|start| *start >= floor) else { return miss };
    let country = &text[start..letters];
    if !byte(text, at + 1).is_ascii_digit()
        || !country.iter().all(u8::is_ascii_alphabetic)
        || is_word(before(text, start))
    {
        return miss;
    }
    match form_of(country).and_then(|form| read(text, start, letters, at, form)) {
        Some(end) => Verdict::Hit { start, end },
        None => miss,
    }
}

/// The form of a country's accounts.
fn form_of(country: &[u8]) -> Option<&'static str> {
    static BY_COUNTRY: LazyLock<[Option<&str>; LETTERS * LETTERS]> = LazyLock::new(|| {
        let mut forms = [None; LETTERS * LETTERS];
        for row in FORMS.split(';').map(str::trim) {
            if let Some(slot) = slot(row.as_bytes()).and_then(|slot| forms.get_mut(slot)) {
                *slot = row.get(3..);
            }
        }
        forms
    });
    BY_COUNTRY.get(slot(country)?).copied().flatten()
}

/// Where a country's form stands.
fn slot(country: &[u8]) -> Option<usize> {
    let [first, second] = country.first_chunk()?.map(|letter| letter.to_ascii_uppercase().wrapping_sub(b'A'));
    Some(usize::from(first) * LETTERS + usize::from(second))
}

/// Of the Latin alphabet.
const LETTERS: usize = 26;

/// The end of the number, if the account has `form` and the check digits hold.
fn read(text: &[u8], start: usize, letters: usize, at: usize, form: &str) -> Option<usize> {
    let mut end = at;
    let (mut rearranged, mut len) = ([0; MAX_LEN], 0);
    let check = [next_character(text, &mut end)?, next_character(text, &mut end)?];
    if !check.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut fields = form.bytes().peekable();
    while let Some(kind) = fields.next() {
        let mut count = 0;
        while let Some(digit) = fields.next_if(u8::is_ascii_digit) {
            count = count * 10 + usize::from(digit - b'0');
        }
        for _ in 0..count {
            let character = next_character(text, &mut end)?;
            let fits = match kind {
                b'n' => character.is_ascii_digit(),
                b'a' => character.is_ascii_alphabetic(),
                _ => character.is_ascii_alphanumeric(),
            };
            if !fits {
                return None;
            }
            *rearranged.get_mut(len)? = character;
            len += 1;
        }
    }
    for &character in text[start..letters].iter().chain(&check) {
        *rearranged.get_mut(len)? = character;
        len += 1;
    }
    (!is_word(byte(text, end)) && remainder(&rearranged[..len]) == 1).then_some(end)
}

/// The letter or digit at `end` or behind one separator there.
fn next_character(text: &[u8], end: &mut usize) -> Option<u8> {
    let separators = usize::from(is_separator(byte(text, *end)));
    let character = *text.get(*end + separators)?;
    *end += separators + 1;
    character.is_ascii_alphanumeric().then_some(character)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.')
}

/// ISO 7064: letters count from 10, remainder of 97.
fn remainder(characters: &[u8]) -> u32 {
    characters.iter().fold(0, |rest, character| match character {
        b'0'..=b'9' => (rest * 10 + u32::from(character - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter.to_ascii_lowercase() - b'a') + 10) % 97,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn account_numbers_are_found() {
        hits(
            Rule::Iban,
            &[
                "«GB82WEST12345698765432»",
                "to «GB82 WEST 1234 5698 7654 32», today",
                "iban=«de89370400440532013000»",
                "«DE 89 3704 0044 0532 0130 00»",
                "«FR14-2004-1010-0505-0001-3M02-606».",
                "«NO9386011117947»",
                "«MT84 MALT 0110 0001 2345 MTLC AST0 01S»",
                "with few digits: «KW47NSAVRVXTTTNWZ6IO6OZZ674OQH»",
                "«AZ34-DXLC-SB8U-Z9N7-KUGK-QB36-NIAY»",
            ],
        );
    }

    #[test]
    fn look_alikes_are_left() {
        misses(
            Rule::Iban,
            &[
                "GB82WEST12345698765433",
                "GB82WEST1234569876543",
                "GB82WEST123456987654321",
                "XX82WEST12345698765432",
                "xGB82WEST12345698765432",
                "DE89",
                "de89 3704 0044",
                "ad12000a203020035910010f3c2d1e0f",
                "at 12 to 45 ms, is 99 or no 10",
                "FR14 2004 1010 0505 0001 3M02 607",
            ],
        );
    }
}
