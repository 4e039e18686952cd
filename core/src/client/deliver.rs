//! Brings batches from the queue to their end: delivered, dropped, or kept on the disk.

use crate::client::batch::Batch;
use crate::client::ledger::{Findings, Reason};
use crate::client::sender::{Abandoned, Sender};
use crate::client::shared::Shared;

/// Delivers batches in order, in parts where the collector wants less at once. What cannot be delivered now goes to the
/// spool, where there is one; so does everything, where the client closes.
pub(crate) async fn deliver(shared: &Shared, sender: &Sender<'_>, mut batches: Vec<Batch>) -> Result<(), Abandoned> {
    // The next one is the last.
    batches.reverse();
    loop {
        // What was withdrawn while the others were on their way.
        shared.forget_some(&mut batches)?;
        let Some(batch) = batches.pop() else { return Ok(()) };
        if shared.is_down() {
            if !shared.keep(&batch) {
                put_off(shared, &mut batches, batch);
            }
            continue;
        }
        match sender.send(shared, &batch).await {
            Ok(Ok(verdict)) => {
                let load = batch.load();
                let mut findings = Findings::default();
                findings.note_verdict(&verdict);
                shared.book(|state| {
                    state.settle(load, verdict.refused, Reason::Rejected, &findings);
                    state.spool.is_back();
                    if verdict.warned {
                        state.ledger.fail("accepted with a warning".to_owned());
                    }
                });
            }
            Ok(Err(failure)) if failure.wants_less() && batch.load().items > 1 => {
                let (first, second) = batch.halve();
                batches.extend([second, first]);
            }
            Ok(Err(failure)) => {
                shared.book(|state| state.ledger.fail(failure.reason()));
                if !failure.is_retryable() {
                    give_up(shared, &batch);
                } else if !shared.keep_and_stall(&batch) {
                    put_off(shared, &mut batches, batch);
                }
            }
            // The request was cancelled; what was not withdrawn is sent again.
            Err(Abandoned) if is_erasing(shared) => batches.push(batch),
            Err(Abandoned) => {
                batches.push(batch);
                for batch in batches.iter().rev() {
                    shared.keep(batch);
                }
                return Err(Abandoned);
            }
        }
    }
}

/// After the disk refused a batch: it found no way out, unless it was refused because some of it was withdrawn.
fn put_off(shared: &Shared, batches: &mut Vec<Batch>, batch: Batch) {
    if is_erasing(shared) { batches.push(batch) } else { give_up(shared, &batch) }
}

fn is_erasing(shared: &Shared) -> bool {
    !shared.state.lock().erasing.is_empty()
}

/// Books that a batch found no way out.
fn give_up(shared: &Shared, batch: &Batch) {
    let load = batch.load();
    shared.book(|state| state.settle(load, load.items as u64, Reason::ExportFailed, &Findings::default()));
}
