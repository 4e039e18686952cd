//! W3C Trace Context: which trace and span a request belongs to, as one line of text that travels with it.
//!
//! Pure: random bits are handed in.

use std::fmt;

/// A span's place in its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanContext {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    flags: u8,
}

/// The flag that says: the caller recorded this trace.
const SAMPLED: u8 = 1;
/// The flag of level 2: the trace id is random enough to sample by.
const RANDOM: u8 = 2;
/// Characters of version 00.
const LENGTH: usize = 55;

impl SpanContext {
    /// The root of a new trace, recorded. Of `random`, the first 16 bytes are the trace's.
    pub fn root(random: [u8; 24]) -> Self {
        let (mut trace_id, mut span_id) = ([0; 16], [0; 8]);
        trace_id.copy_from_slice(&random[..16]);
        span_id.copy_from_slice(&random[16..]);
        Self { trace_id: not_zero(trace_id), span_id: not_zero(span_id), flags: SAMPLED | RANDOM }
    }

    /// A span below this one, in the same trace and with the same flags.
    #[must_use]
    pub fn child(&self, random: [u8; 8]) -> Self {
        Self { span_id: not_zero(random), ..*self }
    }

    /// Reads a `traceparent` header; nothing for what the recommendation calls invalid, which starts a new trace.
    ///
    /// A version after 00 is read as far as 00 goes, as the recommendation asks.
    pub fn parse(header: &str) -> Option<Self> {
        let text = header.trim_matches([' ', '\t']).as_bytes();
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let version = hex::<1>(&known[..2])?[0];
        let is_whole = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.first().is_none_or(|next| *next == b'-'),
        };
        if !is_whole || [2, 35, 52].iter().any(|dash| known[*dash] != b'-') {
            return None;
        }
        let (trace_id, span_id) = (hex::<16>(&known[3..35])?, hex::<8>(&known[36..52])?);
        let flags = hex::<1>(&known[53..])?[0] & (SAMPLED | RANDOM);
        (trace_id != [0; 16] && span_id != [0; 8]).then_some(Self { trace_id, span_id, flags })
    }

    /// 32 hex digits.
    pub fn trace_id(&self) -> String {
        digits(&self.trace_id)
    }

    /// 16 hex digits.
    pub fn span_id(&self) -> String {
        digits(&self.span_id)
    }

    /// W3C trace flags, as far as version 00 defines them.
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether the caller recorded the trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// The `traceparent` header, version 00.
impl fmt::Display for SpanContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id(), self.span_id(), self.flags)
    }
}

/// An id of zeros is none; a machine without a random source would make it.
fn not_zero<const N: usize>(mut id: [u8; N]) -> [u8; N] {
    if id == [0; N] {
        id[N - 1] = 1;
    }
    id
}

fn digits(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

/// Lower-case digits only: the recommendation has no others.
fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    (text.len() == N * 2).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn the_recommendations_example_is_read_and_written() {
        let context = SpanContext::parse(EXAMPLE).unwrap();
        assert_eq!(context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!((context.span_id().as_str(), context.flags()), ("b7ad6b7169203331", 1));
        assert_eq!(context.to_string(), EXAMPLE);
    }

    #[test]
    fn what_the_recommendation_calls_invalid_is_nothing() {
        let zeros = |n: usize| "0".repeat(n);
        for invalid in [
            String::new(),
            "00".into(),
            EXAMPLE[..54].into(),
            format!("{EXAMPLE}-"),
            format!("{EXAMPLE}0"),
            EXAMPLE.to_uppercase(),
            EXAMPLE.replace('-', "_"),
            EXAMPLE.replacen("00-", "ff-", 1),
            EXAMPLE.replacen("00-", "0x-", 1),
            EXAMPLE.replace("0af7651916cd43dd8448eb211c80319c", &zeros(32)),
            EXAMPLE.replace("b7ad6b7169203331", &zeros(16)),
            EXAMPLE.replace("-01", "-1g"),
            format!("{EXAMPLE},{EXAMPLE}"),
            "00-é".repeat(14),
        ] {
            assert_eq!(SpanContext::parse(&invalid), None, "{invalid}");
        }
    }

    #[test]
    fn a_later_version_is_read_as_far_as_00_goes() {
        let later = EXAMPLE.replacen("00-", "cc-", 1);
        let expected = SpanContext::parse(EXAMPLE);
        assert_eq!(SpanContext::parse(&later), expected);
        assert_eq!(SpanContext::parse(&format!("{later}-what-comes")), expected);
        assert_eq!(SpanContext::parse(&format!("{later}.x")), None);
    }

    #[test]
    fn unknown_flags_are_not_passed_on() {
        let context = SpanContext::parse(&EXAMPLE.replace("-01", "-fe")).unwrap();
        assert!(!context.is_sampled());
        assert!(context.to_string().ends_with("-02"));
    }

    #[test]
    fn a_child_stays_in_the_trace_and_no_id_is_zero() {
        let root = SpanContext::root([0; 24]);
        assert!(SpanContext::parse(&root.to_string()).is_some() && root.is_sampled());
        let child = root.child([7; 8]);
        assert_eq!((child.trace_id(), child.flags()), (root.trace_id(), root.flags()));
        assert_ne!(child.span_id(), root.span_id());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(random in any::<[u8; 24]>()) {
            let context = SpanContext::root(random);
            prop_assert_eq!(SpanContext::parse(&context.to_string()), Some(context));
        }

        #[test]
        fn no_text_is_too_strange_to_read(text in ".{0,70}|[0-9a-f-]{50,60}") {
            let _ = SpanContext::parse(&text);
        }
    }
}
