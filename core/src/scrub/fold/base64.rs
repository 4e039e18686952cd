//! Runs of base64 (RFC 4648, both alphabets) that hold text. Hashes, ids, keys and pictures decode to bytes that
//! are no text, mostly within their first twelve.

use std::ops::Range;

use crate::scan::{LONG_RUN as MIN_RUN, Scanned};

/// The runs in a text that decode to printable UTF-8, with what they hold; without those that, with their padding, are
/// known already.
pub(in crate::scrub) fn runs<'a>(
    scanned: Scanned<'a>,
    is_known: impl Fn(&Range<usize>) -> bool + 'a,
) -> impl Iterator<Item = (Range<usize>, String)> + 'a {
    let bytes = scanned.text.as_bytes();
    let may_tell = move |run: &Range<usize>| may_hold(&bytes[run.clone()]) && !is_known(&padded(bytes, run.clone()));
    long_runs(scanned).filter(may_tell).flat_map(move |run| whole_or_parts(bytes, run))
}

/// A quick no to most runs: paths of short names whose first characters say no text.
fn may_hold(run: &[u8]) -> bool {
    run.split(|byte| *byte == b'/').any(|part| part.len() >= MIN_RUN) || begins_text(run)
}

/// All runs of at least [`MIN_RUN`] bytes of the alphabet: the scan has marked where each is so long.
fn long_runs(scanned: Scanned<'_>) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        let last = scanned.next_long(from)?;
        let rest = scanned.text.as_bytes().get(last + 1..).unwrap_or_default();
        let behind = rest.iter().take_while(|&&byte| is_sextet(byte)).count();
        let run = (last + 1).saturating_sub(MIN_RUN)..last + 1 + behind;
        from = run.end;
        Some(run)
    })
}

/// A run as one value, or else its parts between slashes (paths have the alphabet's bytes), or else theirs between
/// all that is no letter or digit. Each byte is looked at three times at the most, and one part is decoded at a time; a part
/// that is all of what it was divided from was read with that, as hashes and ids are, which have neither.
fn whole_or_parts(bytes: &[u8], run: Range<usize>) -> impl Iterator<Item = (Range<usize>, String)> {
    let held = move |part: Range<usize>| decode(&bytes[part.clone()]).map(|text| (padded(bytes, part), text));
    let whole = held(run.clone());
    let segments = whole.is_none().then(|| parts(bytes, run.clone(), |byte| byte == b'/')).into_iter().flatten();
    whole.into_iter().chain(segments.flat_map(move |segment| {
        let whole = if segment == run { None } else { held(segment.clone()) };
        let words = whole.is_none().then(|| parts(bytes, segment.clone(), |byte| !byte.is_ascii_alphanumeric()));
        let words = words.into_iter().flatten().filter(move |word| *word != segment);
        whole.into_iter().chain(words.filter_map(held))
    }))
}

/// The parts of `run` between the bytes that `splits` holds for, where they are long enough.
fn parts(bytes: &[u8], run: Range<usize>, splits: impl Fn(u8) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut start = run.start;
    let of = bytes[run].split(move |&byte| splits(byte));
    of.filter_map(move |part| {
        let range = start..start + part.len();
        start = range.end + 1;
        (part.len() >= MIN_RUN).then_some(range)
    })
}

/// The run with the padding behind it.
fn padded(bytes: &[u8], run: Range<usize>) -> Range<usize> {
    let padding = bytes[run.end..].iter().take(2).take_while(|&&byte| byte == b'=').count();
    run.start..run.end + padding
}

/// What a run says, if it is printable text.
fn decode(run: &[u8]) -> Option<String> {
    // One character over a multiple of four holds no byte.
    if run.len() % 4 == 1 || !begins_text(run) {
        return None;
    }
    let octets = octets(run);
    if is_text(&octets, false) { String::from_utf8(octets).ok() } else { None }
}

/// Whether the first characters of a run may be those of a text.
fn begins_text(run: &[u8]) -> bool {
    let mut head = [0; MIN_RUN / 4 * 3];
    for (four, three) in run.as_chunks::<4>().0.iter().zip(head.as_chunks_mut::<3>().0) {
        let bits = four.iter().fold(0, |bits, &byte| bits << 6 | u32::from(SEXTETS[usize::from(byte)] % NO_SEXTET));
        three.copy_from_slice(&bits.to_be_bytes()[1..]);
    }
    is_text(&head, true)
}

fn octets(run: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(run.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0_u32, 0);
    for value in run.iter().filter_map(|&byte| sextet(byte)) {
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xFF) as u8);
        }
    }
    out
}

/// UTF-8 without control characters; a character may be cut off at the end of a `head`.
fn is_text(octets: &[u8], head: bool) -> bool {
    // Of chance bytes one in eight is refused here.
    if octets.iter().any(|&byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || byte == 0x7f) {
        return false;
    }
    let text = match std::str::from_utf8(octets) {
        Ok(text) => text,
        Err(e) if head && e.error_len().is_none() => {
            std::str::from_utf8(&octets[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
}

/// The value of each byte of the alphabets, or [`NO_SEXTET`].
static SEXTETS: [u8; 256] = {
    let (mut table, mut i) = ([NO_SEXTET; 256], 0);
    while i < table.len() {
        if let Some(value) = sextet(i.to_le_bytes()[0]) {
            table[i] = value;
        }
        i += 1;
    }
    table
};
const NO_SEXTET: u8 = 64;

fn is_sextet(byte: u8) -> bool {
    SEXTETS[usize::from(byte)] != NO_SEXTET
}

const fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Lanes, Scan};

    fn found(text: &str) -> Vec<(&str, String)> {
        let scan = Scan::of(text, Lanes::none());
        runs(scan.with(text), |_| false).map(|(range, held)| (&text[range], held)).collect()
    }

    #[test]
    fn runs_that_hold_text_are_found_with_their_padding() {
        for (text, run, held) in [
            ("x YW5uQGV4YW1wbGUuY29t y", "YW5uQGV4YW1wbGUuY29t", "ann@example.com"),
            ("(dXNlcj1hbm5AeC5pbyE=)", "dXNlcj1hbm5AeC5pbyE=", "user=ann@x.io!"),
            ("q=w7bDtsO2QGV4YW1wbGUuY29tPz8_&b", "w7bDtsO2QGV4YW1wbGUuY29tPz8_", "ööö@example.com???"),
            ("/t/w7bDtsO2QGV4YW1wbGUuY29tPz8_/x", "w7bDtsO2QGV4YW1wbGUuY29tPz8_", "ööö@example.com???"),
            ("/v1/files/YW5uQGV4YW1wbGUuY29t/x", "YW5uQGV4YW1wbGUuY29t", "ann@example.com"),
        ] {
            assert_eq!(found(text), [(run, held.to_owned())], "{text}");
        }
    }

    #[test]
    fn runs_that_are_known_are_not_read() {
        let text = "YW5uQGV4YW1wbGUuY29t and dXNlcj1hbm5AeC5pbyE=";
        let scan = Scan::of(text, Lanes::none());
        let found: Vec<_> = runs(scan.with(text), |run| *run == (25..text.len())).map(|(run, _)| &text[run]).collect();
        assert_eq!(found, ["YW5uQGV4YW1wbGUuY29t"]);
    }

    #[test]
    fn hashes_words_and_short_runs_are_not() {
        for text in [
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "550e8400-e29b-41d4-a716-446655440000",
            "internationalization of incomprehensibilities",
            "/usr/local/lib/python3/site-packages/requests",
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
            "YW5uQGV4YW1wbG",
            "/api/v1/region/85530/items?limit=50",
            "",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
