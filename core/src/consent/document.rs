//! The state file's content, and what it means for a client. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::config::Purpose;

/// The form of the file. A newer one is not understood, and so grants nothing.
pub(super) const VERSION: u32 = 1;

/// One purpose's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    pub(crate) granted: bool,
    /// RFC 3339.
    pub(crate) at: String,
    /// Of the privacy notice that was shown.
    pub(crate) notice_version: Option<String>,
    /// Who did it, such as `cli` or an application's settings page.
    pub(crate) source: String,
}

/// How far the audit trail had come when the file was written: whoever cuts its end off is found out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) entries: u64,
    pub(crate) hash: String,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) version: u32,
    /// Files of early builds have one word for all purposes.
    #[serde(alias = "epoch")]
    pub(crate) epochs: Epochs,
    pub(crate) purposes: BTreeMap<Purpose, Grant>,
    pub(crate) trail: Head,
}

impl Default for Document {
    fn default() -> Self {
        Self { version: VERSION, epochs: Epochs::default(), purposes: BTreeMap::new(), trail: Head::default() }
    }
}

/// What stands on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// No file: the user was not asked.
    Absent,
    /// A file that cannot be read or trusted, and why.
    Unreadable(String),
    /// The user's word.
    Given(Document),
}

impl Standing {
    /// The epochs of the last withdrawals.
    pub(crate) fn epochs(&self) -> Epochs {
        match self {
            Self::Given(document) => document.epochs.clone(),
            Self::Absent | Self::Unreadable(_) => Epochs::default(),
        }
    }
}

/// What a client's configuration makes of a [`Standing`].
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// What holds where the user was not asked: nothing refuses where an operator turned collection on.
    pub(crate) absent: Option<Refusal>,
    /// The notice that users see now.
    pub(crate) notice_version: Option<String>,
}

/// For each purpose that was ever withdrawn a random word, new with every withdrawal of it. What was kept for a purpose
/// under another word must be erased unsent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenEpochs")]
pub(crate) struct Epochs(BTreeMap<Purpose, String>);

/// As they stand in files.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenEpochs {
    Each(BTreeMap<Purpose, String>),
    /// Of whatever was withdrawn last; empty where nothing ever was.
    One(String),
}

impl From<WrittenEpochs> for Epochs {
    fn from(written: WrittenEpochs) -> Self {
        match written {
            WrittenEpochs::Each(epochs) => Self(epochs),
            WrittenEpochs::One(word) if word.is_empty() => Self::default(),
            WrittenEpochs::One(word) => Self(Purpose::ALL.map(|purpose| (purpose, word.clone())).into()),
        }
    }
}

impl Epochs {
    /// Begins another epoch of these purposes.
    pub(super) fn begin(&mut self, purposes: Purposes, word: &str) {
        for purpose in purposes.iter() {
            self.0.insert(purpose, word.to_owned());
        }
    }

    /// The word of a purpose; empty where it was never withdrawn.
    pub(super) fn of(&self, purpose: Purpose) -> &str {
        self.0.get(&purpose).map_or("", String::as_str)
    }

    /// The purposes that have another epoch there.
    pub(super) fn differing(&self, other: &Self) -> Purposes {
        Purpose::ALL.into_iter().filter(|purpose| self.of(*purpose) != other.of(*purpose)).collect()
    }
}

/// A set of purposes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Purposes(pub(super) u8);

impl Purposes {
    pub(crate) const ALL: Self = Self(0b111);
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn contains(self, purpose: Purpose) -> bool {
        self.0 & bit(purpose) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Those of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that the other has not.
    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL.into_iter().filter(move |purpose| self.contains(*purpose))
    }
}

impl FromIterator<Purpose> for Purposes {
    fn from_iter<I: IntoIterator<Item = Purpose>>(purposes: I) -> Self {
        Self(purposes.into_iter().fold(0, |bits, purpose| bits | bit(purpose)))
    }
}

fn bit(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Diagnostics => 0b001,
        Purpose::Performance => 0b010,
        Purpose::Analytics => 0b100,
    }
}

/// What may be collected: at least one purpose, or the reason why none.
pub(crate) type Verdict = std::result::Result<Purposes, Refusal>;

impl Rule {
    /// What may be collected.
    pub(crate) fn verdict(&self, standing: &Standing) -> Verdict {
        let document = match standing {
            Standing::Absent => return self.absent.map_or(Ok(Purposes::ALL), Err),
            Standing::Unreadable(_) => return Err(Refusal::Unreadable),
            Standing::Given(document) => document,
        };
        let granted = || document.purposes.iter().filter(|(_, grant)| grant.granted);
        let current: Purposes =
            granted().filter(|(_, grant)| self.covers(grant)).map(|(purpose, _)| *purpose).collect();
        match (current, granted().next()) {
            (Purposes::NONE, None) => Err(Refusal::NotGranted),
            (Purposes::NONE, Some(_)) => Err(Refusal::OlderNotice),
            (current, _) => Ok(current),
        }
    }

    /// Whether a grant was given under the notice that users see now, or a later one.
    pub(crate) fn covers(&self, grant: &Grant) -> bool {
        let Some(shown) = &self.notice_version else { return true };
        let Some(seen) = &grant.notice_version else { return false };
        seen == shown || numbers(seen) > numbers(shown)
    }
}

/// The numbers in a version, by which versions are compared from left to right: `2026-03`, `1.10`, `v3`.
fn numbers(version: &str) -> Vec<u64> {
    let parts = version.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    parts.map(|digits| digits.parse().unwrap_or(u64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(granted: bool, notice: Option<&str>) -> Grant {
        let notice_version = notice.map(str::to_owned);
        Grant { granted, at: "2026-01-02T03:04:05Z".to_owned(), notice_version, source: "test".to_owned() }
    }

    fn given(grants: &[(Purpose, Grant)]) -> Standing {
        Standing::Given(Document { purposes: grants.iter().cloned().collect(), ..Document::default() })
    }

    fn rule(absent: Option<Refusal>, notice: Option<&str>) -> Rule {
        Rule { absent, notice_version: notice.map(str::to_owned) }
    }

    #[test]
    fn a_file_of_an_early_build_says_what_it_said() {
        let read = |epoch: &str| {
            let grant = r#"{"granted":true,"at":"2026-01-02T03:04:05Z","notice_version":null,"source":"cli"}"#;
            let text = format!(
                r#"{{"version":1,"epoch":"{epoch}","purposes":{{"analytics":{grant}}},"trail":{{"entries":1,"hash":"x"}}}}"#
            );
            serde_json::from_str::<Document>(&text).unwrap()
        };
        let never = read("");
        assert!(never.purposes[&Purpose::Analytics].granted);
        assert_eq!(never.epochs, Epochs::default());
        let withdrawn = read("00ff");
        assert!(Purpose::ALL.iter().all(|purpose| withdrawn.epochs.of(*purpose) == "00ff"));
        let fresh = serde_json::to_string(&withdrawn).unwrap();
        assert!(fresh.contains(r#""epochs":{""#), "written in today's form: {fresh}");
        assert_eq!(serde_json::from_str::<Document>(&fresh).unwrap(), withdrawn);
    }

    #[test]
    fn where_nobody_was_asked_the_operators_word_counts() {
        assert_eq!(rule(None, None).verdict(&Standing::Absent), Ok(Purposes::ALL));
        for refusal in [Refusal::NotAsked, Refusal::NotGranted] {
            assert_eq!(rule(Some(refusal), None).verdict(&Standing::Absent), Err(refusal));
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_grants_nothing_whatever_the_operator_says() {
        let unreadable = Standing::Unreadable("not JSON".to_owned());
        assert_eq!(rule(None, None).verdict(&unreadable), Err(Refusal::Unreadable));
    }

    #[test]
    fn only_what_is_granted_is_collected_and_a_no_beats_the_operator() {
        let some = given(&[(Purpose::Diagnostics, grant(true, None)), (Purpose::Analytics, grant(false, None))]);
        let purposes = rule(None, None).verdict(&some).unwrap();
        assert_eq!(Purpose::ALL.map(|purpose| purposes.contains(purpose)), [true, false, false]);
        let none = given(&[(Purpose::Diagnostics, grant(false, None))]);
        for standing in [none, given(&[])] {
            assert_eq!(rule(None, None).verdict(&standing), Err(Refusal::NotGranted));
        }
    }

    #[test]
    fn a_newer_notice_needs_a_new_grant() {
        for (seen, shown, covers) in [
            (Some("2026-03"), "2026-03", true),
            (Some("2026-04"), "2026-03", true),
            (Some("2026-02"), "2026-03", false),
            (Some("1.9"), "1.10", false),
            (Some("v2"), "v1", true),
            (Some("draft"), "final", false),
            (None, "1", false),
        ] {
            let verdict = rule(None, Some(shown)).verdict(&given(&[(Purpose::Analytics, grant(true, seen))]));
            assert_eq!(verdict.is_ok(), covers, "{seen:?} {shown}");
            assert!(covers || verdict == Err(Refusal::OlderNotice));
        }
        assert!(rule(None, None).verdict(&given(&[(Purpose::Analytics, grant(true, Some("1")))])).is_ok());
    }
}
