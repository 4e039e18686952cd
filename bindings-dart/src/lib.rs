//! The UniFFI shell of the facade: names each call, converts text, bytes and integers, returns.
//!
//! `lib/src/` calls the C symbols that the macros below export. Changing a signature here changes its checksum:
//! the table in `lib/src/abi.dart` must follow, and the Dart side refuses to load until it does.
//!
//! Dart writes a tracked record itself and always as valid UTF-8, so it travels as text, which UniFFI moves
//! without a copy. The engine also answers for documents that others wrote: those travel as bytes.

#![allow(clippy::missing_errors_doc, reason = "every fallible call fails alike, with a ScrubjayError")]
#![allow(clippy::needless_pass_by_value, reason = "UniFFI lifts bytes and optional text by value only")]

pub mod capture;

use std::fmt;

use scrubjay_core::{Error, ffi};

uniffi::setup_scaffolding!("scrubjay");

/// A bad call, as the host sees it.
#[derive(Debug, uniffi::Error)]
pub enum ScrubjayError {
    /// The one variant: codes are text, so that a new code needs no new binding.
    Failed {
        /// Stable code, one of `codes().errors`.
        code: String,
        /// JSON Pointer into the configuration or argument, or empty.
        path: String,
        /// What is wrong and how to mend it; quotes no user value.
        message: String,
    },
}

impl fmt::Display for ScrubjayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Failed { code, path, message } = self;
        write!(f, "{code} at {path}: {message}")
    }
}

impl std::error::Error for ScrubjayError {}

impl From<Error> for ScrubjayError {
    fn from(error: Error) -> Self {
        Self::Failed {
            code: error.kind().code().to_owned(),
            path: error.path().to_owned(),
            message: error.message().to_owned(),
        }
    }
}

/// What every fallible call of the shell returns.
type Result<T> = std::result::Result<T, ScrubjayError>;

/// The engine's version.
#[uniffi::export]
pub fn version() -> String {
    ffi::version().to_owned()
}

/// Every stable code as JSON.
#[uniffi::export]
pub fn codes() -> String {
    ffi::codes()
}

/// The record kinds as JSON Schema documents by their names, as JSON.
#[uniffi::export]
pub fn schemas() -> String {
    ffi::schemas()
}

/// The metrics catalog as JSON.
#[uniffi::export]
pub fn metrics_catalog() -> String {
    ffi::metrics_catalog()
}

/// What a tracking plan holds, as JSON.
#[uniffi::export]
pub fn plan_check(plan: &str) -> Result<String> {
    Ok(ffi::plan_check(plan)?)
}

/// What a change of a tracking plan means, as JSON.
#[uniffi::export]
pub fn plan_diff(old: &str, new: &str) -> Result<String> {
    Ok(ffi::plan_diff(old, new)?)
}

/// Opens the sealed values in a text.
#[uniffi::export]
pub fn unseal(secret_key: &str, text: &str) -> Result<String> {
    Ok(ffi::unseal(secret_key, text)?)
}

/// A fresh key pair for sealed values, as JSON.
#[uniffi::export]
pub fn seal_keypair() -> Result<String> {
    Ok(ffi::seal_keypair()?)
}

/// A configuration with a name, as JSON.
#[uniffi::export]
pub fn profile(name: &str) -> Result<String> {
    Ok(ffi::profile(name)?)
}

/// What sampling makes of a record: `{"kept":bool,"sample_rate":n|null}`.
#[uniffi::export]
pub fn sample(config: &str, record: &str) -> Result<String> {
    Ok(ffi::sample(config, record)?)
}

/// The `traceparent` of a new span below the one that `parent` names; the root of a new trace where it names none.
#[uniffi::export]
pub fn new_traceparent(parent: &str) -> String {
    ffi::new_traceparent(parent)
}

/// A `traceparent` header as JSON, or `null` where it is none.
#[uniffi::export]
pub fn read_traceparent(header: &str) -> String {
    ffi::read_traceparent(header)
}

/// What a client of this configuration needs and lacks, as JSON; asks the endpoint.
#[uniffi::export]
pub fn doctor(config: &str) -> Result<String> {
    Ok(ffi::doctor(config)?)
}

/// Panics inside the guard, so that the host can prove what it makes of it.
#[uniffi::export]
pub fn panic_for_test() -> Result<String> {
    Ok(ffi::panic_for_test()?)
}

/// Fails inside the guard with the error of `code`, so that the host can prove that it maps every one.
#[uniffi::export]
pub fn fail_for_test(code: &str) -> Result<String> {
    Ok(ffi::fail_for_test(code)?)
}

/// Keeps panic messages off standard error; the host calls it once, on load.
#[uniffi::export]
pub fn hide_panic_messages() {
    ffi::hide_panic_messages();
}

/// [`ffi::Engine`].
#[derive(uniffi::Object)]
pub struct Engine(ffi::Engine);

#[uniffi::export]
impl Engine {
    /// Compiles a configuration, a JSON object.
    #[uniffi::constructor]
    pub fn new(config: &str) -> Result<Self> {
        Ok(Self(ffi::Engine::new(config)?))
    }

    /// The outcome of one record as canonical JSON; `stamp` as in the facade.
    pub fn process(&self, record: Vec<u8>, stamp: Option<String>) -> Result<String> {
        Ok(self.0.process(&record, stamp.as_deref())?)
    }

    /// `process` with the clock's time and fresh random bits.
    pub fn process_now(&self, record: Vec<u8>) -> Result<String> {
        Ok(self.0.process_now(&record)?)
    }

    /// `process` of a record that Dart wrote value by value, so that a test can compare the two ways.
    pub fn process_captured(&self, record: Vec<u8>, stamp: Option<String>) -> Result<String> {
        Ok(self.0.process_captured(&record, stamp.as_deref())?)
    }

    /// Why `process` changes and keeps what it does, as canonical JSON.
    pub fn explain(&self, record: Vec<u8>, stamp: Option<String>) -> Result<String> {
        Ok(self.0.explain(&record, stamp.as_deref())?)
    }

    /// Scrubs free text.
    pub fn scrub_text(&self, text: &str) -> Result<String> {
        Ok(self.0.scrub_text(text)?)
    }

    /// Scrubs any JSON document.
    pub fn scrub_json(&self, document: Vec<u8>) -> Result<String> {
        Ok(self.0.scrub_json(&document)?)
    }
}

/// [`ffi::Client`], and what its callers who go on meanwhile are told.
#[derive(uniffi::Object)]
pub struct Client(ffi::Client, ffi::Tickets);

#[uniffi::export]
impl Client {
    /// Compiles a configuration and reads the environment's switches once; starts nothing.
    #[uniffi::constructor]
    pub fn new(config: &str) -> Result<Self> {
        Ok(Self(ffi::Client::new(config)?, ffi::Tickets::default()))
    }

    /// Captures one record; `false` where collection is off or closed.
    pub fn track(&self, record: &str) -> bool {
        self.0.track(record.as_bytes())
    }

    /// Runs the engine at once, returns the outcome, queues what is accepted.
    pub fn track_checked(&self, record: &str) -> Result<String> {
        Ok(self.0.track_checked(record.as_bytes())?)
    }

    /// Adds a measurement (JSON); `false` where collection is off or it is none.
    pub fn measure(&self, measurement: &str) -> Result<bool> {
        Ok(self.0.measure(measurement)?)
    }

    /// What the next requests would carry, as JSON.
    pub fn preview(&self) -> Result<String> {
        Ok(self.0.preview()?)
    }

    /// Whether `track` waits for the disk.
    pub fn is_durable(&self) -> bool {
        self.0.is_durable()
    }

    /// Where this object stays until its last handle is released: what the calls of `capture` take.
    pub fn address(&self) -> u64 {
        std::ptr::from_ref(self).addr() as u64
    }

    /// Blocks up to `timeout_ms` milliseconds; `true` when everything captured before was delivered or dropped.
    pub fn flush(&self, timeout_ms: u64) -> bool {
        self.0.flush(timeout_ms)
    }

    /// Blocks up to `timeout_ms` milliseconds; afterwards `track` returns `false`.
    pub fn shutdown(&self, timeout_ms: u64) -> bool {
        self.0.shutdown(timeout_ms)
    }

    /// Records that the user agrees (JSON); whether collection is on then.
    pub fn opt_in(&self, grant: &str) -> Result<bool> {
        Ok(self.0.opt_in(grant)?)
    }

    /// Records that the user no longer agrees (JSON); returns when nothing more will be sent.
    pub fn opt_out(&self, word: &str) -> Result<bool> {
        Ok(self.0.opt_out(word).map(|()| true)?)
    }

    /// Keeps a user's wish to be deleted at the collector (JSON) until that has confirmed it; returns when it is on disk.
    pub fn request_deletion(&self, wish: &str) -> Result<bool> {
        Ok(self.0.request_deletion(wish).map(|()| true)?)
    }

    /// What became of records that were captured with a number: `{"number":bool…}`, each number once.
    pub fn take_told(&self) -> String {
        let told: Vec<String> = self.1.take().iter().map(|(number, kept)| format!("\"{number}\":{kept}")).collect();
        format!("{{{}}}", told.join(","))
    }

    /// Takes another configuration; the changed keys as JSON.
    pub fn reconfigure(&self, config: &str) -> Result<String> {
        Ok(self.0.reconfigure(config)?)
    }

    /// What changed since, as JSON.
    pub fn changes(&self, since: u64) -> String {
        self.0.changes(since)
    }

    /// What holds and who decided it, as JSON.
    pub fn status(&self) -> String {
        self.0.status()
    }

    /// The entries of the consent's audit trail, as JSON.
    pub fn consent_history(&self) -> Result<String> {
        Ok(self.0.consent_history()?)
    }

    /// What a check of the audit trail found, as JSON.
    pub fn consent_verify(&self) -> Result<String> {
        Ok(self.0.consent_verify()?)
    }

    /// The ledger as JSON.
    pub fn stats(&self) -> String {
        self.0.stats()
    }
}
