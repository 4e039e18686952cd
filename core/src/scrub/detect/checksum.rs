//! What national ids' figures must say beyond their form: dates, check digits and letters. Each takes a text of the
//! form that `national_id` lists for it.

/// The longest form, with its separators.
const MAX_LEN: usize = 18;

fn digit(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'0'))
}

fn pair(text: &[u8], at: usize) -> u32 {
    digit(text[at]) * 10 + digit(text[at + 1])
}

fn is_day(month: u32, day: u32) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// The fourth letter is the holder's kind.
pub(super) fn pan(text: &[u8]) -> bool {
    b"PCHFATBLJG".contains(&text[3]) && text[5..9] != *b"0000"
}

/// Date, sex, and a checksum over letters of the Spanish alphabet.
pub(super) fn curp(text: &[u8]) -> bool {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMN*OPQRSTUVWXYZ";
    let value = |b: u8| ALPHABET.iter().position(|&letter| letter == b).unwrap_or(0);
    let sum: usize = text[..17].iter().zip((2..=18).rev()).map(|(&b, weight)| value(b) * weight).sum();
    is_day(pair(text, 6), pair(text, 8))
        && matches!(text[10], b'H' | b'M' | b'X')
        && (10 - sum % 10) % 10 == digit(text[17]) as usize
}

/// A checksum with a table of its own for odd places.
pub(super) fn codice_fiscale(text: &[u8]) -> bool {
    const ODD: [usize; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let value = |b: u8| usize::from(if b.is_ascii_digit() { b - b'0' } else { b.wrapping_sub(b'A') });
    let sum: usize = text[..15]
        .iter()
        .enumerate()
        .map(|(i, &b)| if i % 2 == 0 { ODD.get(value(b)).copied().unwrap_or(0) } else { value(b) })
        .sum();
    b"ABCDEHLMPRST".contains(&text[8]) && sum % 26 == value(text[15])
}

/// Two checks modulo 11.
pub(super) fn cpf(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 10] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let (digits, count) = all_digits(text);
    let check = |len: usize| {
        let sum: u32 = digits[..len].iter().zip(&WEIGHTS[10 - len..]).map(|(digit, weight)| digit * weight).sum();
        sum * 10 % 11 % 10
    };
    count == 11 && check(9) == digits[9] && check(10) == digits[10]
}

/// GB 11643: a date and a check modulo 11, in which ten is `X`.
pub(super) fn resident_id(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = text[..17].iter().zip(WEIGHTS).map(|(&b, weight)| digit(b) * weight).sum();
    matches!(pair(text, 6), 19 | 20)
        && is_day(pair(text, 10), pair(text, 12))
        && b"10X98765432"[(sum % 11) as usize] == text[17]
}

/// The letters and digits of each place, as CMS says them; letters that look like digits are not used.
pub(super) fn mbi(text: &[u8]) -> bool {
    let is_letter = |b: u8| b.is_ascii_uppercase() && !b"SLOIBZ".contains(&b);
    text[0] != b'0'
        && is_letter(text[1])
        && is_letter(text[5])
        && is_letter(text[9])
        && !text[10].is_ascii_digit() | is_letter(text[10])
}

/// Surname filled up with nines, a birth date in odd order, initials.
pub(super) fn driver_number(text: &[u8]) -> bool {
    let surname = text[..5].iter().take_while(|b| b.is_ascii_uppercase()).count();
    let (month, day) = (pair(text, 6) % 50, pair(text, 8));
    surname >= 2
        && text[surname..5].iter().all(|&b| b == b'9')
        && is_day(month, day)
        && text[11].is_ascii_uppercase()
        && text[14..].iter().all(u8::is_ascii_uppercase)
}

/// Prefixes that were never given, and a suffix of A to D.
pub(super) fn nino(text: &[u8]) -> bool {
    let prefix = [text[0], text[1]];
    !prefix.iter().any(|b| b"DFIQUV".contains(b))
        && prefix[1] != b'O'
        && ![*b"BG", *b"GB", *b"KN", *b"NK", *b"NT", *b"TN", *b"ZZ"].contains(&prefix)
        && matches!(text.last(), Some(b'A'..=b'D'))
}

/// A date and the Luhn checksum over the last ten digits.
pub(super) fn personnummer(text: &[u8]) -> bool {
    matches!(pair(text, 0), 19 | 20) && is_day(pair(text, 4), pair(text, 6)) && luhn(&text[2..])
}

/// A date and a check modulo 31.
pub(super) fn hetu(text: &[u8]) -> bool {
    let number = text[..6].iter().chain(&text[7..10]).fold(0, |number, &b| number * 10 + digit(b));
    is_day(pair(text, 2), pair(text, 0)) && b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(number % 31) as usize] == text[10]
}

/// A date and a digit for century and sex; the checksum is not given to newer numbers.
pub(super) fn rrn(text: &[u8]) -> bool {
    is_day(pair(text, 2), pair(text, 4)) && matches!(text[7], b'1'..=b'8')
}

/// Spain: the letter X, Y or Z counts as a digit, and the last letter is the number modulo 23. Singapore: weights, and
/// letters of its own for each first letter.
pub(super) fn nie_or_nric(text: &[u8]) -> bool {
    let last = text.last().copied().unwrap_or_default();
    if let Some(first) = b"XYZ".iter().position(|&b| b == text[0]) {
        let number = text[1..8].iter().fold(first, |number, &b| number * 10 + digit(b) as usize);
        return b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == last;
    }
    let (offset, letters) = match text[0] {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        _ => return false,
    };
    let sum: u32 = text[1..8].iter().zip([2, 7, 6, 5, 4, 3, 2]).map(|(&b, weight)| digit(b) * weight).sum();
    text.len() == 9 && letters[(sum + offset) as usize % 11] == last
}

/// A person's tax number in Mexico: initials, a date, and three more.
pub(super) fn rfc(text: &[u8]) -> bool {
    is_day(pair(text, 6), pair(text, 8))
}

/// A company's number in Brazil: two checks modulo 11.
pub(super) fn cnpj(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let (digits, count) = all_digits(text);
    let check = |len: usize| {
        let sum: u32 = digits[..len].iter().zip(&WEIGHTS[13 - len..]).map(|(digit, weight)| digit * weight).sum();
        if sum % 11 < 2 { 0 } else { 11 - sum % 11 }
    };
    count == 14 && check(12) == digits[12] && check(13) == digits[13]
}

/// Chile: a check modulo 11, in which ten is `K`.
pub(super) fn rut(text: &[u8]) -> bool {
    let (digits, _) = all_digits(text);
    let sum: u32 = digits[..8].iter().zip([3, 2, 7, 6, 5, 4, 3, 2]).map(|(digit, weight)| digit * weight).sum();
    b"0K987654321"[(sum % 11) as usize] == text[11]
}

/// Switzerland: the check digit of an article number.
pub(super) fn ahv(text: &[u8]) -> bool {
    let (digits, count) = all_digits(text);
    let sum: u32 = digits[..13].iter().enumerate().map(|(i, digit)| if i % 2 == 0 { *digit } else { digit * 3 }).sum();
    count == 13 && sum.is_multiple_of(10)
}

/// Belgium: 97 less the rest; a two stands before numbers of people born from 2000 on.
pub(super) fn rijksregister(text: &[u8]) -> bool {
    let (digits, count) = all_digits(text);
    let number = digits[..9].iter().fold(0_u64, |number, &digit| number * 10 + u64::from(digit));
    let check = u64::from(digits[9] * 10 + digits[10]);
    count == 11 && [number, number + 2_000_000_000].iter().any(|number| 97 - number % 97 == check)
}

/// Sweden, without the century.
pub(super) fn short_personnummer(text: &[u8]) -> bool {
    is_day(pair(text, 2), pair(text, 4)) && luhn(text)
}

/// The digits of `text` and their number.
fn all_digits(text: &[u8]) -> ([u32; MAX_LEN], usize) {
    let (mut digits, mut count) = ([0; MAX_LEN], 0);
    for (slot, &byte) in digits.iter_mut().zip(text.iter().filter(|b| b.is_ascii_digit())) {
        *slot = digit(byte);
        count += 1;
    }
    (digits, count)
}

/// ISO/IEC 7812-1 over ten digits.
fn luhn(text: &[u8]) -> bool {
    let digits = text.iter().filter(|b| b.is_ascii_digit()).map(|&b| digit(b));
    let sum: u32 =
        digits.enumerate().map(|(i, digit)| if i % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }).sum();
    sum.is_multiple_of(10)
}
