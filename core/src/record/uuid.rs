//! Ids of records: UUIDs in RFC 9562's own form, in lower case.

use super::check::are_hex;
use super::inline::Inline;

/// Where the hyphens stand: 8-4-4-4-12.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Lower case with hyphens; `None` for what is no UUID in RFC 9562's own form.
pub(crate) fn canonical(text: &str) -> Option<Inline> {
    let bytes: [u8; 36] = text.as_bytes().try_into().ok()?;
    let mut digits = bytes;
    for at in HYPHENS {
        digits[at] = b'0';
    }
    if !HYPHENS.iter().all(|at| bytes[*at] == b'-') || !are_hex(&digits) {
        return None;
    }
    let is_lower = bytes.iter().fold(0, |upper, byte| upper | u8::from(byte.is_ascii_uppercase())) == 0;
    Some(if is_lower { Inline::new(text) } else { Inline::new(&text.to_ascii_lowercase()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hex_digits_with_hyphens_at_their_places_are_a_uuid() {
        let uuid = "019dfc1d-8fa8-7707-8707-0707070707aF";
        assert_eq!(canonical(uuid).as_ref().map(Inline::as_str), Some("019dfc1d-8fa8-7707-8707-0707070707af"));
        for at in 0..uuid.len() {
            for wrong in ["-", "0", "g", "/", ":", "@", "`", "G"] {
                let is_same = &uuid[at..=at] == wrong || (wrong == "0" && &uuid[at..=at] != "-");
                let changed = format!("{}{wrong}{}", &uuid[..at], &uuid[at + 1..]);
                assert_eq!(canonical(&changed).is_some(), is_same, "{changed}");
            }
        }
        assert_eq!(canonical(""), None);
        assert_eq!(canonical(&uuid[..35]), None);
    }
}
