//! Ids of records: UUIDs in RFC 9562's own form, in lower case.

use super::inline::Inline;

/// Where the hyphens stand: 8-4-4-4-12.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Lower case with hyphens; `None` for what is no UUID in RFC 9562's own form.
pub(crate) fn canonical(text: &str) -> Option<Inline> {
    let mut bytes: [u8; 36] = text.as_bytes().try_into().ok()?;
    let digits = bytes.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    let is_uuid = digits + HYPHENS.len() == bytes.len() && HYPHENS.iter().all(|at| bytes[*at] == b'-');
    bytes.make_ascii_lowercase();
    is_uuid.then(|| Inline::new(&bytes))
}
