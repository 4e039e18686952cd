//! The collector's answer to a batch: a verdict on each record.

use serde::Deserialize;

use crate::export::Failure;
use crate::json_value;
use crate::outcome::Code;

/// What the collector did not accept of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Records that it rejected or dropped; it has the others.
    pub(crate) refused: u64,
    /// Why, as far as this version knows the codes.
    pub(crate) codes: Vec<Code>,
    /// Where and why the first of them was refused, in the collector's words, if it says so.
    pub(crate) why: Option<(String, String)>,
    /// Everything was taken, but with a word of warning.
    pub(crate) warned: bool,
}

#[derive(Deserialize)]
struct Written {
    accepted: u64,
    rejected: u64,
    dropped: u64,
    #[serde(default)]
    results: Vec<WrittenResult>,
}

#[derive(Deserialize)]
struct WrittenResult {
    #[serde(default)]
    violations: Vec<WrittenViolation>,
}

#[derive(Deserialize)]
pub(super) struct WrittenViolation {
    code: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    message: String,
}

/// Those codes of violations that this version knows.
pub(super) fn codes<'a>(violations: impl IntoIterator<Item = &'a WrittenViolation>) -> Vec<Code> {
    let known = |violation: &WrittenViolation| Code::ALL.into_iter().find(|code| code.as_str() == violation.code);
    violations.into_iter().filter_map(known).collect()
}

/// Where and why, of the first that says why.
pub(super) fn why<'a>(violations: impl IntoIterator<Item = &'a WrittenViolation>) -> Option<(String, String)> {
    let first = violations.into_iter().find(|violation| !violation.message.is_empty())?;
    Some((first.path.clone(), first.message.clone()))
}

impl Verdict {
    /// Everything was taken.
    pub(crate) fn accepted() -> Self {
        Self { refused: 0, codes: Vec::new(), why: None, warned: false }
    }

    /// Reads the answer to a batch of `records`.
    ///
    /// Whoever answers 200 but does not account for each record (a captive portal, another service) is no
    /// collector; to count such records as delivered would be a lie.
    pub(crate) fn read(body: &[u8], records: u64) -> Result<Self, Failure> {
        let written: Written = json_value::from_slice(body).ok_or(Failure::Verdict)?;
        let refused = written.rejected.checked_add(written.dropped).ok_or(Failure::Verdict)?;
        if refused.checked_add(written.accepted) != Some(records) {
            return Err(Failure::Verdict);
        }
        let violations = || written.results.iter().flat_map(|result| &result.violations);
        Ok(Self { refused, codes: codes(violations()), why: why(violations()), warned: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_counted_with_their_codes() {
        let body = r#"{"accepted":1,"rejected":1,"dropped":1,"duplicates":0,"results":[
            {"status":"accepted","id":"a","violations":[]},
            {"status":"rejected","id":"b","violations":[{"path":"/event","code":"required","message":"x"},
                                                        {"path":"/x","code":"from_the_future","message":"x"}]},
            {"status":"dropped","id":null,"violations":[{"path":"","code":"record_too_large","message":"x"}]}],
            "redactions":{"email":1}}"#;
        let codes = vec![Code::Required, Code::RecordTooLarge];
        assert_eq!(
            Verdict::read(body.as_bytes(), 3),
            Ok(Verdict { refused: 2, codes, why: Some(("/event".to_owned(), "x".to_owned())), warned: false })
        );
    }

    #[test]
    fn an_answer_that_does_not_account_for_each_record_is_no_verdict() {
        for body in [
            "",
            "<html>",
            "{}",
            "[]",
            r#"{"accepted":2,"rejected":0,"dropped":0}"#,
            r#"{"accepted":4,"rejected":-1,"dropped":0}"#,
            r#"{"accepted":3,"rejected":18446744073709551615,"dropped":1}"#,
        ] {
            assert_eq!(Verdict::read(body.as_bytes(), 3), Err(Failure::Verdict), "{body}");
        }
    }
}
