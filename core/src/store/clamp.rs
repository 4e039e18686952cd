//! Stamps that no clock can have meant.
//!
//! A device whose clock was never set writes 1970, and one that is set wrong may write 2099. Kept under such a day a
//! record would be gone with the next sweep, or never. It is kept under the moment when it came in, and says so: its
//! `context.original_timestamp` has what it came with.

use std::fmt::Write as _;

use super::day::{DAY_MICROSECONDS, rfc3339};
use crate::engine::Engine;
use crate::outcome::{Outcome, Status};
use crate::record::Head;
use crate::record::time::Timestamp;

/// The member of `context` that marks a clamped record.
pub(super) const MARK: &str = "original_timestamp";

/// How far a stamp may lie ahead: a device may be set to the local time of another day.
const MAX_FUTURE: i64 = DAY_MICROSECONDS;

/// Whether a stamp is kept as it is.
pub(super) fn is_plausible(timestamp: i64, now: i64, max_past_days: u32) -> bool {
    let oldest = now.saturating_sub(i64::from(max_past_days).saturating_mul(DAY_MICROSECONDS));
    (oldest..=now.saturating_add(MAX_FUTURE)).contains(&timestamp)
}

/// The outcome of the accepted record `record` with the time `now`, marked; nothing where it does not fit any more.
pub(super) fn clamped(engine: &Engine, record: &str, timestamp: i64, now: i64) -> Option<Outcome> {
    let original = rfc3339(timestamp);
    let (before, after) = record.split_once(&format!("\"timestamp\":\"{original}\""))?;
    let mut text = format!("{before}\"timestamp\":\"{}\"", rfc3339(now));
    // In canonical order only scalars stand before the context, so what is found first is the record's own.
    match after.split_once(",\"context\":{") {
        Some((scalars, rest)) if Head::of(record)?.has_context() => {
            let comma = if rest.starts_with('}') { "" } else { "," };
            let _ = write!(text, "{scalars},\"context\":{{\"{MARK}\":\"{original}\"{comma}{rest}");
        }
        _ => {
            let _ = write!(text, ",\"context\":{{\"{MARK}\":\"{original}\"}}{after}");
        }
    }
    let outcome = engine.process(text.as_bytes(), None);
    (outcome.status == Status::Accepted).then_some(outcome)
}

/// What a clamped record came with.
pub(super) fn original(head: &Head<'_>) -> Option<i64> {
    head.context(MARK).as_deref().and_then(Timestamp::parse).map(Timestamp::microseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_clamped_record_says_what_it_came_with() {
        let engine = Engine::new(&Config::default()).unwrap();
        for (more, nested) in [
            ("", "{}"),
            (r#","context":{}"#, "{}"),
            (r#","context":{"request_id":"r"}"#, "{}"),
            ("", r#"{"context":{"a":1},"timestamp":"1970-01-01T00:00:00.000000Z"}"#),
        ] {
            let text = format!(
                r#"{{"timestamp":"1970-01-01T00:00:00Z"{more},"channel":"a","event":"b","payload":{{"x":1,"context":{nested}}}}}"#
            );
            let record = engine.process(text.as_bytes(), None).record.unwrap();
            let clamped = clamped(&engine, &record, 0, 1_767_225_600_000_000).unwrap().record.unwrap();
            assert!(clamped.contains(r#""timestamp":"2026-01-01T00:00:00.000000Z""#), "{clamped}");
            assert_eq!(original(&Head::of(&clamped).unwrap()), Some(0), "{clamped}");
            assert_eq!(clamped.matches(MARK).count(), 1);
            assert!(clamped.contains(nested), "{clamped}");
        }
    }

    #[test]
    fn stamps_a_day_ahead_and_within_the_past_that_is_kept_are_plausible() {
        let now = 100 * DAY_MICROSECONDS;
        for (timestamp, expected) in [
            (now, true),
            (now + DAY_MICROSECONDS, true),
            (now + DAY_MICROSECONDS + 1, false),
            (10 * DAY_MICROSECONDS, true),
            (10 * DAY_MICROSECONDS - 1, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ] {
            assert_eq!(is_plausible(timestamp, now, 90), expected, "{timestamp}");
        }
    }
}
