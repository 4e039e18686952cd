//! Characters that stand for others: what Unicode's compatibility mappings (NFKC) make of the look-alikes of ASCII,
//! decimal digits of every script, and what is not seen at all. A table of ranges instead of a normalisation library:
//! only what detectors can tell apart is needed.

/// What becomes of a character in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Keep,
    /// It shows nothing.
    Drop,
    As(char),
}

/// The first of ten decimal digits in a row (general category Nd), in order.
const ZEROS: [u32; 50] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0,
    0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11C50, 0x1E950,
];

/// Letters of the mathematical alphabets: 13 of 52 letters each, and five rows of digits behind them.
const MATH_LETTERS: std::ops::RangeInclusive<u32> = 0x1D400..=0x1D6A3;
const MATH_DIGITS: std::ops::RangeInclusive<u32> = 0x1D7CE..=0x1D7FF;
const LETTERS: &[u8; 52] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// From a fullwidth form to its ASCII character.
const FULLWIDTH: u32 = 0xFEE0;

/// What `c` stands for wherever it stands.
pub(super) fn fold(c: char) -> Fold {
    let code = u32::from(c);
    match code {
        // Soft hyphen, zero-width space and joiners, marks of direction, variation selectors, tags.
        0xAD
        | 0x34F
        | 0x61C
        | 0x180E
        | 0x200B..=0x200F
        | 0x202A..=0x202E
        | 0x2060..=0x206F
        | 0xFE00..=0xFE0F
        | 0xFEFF
        | 0xE0000..=0xE007F => Fold::Drop,
        0xA0 | 0x1680 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => Fold::As(' '),
        0x2010..=0x2015 | 0x2212 | 0xFE58 | 0xFE63 => Fold::As('-'),
        0xFE52 | 0xFF61 | 0x3002 | 0x2024 => Fold::As('.'),
        0xFE55 | 0xA789 | 0x2236 => Fold::As(':'),
        0x2215 | 0x2044 => Fold::As('/'),
        0xFE62 => Fold::As('+'),
        0xFE66 => Fold::As('='),
        0xFE6A => Fold::As('%'),
        0xFE6B => Fold::As('@'),
        0xFF01..=0xFF5E => ascii(code - FULLWIDTH),
        0x24B6..=0x24E9 => letter(code - 0x24B6),
        _ if MATH_LETTERS.contains(&code) => letter((code - MATH_LETTERS.start()) % 52),
        _ if MATH_DIGITS.contains(&code) => ascii(u32::from(b'0') + (code - MATH_DIGITS.start()) % 10),
        0x0660.. => digit(code),
        _ => Fold::Keep,
    }
}

fn ascii(code: u32) -> Fold {
    char::from_u32(code).map_or(Fold::Keep, Fold::As)
}

fn letter(index: u32) -> Fold {
    LETTERS.get(index as usize).map_or(Fold::Keep, |&byte| Fold::As(char::from(byte)))
}

fn digit(code: u32) -> Fold {
    let row = ZEROS.partition_point(|&zero| zero <= code);
    match row.checked_sub(1).map(|row| code - ZEROS[row]) {
        Some(value @ 0..=9) => ascii(u32::from(b'0') + value),
        _ => Fold::Keep,
    }
}

/// The Latin letter that a Cyrillic or Greek one looks like. Only for words that mix alphabets: in its own language
/// the letter means itself.
pub(super) const fn latin(c: char) -> Option<char> {
    Some(match c {
        'а' | 'α' => 'a',
        'ԁ' => 'd',
        'е' => 'e',
        'ɡ' => 'g',
        'һ' => 'h',
        'і' | 'ι' | 'ı' => 'i',
        'ј' => 'j',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'с' => 'c',
        'ѕ' => 's',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' => 'x',
        'у' => 'y',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'С' => 'C',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'І' | 'Ι' => 'I',
        'Ј' => 'J',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'Х' | 'Χ' => 'X',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_of_ascii_fold_and_other_characters_stay() {
        for (given, expected) in [
            ('＠', '@'),
            ('﹫', '@'),
            ('Ａ', 'A'),
            ('５', '5'),
            ('．', '.'),
            ('٤', '4'),
            ('۹', '9'),
            ('३', '3'),
            ('๗', '7'),
            ('𝟗', '9'),
            ('𝟶', '0'),
            ('𝒂', 'a'),
            ('𝐙', 'Z'),
            ('ⓩ', 'z'),
            ('\u{a0}', ' '),
            ('\u{2009}', ' '),
            ('–', '-'),
            ('\u{2011}', '-'),
            ('−', '-'),
        ] {
            assert_eq!(fold(given), Fold::As(expected), "{given}");
        }
        for given in ['\u{200b}', '\u{ad}', '\u{feff}', '\u{2060}', '\u{200d}'] {
            assert_eq!(fold(given), Fold::Drop, "{given:?}");
        }
        for given in ['é', 'ß', 'ж', '中', '😀', '²', '½', '€', 'ـ', 'ا'] {
            assert_eq!(fold(given), Fold::Keep, "{given}");
        }
    }

    #[test]
    fn the_rows_of_digits_are_in_order() {
        assert!(ZEROS.is_sorted());
    }
}
