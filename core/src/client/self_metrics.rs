//! The client's own books as metric records, on the way that all records take.

use std::time::{Duration, Instant};

use crate::client::ledger::Ledger;

/// As often as metrics are exported by default in OpenTelemetry.
pub(crate) const EVERY: Duration = Duration::from_mins(1);

/// What was told last.
#[derive(Debug, Default)]
pub(crate) struct Told {
    when: Option<Instant>,
    counts: Vec<u64>,
}

impl Told {
    /// Records of what changed since the last call, one JSON object each; nothing before a minute has passed.
    pub(crate) fn records(&mut self, ledger: &Ledger, pending: u64, now: Instant) -> Vec<String> {
        if self.when.is_some_and(|when| now < when + EVERY) {
            return Vec::new();
        }
        self.when = Some(now);
        let ended = ledger.dropped().by_reason().map(|(reason, count)| ("dropped", reason.name(), count));
        let counts: Vec<_> = [("delivered", "", ledger.delivered())].into_iter().chain(ended).collect();
        let mut records = vec![gauge(pending)];
        for (i, (outcome, reason, count)) in counts.iter().enumerate() {
            let delta = count.saturating_sub(self.counts.get(i).copied().unwrap_or(0));
            if delta > 0 {
                records.push(counter(outcome, reason, delta));
            }
        }
        self.counts = counts.into_iter().map(|(_, _, count)| count).collect();
        records
    }
}

fn counter(outcome: &str, reason: &str, delta: u64) -> String {
    let reason = if reason.is_empty() { String::new() } else { format!(r#","reason":"{reason}""#) };
    format!(
        r#"{{"schema":"telemetry_metric_v1","name":"scrubjay.client.records","type":"counter","unit":"{{record}}","value":{delta},"attributes":{{"outcome":"{outcome}"{reason}}}}}"#
    )
}

fn gauge(pending: u64) -> String {
    format!(
        r#"{{"schema":"telemetry_metric_v1","name":"scrubjay.client.pending","type":"gauge","unit":"{{record}}","value":{pending},"attributes":{{}}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ledger::Reason;
    use crate::{Config, Engine, Stamp, Status};

    #[test]
    fn what_changed_is_told_once_a_minute_as_records_that_the_engine_accepts() {
        let (mut told, mut ledger, now) = (Told::default(), Ledger::default(), Instant::now());
        ledger.deliver(3);
        ledger.drop_for(Reason::Expired, 2);
        let records = told.records(&ledger, 7, now);
        assert_eq!(records.len(), 3);
        let engine = Engine::new(&Config::default()).unwrap();
        for record in &records {
            assert_eq!(engine.process(record.as_bytes(), Some(&Stamp::now())).status, Status::Accepted, "{record}");
        }
        assert!(records[2].contains(r#""value":2,"attributes":{"outcome":"dropped","reason":"expired"}"#));
        ledger.deliver(1);
        assert!(told.records(&ledger, 7, now + EVERY / 2).is_empty());
        let later = told.records(&ledger, 0, now + EVERY);
        assert!(later.len() == 2 && later[1].contains(r#""value":1,"#), "{later:?}");
    }
}
