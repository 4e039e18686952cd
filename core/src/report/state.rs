//! What an ETL remembers between runs: the report so far, and how far each archive was read.

use std::collections::HashMap;
use std::fs::Metadata;

use serde::{Deserialize, Serialize, Serializer};

use super::aggregate::Report;

/// Version of the file's form.
pub(super) const VERSION: u32 = 1;

/// Everything that a run needs to know of those before it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) version: u32,
    /// A digest of configuration and format: what other rules wrote must not be mixed with this.
    pub(super) fingerprint: String,
    /// The last run that is part of the results.
    pub(super) run: u64,
    /// The first one: results of earlier runs are obsolete.
    pub(super) first_run: u64,
    pub(super) report: Report,
    pub(super) memory: Memory,
}

/// What tells an archive from others, beside its beginning.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) path: String,
    device: u64,
    /// 0 where the system has none.
    inode: u64,
    /// Bytes on disk.
    pub(super) size: u64,
}

/// An archive and how far it was read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Seen {
    #[serde(flatten)]
    pub(super) identity: Identity,
    /// Bytes of its unpacked text whose lines are in the results.
    pub(super) offset: u64,
    /// Whether its end was reached.
    pub(super) complete: bool,
    /// The digest of its first bytes, and of how many.
    pub(super) head_sha256: String,
    pub(super) head_bytes: usize,
}

/// The archives that were read.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<Seen>")]
pub(super) struct Memory {
    archives: Vec<Option<Seen>>,
    /// The last archive that stood at a path.
    by_path: HashMap<String, usize>,
    by_inode: HashMap<(u64, u64), usize>,
}

impl Identity {
    pub(super) fn of(path: &str, metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let (device, inode) = {
            use std::os::unix::fs::MetadataExt;
            (metadata.dev(), metadata.ino())
        };
        #[cfg(not(unix))]
        let (device, inode) = (0, 0);
        Self { path: path.to_owned(), device, inode, size: metadata.len() }
    }
}

impl Memory {
    /// Forgets and returns what is known of an archive: the same file, whatever its name; else what stood at its path;
    /// else what stood there before it was packed. `digest` is of the archive's first bytes, which must be as they were.
    pub(super) fn take(&mut self, identity: &Identity, digest: impl Fn(usize) -> Option<String>) -> Option<Seen> {
        let moved = self.by_inode.get(&(identity.device, identity.inode)).filter(|_| identity.inode != 0);
        let plain = ["gz", "zst"].iter().find_map(|ending| identity.path.strip_suffix(ending)?.strip_suffix('.'));
        let candidates = [moved, self.by_path.get(&identity.path), plain.and_then(|path| self.by_path.get(path))];
        let is_same = |seen: &Seen| digest(seen.head_bytes).as_ref() == Some(&seen.head_sha256);
        let known = candidates.into_iter().flatten().copied();
        let mut same = known.filter(|at| self.archives.get(*at).and_then(Option::as_ref).is_some_and(is_same));
        let at = same.next()?;
        self.archives.get_mut(at)?.take()
    }

    /// Remembers an archive. What stood at its path before may have been moved: it is still known as a file.
    pub(super) fn put(&mut self, seen: Seen) {
        let Identity { path, device, inode, .. } = &seen.identity;
        self.by_path.insert(path.clone(), self.archives.len());
        self.by_inode.insert((*device, *inode), self.archives.len());
        self.archives.push(Some(seen));
    }
}

impl From<Vec<Seen>> for Memory {
    fn from(archives: Vec<Seen>) -> Self {
        let mut memory = Self::default();
        for seen in archives {
            memory.put(seen);
        }
        memory
    }
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // In their order, in which later ones take the place of earlier ones.
        serializer.collect_seq(self.archives.iter().flatten())
    }
}
