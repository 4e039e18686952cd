//! The user's consent and the client's health behind text, without a client that collects.

use serde::Deserialize;

use crate::config::Purpose;
use crate::error::{Error, ErrorKind, Result};
use crate::ffi::guard;

/// What a user says, as hosts write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Word {
    #[serde(default = "all")]
    pub(super) purposes: Vec<Purpose>,
    #[serde(default)]
    pub(super) notice_version: Option<String>,
    pub(super) source: String,
}

impl Word {
    pub(super) fn from_json(text: &str) -> Result<Self> {
        let word: Self = serde_json::from_str(text).map_err(|_| {
            let message =
                r#"expected {"purposes":["diagnostics","performance","analytics"],"notice_version":…,"source":…}"#;
            Error::new(ErrorKind::ArgumentInvalid, "", message)
        })?;
        if word.purposes.is_empty() {
            return Err(Error::new(
                ErrorKind::ArgumentInvalid,
                "/purposes",
                "name at least one purpose, or leave it out",
            ));
        }
        Ok(word)
    }
}

fn all() -> Vec<Purpose> {
    Purpose::ALL.into()
}

/// The consent of the user who runs this program, under a configuration that is laid over environment and file as a
/// client's is. Looking makes nothing.
pub struct Consent(crate::Client);

impl Consent {
    /// Reads configuration, environment and file.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`.
    pub fn new(config: &str) -> Result<Self> {
        guard(|| Ok(Self(crate::Client::for_control(&crate::Config::from_json(config)?)?)))
    }

    /// What holds and who decided it, as JSON. See [`crate::Client::status`].
    ///
    /// # Errors
    /// `internal` only.
    pub fn status(&self) -> Result<String> {
        guard(|| Ok(self.0.status()))
    }

    /// Records that the user agrees. `grant` is as for [`crate::ffi::Client::opt_in`].
    ///
    /// # Errors
    /// `argument_invalid`, `consent_unavailable`.
    pub fn grant(&self, grant: &str) -> Result<()> {
        guard(|| {
            let grant = Word::from_json(grant)?;
            self.0.opt_in(&grant.purposes, grant.notice_version.as_deref(), &grant.source).map(drop)
        })
    }

    /// Records that the user no longer agrees, and erases what programs that are not running left to be sent. Those
    /// that run follow within a second. `word` is as for [`crate::ffi::Client::opt_out`].
    ///
    /// # Errors
    /// `argument_invalid`, `consent_unavailable`.
    pub fn withdraw(&self, word: &str) -> Result<()> {
        guard(|| {
            let word = Word::from_json(word)?;
            self.0.opt_out(&word.purposes, &word.source)
        })
    }

    /// Every change there was, as a JSON array of the audit trail's entries.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub fn history(&self) -> Result<String> {
        guard(|| self.0.consent_history())
    }

    /// Checks the audit trail: `{"entries":n,"head":…,"broken_at":n|null,"keyed":n,"proved_up_to":n|null}`.
    ///
    /// # Errors
    /// `consent_unavailable`.
    pub fn verify(&self) -> Result<String> {
        guard(|| self.0.consent_verify())
    }
}

/// Checks what a client of this configuration needs: `{"ok":bool,"checks":[{"name","state","message","advice"}…]}`;
/// a state is `ok`, `warning`, `failed` or `skipped`. Asks the endpoint, and waits for its answer as long as a request
/// may take.
///
/// # Errors
/// `config_invalid`, `config_unknown_key`.
pub fn doctor(config: &str) -> Result<String> {
    guard(|| Ok(crate::Client::for_control(&crate::Config::from_json(config)?)?.doctor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_names_known_purposes_and_its_source() {
        let word = Word::from_json(r#"{"source":"cli"}"#).unwrap();
        assert_eq!((word.purposes.len(), word.source.as_str()), (3, "cli"));
        for bad in ["", "{}", r#"{"source":"x","purposes":["spying"]}"#, r#"{"source":"x","purposes":[]}"#] {
            assert_eq!(Word::from_json(bad).err().unwrap().kind(), ErrorKind::ArgumentInvalid, "{bad}");
        }
    }
}
