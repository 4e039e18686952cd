//! Social security numbers of the United States: area, group and serial, none of them zero, no area 666 or 900 and
//! above (which the tax office gives out). Hyphens give the form away; spaces do where no other number stands
//! beside it; nine digits alone only beside a label.

use super::words::{Words, label_before};
use super::{before, byte, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::Gate;
use crate::scrub::policy::Rule;

/// Digits.
const LEN: usize = 9;
static LABELS: Words = Words::of(&["ssn", "ssns", "social", "security", "sin", "itin", "socialsecurity"]);
static FILLERS: Words = Words::of(&["number", "no", "num", "nr", "is", "was", "us", "my", "the"]);

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Ssn],
    gates: &[Gate {
        after: |byte| byte.is_ascii_digit(),
        after2: |byte| byte.is_ascii_digit(),
        run: |digits, behind| digits == LEN || matches!(digits, 3 | 5) && matches!(behind, b'-' | b' '),
        ..Gate::at_digit(|before| !is_word(before) && !matches!(before, b'.' | b'+' | b'-'), LEN, verify)
    }],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let first_end = run(text, at, |byte| byte.is_ascii_digit());
    let miss = Verdict::Miss { until: first_end };
    let previous = before(text, at);
    let first = first_end - at;
    if at < floor || !matches!(first, 3 | 5 | LEN) || is_word(previous) || matches!(previous, b'.' | b'+' | b'-') {
        return miss;
    }
    match read(text, at, first_end) {
        Some(end) => Verdict::Hit { start: at, end },
        None => miss,
    }
}

/// The end of the number whose first group ends at `first_end`.
fn read(text: &[u8], at: usize, first_end: usize) -> Option<usize> {
    let separator = byte(text, first_end);
    let (mut digits, mut count) = ([0; LEN], 0);
    let (mut end, mut groups, mut sizes) = (at, 0, [0; 3]);
    while groups < 3 {
        let next = run(text, end, |byte| byte.is_ascii_digit());
        sizes[groups] = next - end;
        groups += 1;
        digits.get_mut(count..count + next - end)?.copy_from_slice(&text[end..next]);
        count += next - end;
        end = next;
        if count == LEN || byte(text, end) != separator || !matches!(separator, b'-' | b' ') {
            break;
        }
        end += 1;
    }
    let next = byte(text, end);
    if count != LEN || is_word(next) || matches!(next, b'-' | b'.') && is_word(byte(text, end + 1)) {
        return None;
    }
    let labelled = || label_before(text, at, &LABELS, &FILLERS).is_some();
    let formed = match sizes[..groups] {
        [3, 2, 4] => separator == b'-' || is_alone(text, at, end) || labelled(),
        [9] | [3, 6] | [5, 4] => labelled(),
        _ => false,
    };
    (formed && is_issued(&digits)).then_some(end)
}

/// No other number beside it: columns of counters are numbers too.
fn is_alone(text: &[u8], start: usize, end: usize) -> bool {
    let digit_before = before(text, start) == b' ' && before(text, start.saturating_sub(1)).is_ascii_digit();
    let digit_after = byte(text, end) == b' ' && byte(text, end + 1).is_ascii_digit();
    !digit_before && !digit_after
}

/// Social Security Administration, POMS RM 10201.035: what was never given to anyone.
fn is_issued(digits: &[u8]) -> bool {
    let (area, group, serial) = (&digits[..3], &digits[3..5], &digits[5..]);
    area != b"000" && area != b"666" && area[0] != b'9' && group != b"00" && serial != b"0000"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn numbers_are_found() {
        hits(
            Rule::Ssn,
            &[
                "«219-09-9999»",
                "ssn=«219-09-9999»;",
                "his number is «219 09 9999».",
                "SSN: «219099999»",
                "social security number is «219099999»",
                "ssn «219-099999»",
                "(«899-12-3456»)",
            ],
        );
    }

    #[test]
    fn what_nobody_was_given_and_other_digits_are_left() {
        misses(
            Rule::Ssn,
            &[
                "000-12-3456",
                "666-12-3456",
                "900-12-3456",
                "219-00-9999",
                "219-09-0000",
                "219099999",
                "1219-09-9999",
                "219-09-99991",
                "219-09-9999-1",
                "x219-09-9999",
                "took 120 15 1000 20",
                "2026-11-21",
                "social 000099999",
                "[ssn] 219099999",
            ],
        );
    }
}
