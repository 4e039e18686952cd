//! Binary fractions as hosts write them: the fewest digits that read back as the same number, in two dresses.

use std::io::Write;

use super::text::JsonText;

/// How a host writes a float.
struct Style {
    /// Powers of ten from the first to before the second are written out; others take an exponent.
    plain: std::ops::Range<i32>,
    /// Behind a whole number that is written out.
    point: &'static [u8],
    /// Digits of an exponent at least.
    exponent_digits: usize,
}

/// `repr` of Python's float, which its JSON writer uses.
const PYTHON: Style = Style { plain: -4..16, point: b".0", exponent_digits: 2 };
/// `Number::toString` of ECMAScript.
const ECMASCRIPT: Style = Style { plain: -6..21, point: b"", exponent_digits: 1 };

/// Whole numbers below it are exact, and written out by both.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Fractions from here on are written out by both.
const WRITTEN_OUT: f64 = 1e-4;

/// A float with its point. What is not finite is written as both hosts' writers do, and refused by the engine.
pub(super) fn write_float(value: f64, out: &mut JsonText) {
    write(value, &PYTHON, out);
}

/// A number as ECMAScript writes it.
pub(crate) fn write_number(value: f64, out: &mut JsonText) {
    // ECMAScript has a zero below zero and does not show it.
    write(if value == 0.0 { 0.0 } else { value }, &ECMASCRIPT, out);
}

fn write(value: f64, style: &Style, out: &mut JsonText) {
    if !value.is_finite() {
        let text = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        return out.append(text.as_bytes());
    }
    if value.is_sign_negative() {
        out.byte(b'-');
    }
    let value = value.abs();
    #[allow(clippy::cast_possible_truncation, reason = "looked at within 53 bits only")]
    let whole = value as i64;
    #[allow(clippy::cast_precision_loss, clippy::float_cmp, reason = "exact there, or it is not whole")]
    if value < EXACT && whole as f64 == value {
        out.int(whole);
        return out.append(style.point);
    }
    if (WRITTEN_OUT..EXACT).contains(&value) {
        // Digits on both sides of a point: so both hosts write it, and the library.
        return out.append(zmij::Buffer::new().format_finite(value).as_bytes());
    }
    let mut scientific = Scientific::default();
    // Seventeen digits, a point, and an exponent of three digits with its sign fit.
    let _ = write!(scientific, "{value:e}");
    let (digits, exponent) = scientific.parts();
    place(digits, exponent, style, out);
}

/// Puts the point into `digits`, whose first stands for ten to the power of `exponent`.
fn place(digits: &[u8], exponent: i32, style: &Style, out: &mut JsonText) {
    let whole = usize::try_from(exponent + 1).unwrap_or(0);
    if !style.plain.contains(&exponent) {
        let (first, others) = digits.split_at(1);
        out.append(first);
        if !others.is_empty() {
            out.byte(b'.');
            out.append(others);
        }
        let (sign, width) = (if exponent < 0 { '-' } else { '+' }, style.exponent_digits);
        let _ = write!(out, "e{sign}{:0width$}", exponent.unsigned_abs());
    } else if whole == 0 {
        out.append(b"0.");
        (exponent + 1..0).for_each(|_| out.byte(b'0'));
        out.append(digits);
    } else if digits.len() <= whole {
        out.append(digits);
        (digits.len()..whole).for_each(|_| out.byte(b'0'));
        out.append(style.point);
    } else {
        out.append(&digits[..whole]);
        out.byte(b'.');
        out.append(&digits[whole..]);
    }
}

/// Room for the standard library's scientific form, `1.25e-7`, without an allocation.
#[derive(Default)]
struct Scientific {
    bytes: [u8; 32],
    len: usize,
}

impl Write for Scientific {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        let room = &mut self.bytes[self.len..];
        let len = text.len().min(room.len());
        room[..len].copy_from_slice(&text[..len]);
        self.len += len;
        Ok(len)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Scientific {
    /// The digits without their point, and the exponent.
    fn parts(&mut self) -> (&[u8], i32) {
        let text = &mut self.bytes[..self.len];
        let e = text.iter().position(|&byte| byte == b'e').unwrap_or(text.len());
        let exponent = text.get(e + 1..).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        let digits = if text.get(1) == Some(&b'.') {
            text[1] = text[0];
            &text[1..e]
        } else {
            &text[..e]
        };
        (digits, exponent.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(value: f64) -> [String; 2] {
        let (mut float, mut number) = (JsonText::new(), JsonText::new());
        write_float(value, &mut float);
        write_number(value, &mut number);
        [float, number].map(|text| String::from_utf8(text.into_bytes()).unwrap())
    }

    /// As `json.dumps` and `JSON.stringify` print them.
    #[test]
    fn floats_are_written_as_each_host_writes_them() {
        for (value, python, ecmascript) in [
            (0.0, "0.0", "0"),
            (-0.0, "-0.0", "0"),
            (1.0, "1.0", "1"),
            (-1.5, "-1.5", "-1.5"),
            (0.1, "0.1", "0.1"),
            (123.456, "123.456", "123.456"),
            (1e-4, "0.0001", "0.0001"),
            (1.25e-5, "1.25e-05", "0.0000125"),
            (1e-6, "1e-06", "0.000001"),
            (1e-7, "1e-07", "1e-7"),
            (1e15, "1000000000000000.0", "1000000000000000"),
            (9_007_199_254_740_992.0, "9007199254740992.0", "9007199254740992"),
            (1e16, "1e+16", "10000000000000000"),
            (1.234e17, "1.234e+17", "123400000000000000"),
            (1e20, "1e+20", "100000000000000000000"),
            (1e21, "1e+21", "1e+21"),
            (f64::MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"),
            (5e-324, "5e-324", "5e-324"),
            (-2.5e-9, "-2.5e-09", "-2.5e-9"),
            (f64::NAN, "NaN", "NaN"),
            (f64::INFINITY, "Infinity", "Infinity"),
            (f64::NEG_INFINITY, "-Infinity", "-Infinity"),
        ] {
            assert_eq!(both(value), [python, ecmascript], "{value:e}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_reads_back_as_the_same_number(bits: u64) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                for text in both(value) {
                    let digits = |text: &str| {
                        let mantissa = text.split('e').next().unwrap_or_default();
                        mantissa.replace(['.', '-'], "").trim_matches('0').to_owned()
                    };
                    proptest::prop_assert_eq!(digits(&text), digits(&format!("{value:e}")));
                    proptest::prop_assert!(text.parse::<f64>().unwrap().total_cmp(&value).is_eq() || value == 0.0);
                }
            }
        }
    }
}
