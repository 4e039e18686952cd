//! Reads one value of a record, checks it, and notes it where it has to be looked at.

use std::ops::Range;

use super::follow::{Followed, Look, Looked, Moment};
use super::tree::Scalar as Spec;
use crate::json::{Document, Kind, Scalar, plain_number_end, string_end};
use crate::record::limits::MAX_NAME_CHARS;
use crate::record::{Check, Intact, canonical_id, canonical_time, is_short, is_tenant, utc_len};
use crate::scan::next_stop;

impl Followed {
    /// The string whose inside begins at `start`, at the tree's `value`: where what is behind its last quote stands.
    #[inline]
    pub(super) fn string(&mut self, spec: &Spec, document: &Document<'_>, start: usize, value: u32) -> Option<usize> {
        let (end, marked) = next_stop(document.blocks(), start)?;
        let is_plain = document.input().as_bytes().get(end) == Some(&b'"');
        if is_plain && spec.check.is_none() {
            if marked || spec.is_looked_at {
                self.note(spec, Looked::Plain, start..end, value);
            }
            return Some(end + 1);
        }
        self.checked_string(spec, document, (start, end, marked), value)
    }

    /// The same of one that is checked or has escapes, whose first stop, and whether it is marked, is known.
    #[inline(never)]
    fn checked_string(
        &mut self,
        spec: &Spec,
        document: &Document<'_>,
        (start, mut end, marked): (usize, usize, bool),
        value: u32,
    ) -> Option<usize> {
        let (text, blocks) = (document.input(), document.blocks());
        let bytes = text.as_bytes();
        let escaped = bytes.get(end) != Some(&b'"');
        if escaped {
            // What has a form has no escapes.
            end = string_end(bytes, blocks, start).filter(|_| matches!(spec.check, None | Some(Check::Prose)))?;
        } else if let Some(check) = spec.check {
            let raw = text.get(start..end)?;
            self.settles(check, Scalar { kind: Kind::String, escaped: false, marked, raw }, start)?;
        }
        if marked || escaped || spec.is_looked_at {
            self.note(spec, if escaped { Looked::Escaped } else { Looked::Plain }, start..end, value);
        }
        Some(end + 1)
    }

    /// The number at `at`, at the tree's `value`: where what is behind it stands.
    #[inline]
    pub(super) fn number(&mut self, spec: &Spec, text: &str, at: usize, value: u32) -> Option<usize> {
        let bytes = text.as_bytes();
        let end = plain_number_end(bytes, at + usize::from(bytes.get(at) == Some(&b'-')))?;
        if let Some(check) = spec.check {
            let raw = text.get(at..end)?;
            self.settles(check, Scalar { kind: Kind::Number, escaped: false, marked: false, raw }, at)?;
        }
        if spec.is_looked_at {
            self.note(spec, Looked::Number, at..end, value);
        }
        Some(end)
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    fn note(&mut self, spec: &Spec, kind: Looked, at: Range<usize>, value: u32) {
        if !spec.is_proven
            && let Some(named) = spec.named
        {
            let place = self.lists.here();
            self.looks.push(Look { start: at.start as u32, end: at.end as u32, kind, named, value, place });
        }
    }

    /// Goes on where a value is fine and nothing else follows from it.
    #[inline]
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn settles(&mut self, check: Check, value: Scalar<'_>, start: usize) -> Option<()> {
        match check {
            // What most are, without asking further.
            Check::Text(most) if is_short(value, most) => {}
            Check::Identifier | Check::NumberedIdentifier if is_short(value, MAX_NAME_CHARS) => {}
            Check::Key if is_short(value, MAX_NAME_CHARS) && is_word(value.raw.as_bytes()) => {}
            Check::Id => {
                let id = canonical_id(value.raw)?;
                self.id_at = (id.as_bytes() == value.raw.as_bytes()).then_some(start as u32);
                self.id = Some(id);
            }
            Check::Time => {
                self.time = Some(match utc_len(value.raw.as_bytes()) {
                    Some(len) => Moment::At { start: start as u32, len: len as u8 },
                    None => Moment::Text(canonical_time(value.raw)?),
                });
            }
            _ => {
                if !check.settles(value) {
                    return None;
                }
                match check {
                    Check::Tenant if is_tenant(value.raw) => {
                        self.tenant = Some((start as u32, (start + value.raw.len()) as u32));
                    }
                    // Beyond so many the ordinary way looks at them like at any text.
                    Check::Hex(_) | Check::Nanoseconds => {
                        self.proven += 1;
                        if self.proven > Intact::MOST {
                            return None;
                        }
                    }
                    _ => {}
                }
            }
        }
        Some(())
    }
}

/// One word of a key.
#[inline]
pub(super) fn is_word(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
