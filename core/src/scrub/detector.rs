//! The scan: one pass over a text that calls a detector's verifier only where its trigger stands.

use std::sync::LazyLock;

use super::detect::DETECTORS;
use super::fold;
use super::policy::Rule;
use super::token::token_len;
use crate::json::Marks;

/// A kind of personal data or secret that its form gives away.
pub(crate) struct Detector {
    pub(crate) rule: Rule,
    /// Bytes at which the verifier is asked.
    pub(crate) trigger: fn(u8) -> bool,
    /// Looks at the trigger at `at`. Nothing before `floor` may be taken: it belongs to an earlier match.
    pub(crate) verify: fn(text: &[u8], at: usize, floor: usize) -> Verdict,
}

/// What a verifier says of one trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Found, from `start` to `end`.
    Hit { start: usize, end: usize },
    /// Found, and of another rule than the detector's, which is acted on wherever the detector's is.
    HitAs { start: usize, end: usize, rule: Rule },
    /// Not here, and no trigger of this detector before `until` can be one either: keeps hostile runs linear.
    Miss { until: usize },
}

/// A match in a text: byte range and rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: Rule,
}

/// A set of detectors, one bit each in order of [`DETECTORS`].
pub(crate) type Set = u32;

/// Not a detector's: the byte with which a token may begin.
const TOKEN: Set = 1 << 30;

/// Not a detector's either: the bytes with which something hidden may begin.
pub(crate) const FOLD: Set = 1 << 29;

/// For each byte the detectors that it triggers.
pub(crate) static TRIGGERS: LazyLock<Marks> = LazyLock::new(|| {
    Marks::new(|byte| {
        let triggered = DETECTORS.iter().enumerate().filter(|(_, detector)| (detector.trigger)(byte));
        let others = if byte == b'[' { TOKEN } else { 0 } | if fold::is_trigger(byte) { FOLD } else { 0 };
        triggered.fold(others, |set, (i, _)| set | 1 << i)
    })
});

/// The detectors whose rule is wanted.
pub(crate) fn set_of(wanted: impl Fn(Rule) -> bool) -> Set {
    DETECTORS.iter().enumerate().filter(|(_, detector)| wanted(detector.rule)).fold(0, |set, (i, _)| set | 1 << i)
}

/// The set of detectors that some byte of `text` triggers.
pub(crate) fn triggered(text: &str) -> Set {
    text.bytes().fold(0, |set, byte| set | TRIGGERS.of(byte))
}

/// All matches in `text` of the detectors in `wanted`, in order, without overlaps; tokens are passed over. Where two
/// detectors match at one trigger, the earlier in [`DETECTORS`] wins.
pub(crate) fn find(text: &str, wanted: Set) -> Vec<Hit> {
    let (bytes, triggers) = (text.as_bytes(), &*TRIGGERS);
    let wanted = wanted | TOKEN;
    let mut hits = Vec::new();
    let mut not_before = [0; DETECTORS.len()];
    let (mut at, mut floor) = (0, 0);
    while at < bytes.len() {
        let mut triggered = triggers.of(bytes[at]) & wanted;
        let mut next = at + 1;
        if triggered & TOKEN != 0
            && let Some(len) = token_len(&bytes[at..])
        {
            at += len;
            floor = at;
            continue;
        }
        triggered &= !TOKEN;
        while triggered != 0 {
            let i = triggered.trailing_zeros() as usize;
            triggered &= triggered - 1;
            let detector = &DETECTORS[i];
            if at < not_before[i] {
                continue;
            }
            let (start, end, rule) = match (detector.verify)(bytes, at, floor) {
                Verdict::Hit { start, end } => (start, end, detector.rule),
                Verdict::HitAs { start, end, rule } => (start, end, rule),
                Verdict::Miss { until } => {
                    not_before[i] = until;
                    continue;
                }
            };
            // Verifiers count bytes; a bound of theirs may fall into a character.
            let (start, end) = (text.floor_char_boundary(start), text.ceil_char_boundary(end));
            hits.push(Hit { start, end, rule });
            (floor, next) = (end, end.max(next));
            break;
        }
        at = next;
    }
    hits
}

/// Checks of one detector's examples, for the tables beside the detectors.
#[cfg(test)]
pub(crate) mod examples {
    use super::*;

    /// Each text holds exactly the part in `«»` marks for `rule`.
    pub(crate) fn hits(rule: Rule, texts: &[&str]) {
        for marked in texts {
            let text = marked.replace(['«', '»'], "");
            let expected = marked.split('«').skip(1).filter_map(|part| part.split_once('»')).map(|(hit, _)| hit);
            let found: Vec<_> = find(&text, set_of(|wanted| wanted == rule))
                .iter()
                .map(|hit| text[hit.start..hit.end].to_owned())
                .collect();
            assert_eq!(found, expected.collect::<Vec<_>>(), "{marked}");
        }
    }

    /// Each text holds exactly the part in `«»` marks, found for the rule beside it by a detector of any rule.
    pub(crate) fn labelled(examples: &[(Rule, &str)]) {
        for (rule, marked) in examples {
            let text = marked.replace(['«', '»'], "");
            let expected = marked.split('«').skip(1).filter_map(|part| part.split_once('»'));
            let expected: Vec<_> = expected.map(|(hit, _)| (*rule, hit)).collect();
            let found = find(&text, set_of(|wanted| matches!(wanted, Rule::NationalId | Rule::Person)));
            let found: Vec<_> = found.iter().map(|hit| (hit.rule, &text[hit.start..hit.end])).collect();
            assert_eq!(found, expected, "{marked}");
        }
    }

    /// No text holds anything for `rule`.
    pub(crate) fn misses(rule: Rule, texts: &[&str]) {
        for text in texts {
            assert_eq!(find(text, set_of(|wanted| wanted == rule)), [], "{text}");
        }
    }
}
