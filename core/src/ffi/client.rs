//! [`crate::Client`] behind text.

use std::time::Duration;

use crate::error::Result;
use crate::ffi::guard;

/// [`crate::Client`] behind text. A panic below a call that returns no error leaves it without effect.
pub struct Client(crate::Client);

impl Client {
    /// A client as configured, a JSON object; see [`crate::Client::new`] for what the environment adds. Reads the
    /// environment once and starts nothing.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`.
    pub fn new(config: &str) -> Result<Self> {
        guard(|| Ok(Self(crate::Client::new(&crate::Config::from_json(config)?)?)))
    }

    /// Captures a record without ever waiting; `false` where the client is off or was shut down.
    pub fn track(&self, record: &[u8]) -> bool {
        guard(|| Ok(self.0.track(record))).unwrap_or(false)
    }

    /// Whether `track` waits for the disk: hosts let other threads run meanwhile.
    pub fn is_durable(&self) -> bool {
        self.0.is_durable()
    }

    /// Runs the engine at once, queues the record where it was accepted, and returns the outcome as canonical
    /// JSON.
    ///
    /// # Errors
    /// `internal` only.
    pub fn track_checked(&self, record: &[u8]) -> Result<String> {
        guard(|| Ok(self.0.track_checked(record).to_json()))
    }

    /// Waits up to `timeout_ms` milliseconds; whether everything captured before the call was delivered or
    /// finally dropped.
    pub fn flush(&self, timeout_ms: u64) -> bool {
        guard(|| Ok(self.0.flush(Duration::from_millis(timeout_ms)))).unwrap_or(false)
    }

    /// Ends capture and delivery within `timeout_ms` milliseconds; whether nothing was left behind. Further calls
    /// return the same.
    pub fn shutdown(&self, timeout_ms: u64) -> bool {
        guard(|| Ok(self.0.shutdown(Duration::from_millis(timeout_ms)))).unwrap_or(false)
    }

    /// What became of every record; the JSON that [`crate::Client::stats`] describes.
    pub fn stats(&self) -> String {
        guard(|| Ok(self.0.stats())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_off_unless_turned_on_and_says_so() {
        let client = Client::new(r#"{"client":{"enabled":false}}"#).unwrap();
        assert!(!client.track(b"{}"));
        assert!(client.track_checked(b"{}").unwrap().starts_with(r#"{"status":"rejected""#));
        assert!(client.flush(0) && client.shutdown(u64::MAX));
        let stats = client.stats();
        assert!(stats.starts_with(r#"{"enabled":false,"disabled_by":""#), "{stats}");
        assert!(stats.contains(r#""not_captured":2"#), "{stats}");
    }

    #[test]
    fn a_misspelt_key_is_an_error_with_its_place() {
        let error = Client::new(r#"{"client":{"endpont":"http://h"}}"#).err().unwrap();
        assert_eq!((error.kind().code(), error.path()), ("config_unknown_key", "/client/endpont"));
    }
}
