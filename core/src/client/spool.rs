//! The spool: a segment log in which records wait that cannot be sent, and in durable mode all of them.
//!
//! It is opened with the first record, never before. Where the disk refuses, the client goes on in memory, and asks
//! the disk again a little later.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::client::held::{Ended, Held};
use crate::client::settings::Bounds;
use crate::client::switch::{self, Environment};
use crate::client::wipe::SlotWipe;
use crate::config::ClientConfig;
use crate::consent::erase_if_stale;
use crate::error::{Error, ErrorKind, Result};
use crate::segment::{self, Chunk, Failure, Log, MachineTime, Options, SealKey, Time};

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
    pub(super) options: Options,
}

impl SpoolSettings {
    pub(crate) fn new(client: &ClientConfig, environment: Environment<'_>) -> Result<Option<Self>> {
        let Some(dir) = &client.spool.dir else {
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

/// See the module's words.
pub(crate) struct Spool {
    pub(super) settings: Arc<crate::client::settings::Settings>,
    pub(super) time: Arc<dyn Time>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    own: Option<Arc<Held>>,
    /// What dead processes left, until it is delivered.
    adopted: Vec<Arc<Held>>,
    /// Why the disk is not asked before then.
    refused: Option<(Failure, Instant)>,
    looked: Option<Instant>,
    /// What people should hear of what was found.
    notes: Vec<String>,
}

impl Inner {
    /// Every log that this process holds.
    fn held(&self) -> impl Iterator<Item = &Arc<Held>> {
        self.adopted.iter().chain(&self.own)
    }

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

    pub(super) fn settings(&self) -> std::result::Result<&SpoolSettings, Failure> {
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
        for (log, slot) in segment::adopt(&settings.dir, &own.slot, &self.time, &settings.options) {
            inner.note(&log);
            let held = Held::new(log, slot);
            // What cannot be freed of what was withdrawn is left where it is.
            if self.cleanse(&held).is_ok() {
                recovered += held.log.pending();
                inner.adopted.push(Arc::new(held));
            }
        }
        let mut ended = Ended::default();
        for held in inner.adopted.iter().chain([&own]) {
            held.log.expire();
            ended.add(&held.note_losses());
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
        if let Some(own) = &inner.own {
            return Ok((Arc::clone(own), 0));
        }
        match segment::claim(&settings.dir, &self.time, &settings.options) {
            Ok((log, slot)) => {
                inner.note(&log);
                let own = Arc::new(Held::new(log, slot));
                if self.cleanse(&own).is_err() {
                    inner.refused = Some((Failure::Device, Instant::now() + RETRY_AFTER));
                    return Err(Failure::Device);
                }
                let recovered = own.log.pending();
                inner.own = Some(Arc::clone(&own));
                Ok((own, recovered))
            }
            Err(failure) => {
                inner.refused = Some((failure, Instant::now() + RETRY_AFTER));
                Err(failure)
            }
        }
    }

    /// Erases from a log that nobody uses yet what was withdrawn while nobody held it, and marks its slot.
    fn cleanse(&self, held: &Held) -> io::Result<()> {
        let epochs = self.settings.gate.standing().epochs();
        let mut wipe = SlotWipe { spool: self, slot: &held.slot, held: Some(held), ended: Ended::default() };
        erase_if_stale(&held.slot, &epochs, &mut wipe).map(drop)
    }

    /// Erases from the folder what was withdrawn, but for what another living process holds and erases itself. Returns
    /// only when none of it is there, and what became of this process's own.
    pub(crate) fn erase_withdrawn(&self) -> (io::Result<()>, Ended) {
        let Ok(settings) = self.settings() else { return (Ok(()), Ended::default()) };
        let epochs = self.settings.gate.standing().epochs();
        let inner = self.inner.lock();
        let (mut result, mut ended) = (Ok(()), Ended::default());
        for slot in segment::slots(&settings.dir) {
            let held = inner.held().find(|held| held.slot == slot).map(AsRef::as_ref);
            let mut wipe = SlotWipe { spool: self, slot: &slot, held, ended: Ended::default() };
            result = erase_if_stale(&slot, &epochs, &mut wipe).map(drop).and(result);
            ended.add(&wipe.ended);
        }
        (result, ended)
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
        let mut gone = own.note_losses();
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
                inner.held().next().map(Arc::clone)?
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
        for held in inner.held() {
            result = held.log.wipe().and(result);
            ended.add(&held.persist(Ended::default()));
        }
        (segment::wipe(&settings.dir).and(result), ended)
    }

    /// What was found that people should hear of, once.
    pub(crate) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.inner.lock().notes)
    }

    /// Leaves the folder to others. Returns what ended unread.
    pub(crate) fn close(&self) -> Ended {
        let mut inner = self.inner.lock();
        let mut ended = Ended::default();
        inner.held().for_each(|held| ended.add(&held.settle()));
        inner.own = None;
        inner.adopted.clear();
        ended
    }

    /// Gives up in a forked child the locks that it has inherited: a parent's slots are free when the parent dies, and
    /// not when the last of its children does.
    pub(crate) fn let_go(&self) {
        // A lock that a thread of the parent held at the fork is held for good; what it guards stays as it is then.
        if let Some(inner) = self.inner.try_lock() {
            inner.held().for_each(|held| held.log.let_go());
        }
    }

    /// The time for which a disk that refused is left alone is over.
    #[cfg(test)]
    pub(crate) fn ask_the_disk_again(&self) {
        self.inner.lock().refused = None;
    }

    /// Why records wait in memory instead of on the disk.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.inner.lock().refused.map(|(failure, _)| failure)
    }
}
