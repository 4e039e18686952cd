//! The connections that questions go through.
//!
//! The days are dealt out in turn to a few parts with a lock each: a question about many days is answered by several
//! threads, and one about a single day leaves the other parts to others. How many parts there are decides in which order
//! floating point numbers are added up, so it is the same on every machine; how many threads there are is not.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};

use super::super::aggregate::{Counts, Spent, Tally};
use super::super::cipher::Cipher;
use super::super::database::unavailable;
use super::super::day::{Day, DayFiles, OpenDay, READ_DAYS, file_of};
use super::super::model::Tenant;
use super::super::spec::AggregateSpec;
use super::answered::{Answered, Question};
use super::{closed, select};
use crate::error::{Error, ErrorKind, Result};

/// Parts that the days are dealt out to. More threads than this would wait for the disk.
const PARTS: usize = 4;

/// See the module.
pub(super) struct Readers([Mutex<Option<Part>>; PARTS]);

/// A part of the days.
pub(super) struct Part {
    pub(super) files: DayFiles,
    answered: Answered,
}

/// A part while it is in use.
type Used<'a> = MappedMutexGuard<'a, Part>;

impl Readers {
    pub(super) fn new(folder: &Path, cipher: &Cipher) -> Self {
        let files = || DayFiles::new(folder, cipher, READ_DAYS / PARTS);
        let part = || Part { files: files(), answered: Answered::default() };
        Self(std::array::from_fn(|_| Mutex::new(Some(part()))))
    }

    /// The part that has `day`.
    ///
    /// # Errors
    /// `closed`.
    pub(super) fn of(&self, day: Day) -> Result<Used<'_>> {
        lock(&self.0[day.turn(PARTS)])
    }

    /// Any part: for what is asked of the folder.
    ///
    /// # Errors
    /// `closed`.
    pub(super) fn any(&self) -> Result<Used<'_>> {
        let free = self.0.iter().find_map(Mutex::try_lock);
        free.map_or_else(|| lock(&self.0[0]), open)
    }

    /// Keeps every question waiting until what is returned is dropped.
    ///
    /// # Errors
    /// `closed`.
    pub(super) fn hold(&self) -> Result<Held<'_>> {
        self.0.iter().map(lock).collect::<Result<_>>().map(Held)
    }

    /// What `work` makes of the days of each part that has some, in order of the parts. They are worked on side by side.
    ///
    /// # Errors
    /// `closed`, those of `work`, `internal` where it panics.
    pub(super) fn each<T: Send>(
        &self,
        days: &[Day],
        work: impl Fn(&mut Part, &[Day]) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let mut dealt: [Vec<Day>; PARTS] = Default::default();
        for day in days {
            dealt[day.turn(PARTS)].push(*day);
        }
        let tasks: Vec<_> = self.0.iter().zip(dealt).filter(|(_, days)| !days.is_empty()).collect();
        let run = |(part, days): &(&Mutex<Option<Part>>, Vec<Day>)| work(&mut *lock(part)?, days);
        let threads = thread::available_parallelism().map_or(1, usize::from).min(tasks.len());
        if threads <= 1 {
            return tasks.iter().map(run).collect();
        }
        let next = AtomicUsize::new(0);
        let share = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(task) = tasks.get(at) else { return Ok(done) };
                done.push((at, run(task)?));
            }
        };
        let defect = || Error::new(ErrorKind::Internal, "", "a defect in a question was contained; ask otherwise");
        let mut done = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(share)).collect();
            let own = share();
            let shares = others.into_iter().map(|other| other.join().unwrap_or_else(|_| Err(defect())));
            let shares: Vec<Result<Vec<(usize, T)>>> = std::iter::once(own).chain(shares).collect();
            shares.into_iter().collect::<Result<Vec<_>>>()
        })?
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
        done.sort_unstable_by_key(|(at, _)| *at);
        Ok(done.into_iter().map(|(_, made)| made).collect())
    }

    /// Closes everything; every later call fails.
    pub(super) fn close(&self) {
        for part in &self.0 {
            drop(part.lock().take());
        }
    }
}

/// All parts at once.
pub(super) struct Held<'a>(Vec<Used<'a>>);

impl Held<'_> {
    /// Closes a day's file and forgets what it answered.
    pub(super) fn close(&mut self, day: Day) {
        for part in &mut self.0 {
            part.files.close(day);
            part.answered.forget(day);
        }
    }
}

impl Part {
    /// A day's file; nothing where it was removed since the days were listed.
    ///
    /// # Errors
    /// `store_unavailable`.
    pub(super) fn connect(&mut self, day: Day) -> Result<Option<&mut OpenDay>> {
        connect(&mut self.files, day)
    }

    /// What `day` has for an answer to `spec`.
    ///
    /// # Errors
    /// `store_unavailable`, `argument_invalid` where it is too much.
    pub(super) fn counts(&mut self, day: Day, tenant: &Tenant, spec: &AggregateSpec, spent: &Spent) -> Result<Counts> {
        let failed = |e| unavailable("read", &file_of(day), &e);
        let Self { files, answered } = self;
        let Some(open) = connect(files, day)? else { return Ok(Counts::default()) };
        // One look at the file: what is counted is of the version that is kept beside it.
        let seen = open.connection.unchecked_transaction().map_err(failed)?;
        let version = seen.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(failed)?;
        let (version, question) = ((open.number, version), Question::of(spec, tenant, day));
        if let Some(known) = question.as_ref().and_then(|question| answered.get(question, version)) {
            spent.add(known.ranked());
            return Ok(known);
        }
        let mut tally = Tally::new(spec, spent);
        select::tally(&seen, tenant, &mut tally).map_err(failed)?;
        tally.check()?;
        let counts = tally.into_counts();
        if let Some(question) = question {
            answered.keep(question, version, &counts);
        }
        Ok(counts)
    }
}

fn connect(files: &mut DayFiles, day: Day) -> Result<Option<&mut OpenDay>> {
    // Whoever removes days holds this part: a file that is there stays there.
    if files.path(day, "").exists() { files.connect(day).map(Some) } else { Ok(None) }
}

fn lock(part: &Mutex<Option<Part>>) -> Result<Used<'_>> {
    open(part.lock())
}

fn open(part: MutexGuard<'_, Option<Part>>) -> Result<Used<'_>> {
    MutexGuard::try_map(part, Option::as_mut).map_err(|_| closed())
}
