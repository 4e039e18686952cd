//! Tells people that records are lost, without becoming a flood itself: each reason once a minute.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::client::ledger::Dropped;

/// The same words again within a minute help nobody.
const EVERY: Duration = Duration::from_mins(1);

/// Gets each warning, one line.
pub(crate) type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// See the module's words.
pub(crate) struct Warnings {
    said: Mutex<Said>,
    listener: Mutex<Option<Listener>>,
    /// Whether standard error hears them too.
    is_loud: bool,
}

impl Warnings {
    pub(crate) fn new(is_loud: bool) -> Self {
        Self { said: Mutex::default(), listener: Mutex::default(), is_loud }
    }

    pub(crate) fn listen(&self, listener: Listener) {
        *self.listener.lock() = Some(listener);
    }

    /// Says what there is to say, `notes` first. Not to be called under a lock: a listener may do anything.
    pub(crate) fn say(&self, notes: &[String], dropped: &Dropped, spool_error: Option<&'static str>) {
        let lines = self.said.lock().due(Instant::now(), dropped, spool_error);
        for line in notes.iter().chain(&lines) {
            if self.is_loud {
                eprintln!("{line}");
            }
            if let Some(listener) = self.listener.lock().as_ref() {
                listener(line);
            }
        }
    }
}

/// What was said of each reason: when, and up to which count.
#[derive(Default)]
struct Said {
    reasons: BTreeMap<&'static str, (Instant, u64)>,
    /// The spool's trouble is said when it begins or changes, and again when it is over.
    spool: Option<&'static str>,
}

impl Said {
    fn due(&mut self, now: Instant, dropped: &Dropped, spool_error: Option<&'static str>) -> Vec<String> {
        let mut lines = Vec::new();
        for (reason, count) in dropped.by_reason() {
            let before = self.reasons.get(reason).copied();
            let known = before.map_or(0, |(_, count)| count);
            if count > known && before.is_none_or(|(when, _)| now >= when + EVERY) {
                lines.push(format!("scrubjay: {} records dropped: {reason}", count - known));
                self.reasons.insert(reason, (now, count));
            }
        }
        if self.spool != spool_error {
            self.spool = spool_error;
            lines.push(match spool_error {
                Some(phrase) => format!("scrubjay: the spool cannot be written ({phrase}); records wait in memory"),
                None => "scrubjay: the spool can be written again".to_owned(),
            });
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ledger::{Ledger, Reason};

    #[test]
    fn a_reason_is_told_once_a_minute_with_all_that_came_meanwhile() {
        let (mut said, mut ledger, now) = (Said::default(), Ledger::default(), Instant::now());
        let mut heard = Vec::new();
        for second in 0..121 {
            ledger.drop_for(Reason::QueueFull, 2);
            heard.extend(said.due(now + Duration::from_secs(second), ledger.dropped(), None));
        }
        assert_eq!(
            heard,
            [2, 120, 120].map(|count| format!("scrubjay: {count} records dropped: queue_full")),
            "nothing is said twice"
        );
    }

    #[test]
    fn a_spool_in_trouble_is_told_when_it_begins_and_ends() {
        let (mut said, ledger, now) = (Said::default(), Ledger::default(), Instant::now());
        let errors = [None, Some("no space left"), Some("no space left"), None, None];
        let lines: Vec<usize> = errors.iter().map(|error| said.due(now, ledger.dropped(), *error).len()).collect();
        assert_eq!(lines, [0, 1, 0, 1, 0]);
    }
}
