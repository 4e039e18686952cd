//! JSON numbers compared as the decimals that they are written as: `1`, `1.0` and `1e0` are one number, and integers
//! beyond 2^53 keep every digit.

use std::cmp::Ordering;

/// A JSON number: `0.d1d2d3… × 10^point`, the digits being those of `head` and then `tail`. Zero has no digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal<'a> {
    is_negative: bool,
    head: &'a [u8],
    tail: &'a [u8],
    /// Saturates far beyond what a record can hold.
    point: i64,
}

impl<'a> Decimal<'a> {
    /// The number that `text` writes in JSON's grammar, which the caller has checked.
    pub(super) fn of(text: &'a str) -> Self {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let exponent = exponent.parse().unwrap_or(if exponent.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 });
        let head = without_leading_zeros(integer.as_bytes());
        let mut tail = without_trailing_zeros(fraction.as_bytes());
        let mut point = length(head);
        if head.is_empty() {
            let significant = without_leading_zeros(tail);
            point = length(significant) - length(tail);
            tail = significant;
        }
        let head = if tail.is_empty() { without_trailing_zeros(head) } else { head };
        let is_zero = head.is_empty() && tail.is_empty();
        let point = if is_zero { 0 } else { point.saturating_add(exponent) };
        Self { is_negative: is_negative && !is_zero, head, tail, point }
    }

    /// Whether there is no fraction, however it is written.
    pub(super) fn is_integer(self) -> bool {
        length(self.head) + length(self.tail) <= self.point.max(0)
    }

    /// The number as a count; nothing where it is negative or has a fraction. Saturates.
    pub(super) fn count(self) -> Option<u64> {
        /// A number of so many digits is beyond 64 bits.
        const DIGITS: i64 = 21;
        if self.is_negative || !self.is_integer() {
            return None;
        }
        let digit = |i: i64| usize::try_from(i).ok().and_then(|i| self.digits().nth(i)).unwrap_or(0);
        let count = (0..self.point.min(DIGITS)).map(digit);
        Some(count.fold(0, |count: u64, digit| count.saturating_mul(10).saturating_add(u64::from(digit))))
    }

    /// One spelling for equal numbers.
    pub(super) fn write(self, out: &mut String) {
        if self.is_negative {
            out.push('-');
        }
        out.push_str("0.");
        out.extend(self.digits().map(|digit| char::from(b'0' + digit)));
        out.push('e');
        out.push_str(&self.point.to_string());
    }

    fn digits(self) -> impl Iterator<Item = u8> + 'a {
        self.head.iter().chain(self.tail).map(|digit| digit - b'0')
    }

    fn is_zero(self) -> bool {
        self.head.is_empty() && self.tail.is_empty()
    }

    fn magnitude(self, other: Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // No trailing zeros, so a longer run of equal digits is a larger number.
            (false, false) => self.point.cmp(&other.point).then_with(|| self.digits().cmp(other.digits())),
        }
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.magnitude(*other),
            (true, true) => other.magnitude(*self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal<'_> {}

fn without_leading_zeros(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().take_while(|&&digit| digit == b'0').count()..]
}

fn without_trailing_zeros(digits: &[u8]) -> &[u8] {
    &digits[..digits.len() - digits.iter().rev().take_while(|&&digit| digit == b'0').count()]
}

fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_compare_as_they_are_written() {
        for (less, more) in [
            ("9007199254740992", "9007199254740993"),
            ("-9007199254740993", "-9007199254740992"),
            ("0.1", "0.10000000000000000001"),
            ("-1", "0"),
            ("0", "1e-400"),
            ("-0.5", "0.25"),
            ("99", "1e2"),
            ("1e307", "1e308"),
            ("18446744073709551615", "18446744073709551616"),
            ("9", "10"),
            ("1.5", "12"),
        ] {
            assert!(Decimal::of(less) < Decimal::of(more), "{less} {more}");
        }
    }

    #[test]
    fn one_number_has_many_spellings() {
        for equal in [
            &["1", "1.0", "1e0", "0.1e1", "10E-1", "1.000e+0"][..],
            &["0", "-0", "0.0", "0e9", "-0.0e-9"],
            &["-1200", "-1.2e3", "-12e2"],
            &["0.001", "1e-3", "0.0010"],
        ] {
            for text in equal {
                assert_eq!(Decimal::of(text), Decimal::of(equal[0]), "{text}");
                let written = |text| {
                    let mut out = String::new();
                    Decimal::of(text).write(&mut out);
                    out
                };
                assert_eq!(written(text), written(equal[0]), "{text}");
            }
        }
    }

    #[test]
    fn an_integer_is_what_has_no_fraction() {
        for text in ["1", "1.0", "10e-1", "0", "-0.0", "1e300", "12.30e1", "9007199254740993", "0e-5"] {
            assert!(Decimal::of(text).is_integer(), "{text}");
        }
        for text in ["1.5", "1e-1", "0.1", "12.34e1", "-0.5", "1e-99999999999999999999"] {
            assert!(!Decimal::of(text).is_integer(), "{text}");
        }
    }

    #[test]
    fn a_count_is_exact_up_to_64_bits() {
        assert_eq!(Decimal::of("18446744073709551615").count(), Some(u64::MAX));
        assert_eq!(Decimal::of("1e999").count(), Some(u64::MAX));
        assert_eq!(Decimal::of("2.50e1").count(), Some(25));
        assert_eq!(Decimal::of("0").count(), Some(0));
        assert_eq!(Decimal::of("-1").count(), None);
        assert_eq!(Decimal::of("1.5").count(), None);
    }

    proptest! {
        #[test]
        fn order_agrees_with_that_of_integers(a: i64, b: i64, zeros in 0usize..4) {
            let spelt = format!("{a}.{}", "0".repeat(zeros + 1));
            prop_assert_eq!(Decimal::of(&spelt).cmp(&Decimal::of(&b.to_string())), a.cmp(&b));
        }
    }
}
