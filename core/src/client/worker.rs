//! The one thread: takes batches, runs the engine, sends, retries, books.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::select;
use tokio::time::sleep_until;

use crate::client::batch::{Batch, Ready};
use crate::client::ledger::{Findings, Reason};
use crate::client::prepare::Pipeline;
use crate::client::queue::Chunk;
use crate::client::shared::Shared;
use crate::client::state::{Next, Phase, State};
use crate::export::{Collector, Failure, Target, Verdict, worth_waiting};

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
        self.0.book(|state| {
            if thread::panicking() {
                state.ledger.fail("worker broke down".to_owned());
            }
            state.worker_ended();
        });
    }
}

/// The client closes and its records are not worth or out of further waiting.
struct Abandoned;

async fn serve(shared: &Shared, target: &Target) {
    let mut collector = Collector::new(target);
    while let Some(taken) = next(shared).await {
        let ready = prepare(shared, taken);
        for batch in Batch::divide(ready, shared.settings.batch) {
            if collector.is_err() {
                collector = Collector::new(target);
            }
            if deliver(shared, collector.as_ref(), batch).await.is_err() {
                return shared.book(State::abandon);
            }
        }
    }
}

/// Waits for the next batch; nothing where it is time to end.
async fn next(shared: &Shared) -> Option<Vec<Chunk>> {
    let settings = &shared.settings;
    loop {
        let next = {
            let mut state = shared.state.lock();
            let next = state.next(Instant::now(), settings.batch, settings.flush_interval);
            if next == Next::Batch {
                return Some(state.queue.take(settings.batch));
            }
            next
        };
        match next {
            Next::Batch => {}
            Next::At(due) => select! {
                () = shared.wake.notified() => {}
                () = sleep_until(due.into()) => {}
            },
            Next::Idle => shared.wake.notified().await,
            Next::End => return None,
        }
    }
}

/// Runs the engine over what was taken, books what it did not accept, and returns the rest.
fn prepare(shared: &Shared, taken: Vec<Chunk>) -> Vec<Ready> {
    let settings = &shared.settings;
    let pressure = shared.state.lock().queue.pressure();
    let pipeline = Pipeline { engine: &settings.engine, sampler: settings.sampler.as_ref(), pressure };
    let prepared = pipeline.run(&taken);
    shared.book(|state| {
        state.queue.reuse(taken);
        state.ledger.find(&prepared.findings);
        for (reason, load) in prepared.dropped {
            state.settle(load, load.items as u64, reason, &Findings::default());
        }
    });
    prepared.ready
}

/// Brings a batch to its end, in parts where the collector wants less at once.
async fn deliver(shared: &Shared, collector: Result<&Collector<'_>, &Failure>, batch: Batch) -> Result<(), Abandoned> {
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        let load = part.load();
        let ended = match collector {
            Ok(collector) => send(shared, collector, &part).await?,
            Err(failure) => Err(*failure),
        };
        let failure = match ended {
            Ok(verdict) => {
                let mut findings = Findings::default();
                verdict.codes.into_iter().for_each(|code| findings.note_violation(code));
                shared.book(|state| state.settle(load, verdict.refused, Reason::Rejected, &findings));
                continue;
            }
            Err(failure) => failure,
        };
        if failure.wants_less() && load.items > 1 {
            let (first, second) = part.halve();
            parts.extend([second, first]);
            continue;
        }
        shared.book(|state| {
            state.ledger.fail(failure.reason());
            state.settle(load, load.items as u64, Reason::ExportFailed, &Findings::default());
        });
    }
    Ok(())
}

/// Sends a batch, again where that may help, until there is a verdict or a final failure.
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
