//! Captures records without waiting, and delivers them in the background.
//!
//! A [`Client`] is an [`Engine`](crate::Engine) with a bounded queue, one worker thread and an exporter. Nothing
//! starts before the first captured record: no thread, no runtime, no socket. Nothing raw leaves memory: the
//! worker sends what the engine made of a record, and counts what it did not accept.

mod batch;
mod held;
mod ledger;
mod queue;
mod self_metrics;
mod settings;
mod shared;
mod spool;
mod spooled;
mod state;
mod switch;
#[cfg(test)]
mod tests;
mod waiting;
mod warnings;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::error::Result;
use crate::outcome::{Outcome, Status};
use crate::record::limits::MAX_RECORD_BYTES;
use crate::stamp::Stamp;

use self::ledger::{Findings, Reason};
use self::queue::Content;
use self::settings::Settings;
use self::shared::Shared;
pub(crate) use self::spool::spool_key;
use self::switch::Environment;
pub(crate) use self::switch::process_environment;

/// Records in, delivered in the background; off unless turned on.
///
/// No call panics or waits for the network, except [`flush`](Self::flush) and [`shutdown`](Self::shutdown), which
/// wait as long as they are told. Dropping a client never waits: the worker then has a few seconds to deliver
/// what is left, and ends.
///
/// After a `fork`, the child's first call begins with an empty queue and a worker of its own; what the parent had
/// captured stays the parent's.
pub struct Client(Arc<Shared>);

impl Client {
    /// A client as configured. Starts nothing.
    ///
    /// The environment can turn it off (`DO_NOT_TRACK`, `OTEL_SDK_DISABLED`, `TELEMETRY_ENABLED`) whatever the
    /// configuration says, can turn it on (`TELEMETRY_ENABLED`) where the configuration is silent, and fills in
    /// an absent endpoint (`TELEMETRY_ENDPOINT`) or key (`TELEMETRY_API_KEY`). It is read here, once.
    ///
    /// # Errors
    /// `config_invalid`, with the place, such as `/client/endpoint` for a client that is on without one.
    pub fn new(config: &Config) -> Result<Self> {
        Self::with_environment(config, &process_environment)
    }

    fn with_environment(config: &Config, environment: Environment<'_>) -> Result<Self> {
        Ok(Self(Shared::new(Arc::new(Settings::new(config, environment)?))))
    }

    /// Captures a record, one JSON object, for the worker to validate, scrub and send. Never waits.
    ///
    /// Returns whether it was captured, and so counted in `accepted`: `false` means that the client is off or
    /// was shut down. What becomes of a captured record is in [`stats`](Self::stats).
    ///
    /// In durable mode (`client.durable`) the engine runs at once, and the scrubbed record is in the spool and
    /// survives a power loss when this returns `true`. Where the disk refuses, it returns `false`; the record is
    /// then counted and waits in memory all the same.
    pub fn track(&self, record: &[u8]) -> bool {
        let shared = self.0.here();
        if record.len() > MAX_RECORD_BYTES {
            return shared.capture_dropped(Reason::TooLarge, &Findings::default());
        }
        if shared.settings.durable {
            return self.check(record).1;
        }
        shared.capture_with(|| Content::Raw(record.into(), Stamp::now()))
    }

    /// Runs the engine at once, queues the scrubbed record where it was accepted, and returns the outcome.
    ///
    /// The books are the same as after [`track`](Self::track). A client that is off returns the outcome too, and
    /// captures nothing.
    pub fn track_checked(&self, record: &[u8]) -> Outcome {
        self.check(record).0
    }

    /// The outcome, and whether the record was captured; in durable mode, whether it is on the disk.
    fn check(&self, record: &[u8]) -> (Outcome, bool) {
        let shared = self.0.here();
        let outcome = shared.settings.engine.process(record, Some(&Stamp::now()));
        let mut findings = Findings::default();
        findings.note(&outcome);
        match &outcome.record {
            Some(text) if outcome.status == Status::Accepted => {
                let is_kept = if shared.settings.durable {
                    shared.capture_durably(text, &findings)
                } else {
                    let is_captured = shared.capture_with(|| Content::Scrubbed(text.as_str().into()));
                    if is_captured {
                        shared.state.lock().ledger.find(&findings);
                    }
                    is_captured
                };
                (outcome, is_kept)
            }
            _ => {
                let is_too_large = record.len() > MAX_RECORD_BYTES;
                let reason = if is_too_large { Reason::TooLarge } else { Reason::Invalid };
                let is_booked = shared.capture_dropped(reason, &findings);
                (outcome, is_booked)
            }
        }
    }

    /// Sends what is queued without waiting for batches to fill, and waits up to `timeout` for it.
    ///
    /// Returns whether everything captured before the call was delivered or finally dropped. What has to wait in the
    /// spool was not, and is not waited for once the collector could not take it.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.0.here().flush(timeout)
    }

    /// Ends capture, delivers what it can within `timeout`, and ends the worker.
    ///
    /// Returns whether nothing was left behind; what was is counted as `dropped.shutdown`. With a spool nothing needs to
    /// be: the rest waits there for the next process, and is `pending`. A collector that cannot be reached is not
    /// waited for. Further calls return the same; [`track`](Self::track) returns `false`.
    pub fn shutdown(&self, timeout: Duration) -> bool {
        self.0.here().shutdown(timeout)
    }

    /// Whether [`track`](Self::track) returns when its record survives a power loss.
    pub fn is_durable(&self) -> bool {
        self.0.settings.durable
    }

    /// Removes every record from the spool's folder, those of other processes included. Returns when none is there; the
    /// queue is not touched.
    ///
    /// # Errors
    /// `store_unavailable` where a file could not be removed.
    pub fn wipe_spool(&self) -> Result<()> {
        self.0.here().wipe_spool()
    }

    /// Calls `listener` with one line for each warning: at most one a minute for each reason.
    pub fn on_warning(&self, listener: impl Fn(&str) + Send + Sync + 'static) {
        self.0.here().warnings.listen(Box::new(listener));
    }

    /// What became of every record, as JSON; all figures are of one moment:
    ///
    /// `{"enabled":bool,"disabled_by":null|"DO_NOT_TRACK"|"OTEL_SDK_DISABLED"|"TELEMETRY_ENABLED"|"configuration",
    /// "accepted":n,"delivered":n,"pending":n,"spooled":n,"recovered":n,"dropped":{"queue_full":n,"invalid":n,
    /// "rejected":n,"export_failed":n,"too_large":n,"shutdown":n,"expired":n,"spool_full":n,"corrupt":n,"consent":n},
    /// "not_captured":n,"violations":{code:n},"redactions":{rule:n},"requests":n,"retries":n,"last_error":null|phrase,
    /// "spool_error":null|phrase}`
    ///
    /// accepted = delivered + pending + the sum of dropped. Of what is pending, `spooled` waits on the disk; of what
    /// was accepted, `recovered` was left there by earlier processes. `spool_error` says why records wait in memory
    /// although there is a spool. `last_error` is the latest failure, kept after later
    /// successes.
    pub fn stats(&self) -> String {
        self.0.here().stats()
    }
}

// Disconnect only. Joining here could hang a host's finaliser, or a forked child, whose worker is gone.
impl Drop for Client {
    fn drop(&mut self) {
        self.0.disconnect();
    }
}
