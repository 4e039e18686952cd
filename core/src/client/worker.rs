//! The one thread: takes what waits, runs the engine, and has it delivered.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::select;
use tokio::time::sleep_until;

use crate::client::batch::{Batch, Ready};
use crate::client::deliver::deliver;
use crate::client::held::Ended;
use crate::client::ledger::{Findings, Reason};
use crate::client::prepare::Pipeline;
use crate::client::queue::{Captured, Chunk, Form};
use crate::client::sender::Sender;
use crate::client::settings::Bounds;
use crate::client::shared::Shared;
use crate::client::spool::LOOK_EVERY;
use crate::client::state::{Next, Phase, State};
use crate::client::waiting::SpoolNext;
use crate::consent::LOOK_INTERVAL;
use crate::export::Target;
use crate::stamp::microseconds_now;

/// Records that a closing client writes to the disk at once, as long as they keep a batch's bytes. Each write costs two
/// syncs, and there is time for few; what is on its way when the time runs out is left behind.
const KEPT_AT_ONCE: usize = 2_000;

/// How long the end waits for callers who write to the disk: a disk that does not answer for so long has failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts the thread; false where the system has none left. Nobody ever joins it.
pub(crate) fn start(shared: Arc<Shared>) -> bool {
    thread::Builder::new().name("scrubjay".to_owned()).spawn(move || run(&shared)).is_ok()
}

fn run(shared: &Arc<Shared>) {
    let _farewell = Farewell(shared);
    if let Err(failure) = shared.begin() {
        return shared.book(|state| state.ledger.fail(failure));
    }
    let runtime = Builder::new_current_thread()
        .enable_all()
        // Only name resolution blocks, and there is one request at a time.
        .max_blocking_threads(1)
        .thread_name("scrubjay-dns")
        .build();
    match runtime {
        Ok(runtime) => {
            while let Some(target) = shared.settings.target.as_ref().ok().filter(|_| shared.settings.upload) {
                if runtime.block_on(serve(shared, target)) == Served::ToTheEnd {
                    break;
                }
            }
            // A name server that hangs must not hold up the end.
            runtime.shutdown_background();
        }
        Err(_) => shared.book(|state| state.ledger.fail("worker could not start".to_owned())),
    }
}

/// Books the worker's end, however it came.
struct Farewell<'a>(&'a Shared);

impl Drop for Farewell<'_> {
    fn drop(&mut self) {
        let is_panicking = thread::panicking();
        let mut lost = Ended::default();
        // Before anybody hears of the end: whoever comes next finds the folder free.
        if self.0.state.lock().phase != Phase::Open {
            // Who writes holds the folder, or would open it again. One that broke down may be the writer itself.
            if !is_panicking {
                self.0.wait_for_writers(PATIENCE);
            }
            lost = self.0.spool.close();
        }
        self.0.book(|state| {
            state.ledger.end_spooled(&lost);
            if is_panicking {
                state.ledger.fail("worker broke down".to_owned());
            }
            state.worker_ended();
        });
    }
}

/// What the worker does next.
enum Work {
    /// Bring what was taken from the queue to its end.
    Queue(Vec<Chunk>),
    /// Deliver from the spool.
    Spool,
    /// Nothing but what is done at every turn.
    Look,
}

/// Why the worker came back from serving.
#[derive(PartialEq, Eq)]
enum Served {
    ToTheEnd,
    /// Another configuration holds now.
    UntilChange,
}

async fn serve(shared: &Arc<Shared>, target: &Target) -> Served {
    let revision = shared.settings.revision();
    let mut sender = Sender::new(target);
    loop {
        shared.look_after_spool();
        tell_books(shared);
        let Some(work) = next(shared, revision).await else { break };
        sender.renew();
        let ended = match work {
            Work::Queue(taken) => {
                let batches = in_requests(target, prepare(shared, taken), shared.settings.batch);
                deliver(shared, &sender, batches).await
            }
            Work::Spool => shared.deliver_spooled(&sender).await,
            Work::Look => Ok(()),
        };
        if ended.is_err() && !shared.forget_in_flight() {
            break;
        }
    }
    if shared.settings.revision() != revision && shared.state.lock().phase == Phase::Open {
        return Served::UntilChange;
    }
    keep_rest(shared, target);
    shared.book(|state| {
        if state.phase != Phase::Open {
            state.abandon();
        }
    });
    Served::ToTheEnd
}

/// Batches, each of one kind of request; the order within a kind stays.
fn in_requests(target: &Target, mut ready: Vec<Ready>, batch: Bounds) -> Vec<Batch> {
    ready.sort_by_key(|record| target.kind_of(&record.text));
    Batch::divide_for(target, ready, batch)
}

/// Moves what is left in the queue of a closing client into the spool.
fn keep_rest(shared: &Shared, target: &Target) {
    let batch = shared.settings.batch;
    let rest = Bounds { items: batch.items.max(KEPT_AT_ONCE), ..batch };
    while shared.spool.is_configured() {
        let taken = {
            let mut state = shared.state.lock();
            if state.phase == Phase::Closed { Vec::new() } else { state.queue.take(rest) }
        };
        if taken.is_empty() {
            return;
        }
        for batch in in_requests(target, prepare(shared, taken), rest) {
            if !shared.keep(&batch) {
                return;
            }
        }
    }
}

/// Captures the client's own books, where that is wanted and due.
fn tell_books(shared: &Shared) {
    let settings = &shared.settings;
    if !settings.self_metrics {
        return;
    }
    let mut state = shared.state.lock();
    let pending = state.queue.pending() + state.ledger.spooled();
    let now = Instant::now();
    let State { told, ledger, .. } = &mut *state;
    for record in told.records(ledger, pending, now) {
        if state.phase == Phase::Open && settings.is_on() {
            let captured = Captured { form: Form::Sum, at: microseconds_now(), bytes: record.as_bytes() };
            state.capture(captured, || now, settings.batch);
        }
    }
}

/// Waits for the next work; nothing where it is time to end, or another configuration holds.
async fn next(shared: &Arc<Shared>, revision: usize) -> Option<Work> {
    let settings = &shared.settings;
    // A spool in an outage is looked after all the same, and so is one whose neighbours die. Set once: the shorter waits
    // below must not put it off for ever.
    let is_looking = shared.spool.is_configured() || settings.self_metrics;
    let look = is_looking.then(|| Instant::now() + LOOK_EVERY);
    // Whoever just had work expects more: the next record then need not wake anybody. Never longer than a record may wait.
    let mut watch = Some(Instant::now() + LOOK_INTERVAL.min(settings.flush_interval));
    loop {
        shared.heed();
        if settings.revision() != revision {
            return None;
        }
        shared.collect_metrics(true);
        let (due, is_waiting) = {
            let now = Instant::now();
            let mut state = shared.state.lock();
            let queue = state.next(now, settings.batch, settings.flush_interval);
            let (waiting, ended) = (state.ledger.readable(), state.ledger.spool_out());
            let mut spool = state.spool.next(now, waiting, ended, settings.batch, settings.flush_interval);
            if let Phase::Closing(deadline) = state.phase {
                let is_worth_it = waiting > 0 && now < deadline && !state.spool.is_down(now);
                spool = if is_worth_it { SpoolNext::Deliver } else { SpoolNext::Nothing };
            }
            let load = state.queue.waiting();
            let is_pressed = load.items > settings.queue.items / 2 || load.bytes > settings.queue.bytes / 2;
            let due = match (queue, spool) {
                (Next::End, SpoolNext::Deliver) if state.phase != Phase::Closed => return Some(Work::Spool),
                // The spool first: it holds the oldest. Unless the queue would overflow meanwhile.
                (Next::Batch, SpoolNext::Deliver) if !is_pressed => return Some(Work::Spool),
                (Next::Batch, _) => return Some(Work::Queue(state.queue.take(settings.batch))),
                (Next::End, _) => return None,
                (_, SpoolNext::Deliver) => return Some(Work::Spool),
                (Next::At(due), SpoolNext::At(other)) => Some(due.min(other)),
                (Next::At(due), SpoolNext::Nothing) | (Next::Idle, SpoolNext::At(due)) => Some(due),
                (Next::Idle, SpoolNext::Nothing) => None,
            };
            watch = watch.filter(|until| now < *until);
            state.is_watched = watch.is_some();
            (due, load.items > 0 || waiting > 0)
        };
        // Consent, while anything waits; an idle client wakes nobody.
        let heed = is_waiting.then(|| Instant::now() + LOOK_INTERVAL);
        let soon = [due, look, heed, watch, shared.meter.due()].into_iter().flatten().min();
        match soon {
            Some(soon) => select! {
                () = shared.wake.notified() => {}
                () = sleep_until(soon.into()) => {
                    if look == Some(soon) {
                        return Some(Work::Look);
                    }
                }
            },
            None => shared.wake.notified().await,
        }
    }
}

/// Runs the engine over what was taken, books what it did not accept, and returns the rest.
fn prepare(shared: &Shared, taken: Vec<Chunk>) -> Vec<Ready> {
    let settings = &shared.settings;
    let pressure = shared.state.lock().queue.pressure();
    let pipeline = Pipeline { engine: &settings.engine, sampler: settings.sampler.as_ref(), pressure };
    let mut prepared = pipeline.run(&taken);
    prepared.keep(|record| settings.permits(record), Reason::Consent);
    shared.book(|state| {
        state.queue.reuse(taken);
        state.ledger.find(&prepared.findings);
        for (reason, load) in prepared.dropped {
            state.settle(load, load.items as u64, reason, &Findings::default());
        }
    });
    prepared.ready
}
