//! The threads that process bodies: as many as there are cores, and not one for each body under way.
//!
//! A thread of the engine keeps what it has learned of records, some hundred kilobytes. In libuv's pool bodies go round
//! all of its threads, so that each finds its own pushed out of the caches by the others'. Here the thread that has
//! worked last works next.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};

type Job = Box<dyn FnOnce() + Send>;

struct Workers {
    jobs: VecDeque<Job>,
    /// Who waits for a job; the last one has worked last.
    idle: Vec<Thread>,
    /// How many there are.
    count: usize,
}

static CORES: OnceLock<usize> = OnceLock::new();
static WORKERS: Mutex<Workers> = Mutex::new(Workers { jobs: VecDeque::new(), idle: Vec::new(), count: 0 });

/// Has a job done by a worker, or here where the system has no thread for any.
pub(crate) fn run(job: impl FnOnce() + Send + 'static) {
    let mut workers = WORKERS.lock().unwrap_or_else(PoisonError::into_inner);
    workers.jobs.push_back(Box::new(job));
    if let Some(worker) = workers.idle.pop() {
        drop(workers);
        return worker.unpark();
    }
    // Asked once: the system reads files to answer.
    if workers.count >= *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from)) {
        return;
    }
    workers.count += 1;
    drop(workers);
    if thread::Builder::new().name("scrubjay-body".to_owned()).spawn(work).is_err() {
        let mut workers = WORKERS.lock().unwrap_or_else(PoisonError::into_inner);
        workers.count -= 1;
        let job = if workers.count == 0 { workers.jobs.pop_back() } else { None };
        drop(workers);
        if let Some(job) = job {
            job();
        }
    }
}

/// A worker's life, which is the process's.
fn work() {
    let me = thread::current();
    loop {
        let mut workers = WORKERS.lock().unwrap_or_else(PoisonError::into_inner);
        // A thread may wake without having been woken: then it stands there already.
        workers.idle.retain(|worker| worker.id() != me.id());
        if let Some(job) = workers.jobs.pop_front() {
            drop(workers);
            // The facade contains whatever a body brings about; what gets past it costs its caller, and no worker.
            let _ = catch_unwind(AssertUnwindSafe(job));
        } else {
            workers.idle.push(me.clone());
            drop(workers);
            thread::park();
        }
    }
}
