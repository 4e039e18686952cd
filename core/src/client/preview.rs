//! What the next requests would carry.

use std::sync::Arc;

use crate::client::queue::Content;
use crate::client::shared::Shared;
use crate::outcome::Status;

/// What a client that would send nothing shows.
const NOTHING: &str = "[]";

/// See [`Client::preview`](super::Client::preview).
pub(crate) fn preview(shared: &Arc<Shared>) -> String {
    let Ok(target) = &shared.settings.target else { return NOTHING.to_owned() };
    shared.collect_metrics(false);
    // Copied under the lock, processed without it: the engine takes its time.
    let waiting: Vec<(Box<[u8]>, Option<crate::Stamp>)> = {
        let state = shared.state.lock();
        let copy = |content: &Content| match content {
            Content::Raw(record, stamp) => (record.clone(), Some(*stamp)),
            Content::Scrubbed(record) => (record.as_bytes().into(), None),
        };
        state.queue.each().take(shared.settings.batch.items).map(copy).collect()
    };
    let records: Vec<String> = waiting
        .into_iter()
        .filter_map(|(record, stamp)| match stamp {
            Some(stamp) => {
                let outcome = shared.settings.engine.process(&record, Some(&stamp));
                outcome.record.filter(|_| outcome.status == Status::Accepted)
            }
            None => String::from_utf8(record.into()).ok(),
        })
        .collect();
    let texts: Vec<&str> = records.iter().map(String::as_str).collect();
    target.preview(&texts).unwrap_or_else(|_| NOTHING.to_owned())
}
