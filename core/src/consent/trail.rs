//! The audit trail: one line of JSON an entry, appended and never changed.
//!
//! Each line holds the hash of the line before it, and ends with the SHA-256 of itself without that last member. An
//! entry that was edited, inserted or removed breaks the chain there; the state file's copy of the head shows an end
//! that was cut off.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::document::Head;
use super::folder;
use crate::config::Purpose;

/// The file's name.
pub(super) const NAME: &str = "consent.jsonl";

/// What the first entry is chained to.
const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Bytes: a hundred thousand changes of mind. A longer file is not read on.
const MAX_TRAIL_BYTES: u64 = 32 << 20;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Event {
    /// The user agreed.
    Granted,
    /// The user disagreed.
    Withdrawn,
    /// A client erased what it had kept.
    Erased,
    /// An operator turned collection on where no user was asked.
    EnabledByOperator,
}

/// What an entry says, besides its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) event: Event,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) notice_version: Option<String>,
    pub(crate) source: String,
    /// OpenTelemetry's `service.name` of the program that wrote it.
    pub(crate) service: Option<String>,
}

/// An entry without its own hash, which is taken of this text.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    seq: u64,
    at: String,
    #[serde(flatten)]
    said: Said,
    previous: String,
}

/// What a check of the whole trail found.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TrailState {
    /// Entries up to the end or the first broken one.
    pub(crate) entries: u64,
    /// Hash of the last of them.
    pub(crate) head: String,
    /// Number of the first entry that is not as it was written.
    pub(crate) broken_at: Option<u64>,
}

impl TrailState {
    /// `{"entries":n,"head":…,"broken_at":n|null}`.
    pub(crate) fn to_json(&self) -> String {
        // Integers and strings always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Appends an entry; the folder's lock is held. Returns the new head.
pub(super) fn append(folder: &Path, at: String, said: Said) -> io::Result<Head> {
    let mut file = folder::options().read(true).write(true).create(true).truncate(false).open(folder.join(NAME))?;
    let text = text(&file)?;
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        // The process was killed while it wrote: nobody was told that this entry stands.
        file.set_len(whole as u64)?;
    }
    let last = text[..whole].lines().last();
    let (previous, seq) = match last.map(|line| (line, opened(line))) {
        None => (ORIGIN.to_owned(), 0),
        Some((_, Some((entry, hash)))) => (hash.to_owned(), entry.seq),
        // Somebody changed it. The chain goes on behind the damage, which stays to be found.
        Some((line, None)) => (hex(&Sha256::digest(line.as_bytes())), text[..whole].lines().count() as u64),
    };
    let entry = Entry { seq: seq + 1, at, said, previous };
    let open = serde_json::to_string(&entry)?;
    let hash = hex(&Sha256::digest(open.as_bytes()));
    let closed = format!("{},\"hash\":\"{hash}\"}}\n", open.trim_end_matches('}'));
    file.seek(SeekFrom::End(0))?;
    file.write_all(closed.as_bytes())?;
    file.sync_all()?;
    folder::sync_folder(folder)?;
    Ok(Head { entries: entry.seq, hash })
}

/// The lines of the trail, as they stand there.
pub(super) fn lines(folder: &Path) -> io::Result<Vec<String>> {
    let file = match folder::options().read(true).open(folder.join(NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    Ok(text(&file)?.lines().map(str::to_owned).collect())
}

/// Checks every entry, and that the trail reaches as far as the state file saw it.
pub(super) fn verify(lines: &[String], seen: &Head) -> TrailState {
    let mut state = TrailState { entries: 0, head: ORIGIN.to_owned(), broken_at: None };
    let mut has_seen = seen.entries == 0;
    for line in lines {
        let sound = opened(line).filter(|(entry, hash)| {
            entry.seq == state.entries + 1
                && entry.previous == state.head
                && hex(&Sha256::digest(without_hash(line, hash))) == *hash
        });
        let Some((entry, hash)) = sound else {
            state.broken_at = Some(state.entries + 1);
            return state;
        };
        has_seen |= entry.seq == seen.entries && hash == seen.hash;
        state.entries = entry.seq;
        hash.clone_into(&mut state.head);
    }
    if !has_seen {
        state.broken_at = Some(seen.entries.min(state.entries + 1));
    }
    state
}

/// What the entries of the trail say, as far as they can be read.
pub(super) fn said(lines: &[String]) -> impl Iterator<Item = Said> {
    lines.iter().filter_map(|line| opened(line)).map(|(entry, _)| entry.said)
}

/// The entry in a line, and its hash.
fn opened(line: &str) -> Option<(Entry, &str)> {
    /// `,"hash":"` and `"}` around 64 digits.
    const TAIL: usize = 9 + 64 + 2;
    let at = line.len().checked_sub(TAIL).filter(|at| line.is_char_boundary(*at))?;
    let hash = line[at..].strip_prefix(",\"hash\":\"")?.strip_suffix("\"}")?;
    let entry = serde_json::from_slice(&without_hash(line, hash)).ok()?;
    Some((entry, hash))
}

fn without_hash(line: &str, hash: &str) -> Vec<u8> {
    let tail = 9 + hash.len() + 2;
    [&line.as_bytes()[..line.len().saturating_sub(tail)], b"}"].concat()
}

fn text(file: &File) -> io::Result<String> {
    if file.metadata()?.len() > MAX_TRAIL_BYTES {
        // Read in part, its end would pass for torn.
        return Err(io::Error::other("the audit trail is too long: keep it elsewhere, and begin another"));
    }
    let mut text = String::new();
    file.take(MAX_TRAIL_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_by(source: &str) -> Said {
        Said {
            event: Event::Granted,
            purposes: vec![Purpose::Analytics],
            notice_version: Some("1".to_owned()),
            source: source.to_owned(),
            service: None,
        }
    }

    fn written(entries: usize) -> (tempfile::TempDir, Head) {
        let folder = tempfile::tempdir().unwrap();
        let mut head = Head::default();
        for n in 0..entries {
            head = append(folder.path(), format!("2026-01-0{}T00:00:00Z", n + 1), said_by(&format!("s{n}}}"))).unwrap();
        }
        (folder, head)
    }

    #[test]
    fn an_untouched_trail_is_sound_and_says_what_was_said() {
        let (folder, head) = written(3);
        let lines = lines(folder.path()).unwrap();
        let state = verify(&lines, &head);
        assert_eq!((state.entries, state.head, state.broken_at), (3, head.hash, None));
        let sources: Vec<String> = said(&lines).map(|said| said.source).collect();
        assert_eq!(sources, ["s0}", "s1}", "s2}"]);
    }

    #[test]
    fn every_changed_byte_breaks_the_chain() {
        let (folder, head) = written(2);
        let text = lines(folder.path()).unwrap().join("\n");
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect::<Vec<_>>();
            assert!(verify(&changed, &head).broken_at.is_some(), "byte {at}");
        }
    }

    #[test]
    fn a_removed_inserted_or_swapped_entry_breaks_the_chain() {
        let (folder, head) = written(3);
        let lines = lines(folder.path()).unwrap();
        for broken in [vec![0, 2], vec![1, 2], vec![0, 1], vec![], vec![0, 0, 1, 2], vec![1, 0, 2]] {
            let lines: Vec<String> = broken.iter().map(|n| lines[*n].clone()).collect();
            assert!(verify(&lines, &head).broken_at.is_some(), "{broken:?}");
        }
    }

    #[test]
    fn a_torn_last_line_is_cut_and_the_chain_goes_on() {
        let (folder, _) = written(2);
        let path = folder.path().join(NAME);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 20]).unwrap();
        let head = append(folder.path(), "2026-01-09T00:00:00Z".to_owned(), said_by("later")).unwrap();
        let lines = lines(folder.path()).unwrap();
        assert_eq!((lines.len(), verify(&lines, &head).broken_at), (2, None));
    }
}
