//! Captures records without waiting, and delivers them in the background.
//!
//! A [`Client`] is an [`Engine`](crate::Engine) with a bounded queue, one worker thread and an exporter. Nothing
//! starts before the first captured record: no thread, no runtime, no socket. Nothing raw leaves memory: the
//! worker sends what the engine made of a record, and counts what it did not accept.

mod batch;
mod consent;
mod control;
mod deletion;
mod deliver;
mod doctor;
mod held;
mod later;
mod ledger;
mod measure;
mod prepare;
mod preview;
mod purpose;
mod queue;
mod reason;
mod self_metrics;
mod sender;
mod settings;
mod shared;
mod span;
mod spool;
mod spooled;
mod state;
mod status;
mod switch;
#[cfg(test)]
mod tests;
mod waiting;
mod warnings;
mod wipe;
mod worker;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::capture::{CapturedRecord, MAX_CAPTURED_BYTES, framed};
use crate::config::{Config, Warning};
use crate::error::Result;
use crate::gathered::Promise;
use crate::metrics::{Measurement, MetricKind};
use crate::outcome::Outcome;
use crate::record::limits::MAX_RECORD_BYTES;
use crate::stamp::microseconds_now;

use self::ledger::{Findings, Reason};
use self::prepare::Pipeline;
use self::queue::Captured;
pub(crate) use self::queue::Form;
use self::settings::Settings;
use self::shared::Shared;
pub use self::span::Span;
pub(crate) use self::spool::spool_key;
use self::spooled::Decided;
use self::switch::World;
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
    /// A client as configured. Starts nothing, unless an earlier process left a deletion that the user asked for.
    ///
    /// The configuration is laid over the environment and a configuration file, which are read here, once:
    /// `docs/configuration.md` says how. Any "off" wins: `DO_NOT_TRACK`, `OTEL_SDK_DISABLED`, `TELEMETRY_ENABLED`, the
    /// configuration, the user's consent file.
    ///
    /// # Errors
    /// `config_invalid`, with the place, such as `/client/endpoint` for a client that is on without one.
    pub fn new(config: &Config) -> Result<Self> {
        Self::with_world(config, &World::of_process())
    }

    fn with_world(config: &Config, world: &World<'_>) -> Result<Self> {
        let shared = Shared::new(Arc::new(Settings::new(config, world)?));
        shared.deliver_left_deletions();
        Ok(Self(shared))
    }

    /// Whether nothing is captured, whatever comes.
    pub(crate) fn is_off(&self) -> bool {
        self.0.is_off()
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
        self.capture(Form::Json, record, MAX_RECORD_BYTES)
    }

    /// [`track`](Self::track) of a record that was written value by value. Costs the caller a copy: no allocation, no
    /// formatting.
    pub fn track_captured(&self, record: &CapturedRecord) -> bool {
        self.track_compact(record.as_bytes())
    }

    pub(crate) fn track_compact(&self, record: &[u8]) -> bool {
        self.capture(Form::Compact, record, MAX_CAPTURED_BYTES)
    }

    fn capture(&self, form: Form, bytes: &[u8], most: usize) -> bool {
        let shared = self.0.here();
        if bytes.len() > most {
            return shared.capture_dropped(Reason::TooLarge, &Findings::default());
        }
        if shared.settings.current().durable {
            return self.decide(form, bytes, false).1;
        }
        shared.capture(Captured { form, at: microseconds_now(), bytes })
    }

    /// [`track`](Self::track) for callers who must not wait: in durable mode the future is done when the record survives a
    /// power loss, or cannot. Many that are awaited at once share one sync. What is dropped is captured all the same.
    ///
    /// [`flush`](Self::flush), [`shutdown`](Self::shutdown) and [`opt_out`](Self::opt_out) wait for what was asked for
    /// before.
    pub fn track_async(&self, record: &[u8]) -> impl Future<Output = bool> + Send + use<> {
        let (tell, told) = oneshot::channel();
        self.capture_then(Form::Json, record, move |is_kept| _ = tell.send(is_kept));
        async { told.await.unwrap_or(false) }
    }

    /// [`track`](Self::track), which tells `told` what it would return: at once, or in durable mode from another thread.
    /// `told` must not wait for anything.
    pub(crate) fn capture_then(&self, form: Form, bytes: &[u8], told: impl FnOnce(bool) + Send + 'static) {
        let shared = self.0.here();
        let most = if form == Form::Compact { MAX_CAPTURED_BYTES } else { MAX_RECORD_BYTES };
        if !shared.settings.current().durable || bytes.len() > most {
            return told(self.capture(form, bytes, most));
        }
        shared.capture_later(&Captured { form, at: microseconds_now(), bytes }, Promise::new(told, || false));
    }

    /// Captures what a shell collected: see [`framed`]. Returns whether the client still captures.
    pub(crate) fn track_framed(&self, frames: &[u8]) -> bool {
        let captured = |at, bytes| Captured { form: Form::Compact, at, bytes };
        self.0.here().capture_all(framed(frames).map(|(at, bytes)| bytes.map(|bytes| captured(at, bytes))))
    }

    /// Runs the engine at once, queues the scrubbed record where it was accepted, and returns the outcome.
    ///
    /// The books are the same as after [`track`](Self::track); what sampling leaves out has its outcome all the same.
    /// A client that is off returns the outcome too, and captures nothing.
    pub fn track_checked(&self, record: &[u8]) -> Outcome {
        self.check(Form::Json, record)
    }

    /// [`track_checked`](Self::track_checked) of a record that was written value by value.
    pub fn track_captured_checked(&self, record: &CapturedRecord) -> Outcome {
        self.check(Form::Compact, record.as_bytes())
    }

    pub(crate) fn check(&self, form: Form, bytes: &[u8]) -> Outcome {
        self.decide(form, bytes, true).0
    }

    /// The outcome of the text that no record has.
    pub(crate) fn unwritten(&self) -> Outcome {
        self.0.here().settings.engine.process(b"", None)
    }

    /// The outcome, and whether the record was captured; in durable mode, whether it is on the disk. Who reads the outcome
    /// knows why a record is dropped: no warning need tell.
    fn decide(&self, form: Form, bytes: &[u8], is_read: bool) -> (Outcome, bool) {
        let shared = self.0.here();
        let at = microseconds_now();
        let settings = shared.settings.current();
        let (pressure, bits) = {
            let mut state = shared.state.lock();
            let pressure = if settings.sampler.is_some() { state.queue.pressure() } else { 0.0 };
            (pressure, state.queue.draw())
        };
        let pipeline = Pipeline { engine: &settings.engine, sampler: settings.sampler.as_ref(), pressure };
        let (outcome, reason) = pipeline.check(&Captured { form, at, bytes }, bits);
        let mut findings = Findings::default();
        findings.note(&outcome);
        let is_kept = match (reason, &outcome.record) {
            (None, Some(_)) if settings.durable && !settings.is_on() => shared.refuse(),
            (None, Some(text)) if settings.durable => {
                let decided = Decided::new(Some(text), None, at, findings);
                shared.capture_durably(&[decided], &mut 0).contains(&true)
            }
            (None, Some(text)) => {
                shared.capture_checked(Captured { form: Form::Scrubbed, at, bytes: text.as_bytes() }, &findings)
            }
            (reason, _) => {
                let reason = reason.unwrap_or(Reason::Invalid);
                if is_read && settings.is_on() {
                    shared.warnings.note_read(reason);
                }
                shared.capture_dropped(reason, &findings)
            }
        };
        (outcome, is_kept)
    }

    /// Adds a measurement to the metric of its name. Never waits; once an interval, at a flush and at the end, what was
    /// added up becomes metric records, which are captured like any other.
    ///
    /// Returns whether it was added: `false` means that the client is off or was shut down, or that the measurement is
    /// none, such as a falling counter, a name that is another kind's, or attributes that are no JSON object.
    pub fn measure(&self, measurement: &Measurement<'_>) -> bool {
        self.0.here().measure(measurement)
    }

    /// Starts a timer, which measures into the histogram `name`, in milliseconds, when it is stopped or dropped.
    /// `attributes` is a JSON object, or nothing.
    pub fn timer<'a>(&'a self, name: &'a str, attributes: &'a str) -> Timer<'a> {
        Timer { client: self, name, attributes, start: Instant::now() }
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

    /// What the next requests would carry, byte for byte, as JSON; nothing is sent and nothing leaves the queue. At
    /// most one batch is shown. `[]` where nothing waits or the client is off.
    ///
    /// `[{"to":url,"headers":{name:value},"records":n,"body":text,"body_encoding":"utf-8"|"base64","bytes":n}…]`: `body`
    /// is what is read after decompression, `bytes` the size of what travels; headers that may be secret are `…`.
    pub fn preview(&self) -> String {
        preview::preview(self.0.here())
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

    /// Whether [`take_warnings`](Self::take_warnings) has lines that the worker found: cheap enough for every call.
    #[inline]
    pub fn has_warnings(&self) -> bool {
        self.0.here().warnings.is_waiting()
    }

    /// What a host should say of records that were lost, one line each, and at most one a minute for each reason; not
    /// said again. With `TELEMETRY_DEBUG` standard error heard them.
    pub fn take_warnings(&self) -> Vec<String> {
        let shared = self.0.here();
        shared.warn();
        shared.warnings.take()
    }

    /// Refuses a measurement that could not be read, as [`measure`](Self::measure) does one that is none.
    pub(crate) fn refuse_measurement(&self) -> bool {
        self.0.here().refuse_measurement()
    }

    /// Lets the host say what is wrong with the configuration, each thing once in a process: everything where records
    /// are collected, else only what looks like a slip of the hand, since `TELEMETRY_` may be somebody else's prefix.
    pub(crate) fn warn_of_configuration(&self) {
        let shared = self.0.here();
        for Warning { text, is_slip } in &shared.settings.resolved.warnings {
            if (!shared.is_off() || *is_slip) && warnings::is_news(text) {
                shared.warnings.say(&format!("scrubjay: {text}"));
            }
        }
    }

    /// Calls `listener` with one line for each warning: at most one a minute for each reason.
    pub fn on_warning(&self, listener: impl Fn(&str) + Send + Sync + 'static) {
        self.0.here().warnings.listen(Box::new(listener));
    }

    /// Begins anew in a forked child, as the child's first call does: for a child that may never make one, and would keep
    /// what its parent holds.
    pub(crate) fn after_fork(&self) {
        self.0.here();
    }

    /// What became of every record, as JSON; all figures are of one moment:
    ///
    /// `{"enabled":bool,"disabled_by":null|"DO_NOT_TRACK"|"OTEL_SDK_DISABLED"|"TELEMETRY_ENABLED"|"configuration"|
    /// "consent"|"notice_version"|"consent_unreadable","accepted":n,"delivered":n,"pending":n,"spooled":n,"recovered":n,
    /// "dropped":{"queue_full":n,"sampled":n,"invalid":n,"rejected":n,"export_failed":n,"too_large":n,"shutdown":n,
    /// "expired":n,"spool_full":n,"corrupt":n,"consent":n},"not_captured":n,"violations":{code:n},"redactions":{rule:n},
    /// "requests":n,"retries":n,"last_error":null|phrase,"spool_error":null|phrase}`
    ///
    /// accepted = delivered + pending + the sum of dropped. Of what is pending, `spooled` waits on the disk; of what
    /// was accepted, `recovered` was left there by earlier processes. `spool_error` says why records wait in memory
    /// although there is a spool. `last_error` is the latest failure, kept after later
    /// successes.
    pub fn stats(&self) -> String {
        self.0.here().stats()
    }
}

/// Measures the time from its start to its end. See [`Client::timer`].
#[must_use = "a timer that is dropped at once measures nothing"]
pub struct Timer<'a> {
    client: &'a Client,
    name: &'a str,
    attributes: &'a str,
    start: Instant,
}

impl Timer<'_> {
    /// Ends the measurement.
    pub fn stop(self) {}
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        let value = self.start.elapsed().as_secs_f64() * 1_000.0;
        let kind = MetricKind::Histogram;
        self.client.measure(&Measurement { name: self.name, kind, unit: "ms", value, attributes: self.attributes });
    }
}

// Disconnect only. Joining here could hang a host's finaliser, or a forked child, whose worker is gone.
impl Drop for Client {
    fn drop(&mut self) {
        self.0.disconnect();
    }
}
