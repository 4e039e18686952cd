//! Brings the user's wish to be deleted to the collector, however long that takes.
//!
//! A thread of its own, which is there only while a wish waits: the worker serves records, and stops with consent. The
//! wish is the user's own, so no switch against telemetry keeps it back; only `upload_enabled` does, which says that
//! nothing leaves this machine.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::Client;
use super::settings::Snapshot;
use super::shared::Shared;
use crate::consent::Deletion;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::export::{DeletionRoute, Failure, is_addressable};
use crate::scrub::token_len;

/// Between the first two tries; each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Between two tries at most: a person waits for it, and a collector that refuses is not to be troubled.
const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// What to do about a collector that does not let this client delete.
const ROLE_ADVICE: &str = "the collector lets only the roles privacy_officer and admin delete; give one to the key in \
                           /client/api_key (TELEMETRY_API_KEY), or let a service that has it ask";
/// Bytes of a user's id at most, as in records.
const MAX_USER_BYTES: usize = 255;

/// How far it has come.
#[derive(Default)]
pub(crate) struct Deletions {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Whether the thread lives.
    is_running: bool,
    /// Whether it is at a try.
    is_trying: bool,
    /// How often somebody wanted wishes to be tried, and how many of these calls were heeded.
    wanted: u64,
    tried: u64,
    is_closed: bool,
    /// Why the latest try came to nothing: a fixed phrase.
    last_error: Option<String>,
}

impl State {
    /// Whether there may be a wish that was not tried yet.
    fn is_fresh(&self) -> bool {
        self.tried < self.wanted
    }

    /// Whether a little patience may bring a wish to its end.
    fn is_busy(&self) -> bool {
        self.is_running && (self.is_trying || self.is_fresh())
    }
}

impl Deletions {
    /// Lets the thread end; waits for a try that is under way, or for the first one.
    pub(crate) fn close(&self, deadline: Instant) {
        let mut state = self.state.lock();
        while state.is_busy() && !self.changed.wait_until(&mut state, deadline).timed_out() {}
        state.is_closed = true;
        self.changed.notify_all();
    }

    /// `{"pending":n|null,"last_error":…}`; unknown where the file cannot be read.
    pub(crate) fn to_json(&self, settings: &Snapshot) -> Value {
        let pending = pending(settings).ok().map(|pending| pending.len());
        json!({"pending": pending, "last_error": self.state.lock().last_error})
    }
}

impl Client {
    /// Asks the collector to delete everything that it has of a user, and to take in no more of what was before.
    ///
    /// When this returns, the wish is kept in the state folder, and is tried in the background until the collector has
    /// confirmed it: over restarts, and whatever the user withdraws meanwhile. Both ends stand in the audit trail.
    /// `tenant_id` is that of the user's records, where they have one; it counts for pseudonyms. `source` says where the
    /// user asked. The collector lets keys with the role `privacy_officer` or `admin` delete; with any other the wish
    /// waits, and [`status`](Client::status) says so in `deletions.last_error`.
    ///
    /// # Errors
    /// `argument_invalid` for an id that cannot be found again: without a pseudonym's key records do not say whose they
    /// are; `config_invalid` where there is no collector;
    /// `consent_unavailable` where the wish cannot be kept.
    pub fn request_deletion(&self, user_id: &str, tenant_id: Option<&str>, source: &str) -> Result<()> {
        self.0.here().request_deletion(user_id, tenant_id, source)
    }
}

impl Shared {
    fn request_deletion(self: &Arc<Self>, user_id: &str, tenant_id: Option<&str>, source: &str) -> Result<()> {
        let settings = self.settings.current();
        let route = settings.deletion.as_ref().ok_or_else(|| {
            let message = "a deletion needs a collector: set /client/endpoint, and the exporter collector";
            Error::new(ErrorKind::ConfigInvalid, "/client/endpoint", message)
        })?;
        let user_id = known_as(&settings.engine, user_id, tenant_id)?;
        self.register()?.request_deletion(&user_id, route.endpoint(), source)?;
        self.deliver_deletions();
        Ok(())
    }

    /// Begins to deliver what an earlier process left.
    pub(crate) fn deliver_left_deletions(self: &Arc<Self>) {
        if pending(&self.settings).is_ok_and(|pending| !pending.is_empty()) {
            self.deliver_deletions();
        }
    }

    fn deliver_deletions(self: &Arc<Self>) {
        if !self.settings.upload {
            return;
        }
        let mut state = self.deletions.state.lock();
        state.wanted += 1;
        if state.is_running || state.is_closed {
            self.deletions.changed.notify_all();
            return;
        }
        let shared = Arc::clone(self);
        let started = thread::Builder::new().name("scrubjay-delete".to_owned()).spawn(move || shared.run_deletions());
        state.is_running = started.is_ok();
        if started.is_err() {
            // The wish is on disk: the next call, or the next process, tries again.
            state.last_error = Some("no thread could be started".to_owned());
        }
    }

    fn run_deletions(&self) {
        let mut wait = FIRST_WAIT;
        let mut state = self.deletions.state.lock();
        while !state.is_closed {
            let wanted = state.wanted;
            state.is_trying = true;
            drop(state);
            let tried = self.try_deletions();
            state = self.deletions.state.lock();
            state.tried = wanted;
            state.is_trying = false;
            state.last_error = tried.err();
            self.deletions.changed.notify_all();
            if state.last_error.is_none() {
                if state.is_fresh() {
                    continue;
                }
                break;
            }
            let until = Instant::now() + wait;
            wait = (2 * wait).min(LONGEST_WAIT);
            while !state.is_closed && !state.is_fresh() {
                if self.deletions.changed.wait_until(&mut state, until).timed_out() {
                    break;
                }
            }
        }
        state.is_running = false;
        self.deletions.changed.notify_all();
    }

    /// Tries each wish once; why one of them still waits.
    fn try_deletions(&self) -> std::result::Result<(), String> {
        let settings = self.settings.current();
        let (Some(route), Some(register)) = (&settings.deletion, settings.gate.register()) else { return Ok(()) };
        let pending = pending(settings).map_err(|error| error.to_string())?;
        let mut result = Ok(());
        for deletion in pending {
            match ask(route, &deletion) {
                // What cannot be noted is asked again, and is the same to the collector.
                Ok(receipt) => {
                    if let Err(error) = register.deletion_confirmed(&deletion, &receipt) {
                        result = Err(error.message().to_owned());
                    }
                }
                Err(failure) => result = Err(reason_of(failure)),
            }
        }
        result
    }
}

fn pending(settings: &Snapshot) -> std::io::Result<Vec<Deletion>> {
    match (&settings.deletion, settings.gate.register()) {
        (Some(route), Some(register)) => register.pending_deletions(route.endpoint()),
        _ => Ok(Vec::new()),
    }
}

fn ask(route: &DeletionRoute, deletion: &Deletion) -> std::result::Result<String, Failure> {
    alone(route.ask(&deletion.user_id))
}

/// Runs one exchange with the collector to its end.
fn alone<T>(exchange: impl Future<Output = std::result::Result<T, Failure>>) -> std::result::Result<T, Failure> {
    let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
    let runtime = runtime.map_err(|_| Failure::Setup)?;
    let answer = runtime.block_on(exchange);
    // A name server that hangs must not hold up the end.
    runtime.shutdown_background();
    answer
}

/// Why a try came to nothing, and what to do where that is for people to mend.
fn reason_of(failure: Failure) -> String {
    match failure {
        Failure::Status { code: 401 | 403, .. } => format!("{}: {ROLE_ADVICE}", failure.reason()),
        _ => failure.reason(),
    }
}

/// For [`doctor`](super::doctor): what waits for the collector that is configured, and whether that would heed this
/// client; asked only where something waits. The last is nothing where the collector is not to be asked.
pub(crate) fn outlook(settings: &Snapshot) -> std::io::Result<(usize, Option<std::result::Result<(), String>>)> {
    let waiting = pending(settings)?.len();
    let route = settings.deletion.as_ref().filter(|_| waiting > 0 && settings.upload);
    Ok((waiting, route.map(|route| alone(route.may_ask()).map_err(reason_of))))
}

/// The id under which the user's records are at the collector: what the engine makes of it in a record.
fn known_as(engine: &Engine, user_id: &str, tenant_id: Option<&str>) -> Result<String> {
    let refuse = |message: &str| Err(Error::new(ErrorKind::ArgumentInvalid, "/user_id", message));
    if user_id.len() > MAX_USER_BYTES || !is_addressable(user_id) {
        return refuse("must be 1 to 255 bytes, as in records");
    }
    let mut record = json!({"channel": "app", "event": "deletion", "payload": {}, "user_id": user_id});
    if let Some(tenant_id) = tenant_id {
        record["tenant_id"] = tenant_id.into();
    }
    let outcome = engine.process(record.to_string().as_bytes(), None);
    let written: Option<Value> = outcome.record.and_then(|record| serde_json::from_str(&record).ok());
    let known = written.as_ref().and_then(|record| record["user_id"].as_str()).unwrap_or_default();
    if known.is_empty() {
        return refuse("is no id that a record can have");
    }
    if is_shared(known) {
        return refuse(
            "cannot be found: it is replaced, removed or sealed in records, and then stands for many users or for none. \
             Set /privacy/pseudonym_key and /privacy/hash_identifiers, so that ids become pseudonyms, or, where ids are no \
             personal data, /privacy/hash_identifiers to false",
        );
    }
    Ok(known.to_owned())
}

/// Whether an id as records have it holds a token that says less than who it is: what was replaced, removed or masked is
/// the same for many users, and a sealed box is another in each record. Only a pseudonym is somebody's.
fn is_shared(known: &str) -> bool {
    known.match_indices('[').any(|(at, _)| {
        let token = token_len(&known.as_bytes()[at..]).map(|len| &known[at..at + len]);
        token.is_some_and(|token| !token.starts_with("[hash:"))
    })
}
