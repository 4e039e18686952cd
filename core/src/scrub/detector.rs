//! The scan: a verifier runs only where one of its gates is open; most bytes of most texts cost nothing here.

use std::sync::LazyLock;

use super::detect::DETECTORS;
use super::fold;
use super::gate::{Gate, Gates, Lane, Set, TOKEN, Verify};
use super::policy::Rule;
use super::token::token_len;
use crate::scan::{HIDDEN_LANE, Lanes, Scanned, bytes};

/// A kind of personal data or secret that its form gives away.
pub(crate) struct Detector {
    /// What it finds; the first where its verifier does not say.
    pub(super) rules: &'static [Rule],
    pub(super) gates: &'static [Gate],
}

/// What a verifier says of one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Found, from `start` to `end`.
    Hit { start: usize, end: usize },
    /// Found, and of another than the detector's first rule.
    HitAs { start: usize, end: usize, rule: Rule },
    /// Not here, and nowhere before `until` for this gate: keeps hostile runs linear.
    Miss { until: usize },
    /// A label of `rule` stands here whose value has not its form. Counts as a look: it costs as much as a finding.
    Refused { rule: Rule },
}

/// A match in a text: byte range and rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: Rule,
}

/// The gates to look through, and the rules whose matches count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    gates: Set,
    rules: u64,
}

impl Wanted {
    /// The rules that `wanted` holds for.
    pub(crate) fn new(wanted: impl Fn(Rule) -> bool) -> Self {
        let gates = TABLE.gates.iter().enumerate().filter(|(_, (_, rules))| rules.iter().any(|rule| wanted(*rule)));
        Self {
            gates: gates.fold(TOKEN, |set, (i, _)| set | 1 << i),
            rules: Rule::ALL.into_iter().filter(|rule| wanted(*rule)).fold(0, |set, rule| set | 1 << rule as u32),
        }
    }

    /// What both hold for.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self { gates: self.gates & other.gates, rules: self.rules & other.rules }
    }

    /// Whether matches of `rule` count.
    pub(crate) const fn has(self, rule: Rule) -> bool {
        self.rules >> rule as u32 & 1 == 1
    }
}

/// All gates in order of [`DETECTORS`], each with its detector's rules, and its verifier with the first of them.
struct Table {
    gates: Vec<(&'static Gate, &'static [Rule])>,
    verifiers: Vec<(Verify, Rule)>,
    exact: Gates,
}

fn gates() -> impl Iterator<Item = (&'static Gate, &'static [Rule])> {
    DETECTORS.iter().flat_map(|detector| detector.gates.iter().map(|gate| (gate, detector.rules)))
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table {
    gates: gates().collect(),
    verifiers: gates().map(|(gate, rules)| (gate.verify, rules[0])).collect(),
    exact: Gates::new(gates().map(|(gate, _)| gate)),
});

/// More than there are: the highest bit of a set is [`TOKEN`].
const MAX_GATES: usize = 63;

/// What a text is scanned for.
pub(crate) static LANES: LazyLock<Lanes> = LazyLock::new(|| {
    let any = bytes(|_| true);
    let detectors = gates().flat_map(|(gate, _)| {
        let of = |(lane, part): &(usize, fn(u8) -> bool)| {
            let before = bytes(|byte| part(byte) && (gate.before)(byte));
            (*lane, [before, bytes(gate.at), bytes(gate.after), bytes(gate.after2)])
        };
        gate.lane.parts().iter().map(of).collect::<Vec<_>>()
    });
    let token = [any, bytes(|byte| byte == b'['), bytes(|byte| byte.is_ascii_lowercase()), any];
    let tokens = Lane::Bracket.parts().iter().map(|(lane, _)| (*lane, token));
    let hidden = fold::SIGNS.iter().map(|sign| {
        let after = bytes(|after| fold::may_begin(*sign, after));
        let lane = HIDDEN_LANE + usize::from(matches!(sign, b'(' | b'[' | b'{'));
        (lane, [any, bytes(|byte| byte == *sign), after, any])
    });
    Lanes::new(detectors.chain(tokens).chain(hidden))
});

/// What any text may have of them, and bytes of it that allow for one more: a log of a line a second
/// with an address in each has fewer. What has more is a list of personal data, or was made to cost time.
const FREE_LOOKS: usize = 1024;
const BYTES_A_LOOK: usize = 64;

/// Findings and refused labels that `text` may have.
pub(super) const fn max_looks(text: &str) -> usize {
    FREE_LOOKS + text.len() / BYTES_A_LOOK
}

/// All matches of the detectors in `wanted` in a text that was scanned for [`LANES`]: in order, without overlaps; tokens
/// are passed over. Where two detectors match at one place, the earlier in [`DETECTORS`] wins.
///
/// # Errors
/// The last rule, where the text has more to look at than it may: all of it is to go.
pub(crate) fn find(scanned: Scanned<'_>, wanted: Wanted) -> Result<Vec<Hit>, Rule> {
    let mut hits = Vec::new();
    find_each(scanned, wanted, &mut |hit| hits.push(hit)).map(|()| hits)
}

/// The same, one after another. One function for all who ask: it is large, and a match is rare.
pub(super) fn find_each(scanned: Scanned<'_>, wanted: Wanted, found: &mut dyn FnMut(Hit)) -> Result<(), Rule> {
    let (text, table) = (scanned.text, &*TABLE);
    let bytes = text.as_bytes();
    let mut not_before = [0u32; MAX_GATES];
    let (mut from, mut floor) = (0, 0);
    let mut looks = max_looks(text);
    while let Some(at) = scanned.next_hot(from) {
        from = at + 1;
        let mut open = table.exact.open(bytes, at, wanted.gates);
        if open == 0 {
            continue;
        }
        if open & TOKEN != 0
            && let Some(len) = token_len(&bytes[at..])
        {
            from = at + len;
            floor = from;
            continue;
        }
        open &= !TOKEN;
        while open != 0 {
            let i = open.trailing_zeros() as usize;
            open &= open - 1;
            if at < not_before[i] as usize {
                continue;
            }
            let (verify, first) = table.verifiers[i];
            let (start, end, rule) = match verify(bytes, at, floor) {
                Verdict::Hit { start, end } => (start, end, first),
                Verdict::HitAs { start, end, rule } => (start, end, rule),
                Verdict::Miss { until } => {
                    // Most verifiers say no to this place alone.
                    if until > from {
                        not_before[i] = u32::try_from(until).unwrap_or(u32::MAX);
                    }
                    continue;
                }
                Verdict::Refused { rule } => {
                    if wanted.has(rule) {
                        looks = looks.checked_sub(1).ok_or(rule)?;
                    }
                    continue;
                }
            };
            if !wanted.has(rule) {
                continue;
            }
            looks = looks.checked_sub(1).ok_or(rule)?;
            // Verifiers count bytes; a bound of theirs may fall into a character.
            let (start, end) = (text.floor_char_boundary(start), text.ceil_char_boundary(end));
            found(Hit { start, end, rule });
            (floor, from) = (end, end.max(from));
            break;
        }
    }
    Ok(())
}

/// Checks of one detector's examples, for the tables beside the detectors.
#[cfg(test)]
pub(crate) mod examples {
    use super::*;
    use crate::scan::Scan;

    /// What is found in `text` for the rules that `wanted` holds for.
    pub(crate) fn found(text: &str, wanted: impl Fn(Rule) -> bool) -> Vec<Hit> {
        find(Scan::of(text, &LANES).with(text), Wanted::new(wanted)).unwrap()
    }

    /// Each text holds exactly the part in `«»` marks for `rule`.
    pub(crate) fn hits(rule: Rule, texts: &[&str]) {
        for marked in texts {
            let text = marked.replace(['«', '»'], "");
            let expected = marked.split('«').skip(1).filter_map(|part| part.split_once('»')).map(|(hit, _)| hit);
            let found: Vec<_> =
                found(&text, |wanted| wanted == rule).iter().map(|hit| text[hit.start..hit.end].to_owned()).collect();
            assert_eq!(found, expected.collect::<Vec<_>>(), "{marked}");
        }
    }

    /// What the labels in `text` bring.
    fn by_label(text: &str) -> Vec<Hit> {
        // The detector of labels and that of national ids.
        let wanted = Wanted { rules: u64::MAX, ..Wanted::new(|rule| rule == Rule::NationalId) };
        find(Scan::of(text, &LANES).with(text), wanted).unwrap()
    }

    /// Each text holds exactly the part in `«»` marks, found for the rule beside it by a detector of any rule.
    pub(crate) fn labelled(examples: &[(Rule, &str)]) {
        for (rule, marked) in examples {
            let text = marked.replace(['«', '»'], "");
            let expected = marked.split('«').skip(1).filter_map(|part| part.split_once('»'));
            let expected: Vec<_> = expected.map(|(hit, _)| (*rule, hit)).collect();
            let found = by_label(&text);
            let found: Vec<_> = found.iter().map(|hit| (hit.rule, &text[hit.start..hit.end])).collect();
            assert_eq!(found, expected, "{marked}");
        }
    }

    /// No text holds anything for `rule`.
    pub(crate) fn misses(rule: Rule, texts: &[&str]) {
        for text in texts {
            assert_eq!(found(text, |wanted| wanted == rule), [], "{text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scan::Scan;

    /// What labels, numbers and signs are made of.
    const PARTS: [&str; 44] = [
        "password",
        "passwort",
        "port",
        "token",
        "api_key",
        "ssn",
        "ref",
        "taxref",
        "tax ref",
        "phone",
        "tel",
        "no",
        "x",
        "é",
        "String",
        "value",
        "2",
        "17",
        "078-05-1120",
        "AB 12 34 56 C",
        "1EG4-TE5-MK73",
        "12.345.678-5",
        "131052-308T",
        "GB82 WEST 1234 5698 7654 32",
        "NO9386011117947",
        "4111111111111111",
        "Jan 2, 1990",
        "hunter2hunter2",
        "\"X1234567\"",
        ":",
        "=",
        ">",
        " ",
        ": ",
        " = ",
        "&",
        "?",
        "_",
        "-",
        ".",
        "'",
        "<",
        "(",
        "K9f3Qz7Lm2Xw8Rt4",
    ];

    proptest! {
        #[test]
        fn where_no_gate_of_a_verifier_is_open_it_finds_nothing(
            parts in prop::collection::vec(prop::sample::select(&PARTS[..]), 1..10),
        ) {
            let text = parts.concat();
            let bytes = text.as_bytes();
            let near = |at: usize, by: isize| {
                at.checked_add_signed(by).and_then(|at| bytes.get(at)).copied().unwrap_or(b'\n')
            };
            for at in 0..bytes.len() {
                let open = TABLE.exact.open(bytes, at, Set::MAX);
                for (gate, _) in gates() {
                    let stands = (gate.before2)(near(at, -2))
                        && (gate.before)(near(at, -1))
                        && (gate.at)(bytes[at])
                        && (gate.after)(near(at, 1))
                        && (gate.after2)(near(at, 2));
                    let is_same = |verify: Verify| std::ptr::fn_addr_eq(verify, gate.verify);
                    let is_asked = gates().enumerate().any(|(i, (other, _))| open >> i & 1 == 1 && is_same(other.verify));
                    if stands && !is_asked {
                        let verdict = (gate.verify)(bytes, at, 0);
                        prop_assert!(matches!(verdict, Verdict::Miss { .. }), "{text:?} at {at}: {verdict:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_text_with_more_findings_than_it_may_have_is_told_from_others() {
        for (text, is_too_much) in [
            ("write to a@b.co or c@d.co; ".repeat(2_000), true),
            ("dob: 1 ".repeat(2_000), true),
            (format!("{:64}", "a@b.co").repeat(2_000), false),
            ("1.5 22 4111 0 12 ".repeat(3_000), false),
        ] {
            let found = find(Scan::of(&text, &LANES).with(&text), Wanted::new(|_| true));
            assert_eq!(found.is_err(), is_too_much, "{text:.20}");
        }
    }
}
