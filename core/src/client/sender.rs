//! Sends one batch until there is a verdict, a final failure, or a reason to stop: the client closes, or the user
//! withdraws.

use std::time::Instant;

use tokio::select;
use tokio::time::sleep_until;

use crate::client::batch::Batch;
use crate::client::shared::Shared;
use crate::client::state::Phase;
use crate::export::{Exporter, Failure, Target, Verdict, worth_waiting};

/// The client closes and its records are not worth or out of further waiting, or some of them were withdrawn.
pub(crate) struct Abandoned;

/// How batches leave.
pub(crate) struct Sender<'a> {
    pub(crate) target: &'a Target,
    /// The way out, or why there is none.
    exporter: Result<Exporter<'a>, Failure>,
}

impl<'a> Sender<'a> {
    pub(crate) fn new(target: &'a Target) -> Self {
        Self { target, exporter: Exporter::new(target) }
    }

    /// Tries again where there was no way out.
    pub(crate) fn renew(&mut self) {
        if self.exporter.is_err() {
            self.exporter = Exporter::new(self.target);
        }
    }

    /// Sends a batch, again where that may help, until there is a verdict or a final failure.
    pub(crate) async fn send(&self, shared: &Shared, batch: &Batch) -> Result<Result<Verdict, Failure>, Abandoned> {
        match &self.exporter {
            Ok(exporter) => send(shared, self.target, exporter, batch).await,
            Err(failure) => Ok(Err(*failure)),
        }
    }
}

async fn send(
    shared: &Shared,
    target: &Target,
    exporter: &Exporter<'_>,
    batch: &Batch,
) -> Result<Result<Verdict, Failure>, Abandoned> {
    let Ok(request) = target.request(&batch.texts()) else { return Ok(Err(Failure::Request)) };
    let mut tries = 0;
    loop {
        // While the breaker is open records wait on the disk, or else in memory, the bounded queue behind them; a
        // closing client does not.
        while let Some(until) = exporter.suspended(Instant::now()) {
            if shared.spool.is_configured() {
                return Ok(Err(Failure::Connect));
            }
            shared.book(|state| state.suspended_until = Some(until));
            let paused = pause(shared, Failure::Connect, until).await;
            shared.book(|state| state.suspended_until = None);
            paused?;
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
