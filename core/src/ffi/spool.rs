//! A look into the spool, for people.

use std::path::Path;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::ffi::guard;
use crate::segment::{self, Failure};

/// What waits in a spool's folder: `{"waiting":n,"bytes":n,"slots":[{"slot","owner","waiting","bytes","acknowledged",
/// "next","segments":[{"file","first","records","bytes","last","sealed"}],"quarantined":[…],"ended":{…}}]}`.
///
/// # Errors
/// `store_unavailable` where the folder is not there, or not the user's own.
pub fn spool_inspect(dir: &str) -> Result<String> {
    guard(|| segment::inspect(Path::new(dir)).map_err(refused))
}

/// Every record that waits in a spool's folder, one line each. What is sealed is opened with `TELEMETRY_SPOOL_KEY`.
///
/// # Errors
/// `store_unavailable` as above, and where it is sealed with another key.
pub fn spool_records(dir: &str) -> Result<Vec<u8>> {
    guard(|| {
        let key = crate::client::spool_key(&crate::client::process_environment)?;
        segment::records(Path::new(dir), key.as_ref()).map_err(refused)
    })
}

/// Removes all records of all processes from a spool's folder, or those that were written longer ago than
/// `older_than_s` seconds, segment by segment: `{"records":n,"bytes":n,"segments":n}`.
///
/// # Errors
/// `store_unavailable` as above, and where a file could not be removed.
pub fn spool_purge(dir: &str, older_than_s: Option<u64>) -> Result<String> {
    guard(|| segment::purge(Path::new(dir), older_than_s.map(Duration::from_secs)).map_err(refused))
}

fn refused(failure: Failure) -> Error {
    let message = match failure {
        Failure::Vanished => "there is no such folder".to_owned(),
        Failure::OtherKey => "the spool is sealed with another key: set TELEMETRY_SPOOL_KEY".to_owned(),
        other => format!("the spool cannot be used: {other}"),
    };
    Error::new(ErrorKind::StoreUnavailable, "", message)
}
