//! Reports, Parquet and the ETL behind text and bytes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::guard;
use crate::error::{Error, ErrorKind, Result};

/// [`crate::Report`] behind text: the aggregate of any number of archived records.
pub struct Report {
    engine: crate::Engine,
    // A host may feed it from several threads.
    report: Mutex<crate::Report>,
}

impl Report {
    /// An empty report whose records are read under `config`.
    ///
    /// # Errors
    /// `config_invalid`, `config_unknown_key`.
    pub fn new(config: &str) -> Result<Self> {
        guard(|| Ok(Self { engine: engine_of(config)?, report: Mutex::default() }))
    }

    /// Takes whole lines of JSON Lines in: `{"read":n,"accepted":n,"rejected":n,"dropped":n}`.
    ///
    /// # Errors
    /// `internal` only.
    pub fn add(&self, lines: &[u8]) -> Result<String> {
        guard(|| {
            let added = self.locked().add_lines(&self.engine, lines);
            Ok(serde_json::to_string(&added).unwrap_or_default())
        })
    }

    /// The report so far, one JSON object.
    ///
    /// # Errors
    /// `internal` only.
    pub fn to_json(&self) -> Result<String> {
        guard(|| Ok(self.locked().to_json()))
    }

    fn locked(&self) -> MutexGuard<'_, crate::Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A report's JSON as one page of HTML that needs nothing else.
///
/// # Errors
/// `internal` only.
pub fn report_page(report: &str) -> Result<String> {
    guard(|| Ok(crate::report::page(report)))
}

/// The accepted records of JSON Lines as one Parquet file, read under `config`.
///
/// # Errors
/// `config_invalid`, `config_unknown_key`.
pub fn to_parquet(config: &str, lines: &[u8]) -> Result<Vec<u8>> {
    guard(|| crate::report::to_parquet(&engine_of(config)?, lines))
}

/// Reads what is new in archives into a folder of results: the report, records, and a quarantine of rejected lines.
///
/// `options` is `{"archives":[path…],"target":folder,"format":"none"|"jsonl"|"parquet","rebuild":bool,"workers":n}`, of
/// which the first two are required; an archive `-` is standard input. Every 100 ms `progress` is told, in the calling
/// thread, how many bytes of files were read, and says whether to go on. The answer is
/// `{"report":path,"page":path,"files":n,"unchanged":n,"bytes":n,"read":n,"accepted":n,"rejected":n,"dropped":n,"torn":n,
/// "dead_letters":n,"parts":n,"quarantine":path|null,"unreadable":[{"path":…,"reason":…}]}`.
///
/// # Errors
/// `config_invalid`, `config_unknown_key`, `argument_invalid`; `store_unavailable` where another ETL writes to the
/// folder or the disk refuses, and `closed` where `progress` said no: nothing of the run is then kept.
pub fn etl(config: &str, options: &str, progress: &mut dyn FnMut(u64) -> bool) -> Result<String> {
    guard(|| {
        let options = serde_json::from_str(options)
            .map_err(|error| Error::new(ErrorKind::ArgumentInvalid, "", format!("options of an ETL: {error}")))?;
        let summary = crate::report::run(config, options, progress)?;
        serde_json::to_string(&summary)
            .map_err(|_| Error::new(ErrorKind::Internal, "", "the summary cannot be written"))
    })
}

fn engine_of(config: &str) -> Result<crate::Engine> {
    crate::Engine::new(&crate::Config::from_json(config)?)
}
