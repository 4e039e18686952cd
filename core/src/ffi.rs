//! The facade that every binding calls: text in, text out, one panic guard.
//!
//! Shells name these calls in their own technology and convert nothing but text, bytes and integers. A bad
//! record comes back as an outcome; a bad call as an [`Error`] with a stable code. A panic anywhere below is
//! contained here and becomes [`ErrorKind::Internal`].

#[cfg(feature = "client")]
mod archive;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod consent;
mod plan;
#[cfg(feature = "receive")]
mod receive;
#[cfg(feature = "report")]
mod report;
#[cfg(feature = "client")]
mod spool;
#[cfg(feature = "store")]
mod store;
mod trace;

use std::sync::Arc;

pub use crate::capture::{CapturedRecord, MAX_CAPTURED_BYTES, WALKED_LEVELS};
use crate::contain::contain;
use crate::error::{Error, ErrorKind, Result};
use crate::stamp::Stamp;

#[cfg(feature = "client")]
pub use self::archive::{ArchiveEngine, Archived, microseconds_now};
#[cfg(feature = "client")]
pub use self::client::{Checked, Client, Tickets};
#[cfg(feature = "client")]
pub use self::consent::{Consent, doctor};
pub use self::plan::{plan_check, plan_diff};
#[cfg(feature = "receive")]
pub use self::receive::{OtlpRecords, check, forwarded, inflate_zstd, otlp_answer, otlp_records, otlp_refusal};
#[cfg(feature = "report")]
pub use self::report::{Report, etl, report_page, to_parquet};
#[cfg(feature = "client")]
pub use self::spool::{spool_inspect, spool_purge, spool_records};
#[cfg(feature = "store")]
pub use self::store::{Store, convert_store, encrypts_stores, leave_stores};
#[cfg(feature = "clock")]
pub use self::trace::new_traceparent;
pub use self::trace::read_traceparent;

/// The version of the engine, the same for all packages.
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Every stable code as JSON: `{"statuses":[…],"violations":[…],"errors":[…],"actions":[…],"rules":[…],"reasons":[…]}`.
pub fn codes() -> String {
    crate::codes::to_json()
}

/// The record kinds as JSON Schema documents (2020-12), one object by the kinds' names.
pub fn schemas() -> String {
    crate::record::schemas()
}

/// The metrics catalog as JSON: `[{"name","type","unit","description"}…]`.
pub fn metrics_catalog() -> String {
    crate::record::metrics_catalog()
}

/// A configuration with a name, as its JSON: `debug`, `production` or `disabled`.
///
/// # Errors
/// `argument_invalid` where there is none of this name.
pub fn profile(name: &str) -> Result<String> {
    guard(|| crate::config::profile(name))
}

/// Opens the sealed values in a text, which may be JSON or lines of it: `{"opened":n,"failed":n,"text":…}`. Boxes of
/// another key stay, and count as failed.
///
/// # Errors
/// `argument_invalid` for a key that is none.
pub fn unseal(secret_key: &str, text: &str) -> Result<String> {
    guard(|| Ok(crate::scrub::unseal(secret_key, text)?.to_json()))
}

/// A fresh key pair for sealed values: `{"public_key":…,"secret_key":…}`. The public one goes into the configuration,
/// the secret one to whoever may open.
///
/// # Errors
/// `internal` where the machine has no source of randomness.
#[cfg(feature = "clock")]
pub fn seal_keypair() -> Result<String> {
    guard(|| {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| {
            Error::new(ErrorKind::Internal, "", "this machine gives no random bytes, and a key must not do without")
        })?;
        Ok(crate::scrub::keypair(&seed))
    })
}

/// What sampling as configured makes of a record, JSON text, while nothing presses: `{"kept":bool,"sample_rate":n|null}`.
///
/// # Errors
/// `config_invalid`, `config_unknown_key`.
pub fn sample(config: &str, record: &str) -> Result<String> {
    guard(|| {
        let config = crate::Config::from_json(config)?;
        Ok(crate::sampling::explain(&config.sampling, record.as_bytes()))
    })
}

/// Panics on purpose inside the guard, so that each host can prove what it makes of it.
///
/// # Errors
/// Always [`ErrorKind::Internal`].
#[allow(
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "the one deliberate panic never leaves the guard it proves"
)]
pub fn panic_for_test() -> Result<String> {
    guard(|| panic!("deliberate"))
}

/// Fails on purpose with the error of `code`, so that each host can prove that it maps every one.
///
/// # Errors
/// Always; `argument_invalid` where there is no such code.
pub fn fail_for_test(code: &str) -> Result<String> {
    guard(|| {
        let kind = ErrorKind::ALL.into_iter().find(|kind| kind.code() == code);
        Err(Error::new(kind.unwrap_or(ErrorKind::ArgumentInvalid), "/for/test", "asked for by a test"))
    })
}

/// Keeps panic messages off the host's standard error: they can quote what was being processed. For shells, which
/// have their own copy of the runtime; a program that links the crate keeps its own hook.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// Runs `call`; a panic becomes a stable error.
pub(crate) fn guard<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    contain(call).unwrap_or_else(|| {
        Err(Error::new(ErrorKind::Internal, "", "a defect in the engine was contained; the call had no effect"))
    })
}

/// [`crate::Engine`] behind text.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<crate::Engine>);

impl Engine {
    /// Compiles a configuration, a JSON object (`{}` for the defaults).
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`.
    pub fn new(config: &str) -> Result<Self> {
        guard(|| Ok(Self(Arc::new(crate::Engine::new(&crate::Config::from_json(config)?)?))))
    }

    /// The outcome of one record as canonical JSON. Pure: the same bytes give the same bytes. With a stamp, a
    /// JSON object `{"now":RFC 3339,"random":20 hex digits}`, an absent id or timestamp is filled from it.
    ///
    /// # Errors
    /// `argument_invalid` for a malformed stamp.
    pub fn process(&self, record: &[u8], stamp: Option<&str>) -> Result<String> {
        guard(|| {
            let stamp = stamp.map(Stamp::from_json).transpose()?;
            Ok(self.0.process(record, stamp.as_ref()).to_json())
        })
    }

    /// [`process`](Self::process) with the clock's time and fresh random bits as its stamp.
    ///
    /// # Errors
    /// `internal` only.
    #[cfg(feature = "clock")]
    pub fn process_now(&self, record: &[u8]) -> Result<String> {
        guard(|| Ok(self.0.process(record, Some(&Stamp::now())).to_json()))
    }

    /// [`process`](Self::process) of a record that a shell wrote value by value.
    ///
    /// # Errors
    /// `argument_invalid` for a malformed stamp.
    pub fn process_captured(&self, record: &[u8], stamp: Option<&str>) -> Result<String> {
        guard(|| {
            let stamp = stamp.map(Stamp::from_json).transpose()?;
            Ok(self.0.process_captured(record, stamp.as_ref()).to_json())
        })
    }

    /// Why [`process`](Self::process) changes and keeps what it does:
    /// `{"status":…,"violations":[…],"decisions":[{"path":…,"rule":…,"action":…,"reason":…}]}`. Never quotes a value.
    ///
    /// # Errors
    /// `argument_invalid` for a malformed stamp.
    pub fn explain(&self, record: &[u8], stamp: Option<&str>) -> Result<String> {
        guard(|| {
            let stamp = stamp.map(Stamp::from_json).transpose()?;
            Ok(self.0.explain(record, stamp.as_ref()).to_json())
        })
    }

    /// Scrubs free text: `{"redactions":[…],"text":…}`.
    ///
    /// # Errors
    /// `internal` only.
    pub fn scrub_text(&self, text: &str) -> Result<String> {
        guard(|| Ok(self.0.scrub_text(text).to_json()))
    }

    /// Scrubs any JSON document: `{"violations":[…],"redactions":[…],"json":…}`; `json` is `null` where the
    /// document cannot be read.
    ///
    /// # Errors
    /// `internal` only.
    pub fn scrub_json(&self, document: &[u8]) -> Result<String> {
        guard(|| Ok(self.0.scrub_json(document).to_json()))
    }
}
