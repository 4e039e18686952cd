//! The spool: a segment log in which records wait that cannot be sent, and in durable mode all of them.
//!
//! It is opened with the first record, never before. Where the disk refuses, the client goes on in memory, and asks
//! the disk again a little later.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::client::settings::Bounds;
use crate::client::switch::{self, Environment};
use crate::config::ClientConfig;
use crate::error::{Error, ErrorKind, Result};
use crate::segment::{self, Chunk, Failure, Log, Losses, MachineTime, Options, SealKey, Time};

/// A disk that refused is left alone for so long: long enough not to slow anybody down, short enough to be back soon.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// How often a client looks for what dead processes left, and for what is too old.
pub(crate) const LOOK_EVERY: Duration = Duration::from_mins(1);

/// Segments a full spool consists of: with each that is dropped for room goes so much of it.
const SEGMENTS: u32 = 16;

/// Seals the spool: 32 bytes of base64.
const KEY_VARIABLE: &str = "TELEMETRY_SPOOL_KEY";

/// The spool as configured.
pub(crate) struct SpoolSettings {
    pub(crate) dir: PathBuf,
    options: Options,
}

impl SpoolSettings {
    pub(crate) fn new(client: &ClientConfig, environment: Environment<'_>) -> Result<Option<Self>> {
        let Some(dir) = client.spool.dir.clone().or_else(|| switch::text("TELEMETRY_SPOOL_DIR", environment)) else {
            if client.durable {
                let message = "needs a folder: set /client/spool/dir or TELEMETRY_SPOOL_DIR";
                return Err(Error::new(ErrorKind::ConfigInvalid, "/client/durable", message));
            }
            return Ok(None);
        };
        let key = spool_key(environment)?;
        let max_bytes = u64::from(client.spool.max_bytes);
        Ok(Some(Self {
            dir: dir.into(),
            options: Options {
                segment_bytes: max_bytes / u64::from(SEGMENTS),
                max_bytes,
                max_age: Some(Duration::from_millis(u64::from(client.spool.max_age_ms))),
                key,
                elsewhere: None,
            },
        }))
    }
}

/// What seals the spool, by `TELEMETRY_SPOOL_KEY`; nothing where that is not set.
///
/// # Errors
/// `config_invalid` where it is no key.
pub(crate) fn spool_key(environment: Environment<'_>) -> Result<Option<SealKey>> {
    let Some(text) = switch::text(KEY_VARIABLE, environment) else { return Ok(None) };
    let key = SealKey::from_base64(&text).ok_or_else(|| {
        let message = "TELEMETRY_SPOOL_KEY must be the base64 text of 32 bytes, as `openssl rand -base64 32` prints";
        Error::new(ErrorKind::ConfigInvalid, "/client/spool", message)
    })?;
    Ok(Some(key))
}

/// What became of a log's records, over all processes that ever owned it; kept with its position. Together they are
/// as many as were acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ended {
    pub(crate) delivered: u64,
    pub(crate) rejected: u64,
    pub(crate) export_failed: u64,
    pub(crate) expired: u64,
    pub(crate) spool_full: u64,
    pub(crate) corrupt: u64,
    pub(crate) consent: u64,
}

impl Ended {
    /// All of them.
    pub(crate) fn sum(&self) -> u64 {
        self.delivered
            + self.rejected
            + self.export_failed
            + self.expired
            + self.spool_full
            + self.corrupt
            + self.consent
    }

    /// Both together.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }

    fn add(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.rejected += other.rejected;
        self.export_failed += other.export_failed;
        self.expired += other.expired;
        self.spool_full += other.spool_full;
        self.corrupt += other.corrupt;
        self.consent += other.consent;
    }
}

impl From<Losses> for Ended {
    fn from(losses: Losses) -> Self {
        Self { spool_full: losses.full, expired: losses.expired, consent: losses.wiped, ..Self::default() }
    }
}

/// A log and its books.
pub(crate) struct Held {
    log: Log,
    books: Mutex<Ended>,
}

impl Held {
    fn new(log: Log) -> Self {
        let kept = log.found.note.as_ref().and_then(|note| serde_json::from_str(note.get()).ok());
        Self { log, books: Mutex::new(kept.unwrap_or_default()) }
    }

    /// Acknowledges every record before `end`, of which `ended` came to this end, and returns what is to be booked:
    /// nothing where they were wiped meanwhile.
    pub(crate) fn end(&self, end: u64, ended: Ended) -> Ended {
        let ended = if self.log.acknowledge(end) == 0 { Ended::default() } else { ended };
        self.persist(ended)
    }

    /// Gives back what was read and did not end.
    pub(crate) fn release(&self) {
        self.log.release();
    }

    fn persist(&self, mut ended: Ended) -> Ended {
        ended.add(&self.log.take_losses().into());
        let mut books = self.books.lock();
        books.add(&ended);
        let note = serde_json::to_string(&*books).ok().and_then(|text| RawValue::from_string(text).ok());
        drop(books);
        // Where it cannot be written, records may be sent once more after a restart; their ids are the same.
        let _ = self.log.persist(note);
        ended
    }
}

/// See the module's words.
pub(crate) struct Spool {
    settings: Arc<crate::client::settings::Settings>,
    time: Arc<dyn Time>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    own: Option<(Arc<Held>, PathBuf)>,
    /// What dead processes left, until it is delivered.
    adopted: Vec<Arc<Held>>,
    /// Why the disk is not asked before then.
    refused: Option<(Failure, Instant)>,
    looked: Option<Instant>,
    /// What people should hear of what was found.
    notes: Vec<String>,
}

impl Inner {
    fn note(&mut self, log: &Log) {
        let found = &log.found;
        if found.torn_bytes > 0 {
            self.notes
                .push(format!("scrubjay: {} bytes of a write that broke off were cut off the spool", found.torn_bytes));
        }
        if found.quarantined > 0 {
            self.notes.push(format!("scrubjay: {} unreadable files in the spool were set aside", found.quarantined));
        }
    }
}

/// Records that were found on the disk when it was opened.
pub(crate) type Recovered = u64;

impl Spool {
    pub(crate) fn new(settings: Arc<crate::client::settings::Settings>) -> Self {
        Self { settings, time: Arc::new(MachineTime::new()), inner: Mutex::default() }
    }

    fn settings(&self) -> std::result::Result<&SpoolSettings, Failure> {
        self.settings.spool.as_ref().ok_or(Failure::Vanished)
    }

    /// Whether there is a folder.
    pub(crate) fn is_configured(&self) -> bool {
        self.settings.spool.is_some()
    }

    /// Opens the spool, if it is not open, adopts what dead processes left, if it is time to look, and ends what is
    /// too old. Returns what it found and what ended.
    pub(crate) fn look(&self) -> (Recovered, Ended) {
        let Ok(settings) = self.settings() else { return Default::default() };
        let Ok((own, mut recovered)) = self.own() else { return Default::default() };
        let now = Instant::now();
        let mut inner = self.inner.lock();
        if inner.looked.is_some_and(|looked| now < looked + LOOK_EVERY) {
            return (recovered, Ended::default());
        }
        inner.looked = Some(now);
        if let Some((_, slot)) = &inner.own {
            let adopted = segment::adopt(&settings.dir, slot, &self.time, &settings.options);
            recovered += adopted.iter().map(Log::pending).sum::<u64>();
            for log in &adopted {
                inner.note(log);
            }
            inner.adopted.extend(adopted.into_iter().map(|log| Arc::new(Held::new(log))));
        }
        let mut ended = Ended::default();
        for held in inner.adopted.iter().chain([&own]) {
            held.log.expire();
            let gone = Ended::from(held.log.take_losses());
            held.books.lock().add(&gone);
            ended.add(&gone);
        }
        (recovered, ended)
    }

    /// The log of this process, opened where it must.
    fn own(&self) -> std::result::Result<(Arc<Held>, Recovered), Failure> {
        let settings = self.settings()?;
        let mut inner = self.inner.lock();
        if let Some((failure, _)) = inner.refused.filter(|(_, until)| Instant::now() < *until) {
            return Err(failure);
        }
        if let Some((own, _)) = &inner.own {
            return Ok((Arc::clone(own), 0));
        }
        match segment::claim(&settings.dir, &self.time, &settings.options) {
            Ok((log, slot)) => {
                let recovered = log.found.records;
                inner.note(&log);
                let own = Arc::new(Held::new(log));
                inner.own = Some((Arc::clone(&own), slot));
                Ok((own, recovered))
            }
            Err(failure) => {
                inner.refused = Some((failure, Instant::now() + RETRY_AFTER));
                Err(failure)
            }
        }
    }

    /// Appends records; they survive a power loss when this returns. Also returns what was found, where this opened
    /// the spool, and what had to go to make room.
    ///
    /// # Errors
    /// None of them is in the spool then, and for a while none is tried.
    pub(crate) fn append<R: AsRef<[u8]>>(&self, records: &[R]) -> (std::result::Result<(), Failure>, Recovered, Ended) {
        let (own, recovered) = match self.own() {
            Ok(opened) => opened,
            Err(failure) => return (Err(failure), 0, Ended::default()),
        };
        let appended = match own.log.append(records) {
            // Another process wiped the files: there is room for new ones, unless the folder is gone as well.
            Err(Failure::Vanished) => own.log.append(records),
            other => other,
        };
        // Room was made for them.
        let mut gone = Ended::from(own.log.take_losses());
        own.books.lock().add(&gone);
        let mut inner = self.inner.lock();
        match appended {
            Ok(_) => {
                inner.refused = None;
                (Ok(()), recovered, gone)
            }
            Err(failure) => {
                inner.refused = Some((failure, Instant::now() + RETRY_AFTER));
                if failure == Failure::Vanished {
                    // The folder is made anew with the next try; what was in this one is nowhere.
                    inner.own = None;
                    gone.corrupt += own.log.give_up();
                }
                (Err(failure), recovered, gone)
            }
        }
    }

    /// The oldest records that wait, and the log that they are in.
    pub(crate) fn read(&self, batch: Bounds) -> Option<(Arc<Held>, Chunk)> {
        loop {
            let held = {
                let inner = self.inner.lock();
                inner.adopted.first().or_else(|| inner.own.as_ref().map(|(own, _)| own)).map(Arc::clone)?
            };
            if let Some(chunk) = held.log.read(batch.items, batch.bytes) {
                return Some((held, chunk));
            }
            let mut inner = self.inner.lock();
            if inner.adopted.first().is_none_or(|first| !Arc::ptr_eq(first, &held)) {
                return None;
            }
            // Delivered: its slot is free for another process.
            inner.adopted.remove(0);
        }
    }

    /// Removes every record of every process from the folder, and returns how many of this process's own went.
    /// Returns only when none is on the disk.
    pub(crate) fn wipe(&self) -> (std::result::Result<(), Failure>, Ended) {
        let Ok(settings) = self.settings() else { return (Ok(()), Ended::default()) };
        let inner = self.inner.lock();
        let (mut result, mut ended) = (Ok(()), Ended::default());
        for held in inner.adopted.iter().chain(inner.own.iter().map(|(own, _)| own)) {
            result = held.log.wipe().and(result);
            ended.add(&held.persist(Ended::default()));
        }
        (segment::wipe(&settings.dir).and(result), ended)
    }

    /// What was found that people should hear of, once.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.inner.lock().notes)
    }

    /// Leaves the folder to others.
    pub(crate) fn close(&self) {
        let mut inner = self.inner.lock();
        inner.own = None;
        inner.adopted.clear();
    }

    /// Why records wait in memory instead of on the disk.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.inner.lock().refused.map(|(failure, _)| failure)
    }
}

/// When the spool is delivered. Part of the client's state.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// When the oldest record that nobody tried to send came in.
    since: Option<Instant>,
    /// What came in before this place does not wait for its batch to fill.
    hurry_before: u64,
    /// The collector is left alone until then.
    down_until: Option<Instant>,
    /// How often delivery was put off.
    pub(crate) stalls: u64,
    /// Whether the worker looked what is on the disk.
    pub(crate) is_known: bool,
}

/// What the spool asks of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpoolNext {
    Nothing,
    Deliver,
    At(Instant),
}

impl Waiting {
    /// Takes note that records came in at `now`; whether the worker should look.
    pub(crate) fn came_in(&mut self, now: Instant, waiting: u64, batch: Bounds) -> bool {
        let is_first = self.since.is_none();
        self.since.get_or_insert(now);
        is_first || waiting.is_multiple_of(batch.items.max(1) as u64)
    }

    /// Takes note that nothing came in that was not tried.
    pub(crate) fn went_out(&mut self, waiting: u64, now: Instant) {
        self.since = (waiting > 0).then_some(now);
    }

    /// Everything that came in before `place` waits for no batch to fill.
    pub(crate) fn hurry(&mut self, place: u64) {
        self.hurry_before = self.hurry_before.max(place);
    }

    /// Delivery is put off until then.
    pub(crate) fn stall(&mut self, until: Instant) {
        self.down_until = Some(until);
        self.stalls += 1;
    }

    /// The collector answers, or somebody wants it to be asked.
    pub(crate) fn is_back(&mut self) {
        self.down_until = None;
    }

    pub(crate) fn is_down(&self, now: Instant) -> bool {
        self.down_until.is_some_and(|until| now < until)
    }

    /// What to do at `now`, where `waiting` records wait and `ended` came to their end.
    pub(crate) fn next(
        &self,
        now: Instant,
        waiting: u64,
        ended: u64,
        batch: Bounds,
        flush_interval: Duration,
    ) -> SpoolNext {
        if waiting == 0 {
            return SpoolNext::Nothing;
        }
        if let Some(until) = self.down_until.filter(|until| now < *until) {
            return SpoolNext::At(until);
        }
        let due = self.since.map_or(now, |since| since + flush_interval);
        if ended < self.hurry_before || waiting >= batch.items as u64 || due <= now {
            SpoolNext::Deliver
        } else {
            SpoolNext::At(due)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BATCH: Bounds = Bounds { items: 3, bytes: 100 };
    const INTERVAL: Duration = Duration::from_secs(5);

    #[test]
    fn the_spool_is_delivered_when_a_batch_is_full_or_old_or_asked_for() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        let next = |waiting: &Waiting, count, ended, now| waiting.next(now, count, ended, BATCH, INTERVAL);
        assert_eq!(next(&waiting, 0, 0, now), SpoolNext::Nothing);
        assert_eq!(next(&waiting, 1, 0, now), SpoolNext::Deliver, "what an earlier process left");
        assert!(waiting.came_in(now, 1, BATCH) && !waiting.came_in(now, 2, BATCH) && waiting.came_in(now, 3, BATCH));
        assert_eq!(next(&waiting, 1, 0, now), SpoolNext::At(now + INTERVAL));
        assert_eq!(next(&waiting, 1, 0, now + INTERVAL), SpoolNext::Deliver);
        assert_eq!(next(&waiting, 3, 0, now), SpoolNext::Deliver);
        waiting.hurry(2);
        assert_eq!(next(&waiting, 1, 1, now), SpoolNext::Deliver);
        assert_eq!(next(&waiting, 1, 2, now), SpoolNext::At(now + INTERVAL));
    }

    #[test]
    fn a_collector_that_is_down_is_left_alone_unless_somebody_asks() {
        let (mut waiting, now) = (Waiting::default(), Instant::now());
        waiting.stall(now + INTERVAL);
        assert_eq!(waiting.next(now, 9, 0, BATCH, INTERVAL), SpoolNext::At(now + INTERVAL));
        assert!(waiting.is_down(now) && !waiting.is_down(now + INTERVAL));
        waiting.is_back();
        assert_eq!(waiting.next(now, 9, 0, BATCH, INTERVAL), SpoolNext::Deliver);
    }
}
