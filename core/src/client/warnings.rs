//! Tells people that records are lost, without becoming a flood itself: each reason once a minute.
//!
//! The worker finds what there is to say, and hears no host: a callback into an interpreter that is ending, or forking,
//! could not return. So lines wait here until the host's next call asks for them, and says them its own way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::json;

use crate::client::ledger::Dropped;
use crate::client::reason::{Reason, Whys};
use crate::client::shared::Shared;
use crate::segment::Failure;

/// The same words again within a minute help nobody.
const EVERY: Duration = Duration::from_mins(1);
/// Lines that are kept for a host that does not ask; the oldest go.
const MAX_WAITING: usize = 32;

/// Words of configurations that were found wrong in this process and said: a program may make many clients.
static NEWS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// Beyond these, nobody reads on.
const MAX_NEWS: usize = 64;

/// Whether this was not said in this process yet.
pub(crate) fn is_news(line: &str) -> bool {
    let mut news = NEWS.lock();
    news.len() < MAX_NEWS && news.insert(line.to_owned())
}

/// Gets each warning, one line.
pub(crate) type Listener = Box<dyn Fn(&str) + Send + Sync>;

/// Records whose callers read what became of them.
#[derive(Default)]
struct Read {
    invalid: AtomicU64,
    too_large: AtomicU64,
}

/// See the module's words.
pub(crate) struct Warnings {
    said: Mutex<Said>,
    listener: Mutex<Option<Listener>>,
    /// For a host that asks.
    waiting: Mutex<VecDeque<String>>,
    /// Whether there are such: what a host looks at with every call.
    is_waiting: AtomicBool,
    /// Measurements that were none.
    unmeasured: AtomicU64,
    read: Read,
    /// Whether standard error hears them in place of a host that asks.
    is_loud: bool,
}

impl Warnings {
    pub(crate) fn new(is_loud: bool) -> Self {
        Self {
            said: Mutex::default(),
            listener: Mutex::default(),
            waiting: Mutex::default(),
            is_waiting: AtomicBool::new(false),
            unmeasured: AtomicU64::new(0),
            read: Read::default(),
            is_loud,
        }
    }

    pub(crate) fn listen(&self, listener: Listener) {
        *self.listener.lock() = Some(listener);
    }

    /// Counts a measurement that was none.
    pub(crate) fn note_unmeasured(&self) {
        self.unmeasured.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a record that is about to be booked as dropped, and whose caller reads why.
    pub(crate) fn note_read(&self, reason: Reason) {
        match reason {
            Reason::Invalid => &self.read.invalid,
            Reason::TooLarge => &self.read.too_large,
            // Left out by the sampler: nobody tells of these.
            _ => return,
        }
        .fetch_add(1, Ordering::Relaxed);
    }

    /// What is due of what the books say.
    pub(crate) fn due(&self, dropped: &Dropped, whys: &Whys, spool_error: Option<&'static str>) -> Vec<String> {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let untold = dropped
            .clone()
            .without(Reason::Invalid, count(&self.read.invalid))
            .without(Reason::TooLarge, count(&self.read.too_large));
        self.said.lock().due(Instant::now(), &untold, whys, count(&self.unmeasured), spool_error)
    }

    /// Says one line. Not to be called under a lock: a listener may do anything.
    pub(crate) fn say(&self, line: &str) {
        if let Some(listener) = self.listener.lock().as_ref() {
            listener(line);
        }
        if self.is_loud {
            eprintln!("{line}");
            return;
        }
        let mut waiting = self.waiting.lock();
        if waiting.len() >= MAX_WAITING {
            waiting.pop_front();
        }
        waiting.push_back(line.to_owned());
        self.is_waiting.store(true, Ordering::Relaxed);
    }

    /// Whether a host that asks would hear something.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.is_waiting.load(Ordering::Relaxed)
    }

    /// The lines since this was asked last.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut waiting = self.waiting.lock();
        self.is_waiting.store(false, Ordering::Relaxed);
        waiting.drain(..).collect()
    }
}

impl Shared {
    /// Says what is due: to the host when it asks, to listeners and to whoever debugs.
    pub(crate) fn warn(&self) {
        let (dropped, whys) = {
            let state = self.state.lock();
            (state.ledger.dropped().clone(), state.ledger.whys().clone())
        };
        let due = self.warnings.due(&dropped, &whys, self.spool.failure().map(Failure::phrase));
        for line in self.spool.take_notes().iter().chain(&due) {
            self.changes.note(json!({"kind": "warning", "message": line}));
            self.warnings.say(line);
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
    fn due(
        &mut self,
        now: Instant,
        dropped: &Dropped,
        whys: &Whys,
        unmeasured: u64,
        spool_error: Option<&'static str>,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        for (reason, count) in dropped.by_reason().filter(|(reason, _)| reason.is_loss()) {
            if let Some(fresh) = self.fresh(reason.name(), count, now) {
                let why = whys.of(reason).map_or_else(String::new, |why| format!(" ({why})"));
                lines.push(format!("scrubjay: {} dropped: {}{why}", records(fresh), reason.name()));
            }
        }
        if let Some(fresh) = self.fresh("unmeasured", unmeasured, now) {
            let noun = if fresh == 1 { "measurement was" } else { "measurements were" };
            lines.push(format!(
                "scrubjay: {fresh} {noun} not taken: expected a name, a finite number that fits the metric's type, a unit \
                 of text and attributes by name"
            ));
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

    /// How many came since `what` was told, where it is time to tell.
    fn fresh(&mut self, what: &'static str, count: u64, now: Instant) -> Option<u64> {
        let before = self.reasons.get(what).copied();
        let known = before.map_or(0, |(_, count)| count);
        let is_due = count > known && before.is_none_or(|(when, _)| now >= when + EVERY);
        is_due.then(|| {
            self.reasons.insert(what, (now, count));
            count - known
        })
    }
}

fn records(count: u64) -> String {
    if count == 1 { "1 record".to_owned() } else { format!("{count} records") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ledger::Ledger;

    const NO_WHYS: Whys = Whys::NONE;

    #[test]
    fn a_reason_is_told_once_a_minute_with_all_that_came_meanwhile() {
        let (mut said, mut ledger, now) = (Said::default(), Ledger::default(), Instant::now());
        let mut heard = Vec::new();
        for second in 0..121 {
            ledger.drop_for(Reason::QueueFull, 2);
            heard.extend(said.due(now + Duration::from_secs(second), ledger.dropped(), &NO_WHYS, 0, None));
        }
        assert_eq!(
            heard,
            [2, 120, 120].map(|count| format!("scrubjay: {count} records dropped: queue_full")),
            "nothing is said twice"
        );
    }

    #[test]
    fn what_was_asked_for_is_no_loss() {
        let (mut said, mut ledger) = (Said::default(), Ledger::default());
        ledger.drop_for(Reason::Sampled, 90);
        ledger.drop_for(Reason::Consent, 5);
        assert_eq!(said.due(Instant::now(), ledger.dropped(), &NO_WHYS, 0, None), Vec::<String>::new());
    }

    #[test]
    fn a_record_that_is_refused_is_told_with_where_and_why() {
        let (mut said, mut ledger) = (Said::default(), Ledger::default());
        ledger.drop_for(Reason::Rejected, 1);
        let mut whys = Whys::default();
        whys.note(Reason::Rejected, "/tenant_id", "differs from the tenant of the credentials");
        assert_eq!(
            said.due(Instant::now(), ledger.dropped(), &whys, 0, None),
            ["scrubjay: 1 record dropped: rejected (/tenant_id: differs from the tenant of the credentials)"]
        );
    }

    #[test]
    fn lines_wait_for_a_host_that_asks_and_the_oldest_go() {
        let warnings = Warnings::new(false);
        assert!(!warnings.is_waiting());
        for line in 0..=MAX_WAITING {
            warnings.say(&line.to_string());
        }
        assert!(warnings.is_waiting());
        let taken = warnings.take();
        assert_eq!((taken.len(), taken[0].as_str()), (MAX_WAITING, "1"));
        assert!(!warnings.is_waiting() && warnings.take().is_empty());
    }

    #[test]
    fn a_spool_in_trouble_is_told_when_it_begins_and_ends() {
        let (mut said, ledger, now) = (Said::default(), Ledger::default(), Instant::now());
        let errors = [None, Some("no space left"), Some("no space left"), None, None];
        let due = |error| said.due(now, ledger.dropped(), &NO_WHYS, 0, error).len();
        let lines: Vec<usize> = errors.into_iter().map(due).collect();
        assert_eq!(lines, [0, 1, 0, 1, 0]);
    }
}
