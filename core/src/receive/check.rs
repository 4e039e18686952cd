//! What an engine says of a body, of which nothing is kept: for senders that try their records out.

use crate::engine::Engine;
use crate::error::Result;
use crate::outcome::{Status, USUAL_VERDICT_BYTES};
use crate::record::batch::{Format, split};
use crate::stamp::Stamp;

/// The verdict on a body: `{"accepted":n,"rejected":n,"dropped":n,"results":[…]}`, results in the order of the body.
///
/// # Errors
/// `argument_invalid` for a format that is none, `batch_unreadable`.
pub(crate) fn check(engine: &Engine, format: &str, body: &[u8]) -> Result<String> {
    let (mut accepted, mut rejected, mut dropped) = (0_u64, 0_u64, 0_u64);
    let slots = split(Format::parse(format)?, body)?;
    let mut results = String::with_capacity(slots.len() * USUAL_VERDICT_BYTES);
    for (slot, stamp) in slots.iter().zip(Stamp::for_each_of(slots.len())) {
        let outcome = engine.process(slot, Some(&stamp));
        match outcome.status {
            Status::Accepted => accepted += 1,
            Status::Rejected => rejected += 1,
            Status::Dropped => dropped += 1,
        }
        results.push_str(if results.is_empty() { "" } else { "," });
        outcome.write_verdict(&mut results);
        results.push('}');
    }
    let counts = format!("\"accepted\":{accepted},\"rejected\":{rejected},\"dropped\":{dropped}");
    Ok(format!("{{{counts},\"results\":[{results}]}}"))
}
