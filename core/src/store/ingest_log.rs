//! The segment log in front of the day files, and the thread that empties it.
//!
//! A request is acknowledged when its records are in the log, which many requests share a sync of. One thread moves
//! them into the day files, in large batches because those cost a tenth of small ones. Each step can be repeated: a
//! record that is stored already falls on itself, so whoever is killed between the commit and its note in the log
//! loses nothing and stores nothing twice.

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};

use super::Shared;
use super::fresh::Fresh;
use super::ingest::event_of;
use super::later::{Later, Promised};
use super::model::{LogStats, StoredEvent, Tenant};
use crate::contain::contain;
use crate::error::{Error, ErrorKind, Result};
use crate::segment::{Chunk, Failure, Folder, Log, MachineTime, Options, owner};

/// Records of one commit. Smaller batches cost more each (performance.md, section 5).
const BATCH_RECORDS: usize = 10_000;
/// Bytes of one commit: bounds what the indexer keeps in memory.
const BATCH_BYTES: usize = 16 << 20;
/// How long records wait for company.
const LINGER: Duration = Duration::from_secs(1);
/// The first pause after a failure; it doubles.
const RETRY: Duration = Duration::from_secs(1);
const MAX_RETRY: Duration = Duration::from_secs(30);
/// What a closing store spends on emptying the log. The rest stays in it.
const CLOSE_BUDGET: Duration = Duration::from_secs(5);
/// Bytes of a segment: some hundred thousand records, and little to read again after a kill.
const SEGMENT_BYTES: u64 = 16 << 20;

/// See the module's words.
pub(super) struct IngestLog {
    /// Nothing once the store is closed: the folder is then free for another.
    log: RwLock<Option<Arc<Log>>>,
    progress: Arc<Progress>,
    max_bytes: u64,
    later: Later,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// How far the indexer is.
pub(super) struct Progress {
    state: Mutex<State>,
    /// Something is to be done.
    work: Condvar,
    /// Something was done, or failed.
    done: Condvar,
}

#[derive(Default)]
struct State {
    /// The number behind the last record that was indexed.
    indexed_end: u64,
    /// What it need not read.
    fresh: Fresh,
    /// When the oldest record came that waits.
    since: Option<Instant>,
    /// Callers that wait until the log is empty.
    waiting: usize,
    is_closing: bool,
    failures: u64,
    error: Option<Error>,
    indexed: u64,
    lost: u64,
}

impl IngestLog {
    /// Opens the log of a store and starts the indexer.
    ///
    /// # Errors
    /// `store_unavailable`, also where another process has the log.
    pub(super) fn open(folder: &Path, shared: &Arc<Shared>) -> Result<Self> {
        let options = Options {
            segment_bytes: SEGMENT_BYTES,
            // Nothing that was acknowledged is ever displaced: `append` refuses instead.
            max_bytes: u64::MAX,
            max_age: None,
            key: shared.options.key.clone(),
            elsewhere: None,
        };
        let Some(disk) = Folder::own(folder).map_err(|failure| refused("open", failure))? else {
            let process = owner(folder).filter(|id| !id.is_empty()).map_or_else(String::new, |id| format!(" ({id})"));
            let message = format!(
                "another process{process} has the store's ingest log open: stop it, or open the store with \
                 \"ingest_log\": false beside it"
            );
            return Err(Error::new(ErrorKind::StoreUnavailable, "", message));
        };
        let log = Log::open(Arc::new(disk), Arc::new(MachineTime::new()), options);
        let log = Arc::new(log.map_err(|failure| refused("open", failure))?);
        let next = log.append::<&[u8]>(&[]).map_err(|failure| refused("read", failure))?;
        let pending = log.pending();
        let state = State { indexed_end: next - pending, since: (pending > 0).then(Instant::now), ..State::default() };
        let progress = Arc::new(Progress { state: Mutex::new(state), work: Condvar::new(), done: Condvar::new() });
        let max_bytes = shared.options.max_log_bytes;
        let later = Later::start(Entrance { log: Arc::clone(&log), progress: Arc::clone(&progress), max_bytes })?;
        let indexer = Indexer { shared: Arc::clone(shared), log: Arc::clone(&log), progress: Arc::clone(&progress) };
        let thread = thread::Builder::new().name("scrubjay-index".to_owned()).spawn(move || indexer.run());
        let thread = thread
            .map_err(|_| Error::new(ErrorKind::StoreUnavailable, "", "the system refused a thread; try again later"))?;
        Ok(Self { log: RwLock::new(Some(log)), progress, max_bytes, later, thread: Mutex::new(Some(thread)) })
    }

    fn log(&self) -> Result<Arc<Log>> {
        self.log.read().clone().ok_or_else(closed)
    }

    /// Keeps records; they survive a power loss when this returns.
    ///
    /// # Errors
    /// `store_unavailable` where the disk fails or the indexer is too far behind; `closed`.
    pub(super) fn append(&self, events: Vec<StoredEvent>) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let entrance = Entrance { log: self.log()?, progress: Arc::clone(&self.progress), max_bytes: self.max_bytes };
        entrance.append(vec![events])
    }

    /// The same for callers who do not wait; `kept` hears what became of it.
    pub(super) fn append_later(&self, events: Vec<StoredEvent>, kept: Promised<()>) {
        self.later.append(events, kept);
    }

    /// Returns when all that was acknowledged before is in the day files.
    ///
    /// # Errors
    /// What keeps the indexer from it; `closed`.
    pub(super) fn settle(&self) -> Result<()> {
        let target = self.log()?.append::<&[u8]>(&[]).map_err(|failure| refused("read", failure))?;
        let mut state = self.progress.state.lock();
        let failures = state.failures;
        state.waiting += 1;
        self.progress.work.notify_one();
        let settled = loop {
            if state.indexed_end >= target {
                break Ok(());
            }
            if state.failures > failures {
                break Err(state.error.clone().unwrap_or_else(closed));
            }
            if state.is_closing {
                break Err(closed());
            }
            self.progress.done.wait(&mut state);
        };
        state.waiting -= 1;
        settled
    }

    /// Removes what was indexed from the disk, all of it that was there when this was called.
    ///
    /// # Errors
    /// As for [`settle`](Self::settle).
    pub(super) fn purge(&self) -> Result<()> {
        let log = self.log()?;
        log.roll();
        self.settle()?;
        let forgotten = log.persist(None).and_then(|()| log.forget_now());
        forgotten.map_err(|failure| refused("erase from", failure))
    }

    pub(super) fn stats(&self) -> LogStats {
        let log = self.log.read().clone();
        let state = self.progress.state.lock();
        LogStats {
            pending: log.as_ref().map_or(0, |log| log.pending()),
            bytes: log.as_ref().map_or(0, |log| log.bytes()),
            indexed: state.indexed,
            lost: state.lost,
            error: state.error.as_ref().map(ToString::to_string),
        }
    }

    /// Ends the indexer, which empties the log if that takes no longer than a few seconds.
    pub(super) fn close(&self) {
        // What was handed over is under way; the indexer takes it along.
        self.later.close();
        let thread = self.thread.lock().take();
        self.progress.state.lock().is_closing = true;
        self.progress.work.notify_one();
        self.progress.done.notify_all();
        if let Some(thread) = thread {
            // A panic of it was contained; nothing is left to be told.
            let _ = thread.join();
        }
        drop(self.log.write().take());
    }
}

impl Drop for IngestLog {
    fn drop(&mut self) {
        self.close();
    }
}

/// Where records enter.
pub(super) struct Entrance {
    log: Arc<Log>,
    progress: Arc<Progress>,
    max_bytes: u64,
}

impl Entrance {
    /// Keeps runs of records, none of them empty, with one sync; all survive a power loss when this returns.
    ///
    /// # Errors
    /// See [`IngestLog::append`].
    pub(super) fn append(&self, runs: Vec<Vec<StoredEvent>>) -> Result<()> {
        let Self { log, progress, max_bytes } = self;
        if log.bytes() > *max_bytes {
            let message = "the records that wait to be indexed fill their room: try again later";
            return Err(Error::new(ErrorKind::StoreUnavailable, "", message));
        }
        let entries = runs.iter().flatten().map(entry);
        let mut first = log.append_in_parts(entries).map_err(|failure| refused("write", failure))?;
        let mut state = progress.state.lock();
        let indexed_end = state.indexed_end;
        for run in runs {
            let count = run.len() as u64;
            state.fresh.add(first, run, indexed_end);
            first += count;
        }
        let is_first = state.since.is_none();
        state.since.get_or_insert_with(Instant::now);
        drop(state);
        if is_first || log.pending() >= BATCH_RECORDS as u64 {
            progress.work.notify_one();
        }
        Ok(())
    }
}

/// The thread.
struct Indexer {
    shared: Arc<Shared>,
    log: Arc<Log>,
    progress: Arc<Progress>,
}

impl Indexer {
    fn run(self) {
        let mut retry = RETRY;
        let mut deadline = None;
        while self.wait_for_work(&mut deadline) {
            match contain(|| self.step()).unwrap_or_else(|| Err(defect())) {
                Ok(()) => retry = RETRY,
                Err(error) => {
                    self.log.release();
                    let mut state = self.progress.state.lock();
                    state.failures += 1;
                    state.error = Some(error);
                    self.progress.done.notify_all();
                    if state.is_closing {
                        return;
                    }
                    self.progress.work.wait_for(&mut state, retry);
                    retry = (retry * 2).min(MAX_RETRY);
                }
            }
        }
    }

    /// True when there is something to index, false when the store closes.
    fn wait_for_work(&self, deadline: &mut Option<Instant>) -> bool {
        let mut state = self.progress.state.lock();
        loop {
            let pending = self.log.pending();
            if state.is_closing {
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + CLOSE_BUDGET);
                return pending > 0 && Instant::now() < deadline;
            }
            if pending == 0 {
                state.since = None;
                self.settled(&mut state);
                self.progress.work.wait(&mut state);
                continue;
            }
            let waited = state.since.get_or_insert_with(Instant::now).elapsed();
            if state.waiting > 0 || pending >= BATCH_RECORDS as u64 || waited >= LINGER {
                return true;
            }
            self.progress.work.wait_for(&mut state, LINGER.saturating_sub(waited));
        }
    }

    /// Moves one batch: what is in memory still, or else what the log has up to there.
    fn step(&self) -> Result<()> {
        let _passed = super::pass();
        let (start, fresh, gap) = {
            let mut state = self.progress.state.lock();
            let start = state.indexed_end;
            let fresh = state.fresh.take(start, BATCH_RECORDS, BATCH_BYTES);
            let gap = state.fresh.first().map_or(u64::MAX, |first| first - start);
            (start, fresh, usize::try_from(gap).unwrap_or(usize::MAX))
        };
        let (events, end, lost) = if fresh.is_empty() {
            let Some(chunk) = self.log.read(BATCH_RECORDS.min(gap), BATCH_BYTES) else { return Ok(()) };
            let Chunk { records, end, corrupt, .. } = chunk;
            let count = records.len();
            let events: Vec<StoredEvent> = records.into_iter().filter_map(decode).collect();
            let lost = corrupt + (count - events.len()) as u64;
            (events, end, lost)
        } else {
            let end = start + fresh.len() as u64;
            (fresh, end, 0)
        };
        let indexed = events.len() as u64;
        self.shared.store(events)?;
        self.log.acknowledge(end);
        // Where it cannot be noted, the batch is read again after a restart, and falls on itself.
        let _ = self.log.persist(None);
        let mut state = self.progress.state.lock();
        state.indexed_end = end;
        state.fresh.forget(end);
        state.indexed += indexed;
        state.lost += lost;
        state.error = None;
        state.since = (self.log.pending() > 0).then(Instant::now);
        self.progress.done.notify_all();
        Ok(())
    }

    /// Nothing waits: whoever waits for that may go on, also where records were found to be lost.
    fn settled(&self, state: &mut MutexGuard<'_, State>) {
        if state.waiting > 0 {
            if let Ok(next) = self.log.append::<&[u8]>(&[]) {
                state.indexed_end = state.indexed_end.max(next - self.log.pending());
            }
            self.progress.done.notify_all();
        }
    }
}

/// A log entry: the tenant, a line feed, the record.
fn entry(event: &StoredEvent) -> [&[u8]; 3] {
    [event.tenant.as_str().as_bytes(), b"\n", event.record.as_bytes()]
}

fn decode(entry: Vec<u8>) -> Option<StoredEvent> {
    let mut tenant = String::from_utf8(entry).ok()?;
    let record = tenant.split_off(tenant.find('\n')? + 1);
    tenant.pop();
    event_of(&Tenant::new(&tenant).ok()?, record).ok()
}

pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "", "the store is closed; open it again")
}

fn defect() -> Error {
    Error::new(ErrorKind::Internal, "", "a defect in the indexer was contained; it tries again")
}

fn refused(doing: &str, failure: Failure) -> Error {
    let advice = match failure {
        Failure::Full => "the disk is full: free some space",
        Failure::ReadOnly => "check that this user may write the folder and its files",
        Failure::OtherKey => "it is sealed with another key, or with none: give the one it has as encryption_key",
        Failure::Unsafe => "it belongs to somebody else, is open to others, or is a link",
        Failure::Vanished => "its folder is gone",
        Failure::TooLarge => "more records at once than a frame holds: send smaller batches",
        Failure::Device | Failure::Busy | Failure::Exhausted => "the disk failed: check its health",
    };
    Error::new(ErrorKind::StoreUnavailable, "", format!("{doing} the ingest log: {advice}"))
}
