//! The one thread: takes batches, runs the engine, sends, retries, keeps, books.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::select;
use tokio::time::sleep_until;

use crate::client::batch::{Batch, Ready};
use crate::client::ledger::{Findings, Reason};
use crate::client::queue::{Content, Item, Load};
use crate::client::self_metrics::Told;
use crate::client::shared::Shared;
use crate::client::spool::LOOK_EVERY;
use crate::client::spooled::give_up;
use crate::client::state::{Next, Phase};
use crate::client::waiting::SpoolNext;
use crate::export::{Collector, Failure, Target, Verdict, worth_waiting};
use crate::ffi::guard;
use crate::outcome::Status;
use crate::stamp::Stamp;

/// Starts the thread; false where the system has none left. Nobody ever joins it.
pub(crate) fn start(shared: Arc<Shared>) -> bool {
    thread::Builder::new().name("scrubjay".to_owned()).spawn(move || run(&shared)).is_ok()
}

fn run(shared: &Shared) {
    let _farewell = Farewell(shared);
    let Ok(target) = &shared.settings.target else { return };
    let runtime = Builder::new_current_thread()
        .enable_all()
        // Only name resolution blocks, and there is one request at a time.
        .max_blocking_threads(1)
        .thread_name("scrubjay-dns")
        .build();
    match runtime {
        Ok(runtime) => {
            runtime.block_on(serve(shared, target));
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
        // Before anybody hears of the end: whoever comes next finds the folder free.
        if self.0.state.lock().phase != Phase::Open {
            self.0.spool.close();
        }
        self.0.book(|state| {
            if thread::panicking() {
                state.ledger.fail("worker broke down".to_owned());
            }
            state.worker_ended();
        });
    }
}

/// The client closes and its records are not worth or out of further waiting.
pub(crate) struct Abandoned;

/// What the worker does next.
enum Work {
    /// Bring what was taken from the queue to its end.
    Queue(Vec<Item>),
    /// Deliver from the spool.
    Spool,
    /// Nothing but what is done at every turn.
    Look,
}

async fn serve(shared: &Shared, target: &Target) {
    let mut sender = Sender(Collector::new(target));
    let mut told = Told::default();
    loop {
        shared.look_after_spool();
        tell_books(shared, &mut told);
        let Some(work) = next(shared).await else { break };
        if sender.0.is_err() {
            sender = Sender(Collector::new(target));
        }
        let ended = match work {
            Work::Queue(taken) => deliver_all(shared, &sender, taken).await,
            Work::Spool => shared.deliver_spooled(&sender).await,
            Work::Look => Ok(()),
        };
        if ended.is_err() {
            break;
        }
    }
    keep_rest(shared);
    shared.book(|state| {
        if state.phase != Phase::Open {
            state.abandon();
        }
    });
}

async fn deliver_all(shared: &Shared, sender: &Sender<'_>, taken: Vec<Item>) -> Result<(), Abandoned> {
    let mut batches = Batch::divide(prepare(shared, taken), shared.settings.batch).into_iter();
    while let Some(batch) = batches.next() {
        if deliver(shared, sender, batch).await.is_err() {
            for batch in batches {
                shared.keep(&batch);
            }
            return Err(Abandoned);
        }
    }
    Ok(())
}

/// Moves what is left in the queue of a closing client into the spool.
fn keep_rest(shared: &Shared) {
    while shared.spool.is_configured() {
        let taken = {
            let mut state = shared.state.lock();
            if state.phase == Phase::Closed { Vec::new() } else { state.queue.take(shared.settings.batch) }
        };
        if taken.is_empty() {
            return;
        }
        for batch in Batch::divide(prepare(shared, taken), shared.settings.batch) {
            if !shared.keep(&batch) {
                return;
            }
        }
    }
}

/// Captures the client's own books, where that is wanted and due.
fn tell_books(shared: &Shared, told: &mut Told) {
    let settings = &shared.settings;
    if !settings.self_metrics {
        return;
    }
    let mut state = shared.state.lock();
    let pending = state.queue.pending() + state.ledger.spooled();
    let now = Instant::now();
    for record in told.records(&state.ledger, pending, now) {
        if state.phase == Phase::Open {
            state.capture(Content::Raw(record.into_bytes().into(), Stamp::now()), now, settings.batch);
        }
    }
}

/// Waits for the next work; nothing where it is time to end.
async fn next(shared: &Shared) -> Option<Work> {
    let settings = &shared.settings;
    loop {
        let due = {
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
            match (queue, spool) {
                (Next::End, SpoolNext::Deliver) if state.phase != Phase::Closed => return Some(Work::Spool),
                // The spool first: it holds the oldest. Unless the queue would overflow meanwhile.
                (Next::Batch, SpoolNext::Deliver) if !is_pressed => return Some(Work::Spool),
                (Next::Batch, _) => return Some(Work::Queue(state.queue.take(settings.batch))),
                (Next::End, _) => return None,
                (_, SpoolNext::Deliver) => return Some(Work::Spool),
                (Next::At(due), SpoolNext::At(other)) => Some(due.min(other)),
                (Next::At(due), SpoolNext::Nothing) | (Next::Idle, SpoolNext::At(due)) => Some(due),
                (Next::Idle, SpoolNext::Nothing) => None,
            }
        };
        // A spool in an outage is looked after all the same, and so is one whose neighbours die.
        let is_looking = shared.spool.is_configured() || settings.self_metrics;
        let look = is_looking.then(|| Instant::now() + LOOK_EVERY);
        match due.into_iter().chain(look).min() {
            Some(due) => select! {
                () = shared.wake.notified() => {}
                () = sleep_until(due.into()) => return Some(Work::Look),
            },
            None => shared.wake.notified().await,
        }
    }
}

/// Runs the engine over what was taken, books what it did not accept, and returns the rest.
fn prepare(shared: &Shared, taken: Vec<Item>) -> Vec<Ready> {
    let mut ready = Vec::with_capacity(taken.len());
    let mut findings = Findings::default();
    let mut invalid = Load::default();
    let mut defect = None;
    for item in taken {
        let cost = item.content.bytes();
        let text = match item.content {
            Content::Scrubbed(text) => Some(text),
            Content::Raw(record, stamp) => match guard(|| Ok(shared.settings.engine.process(&record, Some(&stamp)))) {
                Ok(outcome) => {
                    findings.note(&outcome);
                    outcome.record.filter(|_| outcome.status == Status::Accepted).map(String::into_boxed_str)
                }
                Err(error) => {
                    defect = Some(error.kind().code().to_owned());
                    None
                }
            },
        };
        if let Some(text) = text {
            ready.push(Ready { text, cost });
        } else {
            invalid.items += 1;
            invalid.bytes += cost;
        }
    }
    shared.book(|state| {
        state.settle(invalid, invalid.items as u64, Reason::Invalid, &findings);
        if let Some(defect) = defect {
            state.ledger.fail(defect);
        }
    });
    ready
}

/// Brings a batch to its end, in parts where the collector wants less at once. What cannot be delivered now goes to the
/// spool, where there is one.
async fn deliver(shared: &Shared, sender: &Sender<'_>, batch: Batch) -> Result<(), Abandoned> {
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        let load = part.load();
        if shared.is_down() {
            if !shared.keep(&part) {
                give_up(shared, &part);
            }
            continue;
        }
        let ended = match sender.send(shared, &part).await {
            Ok(ended) => ended,
            Err(abandoned) => {
                for part in [&part].into_iter().chain(parts.iter().rev()) {
                    shared.keep(part);
                }
                return Err(abandoned);
            }
        };
        let failure = match ended {
            Ok(verdict) => {
                let mut findings = Findings::default();
                verdict.codes.into_iter().for_each(|code| findings.note_violation(code));
                shared.book(|state| {
                    state.settle(load, verdict.refused, Reason::Rejected, &findings);
                    state.spool.is_back();
                });
                continue;
            }
            Err(failure) => failure,
        };
        if failure.wants_less() && load.items > 1 {
            let (first, second) = part.halve();
            parts.extend([second, first]);
            continue;
        }
        shared.book(|state| state.ledger.fail(failure.reason()));
        if failure.is_retryable() && shared.keep(&part) {
            shared.stall();
        } else {
            give_up(shared, &part);
        }
    }
    Ok(())
}

/// How batches leave: the collector, or why there is none.
pub(crate) struct Sender<'a>(Result<Collector<'a>, Failure>);

impl Sender<'_> {
    /// Sends a batch, again where that may help, until there is a verdict or a final failure.
    pub(crate) async fn send(&self, shared: &Shared, batch: &Batch) -> Result<Result<Verdict, Failure>, Abandoned> {
        match &self.0 {
            Ok(collector) => send(shared, collector, batch).await,
            Err(failure) => Ok(Err(*failure)),
        }
    }
}

async fn send(
    shared: &Shared,
    collector: &Collector<'_>,
    batch: &Batch,
) -> Result<Result<Verdict, Failure>, Abandoned> {
    let Ok(body) = batch.body() else { return Ok(Err(Failure::Request)) };
    let records = batch.load().items as u64;
    let mut tries = 0;
    loop {
        shared.book(|state| state.ledger.request(tries > 0));
        tries += 1;
        let answer = select! {
            biased;
            () = deadline(shared) => return Err(Abandoned),
            answer = collector.send(body.clone(), records) => answer,
        };
        let Err(failure) = answer else { return Ok(answer) };
        shared.book(|state| state.ledger.fail(failure.reason()));
        // Without a random source the wait is the longest one.
        let random = getrandom::u64().unwrap_or(u64::MAX);
        let Some(wait) = shared.settings.retry.wait(failure, tries, random) else { return Ok(Err(failure)) };
        pause(shared, failure, Instant::now() + wait).await?;
    }
}

/// Waits until `until`, unless the client closes and should not wait that long.
async fn pause(shared: &Shared, failure: Failure, until: Instant) -> Result<(), Abandoned> {
    loop {
        let phase = shared.state.lock().phase;
        match phase {
            Phase::Open => {}
            Phase::Closing(deadline) if worth_waiting(failure, until, deadline) => {}
            Phase::Closing(_) | Phase::Closed => return Err(Abandoned),
        }
        select! {
            () = sleep_until(until.into()) => return Ok(()),
            () = shared.closing.notified() => {}
        }
    }
}

/// Completes when the client has closed and its time is over.
async fn deadline(shared: &Shared) {
    loop {
        let phase = shared.state.lock().phase;
        match phase {
            Phase::Open => shared.closing.notified().await,
            Phase::Closing(deadline) if Instant::now() < deadline => select! {
                () = sleep_until(deadline.into()) => {}
                () = shared.closing.notified() => {}
            },
            Phase::Closing(_) | Phase::Closed => return,
        }
    }
}
