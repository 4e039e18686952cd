//! What the next requests would carry.

use std::sync::Arc;

use crate::client::prepare::Pipeline;
use crate::client::queue::{Bits, Captured, Form};
use crate::client::shared::Shared;

/// What a client that would send nothing shows.
const NOTHING: &str = "[]";

/// See [`Client::preview`](super::Client::preview).
pub(crate) fn preview(shared: &Arc<Shared>) -> String {
    let Ok(target) = &shared.settings.target else { return NOTHING.to_owned() };
    shared.collect_metrics(false);
    // Copied under the lock, processed without it: the engine takes its time.
    let waiting: Vec<(Form, i64, Vec<u8>, Bits)> = {
        let state = shared.state.lock();
        let copy = |(record, bits): (Captured<'_>, Bits)| (record.form, record.at, record.bytes.to_vec(), bits);
        state.queue.each().take(shared.settings.batch.items).map(copy).collect()
    };
    let settings = &shared.settings;
    // What the sampler keeps is decided as the worker will decide it, while the queue is as full as now.
    let pressure = shared.state.lock().queue.pressure();
    let pipeline = Pipeline { engine: &settings.engine, sampler: settings.sampler.as_ref(), pressure };
    let of = |(form, at, bytes, bits): (Form, i64, Vec<u8>, Bits)| {
        pipeline.text(&Captured { form, at, bytes: &bytes }, bits)
    };
    let records: Vec<Box<str>> = waiting.into_iter().filter_map(of).filter(|record| settings.permits(record)).collect();
    let texts: Vec<&str> = records.iter().map(AsRef::as_ref).collect();
    target.preview(&texts).unwrap_or_else(|_| NOTHING.to_owned())
}
