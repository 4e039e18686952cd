//! The one thread: takes batches, runs the engine, sends, retries, books.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::select;
use tokio::time::sleep_until;

use crate::client::batch::{Batch, Ready};
use crate::client::ledger::{Findings, Reason};
use crate::client::queue::{Content, Item, Load};
use crate::client::shared::Shared;
use crate::client::state::{Next, Phase, State};
use crate::export::{Exporter, Failure, Target, Verdict, worth_waiting};
use crate::ffi::guard;
use crate::outcome::Status;

/// Starts the thread; false where the system has none left. Nobody ever joins it.
pub(crate) fn start(shared: Arc<Shared>) -> bool {
    thread::Builder::new().name("scrubjay".to_owned()).spawn(move || run(&shared)).is_ok()
}

fn run(shared: &Arc<Shared>) {
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

async fn serve(shared: &Arc<Shared>, target: &Target) {
    let mut exporter = Exporter::new(target);
    while let Some(taken) = next(shared).await {
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
                if deliver(shared, exporter.as_ref(), batch).await.is_err() {
                    return shared.book(State::abandon);
                }
            }
        }
    }
}

/// Waits for the next batch; nothing where it is time to end.
async fn next(shared: &Arc<Shared>) -> Option<Vec<Item>> {
    let settings = &shared.settings;
    loop {
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

/// Brings a batch to its end, in parts where the collector wants less at once.
async fn deliver(shared: &Shared, exporter: Result<&Exporter<'_>, &Failure>, batch: Batch) -> Result<(), Abandoned> {
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        let load = part.load();
        let ended = match exporter {
            Ok(exporter) => send(shared, exporter, &part).await?,
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
async fn send(shared: &Shared, exporter: &Exporter<'_>, batch: &Batch) -> Result<Result<Verdict, Failure>, Abandoned> {
    let request = shared.settings.target.as_ref().map(|target| target.request(&batch.texts()));
    let Ok(Ok(request)) = request else { return Ok(Err(Failure::Request)) };
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
