//! Records in SQLite: one file per UTC day, written and read through separate connections.
//!
//! Writers and readers have locks of their own, so that a long question does not hold up acknowledgements; the WAL lets
//! both look at a file at once. Who needs both takes the writers' first. Other processes may use the folder at the same
//! time; a lock on it keeps those who write and those who remove days apart.

mod answered;
mod erase;
mod insert;
mod maintain;
mod readers;
mod select;
mod unused;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use rusqlite::Connection;

pub(super) use self::erase::Erased;
#[cfg(test)]
pub(super) use self::erase::delete;
pub(super) use self::maintain::{back_up, check, faults};
use self::readers::Readers;
use super::EventStore;
use super::aggregate::{Buckets, Counts, Spent};
use super::cipher::Cipher;
use super::database::{BUSY_PAUSE, BUSY_TIMEOUT, create_private_folder, unavailable};
use super::day::{Day, DayFiles, WRITTEN_DAYS, file_of};
use super::model::{Appended, Checked, DayStats, Page, Retained, StoreStats, StoredEvent, Tenant};
use super::options::Retention;
use super::spec::{AggregateSpec, QuerySpec};
use super::table::Table;
use crate::error::{Error, ErrorKind, Result};

/// Days that are erased from at a time.
const ERASERS: usize = 4;

/// The embedded [`EventStore`].
pub(super) struct SqliteEvents {
    writers: Mutex<Option<DayFiles>>,
    readers: Readers,
    /// Held by whoever opens a day's file beside those two: an erasure must be alone with it.
    beside: Mutex<()>,
}

impl SqliteEvents {
    pub(super) fn open(folder: &Path, cipher: &Cipher) -> Result<Self> {
        create_private_folder(folder)?;
        let writers = Mutex::new(Some(DayFiles::new(folder, cipher, WRITTEN_DAYS)));
        Ok(Self { writers, readers: Readers::new(folder, cipher), beside: Mutex::new(()) })
    }
}

/// The writers' files.
fn lock(files: &Mutex<Option<DayFiles>>) -> Result<MappedMutexGuard<'_, DayFiles>> {
    MutexGuard::try_map(files.lock(), Option::as_mut).map_err(|_| closed())
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "", "the store is closed; open it again")
}

impl EventStore for SqliteEvents {
    fn append(&self, events: &[StoredEvent]) -> Result<Appended> {
        let mut files = lock(&self.writers)?;
        let mut days: BTreeMap<Day, Vec<&StoredEvent>> = BTreeMap::new();
        for event in events {
            days.entry(Day::of(event.timestamp)).or_default().push(event);
        }
        // Nobody removes a day between its opening and the commit.
        let _shared = files.lock_days()?;
        let mut appended = Appended::default();
        for (day, mut events) in days {
            // In the order of the clustered key: pages are filled one after the other.
            events.sort_unstable_by(|a, b| insert::order(a).cmp(&insert::order(b)));
            let stored = insert::insert(files.connect(day)?, &events);
            let stored = stored.map_err(|e| unavailable("write", &file_of(day), &e))?;
            appended.stored += stored;
            appended.duplicates += events.len() as u64 - stored;
        }
        Ok(appended)
    }

    fn query(&self, tenant: &Tenant, spec: &QuerySpec) -> Result<Page> {
        let mut selection = spec.selection.clone();
        if let Some(cursor) = &spec.cursor {
            selection.start = selection.start.max(cursor.timestamp);
        }
        let mut pager = select::Pager::new(spec.limit);
        let days = self.readers.any()?.files.days_between(selection.start, selection.end)?;
        for day in days {
            let mut part = self.readers.of(day)?;
            let Some(open) = part.connect(day)? else { continue };
            let read = select::page(&open.connection, tenant, &selection, spec.cursor.as_ref(), &mut pager);
            read.map_err(|e| unavailable("read", &file_of(day), &e))?;
            if pager.page.next.is_some() {
                break;
            }
        }
        Ok(pager.page)
    }

    fn aggregate(&self, tenant: &Tenant, spec: &AggregateSpec) -> Result<Buckets> {
        let days = self.readers.any()?.files.days_between(spec.selection.start, spec.selection.end)?;
        let spent = Spent::default();
        let parts = self.readers.each(&days, |part, days| {
            let mut all = Counts::default();
            for day in days {
                all.merge(part.counts(*day, tenant, spec, &spent)?, &spent);
                all.check(&spent)?;
            }
            Ok(all)
        })?;
        let mut all = Counts::default();
        for part in parts {
            all.merge(part, &spent);
        }
        all.check(&spent)?;
        Ok(all.finish(spec))
    }

    fn delete_user(&self, tenant: &Tenant, users: &[String]) -> Result<u64> {
        let all = |user: &String| Erased { tenant: tenant.clone(), user: user.clone(), until: i64::MAX };
        let users: Vec<Erased> = users.iter().map(all).collect();
        let _beside = self.beside.lock();
        let mut writers = lock(&self.writers)?;
        let mut readers = self.readers.hold()?;
        let _shared = writers.lock_days()?;
        let days = writers.days()?;
        for day in &days {
            readers.close(*day);
            writers.close(*day);
        }
        // Each day waits for the disk a few times, and none for another.
        let (folder, cipher, next) = (writers.folder().to_owned(), writers.cipher().clone(), AtomicUsize::new(0));
        let share = || -> Result<u64> {
            let mut files = DayFiles::new(&folder, &cipher, 1);
            let mut deleted = 0;
            while let Some(day) = days.get(next.fetch_add(1, Ordering::Relaxed)) {
                deleted += erase::erase(&mut files, *day, &users)?;
            }
            Ok(deleted)
        };
        let defect = || Error::new(ErrorKind::Internal, "", "a defect in an erasure was contained; repeat it");
        thread::scope(|scope| {
            let shares: Vec<_> = (0..ERASERS.min(days.len())).map(|_| scope.spawn(share)).collect();
            shares.into_iter().map(|share| share.join().unwrap_or_else(|_| Err(defect()))).sum()
        })
    }

    fn delete_erased(&self, until: &dyn Fn(&Tenant, &str) -> Option<i64>) -> Result<BTreeMap<Tenant, u64>> {
        let _beside = self.beside.lock();
        let mut writers = lock(&self.writers)?;
        let mut readers = self.readers.hold()?;
        let _shared = writers.lock_days()?;
        let mut deleted = BTreeMap::new();
        let mut files = DayFiles::new(writers.folder(), writers.cipher(), 1);
        for day in writers.days()? {
            readers.close(day);
            writers.close(day);
            let users = erase::users(&files.connect(day)?.connection);
            let mut erased: BTreeMap<Tenant, Vec<Erased>> = BTreeMap::new();
            for (tenant, user) in users.map_err(|e| unavailable("read", &file_of(day), &e))? {
                let Ok(tenant) = Tenant::new(&tenant) else { continue };
                if let Some(until) = until(&tenant, &user) {
                    erased.entry(tenant.clone()).or_default().push(Erased { tenant, user, until });
                }
            }
            for (tenant, users) in erased {
                *deleted.entry(tenant).or_default() += erase::erase(&mut files, day, &users)?;
            }
        }
        Ok(deleted)
    }

    fn drop_before(&self, day: Day) -> Result<u64> {
        let deadline = Instant::now() + BUSY_TIMEOUT;
        loop {
            let mut writers = lock(&self.writers)?;
            let mut readers = self.readers.hold()?;
            // Not waited for under our locks: a backup may hold it for long.
            if let Some(_exclusive) = writers.try_lock_days()? {
                let mut dropped = 0;
                for old in writers.days()?.into_iter().filter(|old| *old < day) {
                    readers.close(old);
                    writers.unlink(old)?;
                    dropped += 1;
                }
                return Ok(dropped);
            }
            drop((readers, writers));
            if Instant::now() > deadline {
                let message = "remove days: a backup or another process holds the folder; the next sweep does it";
                return Err(Error::new(ErrorKind::StoreUnavailable, "", message));
            }
            thread::sleep(BUSY_PAUSE);
        }
    }

    fn retain(&self, now: i64, retention: &Retention) -> Result<Retained> {
        let first = |table| Day::of(now).before(retention.of(table));
        let oldest = Table::ALL.into_iter().map(first).min().unwrap_or(Day::of(now));
        let mut retained = Retained { days: self.drop_before(oldest)?, records: 0 };
        let mut writers = lock(&self.writers)?;
        let _shared = writers.lock_days()?;
        for day in writers.days()? {
            let expired: Vec<Table> = Table::ALL.into_iter().filter(|table| day < first(*table)).collect();
            if !expired.is_empty() {
                let cleared = erase::clear(writers.connect(day)?, &expired);
                retained.records += cleared.map_err(|e| unavailable("erase from", &file_of(day), &e))?;
            }
        }
        Ok(retained)
    }

    fn vacuum(&self) -> Result<()> {
        let mut writers = lock(&self.writers)?;
        let _shared = writers.lock_days()?;
        for day in writers.days()? {
            maintain::vacuum(&writers.connect(day)?.connection, &file_of(day))?;
        }
        Ok(())
    }

    fn backup(&self, folder: &Path) -> Result<()> {
        create_private_folder(folder)?;
        // Not through the readers' lock: questions are answered meanwhile.
        let (days, source) = {
            let part = self.readers.any()?;
            (part.files.days()?, DayFiles::new(part.files.folder(), part.files.cipher(), 1))
        };
        let _shared = source.lock_days()?;
        for day in days.into_iter().filter(|day| source.path(*day, "").exists()) {
            let _beside = self.beside.lock();
            back_up(&source.path(day, ""), &folder.join(format!("{day}.db")), &file_of(day), source.cipher())?;
        }
        Ok(())
    }

    fn check(&self) -> Result<Vec<Checked>> {
        let mut found = Vec::new();
        let days = self.readers.any()?.files.days()?;
        for day in days {
            let mut part = self.readers.of(day)?;
            let Some(open) = part.connect(day).transpose() else { continue };
            found.push(check(open.map(|open| &open.connection), &file_of(day)));
        }
        Ok(found)
    }

    fn stats(&self) -> Result<StoreStats> {
        let mut tenants = HashSet::new();
        let (all, mut days) = (self.readers.any()?.files.days()?, Vec::new());
        for day in all {
            let mut part = self.readers.of(day)?;
            let Some(open) = part.connect(day)? else { continue };
            let totals = totals(&open.connection);
            let totals = totals.map_err(|e| unavailable("read", &file_of(day), &e))?;
            let records = totals.iter().map(|(_, records)| records).sum();
            days.push(DayStats { day, records, bytes: part.files.bytes(day) });
            tenants.extend(totals.into_iter().map(|(tenant, _)| tenant));
        }
        Ok(StoreStats { days, tenants: tenants.len() as u64, ..StoreStats::default() })
    }

    fn close(&self) {
        let writers = self.writers.lock().take();
        // Readers first: the writers' logs can then be folded in and removed.
        self.readers.close();
        if let Some(mut writers) = writers {
            writers.checkpoint();
        }
    }
}

fn totals(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    let mut statement = connection.prepare_cached("SELECT tenant, records FROM telemetry_totals")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
