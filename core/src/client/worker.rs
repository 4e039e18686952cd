//! The one thread: takes batches, runs the engine, sends, retries, books.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::select;
use tokio::time::{sleep, sleep_until};

use crate::client::batch::{Batch, Ready};
use crate::client::ledger::{Findings, Reason};
use crate::client::prepare::Pipeline;
use crate::client::queue::Chunk;
use crate::client::shared::Shared;
use crate::client::state::{Next, Phase, State};
use crate::consent::LOOK_INTERVAL;
use crate::export::{Exporter, Failure, Target, Verdict, worth_waiting};

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

/// Why the worker came back from serving.
#[derive(PartialEq, Eq)]
enum Served {
    ToTheEnd,
    /// Another configuration holds now.
    UntilChange,
}

async fn serve(shared: &Arc<Shared>, target: &Target) -> Served {
    let revision = shared.settings.revision();
    let mut exporter = Exporter::new(target);
    'batches: while let Some(taken) = next(shared, revision).await {
        let mut ready = prepare(shared, taken);
        // A request carries one signal; the order within each stays.
        ready.sort_by_key(|record| target.signal_of(&record.text));
        let same = |a: &Ready, b: &Ready| target.signal_of(&a.text) == target.signal_of(&b.text);
        while !ready.is_empty() {
            let end = ready.partition_point(|record| same(record, &ready[0]));
            let rest = ready.split_off(end);
            for batch in Batch::divide(std::mem::replace(&mut ready, rest), shared.settings.batch) {
                if exporter.is_err() {
                    exporter = Exporter::new(target);
                }
                if deliver(shared, target, exporter.as_ref(), batch).await.is_err() {
                    if shared.forget_in_flight() {
                        continue 'batches;
                    }
                    shared.book(State::abandon);
                    return Served::ToTheEnd;
                }
            }
        }
    }
    if shared.settings.revision() == revision { Served::ToTheEnd } else { Served::UntilChange }
}

/// Waits for the next batch; nothing where it is time to end, or another configuration holds.
async fn next(shared: &Arc<Shared>, revision: usize) -> Option<Vec<Chunk>> {
    let settings = &shared.settings;
    loop {
        shared.heed();
        if settings.revision() != revision {
            return None;
        }
        shared.collect_metrics(true);
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
                () = sleep_until(shared.meter.due().map_or(due, |metrics| metrics.min(due)).into()) => {}
                // While anything waits; an idle client wakes nobody.
                () = sleep(LOOK_INTERVAL) => {}
            },
            Next::Idle => match shared.meter.due() {
                Some(due) => select! {
                    () = shared.wake.notified() => {}
                    () = sleep_until(due.into()) => {}
                },
                None => shared.wake.notified().await,
            },
            Next::End => return None,
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

/// Brings a batch to its end, in parts where the collector wants less at once.
async fn deliver(
    shared: &Shared,
    target: &Target,
    exporter: Result<&Exporter<'_>, &Failure>,
    batch: Batch,
) -> Result<(), Abandoned> {
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        let load = part.load();
        let ended = match exporter {
            Ok(exporter) => send(shared, target, exporter, &part).await?,
            Err(failure) => Err(*failure),
        };
        let failure = match ended {
            Ok(verdict) => {
                let mut findings = Findings::default();
                verdict.codes.into_iter().for_each(|code| findings.note_violation(code));
                shared.book(|state| {
                    state.settle(load, verdict.refused, Reason::Rejected, &findings);
                    if verdict.warned {
                        state.ledger.fail("accepted with a warning".to_owned());
                    }
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
    target: &Target,
    exporter: &Exporter<'_>,
    batch: &Batch,
) -> Result<Result<Verdict, Failure>, Abandoned> {
    let Ok(request) = target.request(&batch.texts()) else { return Ok(Err(Failure::Request)) };
    let mut tries = 0;
    loop {
        // While the breaker is open records wait, the bounded queue behind them; a closing client does not.
        while let Some(until) = exporter.suspended(Instant::now()) {
            pause(shared, Failure::Connect, until).await?;
        }
        shared.book(|state| state.ledger.request(tries > 0));
        tries += 1;
        let answer = select! {
            biased;
            () = shared.withdrawn() => return Err(Abandoned),
            () = deadline(shared) => return Err(Abandoned),
            answer = exporter.send(&request) => answer,
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
            () = shared.withdrawn() => return Err(Abandoned),
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
