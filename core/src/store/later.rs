//! Records whose callers go on meanwhile: one thread takes what has gathered, writes it to the ingest log with one sync,
//! and tells each caller. So those who process bodies are as many as there are cores, and none of them waits for the disk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};

use super::ingest_log::{Entrance, closed};
use super::model::StoredEvent;
use crate::contain::contain;
use crate::error::{Error, ErrorKind, Result};

/// Bytes of records that are written with one sync: as many as a group of the log takes.
const GROUP_BYTES: usize = 1 << 20;
/// Bytes of records that wait. Where the disk is slower than that, whoever brings more waits too.
const MAX_WAITING_BYTES: usize = 8 << 20;

/// Hears once that records survive a power loss, or why nobody can say so.
pub(crate) struct Told<T>(Option<Box<dyn FnOnce(Result<T>) + Send>>);

impl<T> Told<T> {
    pub(crate) fn new(tell: impl FnOnce(Result<T>) + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }

    pub(crate) fn tell(mut self, what: Result<T>) {
        if let Some(tell) = self.0.take() {
            tell(what);
        }
    }
}

impl<T> Drop for Told<T> {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell(Err(Error::new(ErrorKind::Internal, "", "a defect was contained; send it again")));
        }
    }
}

/// What one caller brought.
struct Run {
    events: Vec<StoredEvent>,
    bytes: usize,
    told: Told<()>,
}

/// See the module's words.
pub(super) struct Later {
    waiting: Arc<Waiting>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Waiting {
    gathered: Mutex<Gathered>,
    /// Something came, or the store closes.
    came: Condvar,
    /// Something was taken.
    room: Condvar,
}

#[derive(Default)]
struct Gathered {
    runs: VecDeque<Run>,
    bytes: usize,
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

    /// Keeps records; `told` hears of it on the thread, or at once where there is nothing to wait for.
    pub(super) fn append(&self, events: Vec<StoredEvent>, told: Told<()>) {
        if events.is_empty() {
            return told.tell(Ok(()));
        }
        let bytes = events.iter().map(|event| event.record.len()).sum();
        let mut gathered = self.waiting.gathered.lock();
        while gathered.bytes >= MAX_WAITING_BYTES && !gathered.is_closing {
            self.waiting.room.wait(&mut gathered);
        }
        if gathered.is_closing {
            drop(gathered);
            return told.tell(Err(closed()));
        }
        gathered.bytes += bytes;
        gathered.runs.push_back(Run { events, bytes, told });
        drop(gathered);
        self.waiting.came.notify_one();
    }

    /// Takes no more; what came before is written when this returns.
    pub(super) fn close(&self) {
        self.waiting.gathered.lock().is_closing = true;
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
            let (events, told): (Vec<_>, Vec<_>) = runs.into_iter().map(|run| (run.events, run.told)).unzip();
            // After a defect each hears of it as its `Told` is dropped.
            let Some(written) = contain(|| entrance.append(events)) else { continue };
            for told in told {
                contain(|| told.tell(written.clone()));
            }
        }
    }

    /// What is written next; nothing when the store closes and nothing is left.
    fn take(&self) -> Option<Vec<Run>> {
        let mut gathered = self.gathered.lock();
        while gathered.runs.is_empty() {
            if gathered.is_closing {
                return None;
            }
            self.came.wait(&mut gathered);
        }
        let mut bytes = 0;
        let fits = |run: &&Run| {
            bytes += run.bytes;
            // One at least, however large.
            bytes <= GROUP_BYTES || bytes == run.bytes
        };
        let count = gathered.runs.iter().take_while(fits).count();
        let runs: Vec<Run> = gathered.runs.drain(..count).collect();
        gathered.bytes -= runs.iter().map(|run| run.bytes).sum::<usize>();
        self.room.notify_all();
        Some(runs)
    }
}
