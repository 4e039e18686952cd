//! Records whose callers go on meanwhile: one thread takes what has gathered, writes it to the ingest log with one sync,
//! and tells each caller. So those who process bodies are as many as there are cores, and none of them waits for the disk.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};

use super::ingest_log::{Entrance, closed};
use super::model::StoredEvent;
use crate::contain::contain;
use crate::error::{Error, ErrorKind, Result};
use crate::gathered::{Gathered, Promise};

/// Bytes of records that are written with one sync: as many as a group of the log takes.
const GROUP_BYTES: usize = 1 << 20;
/// Bytes of records that wait. Where the disk is slower than that, whoever brings more waits too.
const MAX_WAITING_BYTES: usize = 8 << 20;

/// Whether something succeeded; where a defect was contained in between, that.
pub(crate) type Promised<T> = Promise<Result<T>>;

pub(crate) fn promised<T>(hear: impl FnOnce(Result<T>) + Send + 'static) -> Promised<T> {
    Promise::new(hear, || Err(Error::new(ErrorKind::Internal, "", "a defect was contained; send it again")))
}

/// What one caller brought.
struct Run {
    events: Vec<StoredEvent>,
    kept: Promised<()>,
}

/// See the module's words.
pub(super) struct Later {
    waiting: Arc<Waiting>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Waiting {
    state: Mutex<State>,
    /// Something came, or the store closes.
    came: Condvar,
    /// Something was taken.
    room: Condvar,
}

#[derive(Default)]
struct State {
    runs: Gathered<Run>,
    is_closing: bool,
}

impl Later {
    /// # Errors
    /// `store_unavailable` where the system has no thread.
    pub(super) fn start(entrance: Entrance) -> Result<Self> {
        let waiting = Arc::new(Waiting::default());
        let theirs = Arc::clone(&waiting);
        let thread = thread::Builder::new().name("scrubjay-log".to_owned()).spawn(move || theirs.write(&entrance));
        let thread = thread
            .map_err(|_| Error::new(ErrorKind::StoreUnavailable, "", "the system refused a thread; try again later"))?;
        Ok(Self { waiting, thread: Mutex::new(Some(thread)) })
    }

    /// Keeps records; `kept` hears of it on the thread, or at once where there is nothing to wait for.
    pub(super) fn append(&self, events: Vec<StoredEvent>, kept: Promised<()>) {
        if events.is_empty() {
            return kept.resolve(Ok(()));
        }
        let bytes = events.iter().map(|event| event.record.len()).sum();
        let mut state = self.waiting.state.lock();
        while state.runs.bytes() >= MAX_WAITING_BYTES && !state.is_closing {
            self.waiting.room.wait(&mut state);
        }
        if state.is_closing {
            drop(state);
            return kept.resolve(Err(closed()));
        }
        state.runs.push(Run { events, kept }, bytes);
        drop(state);
        self.waiting.came.notify_one();
    }

    /// Takes no more; what came before is written when this returns.
    pub(super) fn close(&self) {
        self.waiting.state.lock().is_closing = true;
        self.waiting.came.notify_one();
        self.waiting.room.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            // A panic of it was contained; nothing is left to be told.
            let _ = thread.join();
        }
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        self.close();
    }
}

impl Waiting {
    /// The thread.
    fn write(&self, entrance: &Entrance) {
        while let Some(runs) = self.take() {
            let (events, promises): (Vec<_>, Vec<_>) = runs.into_iter().map(|run| (run.events, run.kept)).unzip();
            // After a defect each hears of it as its promise is dropped.
            let Some(written) = contain(|| entrance.append(events)) else { continue };
            for kept in promises {
                contain(|| kept.resolve(written.clone()));
            }
        }
    }

    /// What is written next; nothing when the store closes and nothing is left.
    fn take(&self) -> Option<Vec<Run>> {
        let mut state = self.state.lock();
        while state.runs.len() == 0 {
            if state.is_closing {
                return None;
            }
            self.came.wait(&mut state);
        }
        let runs = state.runs.take(GROUP_BYTES);
        self.room.notify_all();
        Some(runs)
    }
}
