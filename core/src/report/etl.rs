//! The ETL: what is new in archives, on all cores, into records, the report and a quarantine, committed at once.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::aggregate::{Added, Report, accepted_row};
use super::html::page;
use super::outcomes::outcomes_of;
use super::partition::{Format, Partitions};
use super::source::{Piece, Source, Tally, Unreadable, hex};
use super::stage::{QUARANTINE, Stage, failed};
use super::state::{State, VERSION};
use super::sync::{self, Written};
use crate::config::Config;
use crate::contain::contain;
use crate::engine::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::json::write_string;
use crate::outcome::{Code, Outcome, Status};

/// The aggregate report's file names (R0).
const REPORT_JSON: &str = "telemetry_report.json";
const REPORT_HTML: &str = "telemetry_report.html";

/// Memory of all workers for records that are not written yet. With chunks, encoders and the report a run stays below
/// 256 MiB, whatever it reads.
const HELD_BYTES: usize = 64 << 20;

/// Workers beyond it would hold too little for good files, and read faster than disks deliver.
const MAX_WORKERS: usize = 16;

/// How often whoever waits is told how far the run is: often enough for a bar that moves.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// What a run is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// Files; `-` is standard input.
    archives: Vec<PathBuf>,
    /// The folder of the results.
    target: PathBuf,
    #[serde(default)]
    format: Format,
    /// Forgets what was read, reads everything, and replaces all results.
    #[serde(default)]
    rebuild: bool,
    /// Default: one a core.
    #[serde(default)]
    workers: Option<usize>,
}

/// What a run did. Counts are of this run; the report is of all.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    report: String,
    page: String,
    /// Archives that had something new, and that had nothing.
    files: u64,
    unchanged: u64,
    /// Read of files, as they are on disk.
    bytes: u64,
    #[serde(flatten)]
    added: Added,
    torn: u64,
    dead_letters: u64,
    /// Files of records.
    parts: u64,
    /// The file of rejected lines, if there were any.
    quarantine: Option<String>,
    unreadable: Vec<Unreadable>,
}

/// What the workers share.
struct Shared<'a> {
    engine: &'a Engine,
    stage: &'a Stage,
    run: u64,
    format: Format,
    /// Bytes of records that a worker may hold.
    room: usize,
    source: Mutex<Source>,
    quarantine: Mutex<Option<Quarantine>>,
    is_cancelled: AtomicBool,
}

struct Quarantine {
    file: BufWriter<File>,
    path: PathBuf,
}

/// Runs once. `progress` is told from time to time how many bytes of files were read, and says whether to go on.
///
/// # Errors
/// `config_invalid`, `config_unknown_key`; `store_unavailable` where another ETL writes to the folder, or the disk
/// refuses: nothing of the run is then kept, and the next one reads the same again. `closed` where `progress` said no.
pub(crate) fn run(config: &str, options: Options, progress: &mut dyn FnMut(u64) -> bool) -> Result<Summary> {
    let engine = Engine::new(&Config::from_json(config)?)?;
    let stage = Stage::open(&options.target)?;
    let mut kept = begin(&stage, fingerprint(config, options.format), options.rebuild)?;
    let read = Arc::new(AtomicU64::new(0));
    let memory = std::mem::take(&mut kept.memory);
    let workers = options.workers.unwrap_or_else(cores).clamp(1, MAX_WORKERS);
    let shared = Shared {
        engine: &engine,
        stage: &stage,
        run: kept.run,
        format: options.format,
        room: HELD_BYTES / workers,
        source: Mutex::new(Source::new(options.archives, memory, Arc::clone(&read))),
        quarantine: Mutex::new(None),
        is_cancelled: AtomicBool::new(false),
    };
    let done = work(&shared, workers, &read, progress);
    let Shared { source, quarantine, .. } = shared;
    let worked = done.and_then(|done| Ok((done, close(quarantine)?)));
    let ((report, parts), quarantined) = worked.inspect_err(|_| {
        // What is left of it costs space only.
        let _ = stage.discard();
    })?;
    let mut source = source.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (unreadable, tally) = (source.take_unreadable(), source.tally);
    kept.memory = source.into_memory();
    kept.report.merge(&report);
    stage.commit(&kept)?;
    publish(&stage, &kept.report)?;
    let name = |file: &str| options.target.join(file).to_string_lossy().into_owned();
    let Tally { archives, unchanged, torn, dead_letters } = tally;
    Ok(Summary {
        report: name(REPORT_JSON),
        page: name(REPORT_HTML),
        files: archives,
        unchanged,
        bytes: read.load(Ordering::Relaxed),
        added: report.added(),
        torn,
        dead_letters,
        parts,
        quarantine: quarantined.then(|| name(&quarantine_place(kept.run))),
        unreadable,
    })
}

/// The state on which this run builds, with its number.
fn begin(stage: &Stage, fingerprint: String, rebuild: bool) -> Result<State> {
    let found = match stage.recover() {
        // Nothing of a state that cannot be read is needed to start anew, but its number must not come again.
        Err(_) if rebuild => None,
        found => found?,
    };
    let last_run = found.as_ref().map_or_else(|| stage.last_run(), |state| state.run);
    let run = last_run + 1;
    let anew = |fingerprint| State { version: VERSION, fingerprint, run, first_run: run, ..State::default() };
    match found {
        Some(kept) if !rebuild && kept.fingerprint == fingerprint => Ok(State { run, ..kept }),
        Some(_) if !rebuild => {
            let message = "the results in this folder were made with another configuration or format: read everything \
                           again (rebuild), or write to another folder";
            Err(Error::new(ErrorKind::StoreUnavailable, "", message))
        }
        _ => Ok(anew(fingerprint)),
    }
}

fn fingerprint(config: &str, format: Format) -> String {
    hex(&Sha256::digest(format!("{format:?} {config}")))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Lets the workers read to the end; the report of what they read, and how many files of records they wrote.
fn work(
    shared: &Shared<'_>,
    workers: usize,
    read: &AtomicU64,
    progress: &mut dyn FnMut(u64) -> bool,
) -> Result<(Report, u64)> {
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let (written, to_sync) = sync::queue();
        let syncer = scope.spawn(move || sync::sync(&to_sync));
        for worker in 0..workers {
            let (sender, written) = (sender.clone(), written.clone());
            scope.spawn(move || {
                let done = contain(|| shared.work(worker, written)).unwrap_or_else(|| {
                    let message = "a defect in the engine was contained; nothing of the run was kept";
                    Err(Error::new(ErrorKind::Internal, "", message))
                });
                if done.is_err() {
                    shared.is_cancelled.store(true, Ordering::Relaxed);
                }
                // Whoever waits does so until all have answered.
                let _ = sender.send((worker, done));
            });
        }
        drop((sender, written));
        let mut parts: Vec<(usize, Result<(Report, u64)>)> = Vec::new();
        let mut goes_on = true;
        while parts.len() < workers {
            match receiver.recv_timeout(TOLD_EVERY) {
                Ok(part) => parts.push(part),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if goes_on && !progress(read.load(Ordering::Relaxed)) {
                goes_on = false;
                shared.is_cancelled.store(true, Ordering::Relaxed);
            }
        }
        if !goes_on {
            return Err(Error::new(ErrorKind::Closed, "", "the run was stopped; nothing of it was kept"));
        }
        parts.sort_by_key(|(worker, _)| *worker);
        let (mut report, mut files) = (Report::default(), 0);
        for (_, part) in parts {
            let (of_worker, written) = part?;
            report.merge(&of_worker);
            files += written;
        }
        let outcome = syncer.join();
        outcome
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "", "a file could not be brought to the disk")))?;
        Ok((report, files))
    })
}

impl Shared<'_> {
    fn work(&self, worker: usize, written: SyncSender<Written>) -> Result<(Report, u64)> {
        let mut report = Report::default();
        let mut partitions = Partitions::new(self.stage, written, self.format, self.run, worker, self.room);
        let mut rejected = String::new();
        while let Some(piece) = self.next() {
            for (line, outcome) in outcomes_of(self.engine, &piece.bytes) {
                let row = accepted_row(&outcome);
                report.add(&outcome, row.as_ref());
                match row {
                    Some(row) => partitions.add(&row)?,
                    None => self.describe(&piece, line, &outcome, &mut rejected),
                }
            }
            self.quarantine(&rejected)?;
            rejected.clear();
        }
        Ok((report, partitions.finish()?))
    }

    fn next(&self) -> Option<Piece> {
        if self.is_cancelled.load(Ordering::Relaxed) {
            return None;
        }
        self.source.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    /// Appends where a line stands and what is wrong with it. Of who opted out nothing is kept.
    fn describe(&self, piece: &Piece, line: &[u8], outcome: &Outcome, out: &mut String) {
        let is_opted_out = outcome.violations.iter().any(|violation| violation.code == Code::OptedOut);
        if outcome.status == Status::Accepted || is_opted_out {
            return;
        }
        out.push_str("{\"archive\":");
        // The path may name a person's folder.
        write_string(&self.engine.scrub_text(&piece.archive).text, out);
        let within = line.as_ptr() as usize - piece.bytes.as_ptr() as usize;
        // Writing to a String cannot fail.
        let _ = write!(out, ",\"offset\":{},\"outcome\":", piece.offset + within as u64);
        outcome.write_json(out);
        out.push_str("}\n");
    }

    fn quarantine(&self, lines: &str) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut quarantine = self.quarantine.lock().unwrap_or_else(PoisonError::into_inner);
        if quarantine.is_none() {
            let (file, path) = self.stage.create(self.run, &quarantine_place(self.run))?;
            *quarantine = Some(Quarantine { file: BufWriter::new(file), path });
        }
        match quarantine.as_mut() {
            Some(Quarantine { file, path }) => {
                file.write_all(lines.as_bytes()).map_err(|error| failed("write", path, &error))
            }
            None => Ok(()),
        }
    }
}

fn quarantine_place(run: u64) -> String {
    format!("{QUARANTINE}/rejected-{run:06}.jsonl")
}

/// Brings the quarantine to the disk; whether there is one.
fn close(quarantine: Mutex<Option<Quarantine>>) -> Result<bool> {
    let Some(Quarantine { file, path }) = quarantine.into_inner().unwrap_or_else(PoisonError::into_inner) else {
        return Ok(false);
    };
    let synced = file.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(|file| file.sync_all());
    synced.map(|()| true).map_err(|error| failed("write", &path, &error))
}

fn publish(stage: &Stage, report: &Report) -> Result<()> {
    let mut json = report.to_json();
    stage.replace(REPORT_HTML, page(&json).as_bytes())?;
    json.push('\n');
    stage.replace(REPORT_JSON, json.as_bytes())
}
