//! Seeds of one-time passwords in an `otpauth://` URI (the Key URI format of authenticator apps): whoever has the
//! URI has the second factor, so it goes whole. Seeds beside a label are the rule `secret`'s.

use super::{before, is_word, run};
use crate::scrub::detector::{Detector, Verdict};
use crate::scrub::gate::{Gate, Lane};
use crate::scrub::policy::Rule;

const SCHEMES: [&[u8]; 2] = [b"otpauth-migration", b"otpauth"];

pub(super) const DETECTOR: Detector = Detector {
    rules: &[Rule::Otp],
    gates: &[Gate {
        before: |byte| matches!(byte, b'h' | b'H' | b'n' | b'N'),
        after: |byte| byte == b'/',
        after2: |byte| byte == b'/',
        ..Gate::new(Lane::Sign, |byte| byte == b':', verify)
    }],
};

fn verify(text: &[u8], at: usize, floor: usize) -> Verdict {
    let miss = Verdict::Miss { until: at + 1 };
    if !text[at..].starts_with(b"://") {
        return miss;
    }
    let starts = |scheme: &&[u8]| {
        let start = at.checked_sub(scheme.len()).filter(|start| *start >= floor)?;
        (text[start..at].eq_ignore_ascii_case(scheme) && !is_word(before(text, start))).then_some(start)
    };
    let Some(start) = SCHEMES.iter().find_map(starts) else { return miss };
    let end =
        run(text, at, |byte| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\'));
    // What ends the sentence around it. A seed has only letters and digits.
    let is_sentence = |byte: &u8| matches!(byte, b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b']' | b'}');
    let end = start + text[start..end].iter().rposition(|byte| !is_sentence(byte)).map_or(0, |i| i + 1);
    Verdict::Hit { start, end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrub::detector::examples::{hits, misses};

    #[test]
    fn uris_are_found_whole() {
        hits(
            Rule::Otp,
            &[
                "scan «otpauth://totp/Example:ann@example.com?secret=JBSWY3DPEHPK3PXP&issuer=Example» now",
                "\"«OTPAUTH://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=1»\"",
                "(it was «otpauth://totp/x?secret=JBSWY3DPEHPK3PXP»), then",
                "«otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8»",
            ],
        );
    }

    #[test]
    fn other_uris_are_left() {
        misses(Rule::Otp, &["https://otpauth.example", "xotpauth://a", "otpauth:", "oauth://x"]);
    }
}
