//! National ids that their form and checksum alone give away: an Indian PAN, a Mexican CURP or RFC, an Italian codice
//! fiscale, a Brazilian CPF or CNPJ with its dots, a Spanish NIE, a Singaporean NRIC, a Chilean RUT, a Chinese resident
//! id, a Medicare number (MBI), a British driver number or NINO, a Swiss AHV number, and Swedish, Finnish, Korean and
//! Belgian numbers with their separators. Where any run of digits would do, as for a PESEL or an Aadhaar number,
//! a label is asked for ([`label`](super::label)).

use super::checksum::{
    ahv, cnpj, codice_fiscale, cpf, curp, driver_number, hetu, mbi, nie_or_nric, nino, pan, personnummer, resident_id,
    rfc, rijksregister, rrn, rut, short_personnummer,
};
use super::{before, byte, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{DIGITS_WITHIN, Gate};
use crate::scrub::policy::Rule;

/// In the first bytes of the forms with the fewest digits: `1234K` behind letters, `1EG4-TE5-MK73`, `12 34 56 C` behind
/// letters and a space, `12.345.678-K`.
const MIN_BEHIND_LETTERS: usize = 4;
const MIN_AMONG_LETTERS: usize = 5;
const MIN_BEHIND_SPACE: usize = 6;
const MIN_DIGITS: usize = 8;

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::NationalId],
    gates: &[
        Gate {
            after: |byte| byte.is_ascii_digit(),
            after2: |byte| byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            ..Gate::at_digit(|before| before.is_ascii_uppercase(), MIN_BEHIND_LETTERS, verify)
        },
        Gate {
            after: |byte| byte.is_ascii_uppercase(),
            after2: |byte| byte.is_ascii_digit() || byte.is_ascii_uppercase(),
            ..Gate::at_digit(is_beginning, MIN_AMONG_LETTERS, verify)
        },
        Gate {
            before2: |byte| byte.is_ascii_uppercase(),
            after: |byte| byte.is_ascii_digit(),
            after2: |byte| byte == b' ',
            ..Gate::at_digit(|before| before == b' ', MIN_BEHIND_SPACE, verify)
        },
        Gate {
            after: |byte| byte.is_ascii_digit(),
            after2: |byte| byte.is_ascii_digit() || byte == b'.',
            run: |digits, behind| match digits {
                2 | 3 => behind == b'.',
                6 => behind.is_ascii_uppercase() || behind == b'-',
                8 => behind == b'-',
                _ => digits >= DIGITS_WITHIN,
            },
            ..Gate::at_digit(is_beginning, MIN_DIGITS, verify)
        },
    ],
};

/// Whether a form of digits can begin behind `before`.
fn is_beginning(before: u8) -> bool {
    !is_word(before) && !b"-./+%".contains(&before)
}

/// A form and the rest of the check.
type Form = (&'static [u8], fn(&[u8]) -> bool);

/// Digits with which forms begin: one to three, six, eight, or seventeen and more.
const MAX_RUN: usize = 18;

/// Forms in letters: `A` a capital, `9` a digit, `X` either, anything else itself.
const FORMS: [Form; 22] = [
    (b"AAAAA9999A", pan),
    (b"AAAA999999AAAAAAX9", curp),
    (b"AAAA999999XXX", rfc),
    (b"AAAAAA99X99X999A", codice_fiscale),
    (b"999.999.999-99", cpf),
    (b"99.999.999/9999-99", cnpj),
    (b"99.999.999-X", rut),
    (b"756.9999.9999.99", ahv),
    (b"99.99.99-999.99", rijksregister),
    (b"99.99.99-999 99", rijksregister),
    (b"99999999999999999X", resident_id),
    (b"9XX9-XX9-XX99", mbi),
    (b"XXXXX999999XX9XX", driver_number),
    (b"AA999999A", nino),
    (b"AA 99 99 99 A", nino),
    (b"99999999-9999", personnummer),
    (b"999999-9999", short_personnummer),
    (b"999999-999X", hetu),
    (b"999999A999X", hetu),
    (b"999999-9999999", rrn),
    (b"A9999999A", nie_or_nric),
    (b"A9999999-A", nie_or_nric),
];

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    // The first digit of a word, with the letters before it.
    let mut start = at;
    while start > floor && start + 6 > at && text[start - 1].is_ascii_uppercase() {
        start -= 1;
    }
    // A British surname of fewer than five letters is filled up with nines, and `AB 12…` has a space.
    if start == at && at >= floor + 3 && text[at - 1] == b' ' && text[at - 3..at - 1].iter().all(u8::is_ascii_uppercase)
    {
        start = at - 3;
    }
    let first = before(text, start);
    if is_word(first) || matches!(first, b'-' | b'.' | b'/' | b'+' | b'=' | b'%') && start == at && first != b'=' {
        return miss;
    }
    if start == at
        && !matches!(run(&text[..text.len().min(at + MAX_RUN)], at, |byte| byte.is_ascii_digit()) - at, 1..=3 | 6 | 8 | 17..)
    {
        return miss;
    }
    let [first, second, third] = [start, start + 1, start + 2].map(|at| class(byte(text, at)));
    let mut possible = BY_BEGINNING[first][second][third];
    while possible != 0 {
        let (form, check) = FORMS[possible.trailing_zeros() as usize];
        possible &= possible - 1;
        let end = start + form.len();
        let Some(found) = text.get(start..end).filter(|found| has_form(found, form)) else { continue };
        let next = byte(text, end);
        let goes_on = is_word(next) || matches!(next, b'-' | b'/') || next == b'.' && is_word(byte(text, end + 1));
        if !goes_on && check(found) {
            return Verdict::Hit { start, end };
        }
    }
    miss
}

/// Classes of bytes by which forms are told apart before they are compared.
const CLASSES: usize = 4;

const fn class(byte: u8) -> usize {
    match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        b'.' | b'-' | b'/' | b' ' => 2,
        _ => 3,
    }
}

/// The forms, one bit each, that begin with bytes of three classes.
static BY_BEGINNING: [[[u32; CLASSES]; CLASSES]; CLASSES] = {
    let (mut table, mut i) = ([[[0; CLASSES]; CLASSES]; CLASSES], 0);
    while i < FORMS.len() * CLASSES * CLASSES * CLASSES {
        let (form, classes) = (i % FORMS.len(), i / FORMS.len());
        let of = [classes / CLASSES / CLASSES, classes / CLASSES % CLASSES, classes % CLASSES];
        if takes(FORMS[form].0[0], of[0]) && takes(FORMS[form].0[1], of[1]) && takes(FORMS[form].0[2], of[2]) {
            table[of[0]][of[1]][of[2]] |= 1 << form;
        }
        i += 1;
    }
    table
};

/// Whether a form's `part` may be of `class`.
const fn takes(part: u8, of: usize) -> bool {
    match part {
        b'A' => of == 1,
        b'9' => of == 0,
        b'X' => of < 2,
        other => of == class(other),
    }
}

fn has_form(text: &[u8], form: &[u8]) -> bool {
    text.iter().zip(form).all(|(&byte, &part)| match part {
        b'A' => byte.is_ascii_uppercase(),
        b'9' => byte.is_ascii_digit(),
        b'X' => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        other => byte == other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples;

    fn found(text: &str) -> Vec<String> {
        let hits = examples::found(text, |rule| rule == Rule::NationalId);
        hits.iter().map(|hit| text[hit.start..hit.end].to_owned()).collect()
    }

    #[test]
    fn forms_with_a_checksum_are_found() {
        for id in [
            "BADPX1234K",
            "111.444.777-35",
            "11010519491231002X",
            "1EG4-TE5-MK73",
            "MORGA657054SM9IJ",
            "AB123456C",
            "AB 12 34 56 C",
            "19900102-0008",
            "131052-308T",
            "900102-1234567",
            "X1234567L",
            "RSSMRA85T10A562S",
            "S1234567D",
            "X1234567-L",
            "11.444.777/0001-61",
            "12.345.678-5",
            "756.1234.5678.97",
        ] {
            assert_eq!(found(&format!("id {id}, kept")), [id]);
        }
    }

    #[test]
    fn a_wrong_checksum_or_a_longer_word_is_left() {
        for text in [
            "111.444.777-36",
            "110105194912310021",
            "131052-308S",
            "X1234567A",
            "RSSMRA85T10A562T",
            "XAB123456CX",
            "blk_AB123456C",
            "2026-01-02",
            "20260102-1234",
            "1.2.3",
            "ABCDE1234FG",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
