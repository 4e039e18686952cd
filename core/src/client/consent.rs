//! What a client does about the user's consent: obeys within a second, and forgets unsent what it must not send.
//!
//! The worker looks at the consent file before each request, and every [`LOOK_INTERVAL`] while it holds records or a
//! request is in flight. A client that holds nothing looks when it is called. Nobody else needs to be told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::select;
use tokio::time::sleep;

use crate::client::batch::Batch;
use crate::client::ledger::{Findings, Reason};
use crate::client::prepare::Pipeline;
use crate::client::queue::Load;
use crate::client::sender::Abandoned;
use crate::client::shared::Shared;
use crate::client::state::State;
use crate::config::{Purpose, Source};
use crate::consent::{Change, LOOK_INTERVAL, Purposes, Register};
use crate::error::{Error, ErrorKind, Result};

/// What a worker may need to drop its request and forget its batch: it only has to be scheduled.
const PATIENCE: Duration = Duration::from_secs(10);

/// Changes that are kept for listeners who have not asked yet.
const MAX_CHANGES: usize = 64;

/// What changed, for listeners, who ask from time to time.
#[derive(Default)]
pub(crate) struct Changes(Mutex<Log>);

#[derive(Default)]
struct Log {
    /// Number of the next change.
    next: u64,
    latest: VecDeque<(u64, Value)>,
}

impl Changes {
    pub(crate) fn note(&self, change: Value) {
        let mut log = self.0.lock();
        if log.latest.len() >= MAX_CHANGES {
            log.latest.pop_front();
        }
        let number = log.next;
        log.next += 1;
        log.latest.push_back((number, change));
    }

    /// `{"next":n,"changes":[…]}`: those from number `since` on, as far as they are kept.
    pub(crate) fn since(&self, since: u64) -> String {
        let log = self.0.lock();
        let changes: Vec<&Value> = log.latest.iter().filter(|(n, _)| *n >= since).map(|(_, change)| change).collect();
        json!({"next": log.next, "changes": changes}).to_string()
    }
}

impl Shared {
    /// Before a worker's first step: nothing is sent before what was withdrawn is erased, and the trail says who
    /// turned collection on.
    pub(crate) fn begin(&self) -> std::result::Result<(), String> {
        let settings = &self.settings;
        self.erase_disk_once().map_err(|_| "withdrawn records could not be erased".to_owned())?;
        let Some(register) = settings.gate.register() else { return Ok(()) };
        let source = match settings.resolved.source("/client/enabled") {
            Source::Environment(name) => format!("environment:{name}"),
            source => source.as_str().to_owned(),
        };
        let notice_version = settings.resolved.config.client.notice_version.as_deref();
        if register.enabled_by_operator(notice_version, &source).is_err() {
            // The operator's own configuration says it too; a read-only machine is no reason to be silent.
            self.changes.note(json!({"kind": "warning", "message": "the audit trail cannot be written"}));
        }
        Ok(())
    }

    /// Looks at the consent file, and obeys.
    pub(crate) fn heed(&self) {
        if self.settings.target.is_ok() {
            // What cannot be erased now is erased before the next request.
            let _ = self.obey(self.settings.gate.look());
        }
    }

    /// [`heed`](Self::heed), unless somebody did a moment ago.
    pub(crate) fn heed_if_due(&self) {
        if self.settings.target.is_ok() && self.settings.gate.is_due(Instant::now()) {
            self.heed();
        }
    }

    fn obey(&self, change: Change) -> std::io::Result<()> {
        if change.is_new {
            self.note_change("consent", &json!([]));
        }
        let is_off = change.is_new && !self.settings.is_on();
        self.erase_memory(if is_off { Purposes::ALL } else { change.must_erase });
        if change.must_erase.is_empty() {
            return Ok(());
        }
        self.wait_for_writers(PATIENCE);
        self.erase_disk()
    }

    /// Waits for those who are writing to the disk.
    pub(crate) fn wait_for_writers(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let mut state = self.state.lock();
        while state.writers > 0 && !self.settled.wait_until(&mut state, deadline).timed_out() {}
    }

    /// Before the disk is first used: erases what was withdrawn while nobody was here.
    pub(crate) fn erase_disk_once(&self) -> std::io::Result<()> {
        if self.is_disk_checked.load(Ordering::Acquire) {
            return Ok(());
        }
        self.erase_disk()
    }

    /// Tells listeners what changed, and whether the client is on now.
    pub(crate) fn note_change(&self, kind: &str, changed: &Value) {
        let off = self.settings.off().map(super::switch::OffReason::as_str);
        self.changes.note(json!({"kind": kind, "enabled": off.is_none(), "disabled_by": off, "changed": changed}));
    }

    /// Forgets what waits for these purposes; the worker forgets what is in flight.
    pub(crate) fn erase_memory(&self, purposes: Purposes) {
        if purposes.is_empty() {
            return;
        }
        // Measurements become metric records, which serve that purpose.
        if purposes.contains(Purpose::Performance) {
            self.meter.clear();
        }
        if purposes == Purposes::ALL {
            self.book(State::erase);
        } else {
            self.sift(purposes);
            // Last: what the worker took meanwhile is in flight.
            self.book(|state| state.erase_in_flight(purposes));
        }
        self.withdrawing.notify_one();
    }

    /// Erases what waits in the queue for these purposes. What a record is for, the engine tells.
    fn sift(&self, purposes: Purposes) {
        let settings = self.settings.current();
        let pipeline = Pipeline { engine: &settings.engine, sampler: None, pressure: 0.0 };
        let purpose = |text: Box<str>| settings.purpose_of(&text);
        self.state.lock().queue.begin_sift();
        loop {
            let mut state = self.state.lock();
            let sifted = state.queue.sift(|record, bits| {
                // What is no record is for nothing, and is not sent either.
                pipeline.text(record, bits).and_then(purpose).is_some_and(|purpose| !purposes.contains(purpose))
            });
            let Some(gone) = sifted else { return };
            state.ledger.drop_for(Reason::Consent, gone);
            drop(state);
            self.settled.notify_all();
        }
    }

    fn erase_disk(&self) -> std::io::Result<()> {
        if !self.spool.is_configured() {
            self.is_disk_checked.store(true, Ordering::Release);
            return Ok(());
        }
        // Whoever comes second finds it done, and booked.
        let _turn = self.erasure.lock();
        let (result, ended) = self.spool.erase_withdrawn();
        self.is_disk_checked.store(result.is_ok(), Ordering::Release);
        self.book(|state| {
            state.ledger.end_spooled(&ended);
            let waiting = state.ledger.readable();
            state.spool.went_out(waiting, Instant::now());
        });
        result
    }

    /// Completes when the user withdrew while records are in flight.
    pub(crate) async fn withdrawn(&self) {
        loop {
            self.heed();
            if !self.state.lock().erasing.is_empty() {
                return;
            }
            select! {
                () = self.withdrawing.notified() => {}
                () = sleep(LOOK_INTERVAL) => {}
            }
        }
    }

    /// Lets the worker forget all that it holds in memory, where it must; false where it gave up for another reason.
    pub(crate) fn forget_in_flight(&self) -> bool {
        let mut is_erasing = false;
        self.book(|state| {
            is_erasing = !state.erasing.is_empty();
            if is_erasing {
                state.erased();
            }
        });
        is_erasing
    }

    /// Takes from what the worker holds what was withdrawn meanwhile.
    ///
    /// # Errors
    /// Where that is all of it: [`forget_in_flight`](Self::forget_in_flight) books it.
    pub(crate) fn forget_some(&self, batches: &mut Vec<Batch>) -> std::result::Result<(), Abandoned> {
        let purposes = self.state.lock().erasing;
        if purposes.is_empty() {
            return Ok(());
        }
        if purposes == Purposes::ALL {
            return Err(Abandoned);
        }
        let settings = self.settings.current();
        let goes = |text: &str| settings.purpose_of(text).is_none_or(|purpose| purposes.contains(purpose));
        let mut gone = Load::default();
        for batch in batches.iter_mut() {
            gone += batch.take_out(goes);
        }
        batches.retain(|batch| batch.load().items > 0);
        self.book(|state| {
            state.settle(gone, gone.items as u64, Reason::Consent, &Findings::default());
            state.erasing = state.erasing.without(purposes);
        });
        Ok(())
    }

    /// See [`Client::opt_out`](crate::Client::opt_out).
    pub(crate) fn opt_out(&self, purposes: &[Purpose], source: &str) -> Result<()> {
        let gate = &self.settings.gate;
        let is_whole = Purpose::ALL.iter().all(|purpose| purposes.contains(purpose));
        if is_whole {
            // Whatever becomes of the file, this process is silent.
            gate.close();
            self.erase_memory(Purposes::ALL);
            self.note_change("consent", &json!([]));
        }
        let kept = self.register().and_then(|register| register.withdraw(purposes, source));
        if kept.is_ok() {
            gate.follow();
        }
        let mut change = gate.look();
        if kept.is_ok() {
            // Another thread may have looked first, and be at it still.
            let withdrawn = if self.settings.is_on() { purposes.iter().copied().collect() } else { Purposes::ALL };
            change.must_erase = change.must_erase.and(withdrawn);
        }
        let erased = self.obey(change);
        self.wait_for_erasure()?;
        kept?;
        erased.map_err(|error| {
            let message = format!("records on disk could not be erased, and will be before anything is sent: {error}");
            Error::new(ErrorKind::ConsentUnavailable, "/client/state_dir", message)
        })?;
        self.register()?.erased(purposes, source)
    }

    /// See [`Client::opt_in`](crate::Client::opt_in).
    pub(crate) fn opt_in(
        self: &Arc<Self>,
        purposes: &[Purpose],
        notice_version: Option<&str>,
        source: &str,
    ) -> Result<bool> {
        self.heed();
        let shown = self.settings.resolved.config.client.notice_version.clone();
        self.register()?.grant(purposes, notice_version.or(shown.as_deref()), source)?;
        // What could not be erased is erased before the next request.
        let _ = self.obey(self.settings.gate.reopen());
        self.note_change("consent", &json!([]));
        Ok(self.settings.is_on())
    }

    pub(crate) fn register(&self) -> Result<&Register> {
        self.settings.gate.register().ok_or_else(|| {
            let message = "there is no folder for the consent file: set it, or HOME; until then a withdrawal holds for \
                           this process alone";
            Error::new(ErrorKind::ConsentUnavailable, "/client/state_dir", message)
        })
    }

    fn wait_for_erasure(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state.lock();
        while !state.erasing.is_empty() {
            if self.settled.wait_until(&mut state, deadline).timed_out() {
                let message = "the worker did not answer in time; it sends nothing more as soon as it does";
                return Err(Error::new(ErrorKind::Internal, "", message));
            }
        }
        Ok(())
    }
}
