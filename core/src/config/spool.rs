//! The keys of the spool: what cannot be sent waits on the disk.

use serde::{Deserialize, Serialize};

use super::{Form, Key, require};
use crate::error::Result;

/// The section's keys.
pub(super) const KEYS: &[Key] = &[
    Key::new("/client/spool", "What cannot be sent waits on the disk."),
    Key::new("/client/spool/dir", "Folder of the spool, shared by all processes of a user; without it there is none.")
        .variables(&[("TELEMETRY_SPOOL_DIR", Form::Text)]),
    Key::new("/client/spool/max_bytes", "What all processes keep in the folder; the oldest go first.")
        .default("20971520")
        .unit("bytes"),
    Key::new("/client/spool/max_age_ms", "Records that waited longer are dropped unsent.")
        .default("604800000")
        .unit("ms"),
    Key::new(
        "/client/durable",
        "Whether track returns when the scrubbed record survives a power loss; needs /client/spool/dir.",
    )
    .default("false"),
    Key::new("/client/self_metrics", "Whether the client's own books are sent as metrics, once a minute.")
        .default("false"),
];

/// Less than this holds no useful outage, and no segment worth its name.
const MIN_BYTES: u32 = 64 << 10;

/// The `client.spool` section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpoolConfig {
    /// The folder; made where it is not there. Must belong to the user, and nobody else may write to it.
    pub dir: Option<String>,
    /// Bytes on disk, compressed (design: 20 MiB).
    pub max_bytes: u32,
    /// Milliseconds a record waits at most (design: 7 days).
    pub max_age_ms: u32,
}

impl Default for SpoolConfig {
    fn default() -> Self {
        Self { dir: None, max_bytes: 20 << 20, max_age_ms: 7 * 24 * 3_600_000 }
    }
}

impl SpoolConfig {
    pub(super) fn check(&self) -> Result<()> {
        let is_named = self.dir.as_ref().is_none_or(|dir| !dir.trim().is_empty());
        require(is_named, "/client/spool/dir", "must name a folder; leave it out for no spool")?;
        require(self.max_bytes >= MIN_BYTES, "/client/spool/max_bytes", "must be at least 65536")?;
        require(self.max_age_ms > 0, "/client/spool/max_age_ms", "must be greater than 0")
    }
}
